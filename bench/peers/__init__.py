"""The rivals, each in a process of its own: what they are installed in, and how they are asked."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-bench"
REQUIREMENTS = ROOT / "requirements-bench.txt"


def environment():
    """The folder of the rivals' programs; installed there at the first call."""
    programs = ENVIRONMENT / "bin"
    done = ENVIRONMENT / "done.txt"
    if not done.is_file() or done.read_text() != REQUIREMENTS.read_text():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        install = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]
        subprocess.run([str(part) for part in install], check=True)
        done.write_text(REQUIREMENTS.read_text())
    return programs


def ask(module, *arguments, python=None):
    """What a module prints as JSON when it is run with these arguments; its complaint ends the benchmark."""
    command = [str(python or environment() / "python"), "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{module} {' '.join(map(str, arguments))}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


class Asked:
    """A process that holds a site, and is asked for one thing after the other: call it with a method's name and its arguments."""

    def __init__(self, module, *arguments, python=None):
        command = [str(python or environment() / "python"), "-m", module, *map(str, arguments)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, *asked):
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        told = self._process.stdout.readline()
        if not told:
            raise SystemExit(f"{self._process.args}: ended when asked {asked}")
        return json.loads(told)

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)


def answer(site):
    """What such a process does: answers until nobody asks any more."""
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(getattr(site, name)(*arguments)), flush=True)
