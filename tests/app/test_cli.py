"""The command line: what operators type, what they read, and the exit status scripts go by."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import apsw
import openpyxl
import pytest

from app.cli import main
from models import base, tables
from models.hooks import DeliveryWork, Hook
from models.values import now
from services import accounts, backups, outbox, readers, tokens
from tests.actors import PASSWORD
from tests.app.conftest import CHEAP

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command on a data directory of its own: (status, standard output, standard error)."""
    for name, value in (CHEAP | {"TAIZHANG_DATA_DIR": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)

    def running(*arguments):
        status = main(list(arguments))
        out, error = capsys.readouterr()
        return status, out, error

    yield running
    base.database.close()


@pytest.fixture
def data_dir(sqlite_engine, tmp_path):
    """A data directory with the test city in it."""
    url, _ = sqlite_engine.city()
    Path(url).rename(tmp_path / "taizhang.sqlite3")
    return tmp_path


@pytest.fixture
def installed(run, data_dir):
    """Runs commands on the test city."""
    return run


def test_a_fresh_install_has_no_account_at_all(run):
    assert run("init")[0] == 0
    assert not tables.model("account").select().exists()
    assert run("check")[0] == 0


def test_init_twice_is_init_once(run):
    run("init")
    before = tables.model("role_grant").select().count()
    assert run("init")[0] == 0
    assert tables.model("role_grant").select().count() == before > 0


def test_commands_say_what_to_do_first_on_an_empty_database(run):
    status, out, error = run("user", "add", "wang", "--role", "city_admin")
    assert (status, out) == (1, "")
    assert error == "数据库还是空的，请先运行 python -m app init（或 demo）。\n"


def test_a_new_account_gets_a_first_password(installed):
    installed("check")
    status, out, _ = installed(
        "user", "add", "wang", "--name", "王敏", "--role", "school_reporter", "--school", _code("青禾一中学")
    )
    assert status == 0
    first = out.split("初始密码：")[1].split("（")[0]
    assert accounts.must_change(accounts.by_username("wang"))
    token = accounts.authenticate("wang", first)
    actor = accounts.sessions.actor_of(token)
    assert actor.memberships[0].school_id and actor.memberships[0].district_id


def _code(school):
    """The code of a school of the test city, as an operator looks it up."""
    base.open_connection()
    model = tables.model("school")
    return model.select().where(model.f_name == school).get().f_code


def test_the_password_can_come_from_standard_input(installed, monkeypatch):
    monkeypatch.setattr("sys.stdin", type("In", (), {"readline": lambda self: "lantern over water\n"})())
    status, out, _ = installed("user", "add", "wang", "--role", "city_admin", "--password-stdin")
    assert status == 0
    assert "lantern" not in out
    monkeypatch.setattr("sys.stdin", type("In", (), {"readline": lambda self: "\n"})())
    assert installed("user", "add", "li", "--role", "city_admin", "--password-stdin")[0] == 1
    assert accounts.authenticate("wang", "lantern over water")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("user", "add", "city_admin", "--role", "city_admin"), "用户名"), (("user", "add", "x", "--role", "missing"), "missing"),
        (("user", "add", "x", "--role", "school_reporter", "--school", "NONE"), "NONE"), (("user", "password", "missing"), "missing"),
        (("user", "disable", "missing"), "missing"), (("export", "nothing"), "nothing"), (("export", "school", "--filter", "x=1"), "x"),
        (("export", "school", "--filter", "level"), "level"), (("export", "school", "--as", "missing"), "missing"),
        (("export", "school", "--as", "auditor"), "权限"), (("frobnicate",), "frobnicate"), (("seed", "--schools", "-1"), "-1"),
        (("import", "school", "/nothing.csv"), "nothing.csv"), (("restore", "/nothing.db"), "nothing.db"),
    ],
)  # fmt: skip
def test_errors_are_one_sentence_on_standard_error(installed, arguments, says):
    status, out, error = installed(*arguments)
    assert status != 0
    assert out == ""
    assert says in error
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_disabling_ends_the_session(installed):
    installed("check")
    token = accounts.authenticate("city_clerk", PASSWORD)
    assert installed("user", "disable", "city_clerk")[0] == 0
    assert accounts.sessions.actor_of(token) is None


def test_a_reset_password_is_printed_once_and_works(installed):
    _, out, _ = installed("user", "password", "city_clerk")
    assert accounts.authenticate("city_clerk", out.split("：")[1].split("（")[0])


def test_weak_secrets_and_bad_settings_are_refused_in_one_sentence(run, monkeypatch):
    monkeypatch.setenv("TAIZHANG_SECRET_KEY", "changeme")
    status, out, error = run("init")
    assert (status, out, error.count("\n")) == (1, "", 1)
    assert "TAIZHANG_SECRET_KEY" in error
    monkeypatch.setenv("TAIZHANG_PORT", "eighty")
    assert "TAIZHANG_PORT" in run("serve")[2]


def test_a_database_that_is_away_is_one_sentence(run, monkeypatch):
    monkeypatch.setenv("TAIZHANG_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    status, _, error = run("check")
    assert (status, error.count("\n")) == (1, 1)


def test_export_and_import_give_the_same_rows(installed, tmp_path):
    file = tmp_path / "schools.csv"
    assert installed("export", "school", "-o", str(file))[0] == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    status, out, _ = installed("import", "school", str(file), "--dry-run")
    assert (status, out.splitlines()[0]) == (0, "new 0 changed 0 unchanged 5 error 0 warning 0 out_of_scope 0")


def test_a_wrong_cell_is_named_and_the_status_says_so(installed, tmp_path):
    file = tmp_path / "schools.csv"
    file.write_text("学校代码,学校名称,属地,学校类别,隶属关系,办学性质\nX1,某校,青禾区,飞行学校,县区属,公办\n", encoding="utf-8")
    status, out, _ = installed("import", "school", str(file))
    assert status == 1
    assert out.splitlines()[0] == "new 0 changed 0 unchanged 0 error 1 warning 0 out_of_scope 0"
    assert "飞行学校" in out


def test_export_as_somebody_gives_what_he_may_have(installed, tmp_path):
    file = tmp_path / "schools.csv"
    assert installed("export", "school", "--as", "district_a", "-o", str(file))[0] == 0
    text = file.read_text(encoding="utf-8-sig")
    assert "青禾一中学" in text
    assert "松泉一中学" not in text


# backups -------------------------------------------------------------------------------------------------------------


def test_a_backup_is_one_whole_file_and_comes_back(installed, tmp_path):
    copy = tmp_path / "b" / "city.sqlite3"
    assert installed("backup", str(copy))[0] == 0
    assert [file.name for file in copy.parent.iterdir()] == ["city.sqlite3"]
    assert copy.stat().st_mode & 0o777 == 0o600
    installed("user", "disable", "city_clerk")
    assert installed("restore", str(copy))[0] == 1
    assert installed("restore", str(copy), "--overwrite")[0] == 0
    assert accounts.authenticate("city_clerk", PASSWORD)
    assert len(list((tmp_path / "backups").iterdir())) == 1


def test_a_backup_does_not_replace_a_file(installed, tmp_path):
    (tmp_path / "taken").write_text("x")
    assert installed("backup", str(tmp_path / "taken"))[0] == 1
    assert (tmp_path / "taken").read_text() == "x"


def test_what_is_no_backup_is_not_restored(installed, tmp_path):
    for content in (b"", b"hello" * 1000):
        (tmp_path / "odd").write_bytes(content)
        status, _, error = installed("restore", str(tmp_path / "odd"), "--overwrite")
        assert status == 1
        assert "不是可用的数据库备份" in error
    assert accounts.authenticate("city_clerk", PASSWORD)


def test_backups_taken_while_others_write_are_sound(installed, tmp_path):
    installed("check")
    writer = apsw.Connection(str(tmp_path / "taizhang.sqlite3"))
    writer.set_busy_timeout(5000)
    for round in range(6):
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO login_attempt (username, address, at, outcome) VALUES ('a', 'b', '2021', 'ok')")
        copy = tmp_path / f"copy{round}"
        base.open_connection()
        backups.backup(copy)
        writer.execute("COMMIT")
        found = apsw.Connection(str(copy)).execute("SELECT count(*) FROM login_attempt WHERE username = 'a'").fetchone()[0]
        assert found == round
    writer.close()


def test_migrating_a_database_with_data_backs_it_up_first(installed, tmp_path):
    installed("check")
    base.open_connection()
    base.database.execute_sql("UPDATE schema_state SET digest = 'old' WHERE register = 'school'")
    assert installed("user", "password", "city_clerk")[0] == 1
    assert installed("migrate")[0] == 0
    assert len(list((tmp_path / "backups").iterdir())) == 1
    assert installed("user", "password", "city_clerk")[0] == 0


def test_migrating_grants_what_ships_for_registers_that_are_new(installed):
    """An upgrade's new registers are seen by those they ship for; what an administrator took away stays away."""
    installed("check")
    base.open_connection()
    grant, moment = tables.model("role_grant"), now()
    shipped = grant.select().where(grant.f_register == "job").count()
    grant.delete().where(grant.f_register == "job").execute()
    grant.update(deleted_at=moment).where((grant.f_register == "school") & (grant.f_role == "leader")).execute()
    grant.update(deleted_at=moment).where(grant.f_register == "parameter").execute()
    status, out, _ = installed("migrate")
    assert status == 0 and "任务" in out and "学校" not in out
    base.open_connection()
    there = grant.select().where(grant.deleted_at.is_null())
    assert there.where(grant.f_register == "job").count() == shipped
    assert not there.where((grant.f_register == "school") & (grant.f_role == "leader")).exists()
    assert not there.where(grant.f_register == "parameter").exists()
    assert "任务" not in installed("migrate")[1]


def test_migrating_an_empty_database_leaves_its_grants_to_init(run):
    assert run("migrate")[0] == 0
    assert not tables.model("role_grant").select().exists()


# serving -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serving_answers_and_stops_cleanly_on_sigterm(data_dir, workers):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | CHEAP
    environment |= {"TAIZHANG_DATA_DIR": str(data_dir), "TAIZHANG_PORT": str(port), "TAIZHANG_WORKERS": workers}
    server = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        assert _answer(f"http://127.0.0.1:{port}/readyz") == 200
        server.send_signal(signal.SIGTERM)
        _, error = server.communicate(timeout=30)
        assert server.returncode == 0, error
    finally:
        server.kill()
        server.wait()


def _answer(address):
    until = time.monotonic() + 40
    while True:
        try:
            return urllib.request.urlopen(address, timeout=5).status
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def test_a_token_is_printed_alone_and_never_above_its_owner(installed):
    status, out, _ = installed("token", "create", "--user", "district_a", "--days", "30")
    secret = out.strip()
    assert status == 0 and out == f"{secret}\n" and secret.startswith("tz_")
    actor, token = tokens.actor_of(secret)
    assert actor.username == "district_a" and token.good
    assert installed("token", "create", "--user", "no_such_person")[0] == 1
    installed("user", "disable", "district_a")
    with pytest.raises(tokens.NoToken):
        tokens.actor_of(secret)
    assert installed("token", "create", "--user", "district_a")[0] == 1


ENGLISH = {"TAIZHANG_LANGUAGE": "en"}
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")


def help_of(words, data_dir, **more):
    environ = os.environ | CHEAP | {"TAIZHANG_DATA_DIR": str(data_dir)} | more
    return subprocess.run([sys.executable, "-m", "app", *words], cwd=ROOT, env=environ, capture_output=True, text=True)


@pytest.mark.parametrize("words", [(), ("import",), ("export",), ("user",), ("user", "add"), ("restore",), ("demo",)])
def test_help_is_in_the_language_of_the_settings(tmp_path, words):
    done = help_of((*words, "--help"), tmp_path, **ENGLISH)
    assert done.returncode == 0 and not CHINESE.search(done.stdout)
    assert CHINESE.search(help_of((*words, "--help"), tmp_path).stdout)


def test_all_help_has_its_english():
    """What a command says of itself goes through the catalogue, the next command's too."""
    source = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "app" / "cli").glob("*.py"))
    said = re.findall(r'help=(?!_\()"([^"]*)"|^ {4}"""([^"]*)"""$', source, re.MULTILINE)
    assert not [words for words in said if CHINESE.search("".join(words))]


def test_a_wrong_setting_is_told_in_the_language_of_the_settings(tmp_path):
    done = help_of(("check",), tmp_path, TAIZHANG_PORT="many", **ENGLISH)
    assert done.returncode != 0 and "TAIZHANG_PORT must be a whole number" in done.stderr and not CHINESE.search(done.stderr)
    assert "TAIZHANG_PORT 应为不小于 1 的整数" in help_of(("check",), tmp_path, TAIZHANG_PORT="many").stderr


# Forms ------------------------------------------------------------------------------------------------------------------


def test_forms_go_out_and_come_back_on_the_command_line(installed, tmp_path):
    packet, mine = tmp_path / "表.zip", ("--as", "district_a")
    assert installed("form", "damaged_building", "-o", str(packet), "--rows", "5", *mine)[0] == 0
    with zipfile.ZipFile(packet) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "forms")
    assert len(names) == 3 and all(name.startswith("受损校舍-") for name in names)
    path = tmp_path / "forms" / names[0]
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    heads = [cell.value for cell in page[2]]
    code, school = names[0].removeprefix("受损校舍-").removesuffix(".xlsx").split(" ")
    for number, area in ((3, 10), (4, "约30")):
        row = {"学校": f"{code} {school}", "建筑名称": f"{number}号楼", "建筑类别": "教学楼", "建筑面积（平方米）": area}
        for head, value in row.items():
            page.cell(number, heads.index(head) + 1).value = value
    book.save(path)
    status, out, _ = installed("collect", "damaged_building", str(path), "--policy", "good", *mine)
    assert status == 1 and "还有 2 个单位没有交" in out and "new 1 changed 0 unchanged 0 error 1" in out
    assert f"「{names[0]}」受损校舍!{readers.letter(heads.index('建筑面积（平方米）'))}4：" in out


def test_a_form_of_a_unit_that_is_not_there(installed, tmp_path):
    status, _, error = installed("form", "damaged_building", "--unit", "没有", "-o", str(tmp_path / "x.xlsx"))
    assert status == 1 and error.strip().endswith("。") and not (tmp_path / "x.xlsx").exists()


def test_a_delivery_is_sent_again_by_who_may(installed):
    assert installed("migrate")[0] == 0
    owner = accounts.by_username("city_admin")
    hook = Hook.create(name="指挥部", kind="webhook", address="https://example.org/", secret="s", account_id=owner, made_at=now())
    id = outbox.add(hook, "")
    DeliveryWork.update(due_at=None).execute()
    for arguments in ((str(id), "--as", "city_clerk"), (str(id + 1), "--as", "city_admin"), (str(id),)):
        status, out, error = installed("hook", "replay", *arguments)
        assert status != 0 and out == "" and error, arguments
        assert DeliveryWork.get().due_at is None
    assert installed("hook", "replay", str(id), "--as", "city_admin")[0] == 0
    assert DeliveryWork.get().due_at is not None
