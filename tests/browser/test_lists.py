"""What lists do in a real browser: looks that stay, recent ones in pickers, whole lists changed, paper, the way of typing on."""

from tests.browser.conftest import first_record, loaded

CLERK, LIST = "district_410105", "/admin/r/damaged_building/"


def test_density_and_columns_stay(come_in):
    page = come_in("district_410103")
    page.goto(LIST)
    page.click("[data-dense] button")
    assert page.locator("#list.dense").count() == 1
    page.wait_for_load_state("networkidle")
    page.goto("/admin/r/hazard/")
    assert page.locator("#list.dense").count() == 1 and page.get_attribute("[data-dense] button", "aria-pressed") == "true"
    page.goto(LIST)
    page.click("summary:has-text('列')")
    ticked = page.locator("input[name=fields]:checked")
    while ticked.count() > 2:
        ticked.last.uncheck()
    with loaded(page):
        page.click("button:has-text('显示这些列')")
    page.goto(LIST)
    assert page.locator("thead th:not(.pick)").count() == 2
    page.click("summary:has-text('列')")
    with loaded(page):
        page.click("button:has-text('恢复原来的列')")
    assert page.locator("thead th:not(.pick)").count() > 5


def test_typing_goes_on_after_the_list_has_answered(come_in):
    page = come_in(CLERK)
    page.goto(LIST)
    with loaded(page):
        page.locator("[data-search] input[type=search]").press_sequentially("教学")
    assert "#" not in page.url and page.evaluate("document.activeElement.name") == "q"
    page.goto(LIST)
    assert page.evaluate("document.activeElement.name") != "q"


def test_a_picker_offers_first_what_was_picked_last(come_in):
    page = come_in("district_410104")
    page.goto(f"{LIST}new")
    control = page.locator('select[name="school"] + .ts-wrapper')
    control.locator(".ts-control").click()
    control.locator(".option").nth(4).wait_for()
    chosen = control.locator(".option").nth(4).inner_text().split("\n")[0]
    control.locator(".option").nth(4).click()
    page.fill("[name=name]", "门卫室")
    page.select_option("[name=kind]", index=1)
    page.fill("[name=found_on]", "2021-07-21")
    page.keyboard.press("Escape")
    with loaded(page):
        page.click("[data-save]")
    if page.locator("[name=_confirmed]").count():
        page.fill("[name=_confirmed]", "核对过")
        with loaded(page):
            page.click("[data-save]")
    assert "已保存" in page.inner_text("#toasts"), page.inner_text("main")
    page.goto(f"{LIST}new")
    control.locator(".ts-control").click()
    control.locator(".option .recent").first.wait_for()
    assert control.locator(".option").first.inner_text().startswith(chosen[:6])


def test_all_rows_of_a_filter_are_changed_and_taken_back(come_in):
    page = come_in(CLERK)
    page.goto(f"{LIST}?state__ne=closed")
    total = int(page.inner_text("[data-count]").replace(",", ""))
    assert total > 50
    page.check("[data-every]")
    assert page.inner_text("[data-selected]") == "已选全部" and page.locator("tr.sel").count() == 50
    with loaded(page):
        page.click("button:has-text('批量修改')")
    assert f"批量修改 {total} 条" in page.inner_text("h1")
    page.select_option("#bulk-field", "responsible")
    page.fill("[name=v-responsible]", "全员负责")
    with loaded(page):
        page.click("button:has-text('看看会改什么')")
    page.locator("button:has-text('确定修改')").wait_for(timeout=60_000)
    assert f"将修改 {total} 条" in page.inner_text("h1") and page.locator("ins").count() == 10
    page.click("button:has-text('确定修改')")
    page.locator("#toasts", has_text="已修改").wait_for(timeout=60_000)
    assert f"已修改 {total} 条" in page.inner_text("#toasts")
    page.click("#toasts button:has-text('撤销')")
    page.locator("#toasts", has_text="已撤销").wait_for(timeout=90_000)
    assert f"恢复了 {total} 条" in page.inner_text("#toasts")


def test_a_list_goes_to_paper_on_numbered_sheets_with_its_head(come_in):
    page = come_in(CLERK)
    page.goto(f"{LIST}?grade__in=C,D")
    total = int(page.inner_text("[data-count]"))
    with loaded(page):
        page.click("form[action$='/print'] button")
    leaves = page.locator(".leaf")
    assert leaves.count() > 1 and page.locator(".leaf thead").count() == leaves.count()
    assert page.locator(".leaf tbody tr").count() == total
    assert f"第 {leaves.count()} 页，共 {leaves.count()} 页" in leaves.last.inner_text()
    assert all("鉴定等级是 C、D" in text for text in leaves.all_inner_texts())
    page.emulate_media(media="print")
    assert not page.locator(".paper-tools").is_visible()


def test_ordinary_printing_of_protected_pages_gives_a_notice(come_in):
    page = come_in("city_clerk")
    record = first_record(page, "/admin/r/four_party_link/")
    for path in ("/admin/r/four_party_link/", record):
        page.goto(path)
        assert not page.locator(".print-notice").first.is_visible()
        page.emulate_media(media="print")
        assert page.locator(".print-notice").first.is_visible() and not page.locator("main").is_visible()
        page.emulate_media(media="screen")
    page.click("summary:has-text('打印')")
    page.fill("#print-purpose", "核对电话")
    with loaded(page):
        page.click("button:has-text('打印预览')")
    page.emulate_media(media="print")
    assert page.locator(".leaf").first.is_visible() and "核对电话" in page.locator(".leaf footer").first.inner_text()
