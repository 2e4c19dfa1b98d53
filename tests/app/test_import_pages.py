"""The import screens: five steps on one page, its owner's alone, and nothing lost or done twice on the way."""

import html
import io
import re

import openpyxl
import pytest

from models import tables
from models.imports import Plan
from services import jobs, sessions
from tests.app.conftest import Browser, account_id

NEW = "/admin/imports/new/damaged_building"
HEAD = "校舍编号,学校,建筑名称,建筑类别,建筑面积\r\n"
GOOD = HEAD + "IV1,青禾一中学,新楼,教学楼,20\r\nIV2,青禾二中学,南楼,宿舍,30\r\n"
WRONG = GOOD + "IV3,青禾一中学,坏楼,教学楼,约30\r\n"


@pytest.fixture
def clerk(browser):
    browser.login("district_a")
    return browser


def work():
    while jobs.run_one():
        continue


def send(browser, text, name="校舍.csv", **more):
    """The answer to an upload; `text` may be bytes."""
    data = text if isinstance(text, bytes) else text.encode("utf-8-sig")
    return browser.post(NEW, {"files": (io.BytesIO(data), name)} | more)


def planned(browser, text, name="校舍.csv", **more):
    """The address of an import whose file has been read."""
    answer = send(browser, text, name, **more)
    assert answer.status_code == 303, words(answer)
    work()
    return answer.headers["Location"]


def words(page):
    """What a page says, without its tags."""
    body = re.sub(r"(?s)<script.*?</script>|<[^>]+>", " ", page.text.partition("<main")[2].partition("</main>")[0])
    return re.sub(r"\s+", " ", html.unescape(body))


def posted(browser, path, data=None):
    """The page that follows a step, its job done."""
    answer = browser.post(path, data)
    assert answer.status_code == 303, words(answer)
    work()
    return browser.get(answer.headers["Location"])


def question(page, text):
    """The name of the control that asks about a text."""
    return re.search(rf'name="(q-[\w-]+)"[^>]*aria-label="[^"]*「{text}」', page.text)[1]


# the way there ----------------------------------------------------------------------------------------------------------


def test_the_list_leads_to_the_upload_page_which_says_what_is_accepted(clerk):
    assert f'href="{NEW}"' in clerk.get("/admin/r/damaged_building/").text
    assert "/imports/new/" not in clerk.get("/admin/r/job/").text
    page = words(clerk.get(NEW))
    assert "每个文件不超过 50 MB、200,000 行、256 列，解压后不超过 500 MB" in page and "合计不超过 64 MB" in page
    assert "建筑面积" in page and "有误的留下，先导入正确的" in page and "空白的格清空原来的内容" in page


def test_limits_are_those_of_the_settings(make_app):
    other = Browser(make_app(TAIZHANG_IMPORT_FILE_MB="7", TAIZHANG_IMPORT_ROWS="1234", TAIZHANG_MAX_REQUEST_MB="9"))
    other.login("district_a")
    assert "每个文件不超过 7 MB、1,234 行" in words(other.get(NEW)) and "合计不超过 9 MB" in words(other.get(NEW))


@pytest.mark.parametrize(("who", "register", "status"), [("leader", "damaged_building", 403), ("district_a", "job", 403), ("district_a", "nothing", 404), ("nobody", "damaged_building", 404)])  # fmt: skip
def test_who_may_not_import_does_not_come_in(browser, who, register, status):
    browser.login(who)
    assert browser.get(f"/admin/imports/new/{register}").status_code == status
    assert browser.post(f"/admin/imports/new/{register}").status_code == status
    assert f"/imports/new/{register}" not in browser.get(f"/admin/r/{register}/").text


# the whole way ----------------------------------------------------------------------------------------------------------


def test_from_the_file_to_the_receipt_and_back(clerk):
    answer = send(clerk, GOOD)
    address = answer.headers["Location"]
    waiting = clerk.get(address)
    assert "正在检查" in words(waiting) and 'http-equiv="refresh"' in waiting.text and "还没有改动任何记录" in words(waiting)
    assert clerk.get(f"{address}progress").json["state"] == "reading"
    work()
    assert clerk.get(f"{address}progress").json["state"] == "planned"
    page = clerk.get(address)
    assert "新增 2" in words(page) and "导入 2 行" in words(page) and 'disabled data-off="1"' not in page.text
    assert '<li class="now" aria-current="step"><span>4</span>' in page.text
    assert "IV1" in words(page) and "青禾一中学" in words(page) and "20.00" in words(page)
    done = posted(clerk, f"{address}apply")
    assert "已导入 2 行" in words(done) and "变更批" in words(done) and "SHA-256" in words(done) and "撤销此次导入" in words(done)
    assert "IV1" in words(clerk.get("/admin/r/damaged_building/?q=IV1"))
    undone = posted(clerk, f"{address}undo")
    assert "已撤销这次导入" in words(undone) and "恢复了 2 条" in words(undone)
    assert "没有符合条件的记录" in words(clerk.get("/admin/r/damaged_building/?code=IV1"))
    mine = words(clerk.get("/admin/imports/"))
    assert "已撤销" in mine and "校舍.csv" in mine and "新增 2" in mine
    tasks = words(clerk.get("/admin/imports/tasks"))
    assert "检查导入文件" in tasks and "撤销导入" in tasks and "完成" in tasks


def test_wrong_rows_come_first_and_hold_the_button_until_they_may_be_left_out(clerk):
    address = planned(clerk, WRONG)
    page = clerk.get(address)
    assert re.search(r"E4.*建筑面积.*约30", words(page)) and "有误 1" in words(page)
    assert 'disabled data-off="1"' in page.text and "有 1 行不能导入" in words(page)
    assert clerk.post(f"{address}apply").status_code == 303
    assert "有 1 行不能导入" in clerk.get(address).text and Plan.get().state == "planned"
    page = posted(clerk, f"{address}answer", {"policy": "good"})
    assert 'disabled data-off="1"' not in page.text and "1 行有误，留下不导入" in words(page)
    new = words(clerk.get(f"{address}?show=new")).partition("新增 2 行")[2]
    assert "IV2" in new and "约30" not in new
    done = posted(clerk, f"{address}apply")
    assert "已导入 2 行" in words(done) and "下载标注好的原表" in words(done) and "改好后再传一次" in words(done)


def test_changed_cells_show_what_was_and_what_will_be(clerk):
    posted(clerk, f"{planned(clerk, GOOD)}apply")
    address = planned(clerk, GOOD.replace(",20", ",25.5").replace("宿舍", "食堂"), _key="other")
    page = clerk.get(address)
    assert "修改 2" in words(page) and re.search(r"<del>20\.00</del>.*<ins>25\.50</ins>", page.text, re.S)
    assert re.search(r"IV1.*建筑面积（平方米） 20\.00 25\.50", words(page).partition("修改 2 行")[2]) and "食堂" in words(page)
    again = clerk.get(planned(clerk, GOOD, _key="third"))
    assert "不变 2" in words(again) and "没有要写入的行" in words(again) and "IV1" in words(again)


def test_the_rows_of_a_number_are_paged(clerk):
    rows = "".join(f"PG{at},青禾一中学,楼{at},教学楼,10\r\n" for at in range(120))
    address = planned(clerk, HEAD + rows)
    first = clerk.get(f"{address}?show=new")
    assert "PG49" in words(first) and "PG50" not in words(first)
    following = html.unescape(re.search(r'href="([^"]+)" rel="next"', first.text)[1])
    second = words(clerk.get(following))
    assert "PG50" in second and "PG49 " not in second and "第一页" in second
    assert clerk.get(f"{address}?show=nonsense&after=x").status_code == 200


# questions --------------------------------------------------------------------------------------------------------------


def test_each_unknown_is_asked_once_and_answered_on_the_page(clerk, city):
    rows = "".join(f"QU{at},青禾一校,楼{at},教学楼,10,备注甲\r\n" for at in range(6))
    address = planned(clerk, HEAD.replace("\r\n", ",批注栏\r\n") + rows)
    page = clerk.get(address)
    assert "有问题等您回答" in words(page) and "×6" in words(page).replace(" ", "") and "第 2、3、4、5、6 行…" in words(page)
    assert (
        "有 1 列的列名不认识" in words(page)
        and "备注甲" in words(page)
        and "青禾一中学" in words(page)
        and "lookup/school" in page.text
    )
    nothing = clerk.post(f"{address}answer", {"header_first": "1", "header_last": "1", "was_first": "1", "was_last": "1"})
    assert nothing.status_code == 422 and "还没有回答" in words(nothing)
    school, column = question(page, "青禾一校"), question(page, "批注栏")
    wrong = clerk.post(f"{address}answer", {school: "999999", column: "note"})
    assert wrong.status_code == 422 and "不在可选的范围内" in words(wrong)
    other = school.replace("q-", "other-", 1)
    page = posted(
        clerk, f"{address}answer", {school: "other", other: str(city.school("a1")), column: "note", "remember-school": "1"}
    )
    assert "新增 6" in words(page) and "问题" not in words(page).partition("将会发生什么")[2]
    assert "备注甲" in words(page)
    posted(clerk, f"{address}apply")
    again = clerk.get(planned(clerk, HEAD + "QU9,青禾一校,楼九,教学楼,10\r\n", _key="next"))
    assert "导入 1 行" in words(again)


def test_texts_that_are_not_answered_can_be_left_out_together(clerk):
    text = HEAD + "LO1,甲乙小学,楼,教学楼,1\r\nLO2,丙丁小学,楼,教学楼,1\r\nLO3,青禾一中学,楼,教学楼,1\r\n"
    address = planned(clerk, text, policy="good")
    page = posted(clerk, f"{address}answer", {"rest": "1"})
    assert "有误 2" in words(page) and "导入 1 行" in words(page) and "按您的选择，不导入「甲乙小学」" in words(page)


def test_a_text_of_doubtful_encoding_is_shown_in_each(clerk):
    data = "校舍編號,學校,建築名稱\r\nEN1,青禾一中學,東樓\r\n".encode("big5")
    page = clerk.get(planned(clerk, data))
    assert "下面哪一种文字是正常的" in words(page) and "東樓" in words(page)
    name = re.search(r'name="(q-encoding-[\w]+)"', page.text)[1]
    page = posted(clerk, re.search(r'action="([^"]+/answer)"', page.text)[1], {name: "big5"})
    assert "有 3 列的列名不认识" in words(page) and "校舍編號 EN1" in words(page)


def test_the_sheet_and_the_header_can_be_put_right(clerk):
    book = openpyxl.Workbook()
    book.active.title = "说明"
    book.active.append(["校舍编号", "建筑名称"])
    book.active.append(["旧", "旧楼"])
    sheet = book.create_sheet("明细")
    sheet.append(["青禾区校舍情况"])
    sheet.append(HEAD.strip().split(","))
    sheet.append(["SH1", "青禾一中学", "东楼", "教学楼", 12])
    out = io.BytesIO()
    book.save(out)
    address = planned(clerk, out.getvalue(), name="两张表.xlsx")
    page = clerk.get(address)
    assert "工作表「说明」" in words(page)
    page = posted(clerk, f"{address}answer", {"sheet": "明细", "was_sheet": "说明"})
    assert "工作表「明细」" in words(page) and "SH1" in words(page) and "青禾区校舍情况" in words(page)
    assert re.search(r'<tr class="head"><th scope="row">2</th>', page.text)
    odd = clerk.post(f"{address}answer", {"header_first": "3", "header_last": "2"})
    assert odd.status_code == 422 and "从第几行到第几行" in words(odd)
    page = posted(
        clerk, f"{address}answer", {"column-4": "", "header_first": "2", "header_last": "2", "was_first": "2", "was_last": "2"}
    )
    assert "12.00" not in words(clerk.get(f"{address}?show=new"))


# what goes wrong --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "空.xlsx", "是空的"), (b"PK\x03\x04broken", "坏.xlsx", "读不出来"), (b"<html><table>", "网页.xls", "网页"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 4000, "旧.xls", "读不出来"), (b"%PDF-1.7", "表.pdf", "不能导入"),
        ("民族,校舍编号\r\n汉,1\r\n".encode("utf-8-sig"), "表.csv", "民族"),
    ],
)  # fmt: skip
def test_a_file_nobody_can_read_is_told_in_one_sentence_with_the_form_kept(clerk, data, name, said):
    answer = send(clerk, data, name=name, policy="good", empty="clear")
    if answer.status_code == 303:
        work()
        answer = clerk.get(answer.headers["Location"])
        assert answer.status_code == 200 and "没有读成" in words(answer)
    page = words(answer)
    assert said in page and "上传并检查" in page
    assert re.search(r'value="good" checked', answer.text) and re.search(r'value="clear" checked', answer.text)
    assert (
        tables.model("damaged_building")
        .select()
        .where(tables.model("damaged_building").created_by == account_id("district_a"))
        .count()
        == 0
    )


def test_no_file_is_told_at_the_form(clerk):
    answer = clerk.post(NEW, {"policy": "good"})
    assert answer.status_code == 422 and "请选择文件" in words(answer) and re.search(r'value="good" checked', answer.text)


def test_the_same_form_sent_twice_is_one_import(clerk):
    key = re.search(r'name="_key" value="(\w+)"', clerk.get(NEW).text)[1]
    first, second = (send(clerk, GOOD, _key=key).headers["Location"] for _ in range(2))
    assert first == second and Plan.select().count() == 1
    work()
    for _ in range(2):
        assert clerk.post(f"{first}apply").headers["Location"] == first
    work()
    page = words(clerk.get(first))
    assert "已导入 2 行" in page and "不能这样办理" not in clerk.get(first).text


def test_another_persons_import_is_not_there(browser, clerk, app):
    address = planned(clerk, GOOD)
    other = Browser(app)
    other.login("district_b")
    for path in (address, f"{address}progress", f"{address}errors"):
        assert other.get(path).status_code == 404
    for step in ("answer", "apply", "undo", "cancel", "forget"):
        assert other.post(f"{address}{step}", {"policy": "good"}).status_code == 404
    assert "还没有导入过" in words(other.get("/admin/imports/")) and "没有任务" in words(other.get("/admin/imports/tasks"))
    assert Plan.get().state == "planned"


def test_through_another_persons_eyes_nothing_is_imported(make_app):
    app = make_app()
    clerk, admin = Browser(app), Browser(app)
    clerk.login("district_a")
    address = planned(clerk, GOOD)
    admin.login("city_admin")
    own = planned(admin, GOOD)
    assert admin.post("/admin/desk/view-as", {"account": str(account_id("district_a"))}).status_code == 303
    assert admin.get(address).status_code == 404 and admin.get(NEW).status_code == 403 and send(admin, GOOD).status_code == 403
    for step in ("answer", "apply", "undo", "cancel", "forget"):
        assert admin.post(f"{own}{step}", {"policy": "good"}).status_code == 403, step
    page = admin.get(own)
    assert (
        page.status_code == 200
        and f"{own}apply" not in page.text
        and "/imports/new/" not in admin.get("/admin/r/damaged_building/").text
    )
    assert "还没有导入过" in words(admin.get("/admin/imports/"))
    assert {row.state for row in Plan.select()} == {"planned"}


def test_a_login_that_ran_out_keeps_what_was_chosen_and_answered(clerk):
    address = planned(clerk, HEAD + "EX1,甲乙小学,楼,教学楼,1\r\n")
    name = question(clerk.get(address), "甲乙小学")
    token = clerk.token()
    with clerk.client.session_transaction() as session:
        sessions.end(session["token"])
    late = clerk.post(
        f"{address}answer",
        {name: "", "csrf_token": token},
        token=False,
        headers={"Accept": "text/html", "Referer": f"http://localhost{address}?show=new"},
    )
    assert late.status_code == 401
    hidden = dict(re.findall(r'<input type="hidden" name="(kept[^"]+)" value="([^"]*)"', late.text))
    back = clerk.login("district_a", **{key: html.unescape(value) for key, value in hidden.items()})
    page = clerk.get(back.headers["Location"])
    assert back.headers["Location"].startswith(address) and "登录过期前填的回答还在" in words(page)
    assert re.search(r'<option value="" selected>', page.text)
    posted(clerk, f"{address}answer", {name: ""})
    assert "登录过期前" not in words(clerk.get(address))


# one's own --------------------------------------------------------------------------------------------------------------


def test_what_is_under_way_can_be_stopped_and_a_plan_given_up(clerk):
    address = send(clerk, GOOD).headers["Location"]
    tasks = clerk.get("/admin/imports/tasks")
    cancel = re.search(r'action="(/admin/imports/tasks/\d+/cancel)"', tasks.text)[1]
    assert clerk.post(cancel).status_code == 303 and "已取消" in words(clerk.get("/admin/imports/tasks"))
    assert "任务已取消" in words(clerk.get(address)) and "上传并检查" in words(clerk.get(address))
    address = send(clerk, GOOD, _key="b").headers["Location"]
    assert clerk.post(f"{address}cancel").status_code == 303
    address = planned(clerk, GOOD, _key="c")
    gone = clerk.post(f"{address}forget")
    assert gone.headers["Location"] == "/admin/r/damaged_building/" and clerk.get(address).status_code == 404


def test_the_error_workbook_goes_back_marked_and_comes_in_again(clerk):
    book = openpyxl.Workbook()
    for row in WRONG.strip().split("\r\n"):
        book.active.append(row.split(","))
    out = io.BytesIO()
    book.save(out)
    answer = send(clerk, out.getvalue(), name="校舍.xlsx")
    work()
    marked = clerk.get(f"{answer.headers['Location']}errors")
    assert marked.status_code == 200 and "filename*=UTF-8''" in marked.headers["Content-Disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(marked.data)).worksheets[0]
    assert sheet["F1"].value == "错误说明" and "约30" in sheet["F4"].value and sheet["E4"].comment
    sheet["E4"] = 30
    fixed = io.BytesIO()
    sheet.parent.save(fixed)
    again = send(clerk, fixed.getvalue(), name="校舍-改.xlsx")
    work()
    assert "导入 3 行" in words(clerk.get(again.headers["Location"]))
    assert clerk.get(f"{answer.headers['Location']}errors?file=7").status_code == 404


def test_several_files_are_one_import_and_each_has_its_own_error_workbook(clerk):
    files = [
        (io.BytesIO(text.encode("utf-8-sig")), name)
        for text, name in ((GOOD, "一.csv"), (HEAD + "IV8,青禾一中学,楼,教学楼,约8\r\n", "二.csv"))
    ]
    address = clerk.post(NEW, {"files": files}).headers["Location"]
    work()
    page = clerk.get(address)
    assert "新增 2" in words(page) and "有误 1" in words(page) and "二.csv" in words(page)
    assert f"{address}errors?file=1" in page.text and f"{address}errors?file=0" not in page.text
    assert clerk.get(f"{address}errors?file=1").status_code == 200


def test_the_pages_speak_english(clerk):
    clerk.post("/language", {"lang": "en"})
    address = planned(clerk, WRONG)
    for path in (NEW, address, f"{address}?show=new", "/admin/imports/", "/admin/imports/tasks"):
        said = re.sub(r"校舍(编号)?(\.csv)?|青禾[一二]?中?学?|district_a|建筑\w+|\w*楼|宿舍|学校|约30", "", words(clerk.get(path)))
        assert not re.search(r"[\u4e00-\u9fff]", said), (path, re.findall(r"[\u4e00-\u9fff]+", said))
