"""Imports by program: planned, shown, answered, applied, taken back; their owner's alone, and never above the token."""

import io
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from models import tables
from services import jobs, tokens
from tests.state import everything

ROOT = Path(__file__).parents[2]
SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
PATH = "/api/v1/registers/damaged_building/imports"


def sheet(city, *rows):
    """A CSV of damaged buildings of one school."""
    values = city.new("damaged_building", "a1") | {"school": "青禾一中学"}
    lines = [",".join(values)] + [",".join(str((values | row)[name]) for name in values) for row in rows]
    return "\n".join(lines).encode("utf-8-sig")


def send(caller, data, **form):
    return caller.open(PATH, "POST", data={"file": (io.BytesIO(data), "校舍.csv")} | form)


def work():
    while jobs.run_one():
        pass


def count():
    return tables.model("damaged_building").select().where(tables.model("damaged_building").deleted_at.is_null()).count()


def test_a_file_is_planned_shown_applied_and_taken_back(city, caller_of):
    caller, before = caller_of("school_a"), count()
    data = sheet(city, {"name": "东配楼"}, {"name": "西配楼"}, {"name": "北配楼", "damage": "极大"})
    answer = send(caller, data, policy="good")
    assert (answer.status_code, answer.json["state"]) == (202, "reading"), answer.json
    home = answer.headers["Location"]
    work()
    plan = caller.get(home).json
    assert plan["state"] == "asking" and count() == before, plan
    assert caller.post(f"{home}:apply").status_code == 409
    question = plan["questions"][0]
    assert question["value"] == "极大"
    assert caller.post(f"{home}:answer", {"answers": {question["id"]: ""}}).status_code == 202
    work()
    plan = caller.get(home).json
    assert (plan["state"], plan["counts"]["new"], plan["counts"]["error"]) == ("planned", 2, 1)
    rows = caller.get(f"{home}/rows?outcome=new&limit=1").json
    assert len(rows["rows"]) == 1 and rows["next"]
    book = caller.get(f"{home}/errors.xlsx")
    assert book.status_code == 200 and book.data[:4] == b"PK\x03\x04"
    assert caller.post(f"{home}:apply").json["state"] == "applying"
    work()
    assert caller.get(home).json["state"] == "applied" and count() == before + 2
    assert caller.get(f"/api/v1/jobs/{caller.get(home).json['job']}").status_code in (200, 404)
    assert caller.post(f"{home}:undo").status_code == 202
    work()
    assert caller.get(home).json["state"] == "undone" and count() == before


@SQLITE
def test_an_import_is_worth_nothing_to_another_nor_to_a_smaller_token(city, caller_of):
    home = send(caller_of("school_a"), sheet(city, {"name": "东配楼"})).headers["Location"]
    work()
    before = everything()
    for name in ("school_b", "district_a", "city_admin"):
        for ending, method in (("", "GET"), ("/rows", "GET"), ("/errors.xlsx", "GET"), (":apply", "POST"), (":undo", "POST")):
            assert caller_of(name).open(f"{home}{ending}", method).status_code == 404, (name, ending)
    reader = caller_of("school_a", actions=("view",))
    assert reader.get(home).status_code == 200
    for ending in (":apply", ":undo"):
        assert reader.post(f"{home}{ending}").status_code == 403
    assert reader.post(f"{home}:answer", {}).status_code == 403
    other = caller_of("school_a", registers=("school",))
    assert [other.open(f"{home}{ending}", method).status_code for ending, method in (("", "GET"), (":apply", "POST"))] == [404, 404]
    assert send(reader, sheet(city, {})).status_code == 403 and everything() == before


@SQLITE
def test_what_is_wrong_with_a_call_is_said_and_nothing_is_kept(city, caller_of):
    caller, before = caller_of("school_a"), everything()
    data = sheet(city, {"name": "东配楼"})
    for form in ({"mode": "x"}, {"policy": "x"}, {"empty": "x"}, {"mapping": "["}, {"mapping": '{"a": 1}'}, {"mapping": "[]"}, {"header": "x"},
                 {"header": "[1,2,3]"}, {"key": "nothing"}, {"mapping": '{"a": "nothing"}'}, {"other": "1"}, {"constants": '{"damage": "huge"}'}):  # fmt: skip
        assert send(caller, data, **form).status_code == 422, form
    assert caller.open(PATH, "POST", data={"mode": "both"}, content_type="multipart/form-data").status_code == 422
    assert caller.post(PATH, {}).status_code == 415
    assert caller_of("leader").open(PATH, "POST", data={}).status_code == 403
    assert caller_of("auditor").open(PATH, "POST", data={}).status_code == 404
    home = send(caller, data).headers["Location"]
    work()
    for body in (
        {"answers": []},
        {"answers": {"x": []}},
        {"answers": {"x": "y"}},
        {"mode": 1},
        {"mode": "x"},
        {"header": "x"},
        {"other": 1},
        {"mapping": {"a": 1}},
    ):
        assert caller.post(f"{home}:answer", body).status_code == 422, body
    for asked in ("rows?outcome=x", "rows?limit=0", "rows?after=x", "rows?colour=red", "errors.xlsx?file=x"):
        assert caller.get(f"{home}/{asked}").status_code == 422, asked
    assert everything() == before


@SQLITE
def test_the_client_of_the_docs_runs(app, city, tmp_path):
    """docs/client.py: reads, changes, imports; against a real server with a worker beside it."""
    file = tmp_path / "校舍.csv"
    file.write_bytes(sheet(city, {"name": "东配楼"}, {"name": "西配楼"}))
    _, secret = tokens.create(city.actor("school_a"), "示例程序")
    server, stop, before = make_server("127.0.0.1", 0, app, threaded=True), threading.Event(), count()
    threads = [threading.Thread(target=server.serve_forever), threading.Thread(target=jobs.work_forever, args=(stop,))]
    for thread in threads:
        thread.start()
    try:
        command = [sys.executable, str(ROOT / "docs/client.py"), f"http://127.0.0.1:{server.server_port}", secret, str(file)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    finally:
        server.shutdown()
        stop.set()
        for thread in threads:
            thread.join()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "applied" in ran.stdout and " 200" in ran.stdout and count() == before + 2
    model = tables.model("damaged_building")
    assert model.select().where((model.f_note == "待核") & (model.school_id == city.school("a1"))).exists()


@SQLITE
def test_a_form_part_without_a_name_is_a_problem(caller_of):
    body = b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--\r\n"
    answer = caller_of("school_a").open(PATH, "POST", data=body, content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
