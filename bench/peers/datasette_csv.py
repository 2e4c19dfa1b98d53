"""Datasette streaming a table as CSV from a server of its own on this machine: without labels, its fastest way."""

import contextlib
import socket
import subprocess
import time
import urllib.request

from bench import peers

PATIENCE = 60


def export(database, table):
    """{"seconds", "bytes", "peak_mib"} of one whole download, after the server has warmed up on its first page."""
    with _serving(database) as (root, pid):
        _download(f"{root}/{table}.csv")
        start = time.perf_counter()
        size = _download(f"{root}/{table}.csv?_stream=on&_size=max")
        return {"seconds": time.perf_counter() - start, "bytes": size, "peak_mib": _peak(pid)}


@contextlib.contextmanager
def _serving(database):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = [part for name, value in _SETTINGS for part in ("--setting", name, value)]
    command = [str(peers.environment() / "datasette"), "serve", str(database), "--port", str(port), *settings]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}/{database.stem}", server.pid
        finally:
            server.terminate()


_SETTINGS = (("max_csv_mb", "0"), ("sql_time_limit_ms", "600000"))


def _wait_for(port):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("Datasette did not start.")


def _download(address):
    size = 0
    with urllib.request.urlopen(address) as answer:
        while piece := answer.read(1 << 16):
            size += len(piece)
    return size


def _peak(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
