"""A demo city served by a real process, and a real Chromium that visits it. What cannot be started fails the run."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
PASSWORD = "demo-browser-2026"
SIZES = {1440: 900, 1366: 768, 390: 844}


class City:
    """The running demo city: its address, and its command line."""

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = os.environ | {
            "TAIZHANG_DATA_DIR": str(folder),
            "TAIZHANG_DEMO_PASSWORD": PASSWORD,
            "TAIZHANG_PORT": str(self.port),
            "TAIZHANG_PASSWORD_MEMORY": "64",
            "TAIZHANG_LOGIN_LIMIT": "1000",
            "TAIZHANG_DATABASE_URL": "",
        }

    def run(self, *words):
        """A command of `python -m app`; its printed lines."""
        done = subprocess.run(
            [sys.executable, "-m", "app", *words], cwd=ROOT, env=self.environ, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def serve(self):
        log = open(self.folder / "serve.log", "w")  # noqa: SIM115 - the process keeps it
        self.process = subprocess.Popen([sys.executable, "-m", "app", "serve"], cwd=ROOT, env=self.environ, stdout=log, stderr=log)
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=2)
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError((self.folder / "serve.log").read_text())

    def bugs(self):
        """Lines of the server's log that tell of a bug."""
        return [line for line in (self.folder / "serve.log").read_text().splitlines() if '"error"' in line]


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    city = City(tmp_path_factory.mktemp("demo"))
    city.printed = city.run("demo")
    city.serve()
    yield city
    city.process.terminate()
    city.process.wait(20)
    shutil.rmtree(city.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "chromium is not installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@pytest.fixture
def come_in(demo, chromium):
    """come_in("district_410105", 390): a page logged in as that account. A script error or a broken policy fails the test."""
    contexts, wrong = [], []

    def enter(username, width=1440, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": SIZES[width]},
            base_url=demo.url,
            has_touch=width < 500,
            accept_downloads=True,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console", lambda said: wrong.append(said.text) if said.type == "error" and "status of 4" not in said.text else None
        )
        if username:
            log_in(page, username)
        return page

    yield enter
    for context in contexts:
        context.close()
    assert not wrong
    assert not demo.bugs()


def log_in(page, username):
    page.goto("/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    with loaded(page):
        page.click("main button.btn-primary")


@contextmanager
def loaded(page):
    """Around a click that leads to another page."""
    with page.expect_navigation():
        yield


def save(page):
    with loaded(page):
        page.click("[data-save]")


def first_record(page, path):
    """The address of the first record of a list."""
    page.goto(path)
    return page.locator("tr[data-row]").first.get_attribute("data-row")


def pick(page, name, words):
    """Chooses a record in a relation picker by typing."""
    control = page.locator(f'select[name="{name}"] + .ts-wrapper')
    control.locator(".ts-control").click()
    control.locator("input").first.fill(words)
    page.locator(f'select[name="{name}"] + .ts-wrapper .ts-dropdown .option').first.wait_for()
    page.wait_for_timeout(500)
    page.locator(f'select[name="{name}"] + .ts-wrapper .ts-dropdown .option').first.click()
