"""The limited process that parses workbooks: started, asked, and gone with the one who asked."""

import fcntl
import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from services.readers import faults

_ROOT = Path(__file__).resolve().parents[2]
# Nothing of this process's environment: it holds the secret key and the database's address.
_ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8", "MALLOC_ARENA_MAX": "2"}


# How many bytes of rows the process may have ready: while one batch is judged it reads the next ones.
_AHEAD = 1 << 20


class Parser:
    """A process that reads workbooks for one person's upload, one after the other; started at the first question.

    A workbook that ends it is unreadable; the next one gets a fresh process.
    """

    def __init__(self):
        self._child, self._opened = None, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()

    def close(self):
        """Ends the process."""
        child, self._child, self._opened = self._child, None, None
        if child is not None:
            child.kill()
            child.stdin.close()
            child.stdout.close()
            child.wait()

    def open(self, source, limits):
        """Hands a workbook over, unless it is the one that is open: [(sheet, visible), …]."""
        if self._opened and self._opened[0] is source:
            return self._opened[1]
        bounds = {"rows": limits.rows, "slack": 1_000, "columns": limits.columns, "characters": limits.characters}
        request = {"do": "open", "kind": source.kind, "limits": bounds, "size": len(source.data)}
        self._opened = None
        found = [tuple(sheet) for sheet in self.ask(source.name, limits, request, source.data)["sheets"]]
        self._opened = source, found
        return found

    def ask(self, name, limits, request, data=b""):
        """The one line that answers."""
        self._put(name, request, data)
        return self._line(name, limits)

    def answers(self, name, limits, request):
        """The lines of an answer, as they come, up to the one that says it is the end."""
        self._put(name, request)
        whole = False
        try:
            while "end" not in (answer := self._line(name, limits)):
                yield answer
            whole = True
        finally:
            # Lines nobody waited for would answer the next question.
            if not whole:
                self.close()

    def _put(self, name, request, data=b""):
        child = self._started()
        try:
            child.stdin.write(json.dumps(request).encode() + b"\n" + data)
            child.stdin.flush()
        except BrokenPipeError:
            self.close()
            raise faults.unreadable(name) from None

    def _line(self, name, limits):
        line = self._started().stdout.readline()
        if not line:
            self.close()
            raise faults.unreadable(name)
        answer = json.loads(line)
        if "refused" in answer:
            raise _refusal(name, limits, answer)
        return answer

    def _started(self):
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "services.workbooks"], cwd=_ROOT, env=_ENVIRONMENT,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            _widen(self._child.stdout)
        return self._child


def _widen(pipe):
    """Lets the process write ahead; where the system allows less, it waits sooner."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _AHEAD)


def run_limited(module, source, request):
    """The bytes a limited process makes of a workbook, with a folder of its own for its files. Invalid where it cannot."""
    asked = json.dumps(request | {"size": len(source.data)}).encode() + b"\n" + source.data
    with tempfile.TemporaryDirectory(prefix="taizhang-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", module], cwd=_ROOT, env=_ENVIRONMENT | {"TMPDIR": folder}, input=asked, capture_output=True,
        )  # fmt: skip
    if done.returncode:
        raise faults.unreadable(source.name)
    return done.stdout


def _refusal(name, limits, answer):
    return {
        "password": lambda: faults.password(name),
        "too_many_rows": lambda: faults.too_many_rows(name, limits.rows),
        "too_many_columns": lambda: faults.too_many_columns(name, answer["columns"], limits.columns),
        "cell_too_long": lambda: faults.cell_too_long(answer["row"], answer["at"], answer["now"], limits.characters),
    }[answer["refused"]]()
