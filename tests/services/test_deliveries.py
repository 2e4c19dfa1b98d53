"""Subscribers are told of what changed: once it is committed, signed, cut to their rights, tried again, never inside the house."""

import email
import hashlib
import hmac
import json
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import config
from models import tables
from models.base import atomic
from models.errors import FieldError, Invalid, NotAllowed, NotFound
from models.hooks import DeliveryWork, Hook
from models.values import now
from services import deliveries, hooks, outgoing, records
from services.actor import SYSTEM
from tests.actors import NAMES


class Receiver:
    """A real server that takes what is posted and answers with the next of `answers` (200 when there are none)."""

    def __init__(self):
        self.got, self.answers, self.may_answer = [], [], threading.Event()
        self.may_answer.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                receiver.may_answer.wait(60)
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/in?from=taizhang"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bodies(self):
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def inside(settings):
    """This machine may be told, as a setting allows."""
    config.activate(replace(settings, hook_networks=("127.0.0.0/8",)))
    yield
    config.activate(settings)


@pytest.fixture
def admin(city):
    return city.actor("city_admin")


def log():
    delivery = tables.model("delivery")
    return [(row.f_state, row.f_attempts, row.f_status, row.f_records) for row in delivery.select().order_by(delivery.id)]


def due_again():
    DeliveryWork.update(due_at=now()).where(DeliveryWork.due_at.is_null(False)).execute()


def deliver():
    while deliveries.deliver_one():
        pass


def change(city, unit="a1", **values):
    id = city.id("hazard", unit)
    version = tables.model("hazard").get_by_id(id).version
    return records.update("hazard", SYSTEM, id, values or {"measure": "已封闭"}, version=version)


# telling ----------------------------------------------------------------------------------------------------------------


def test_a_change_is_told_signed_and_as_the_api_says_it(city, admin, receiver, inside):
    _, secret = hooks.make(admin, "指挥部", "webhook", receiver.address, ["hazard"])
    change(city)
    records.update("parameter", SYSTEM, city.id("parameter", ""), {"value": "9"}, version=1)
    deliver()
    ((headers, body),) = receiver.got
    told = json.loads(body)
    assert (told["event"], told["register"], told["count"], told["more"]) == ("changed", "hazard", 1, False)
    assert told["records"][0]["id"] == city.id("hazard", "a1") and told["records"][0]["action"] == "update"
    assert told["records"][0]["record"]["measure"] == "已封闭" and told["id"] == headers["Taizhang-Event"]
    moment, _, signed = headers["Taizhang-Signature"].removeprefix("t=").partition(",v1=")
    assert hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest() == signed
    assert log() == [("done", 1, 200, 1)] and not deliveries.deliver_one()


def test_the_recipe_of_the_docs_tells_true_from_false(city, admin, receiver, inside):
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    scope = {}
    exec(page.partition("```python\n")[2].partition("```")[0], scope)  # noqa: S102 - what our own page says
    _, secret = hooks.make(admin, "指挥部", "webhook", receiver.address, ["hazard"])
    change(city)
    deliver()
    ((headers, body),) = receiver.got
    header = headers["Taizhang-Signature"]
    assert scope["from_taizhang"](secret, header, body)
    assert not scope["from_taizhang"](secret, header, body + b" ") and not scope["from_taizhang"](secret + "x", header, body)
    assert not scope["from_taizhang"](secret, header.replace("t=1", "t=0", 1), body)


def test_what_is_rolled_back_is_not_told(city, admin, receiver, inside):
    hooks.make(admin, "指挥部", "webhook", receiver.address)
    with pytest.raises(ZeroDivisionError), atomic():
        change(city)
        raise ZeroDivisionError
    with pytest.raises(Invalid):
        records.create("hazard", SYSTEM, {"level": "nothing"})
    deliver()
    assert receiver.got == [] and log() == []


def test_a_failing_receiver_is_tried_again_with_the_same_number_and_given_up_in_the_end(city, admin, receiver, inside):
    hooks.make(admin, "指挥部", "webhook", receiver.address, ["hazard"])
    receiver.answers = [500, 302, 200]
    change(city)
    deliver()
    assert log() == [("waiting", 1, 500, 1)]
    later = DeliveryWork.get().due_at - now()
    assert timedelta(seconds=5) < later <= deliveries.AGAIN[0]
    for _ in range(2):
        due_again()
        deliver()
    assert log() == [("done", 3, 200, 1)] and len({told["id"] for told in receiver.bodies()}) == 1
    receiver.answers = [503] * 20
    change(city, measure="再次封闭")
    for _ in range(len(deliveries.AGAIN) + 1):
        due_again()
        deliver()
    assert (
        log()[1] == ("failed", len(deliveries.AGAIN) + 1, 503, 1)
        and DeliveryWork.select().where(DeliveryWork.due_at.is_null()).count() == 2
    )


SENDER = """
import sys
import config
from models import base
from services import deliveries
config.activate(config.load({"TAIZHANG_DATA_DIR": sys.argv[2], "TAIZHANG_HOOK_NETWORKS": "127.0.0.0/8"}))
base.connect(sys.argv[1], wait_seconds=30)
base.open_connection()
deliveries.deliver_one()
"""


def test_one_killed_after_sending_sends_the_same_number_again(city, admin, receiver, inside, tmp_path):
    hooks.make(admin, "指挥部", "webhook", receiver.address, ["hazard"])
    change(city)
    receiver.may_answer.clear()
    sender = subprocess.Popen([sys.executable, "-c", SENDER, city.url, str(tmp_path)], cwd=Path(__file__).parents[2])
    until = time.monotonic() + 60
    while not receiver.got and time.monotonic() < until:
        time.sleep(0.02)
    assert receiver.got, "nothing was sent"
    sender.kill()
    sender.wait()
    receiver.may_answer.set()
    assert not deliveries.deliver_one(), "the lease still runs"
    due_again()
    deliver()
    assert len(receiver.got) == 2 and len({told["id"] for told in receiver.bodies()}) == 1 and log()[0][:2] == ("done", 2)


def test_many_workers_tell_once(city, admin, receiver, inside, at_once):
    hooks.make(admin, "指挥部", "webhook", receiver.address, ["hazard"])
    for turn in range(6):
        change(city, measure=f"第 {turn} 次")
    at_once(lambda _: deliver(), range(4))
    assert len(receiver.got) == 6 and len({told["id"] for told in receiver.bodies()}) == 6


def test_an_import_is_told_in_few_words_and_an_undo_too(city, admin, receiver, inside):
    hooks.make(admin, "指挥部", "webhook", receiver.address, ["damaged_building"])
    rows = [city.new("damaged_building", "a1", code=f"TS{n:04d}") for n in range(250)]
    records.create_many("damaged_building", SYSTEM, rows)
    deliver()
    (told,) = receiver.bodies()
    assert told["count"] == 200 and told["more"] is True


def test_a_deleted_record_is_told_without_values(city, admin, receiver, inside):
    hooks.make(admin, "指挥部", "webhook", receiver.address, ["hazard"])
    records.delete("hazard", SYSTEM, city.id("hazard", "a1"), version=None, reason="重复登记")
    deliver()
    (told,) = receiver.bodies()
    assert told["records"] == [{"id": city.id("hazard", "a1"), "action": "trash", "version": 2}]


# rights -----------------------------------------------------------------------------------------------------------------


def test_what_the_owner_may_not_see_is_not_told(city, admin, receiver, inside):
    """The rights of the moment it is told: names stay hidden, a lost role tells nothing more."""
    hooks.make(admin, "指挥部", "webhook", receiver.address)
    id = city.id("inland_student", "a1")
    records.update("inland_student", SYSTEM, id, {"note": "已联系家长"}, version=1)
    deliver()
    record = receiver.bodies()[0]["records"][0]["record"]
    assert "name" not in record and "birth_date" not in record
    change(city)
    Hook.update(account_id=city.accounts["school_b"]).execute()
    deliver()
    assert len(receiver.got) == 1 and log()[1][:2] == ("done", 1)
    change(city, unit="b1")
    deliver()
    assert [part["id"] for part in receiver.bodies()[1]["records"]] == [city.id("hazard", "b1")]
    tables.model("account").update(f_active=False).where(tables.model("account").id == city.accounts["school_b"]).execute()
    change(city, unit="b1", measure="再改")
    deliver()
    assert len(receiver.got) == 2 and log()[3][0] == "failed"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "city_admin"])
def test_only_administrators_manage_subscriptions(city, name):
    with pytest.raises(NotAllowed):
        hooks.make(city.actor(name), "x", "webhook", "https://example.org/")
    with pytest.raises(NotAllowed):
        hooks.listing(city.actor(name))
    for act in (hooks.drop, hooks.try_out, hooks.replay):
        with pytest.raises(NotAllowed):
            act(city.actor(name), 1)
    with pytest.raises(NotAllowed):
        hooks.listing(city.actor("city_admin", real=city.actor("city_admin")))


# where to ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/", "https://localhost/", "https://10.1.2.3/", "https://192.168.1.1/x", "https://169.254.169.254/latest", "https://[::1]/",
        "https://[::ffff:127.0.0.1]/", "https://[fd00::1]/", "https://0.0.0.0/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
        "https://100.64.0.1/", "https://224.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://127.1/",
    ],
)  # fmt: skip
def test_nothing_inside_the_house_is_called(city, admin, address):
    with pytest.raises(Invalid) as refused:
        hooks.make(admin, "里面", "webhook", address)
    assert refused.value.faults[0].code in ("private_address", "unknown_host") and not Hook.select().exists()


@pytest.mark.parametrize(
    "address", ["", "x", "ftp://example.org/", "https://", "https://user:pw@example.org/", "file:///etc/passwd", "https://h:99999/", "gopher://x/", "https://例子.中国/"]
)  # fmt: skip
def test_what_is_no_web_address_is_refused(city, admin, address):
    with pytest.raises(Invalid):
        hooks.make(admin, "坏的", "webhook", address)


def test_a_name_that_leads_inside_is_refused_whenever_it_is_called(city, admin, receiver, inside, settings, monkeypatch):
    """The name is looked up again at each delivery, and the address that was checked is the one connected to."""
    hooks.make(admin, "指挥部", "webhook", receiver.address, ["hazard"])
    config.activate(settings)
    change(city)
    deliver()
    assert receiver.got == [] and log() == [("failed", 1, None, None)]
    looked = []

    def found(host, port, **more):
        looked.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port)),
        ]

    monkeypatch.setattr(outgoing.socket, "getaddrinfo", found)
    with pytest.raises(FieldError):
        outgoing.check_web("https://two-faced.example/")
    assert looked == ["two-faced.example"]


def test_a_redirect_leads_nowhere(city, admin, receiver, inside):
    hooks.make(admin, "指挥部", "webhook", receiver.address, ["hazard"])
    receiver.answers = [302]
    change(city)
    deliver()
    assert len(receiver.got) == 1 and log() == [("waiting", 1, 302, 1)]


def test_a_name_that_is_not_found_is_looked_for_again(city, admin, receiver, inside, monkeypatch):
    hooks.make(admin, "指挥部", "webhook", receiver.address.replace("127.0.0.1", "localhost"), ["hazard"])
    change(city)

    def away(host, port, **more):
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    with monkeypatch.context() as patch:
        patch.setattr(outgoing.socket, "getaddrinfo", away)
        deliver()
    assert log() == [("waiting", 1, None, None)]
    due_again()
    deliver()
    assert log() == [("done", 2, 200, 1)]


def test_nobody_there_is_tried_again(city, admin, receiver, inside):
    hooks.make(admin, "指挥部", "webhook", receiver.address, ["hazard"])
    receiver.server.shutdown()
    receiver.server.server_close()
    change(city)
    deliver()
    assert log() == [("waiting", 1, None, None)]


# managing ---------------------------------------------------------------------------------------------------------------


def test_paused_dropped_tried_and_sent_again(city, admin, receiver, inside):
    made, _ = hooks.make(admin, "指挥部", "webhook", receiver.address, ["hazard"])
    hooks.try_out(admin, made.id)
    deliver()
    assert receiver.bodies()[0]["event"] == "test"
    hooks.switch(admin, made.id, False)
    change(city)
    deliver()
    assert len(receiver.got) == 1
    hooks.switch(admin, made.id, True)
    change(city, measure="再改")
    deliver()
    last = DeliveryWork.select().order_by(DeliveryWork.id.desc()).get().id
    hooks.replay(admin, last)
    deliver()
    assert len(receiver.got) == 3 and receiver.bodies()[1]["id"] == receiver.bodies()[2]["id"]
    said = tables.model("access_log")
    noted = said.select().where(said.f_action == "hook").order_by(said.id)
    assert [row.f_detail for row in noted] == [f"{done} {made.id}" for done in ("新建", "试推", "停用", "启用")] + [f"重发 {last}"]
    for none in (0, last + 1, 10**30):
        with pytest.raises(NotFound):
            hooks.replay(admin, none)
    assert receiver.address.partition("?")[0] == hooks.listing(admin)[0].where
    hooks.drop(admin, made.id)
    with pytest.raises(NotFound):
        hooks.replay(admin, last)
    assert hooks.listing(admin) == [] and len(log()) == 2


# messages ---------------------------------------------------------------------------------------------------------------


class Mailbox:
    """A real SMTP server, as small as one can be."""

    def __init__(self):
        self.mails = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                line, _ = self.server.accept()
            except OSError:
                return
            with line, line.makefile("rwb") as talk:
                self._talk(talk)

    def _talk(self, talk):
        def say(words):
            talk.write(words + b"\r\n")
            talk.flush()

        say(b"220 here")
        while command := talk.readline():
            if command.upper().startswith(b"DATA"):
                say(b"354 go on")
                text = b""
                while (part := talk.readline()) != b".\r\n":
                    text += part
                self.mails.append(text)
                say(b"250 taken")
            elif command.upper().startswith(b"QUIT"):
                say(b"221 bye")
                return
            else:
                say(b"250 ok")


def test_people_get_a_sentence_without_values(city, admin, inside):
    """By mail here; DingTalk, WeCom and Feishu go through the same channel to hosts of their own."""
    box = Mailbox()
    hooks.make(
        admin, "值班邮箱", "message", f"mailto://127.0.0.1:{box.port}?from=taizhang@example.org&to=duty@example.org", ["hazard"]
    )
    change(city, measure="不该出现在邮件里")
    deliver()
    assert log() == [("done", 1, None, 1)], tables.model("delivery").select().get().f_message
    mail = email.message_from_bytes(box.mails[0])
    text = "".join(part.get_payload(decode=True).decode() for part in mail.walk() if not part.is_multipart())
    assert "「隐患台账」有 1 条记录变更" in text and "不该出现" not in text
    assert hooks.listing(admin)[0].where == "mailto://…"
    box.server.close()


@pytest.mark.parametrize(
    "address", ["dingtalk://abcdefghijklmnop", "wecombot://botkey-botkey-botkey-botkey-botk", "feishu://abcdefghijklmnopqrstuvwxyz"]
)
def test_the_channels_are_taken_and_their_secret_is_not_shown(city, admin, address):
    made, secret = hooks.make(admin, "群", "message", address)
    assert made.where.endswith("://…") and secret == ""


@pytest.mark.parametrize(
    "address", ["", "slack://a/b/c", "exec://rm", "json://10.0.0.1/", "mailto://u:p@10.0.0.1?to=a@b.cn", "dingtalk://"]
)
def test_other_channels_are_refused(city, admin, address):
    with pytest.raises(Invalid):
        hooks.make(admin, "群", "message", address)
