"""A throw-away PostgreSQL server for the tests: its own cluster on a free loopback port, one for the whole test run.

The process that began the run holds a pipe open; the server is started by whoever needs it first and ends, with its files,
when that pipe closes: also when the run is killed. A server that cannot be started fails the tests that ask for it.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "'127.0.0.1'",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
# Waits for the end of the pipe, then stops the server and clears up. It runs apart from the tests, so that nothing of theirs
# can keep it from doing so.
_SUPERVISOR = """
"$1/postgres" -D "$2/data" >"$2/log" 2>&1 & server=$!
cat <"$2/alive" >/dev/null
kill -QUIT $server
wait $server
rm -rf "$2"
"""


class Lease:
    """The run's hold on the server it may start: a folder with a pipe that stays open as long as the run lives."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="taizhang-postgres-"))
        os.mkfifo(self.folder / "alive", 0o666)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            shutil.chown(self.folder / "alive", "postgres")
        self._pipe = os.open(self.folder / "alive", os.O_RDWR)

    def end(self):
        started = (self.folder / "url").exists()
        os.close(self._pipe)
        if not started:
            shutil.rmtree(self.folder, ignore_errors=True)


def url(folder):
    """The server's address, its cluster made and started by the first who asks: postgresql://postgres@127.0.0.1:PORT"""
    folder = Path(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = folder / "url"
        if not kept.exists():
            kept.write_text(_start(folder))
        return kept.read_text()


def _start(folder):
    binaries = programs()
    run(binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    port = free_port()
    lines = _SETTINGS | {"port": port, "unix_socket_directories": f"'{folder}'"}
    settings = "".join(f"{name} = {value}\n" for name, value in lines.items())
    with (folder / "data/postgresql.conf").open("a") as file:
        file.write(settings)
    run("/bin/sh", "-c", f'setsid /bin/sh -c \'{_SUPERVISOR}\' supervisor "$1" "$2" >/dev/null 2>&1 &', "start", binaries, folder)
    address = f"postgresql://postgres@127.0.0.1:{port}"
    wait_for(address, folder)
    return address


def programs():
    """The folder of the newest server installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    if program is None:
        raise RuntimeError("PostgreSQL is not installed: the tests need Debian's package `postgresql` (tests/system-packages)")
    return Path(program).parent


def run(*command):
    """Runs a program; as the user postgres where we are root, whom the server refuses."""
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *words]
    done = subprocess.run(words, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()[-500:]}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address, folder, seconds=30):
    until = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(f"{address}/postgres", connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                log = folder / "log"
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-800:] if log.exists() else error}") from error
            time.sleep(0.05)
