"""Applications asked as a browser would ask them, each in a process of its own: `python -m bench.sites taizhang|stock|joined …`."""

import logging
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import config
from app import create_app
from bench import peers, stock
from models import base
from services import sessions

REGISTER = "damaged_building"


class Site:
    """An application in this process, asked as a browser would ask it."""

    def __init__(self, app, root):
        self.client = app.test_client()
        self.root = root

    def get(self, address):
        """Milliseconds until the whole page is there."""
        start = time.perf_counter()
        answer = self.client.get(self.root + address, base_url="http://127.0.0.1")
        seconds = time.perf_counter() - start
        if answer.status_code != 200:
            raise SystemExit(f"{self.root}{address}: {answer.status}")
        return seconds * 1000

    def save(self, address, note):
        """Milliseconds of posting the form at an address with another note."""
        page = self.client.get(self.root + address, base_url="http://127.0.0.1").get_data(as_text=True)
        values = Form.of(page, "note") | {"note": note}
        start = time.perf_counter()
        answer = self.client.post(self.root + address, data=values, base_url="http://127.0.0.1")
        seconds = time.perf_counter() - start
        if answer.status_code not in (302, 303):
            raise SystemExit(f"{self.root}{address}: not saved, {answer.status}")
        return seconds * 1000

    def statements(self, address):
        """How many SQL statements the page takes."""
        counted = Counter()
        log = logging.getLogger("peewee")
        before = log.level, log.propagate
        log.setLevel(logging.DEBUG)
        log.propagate = False
        log.addHandler(counted)
        try:
            self.get(address)
        finally:
            log.removeHandler(counted)
            log.setLevel(before[0])
            log.propagate = before[1]
        return counted.number


class Counter(logging.Handler):
    """Counts peewee's log lines: one for each statement."""

    number = 0

    def emit(self, record):
        self.number += 1


class Form(HTMLParser):
    """What a browser would send of a page's forms."""

    def __init__(self):
        super().__init__()
        self.forms, self._select, self._area = [{}], None, None

    @classmethod
    def of(cls, page, name):
        """{name: value} of the form that has this field."""
        read = cls()
        read.feed(page)
        return next(form for form in read.forms if name in form)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        name, values = told.get("name"), self.forms[-1]
        if tag == "form":
            self.forms.append({})
        elif tag == "input" and name and (told.get("type") not in ("checkbox", "radio", "submit", "file") or "checked" in told):
            values[name] = told.get("value") or ""
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and ("selected" in told or self._select not in values):
            values[self._select] = told.get("value") or ""
        elif tag == "textarea" and name:
            self._area = name
            values[name] = ""

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, text):
        if self._area:
            self.forms[-1][self._area] += text


def taizhang(folder, clerk):
    """Taizhang's own application on the filled database, with the city's clerk logged in."""
    settings = config.load({"TAIZHANG_DATA_DIR": str(folder), "TAIZHANG_DATABASE_URL": str(folder / "taizhang.sqlite3")})
    site = Site(create_app(settings), f"/admin/r/{REGISTER}/")
    base.open_connection()
    with site.client.session_transaction(base_url="http://127.0.0.1") as session:
        session["token"] = sessions.start(clerk)
    return site


def _flask_admin(name):
    def made(database):
        stock.open_copy(database)
        return Site(stock.create_app(), f"/{name}/")

    return made


SITES = {
    "taizhang": lambda folder, clerk: taizhang(Path(folder), int(clerk)),
    "stock": _flask_admin("stock"),
    "joined": _flask_admin("joined"),
}

if __name__ == "__main__":
    peers.answer(SITES[sys.argv[1]](*sys.argv[2:]))
