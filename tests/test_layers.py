"""Who may import whom: config ← models ← services ← screens, API, login ← factory, command line (docs/architecture.md)."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("config", "models", "services", "admin_views", "app", "seeds", "wsgi")
WEB = ("flask", "flask_admin", "flask_babel", "flask_login", "flask_wtf", "wtforms", "werkzeug", "jinja2", "markupsafe", "itsdangerous",
       "waitress", "gunicorn", "click", "prometheus_client")  # fmt: skip
# Heavy libraries are loaded by the one function that needs them.
LATE = ("pandas", "openpyxl", "docxtpl", "apprise", "pypinyin", "xlsxwriter", "urllib3", "certifi", "psycopg", "PIL", "limits")
VALUES = ("models.register", "models.fields", "models.filters", "models.workflow", "models.reports", "models.registry", "models.errors",
          "models.values", "models.conditions", "models.registers")  # fmt: skip

# What a part may import of ours. A name covers all below it.
SCREENS = ("services", "config", *VALUES)
ALLOWED = {
    "config": (),
    "models": ("config", "models"),
    "services": ("config", "models", "services"),
    "seeds": ("config", "models", "services", "seeds"),
    "admin_views": (*SCREENS, "admin_views"),
    "app.paths": SCREENS,
    "app.log": (),
    "app.memory": (),
    "app.compiled": (),
    "app.words": (*SCREENS, "app.paths"),
    "app.headers": SCREENS,
    "app.kept": (*SCREENS, "app.paths"),
    "app.errors": (*SCREENS, "app.kept", "app.paths", "app.words"),
    "app.auth": (*SCREENS, "app.errors", "app.kept", "app.paths", "app.words"),
    "app.operations": SCREENS,
    "app.background": SCREENS,
    "app.api": (*SCREENS, "app.api", "app.errors", "app.paths", "app.words"),
    "app.server": ("config", "app.operations"),
    "app.cli": OURS,
    "app.__main__": ("app.cli",),
    "app": OURS,
    "wsgi": ("app",),
}
# Screens speak Flask; below them nobody does.
WITHOUT_WEB = ("config", "models", "services", "seeds")
# Screens and API reach rows through services alone; login answers for a database that is away.
WITHOUT_DATABASE = ("admin_views", "app.api", "app.auth", "app.words", "app.headers", "app.paths", "app.kept", "app.operations")


def modules():
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        if parts[0] in OURS:
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


MODULES = dict(modules())


def imports(file):
    """(module, line, inside a function) of every import; `from a import b` is a.b where that is a module of ours."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda)) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}:{node.lineno}: relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module, node.lineno, id(node) in inside


def covered(name, allowed):
    return any(name == part or name.startswith(f"{part}.") for part in allowed)


def rule_of(name):
    """The most particular rule for a module."""
    while name not in ALLOWED:
        assert "." in name, f"no rule for {name}: say in ALLOWED what it may import"
        name = name.rpartition(".")[0]
    return name


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_downward_only(name):
    assert name == "app" or not name.startswith("app.") or rule_of(name) != "app", f"no rule for {name}: say what it may import"
    allowed = ALLOWED[rule_of(name)]
    wrong = [
        f"{MODULES[name].relative_to(ROOT)}:{line} imports {wanted}"
        for wanted, line, _ in imports(MODULES[name])
        if wanted.partition(".")[0] in OURS and not covered(wanted, allowed)
    ]
    assert not wrong


@pytest.mark.parametrize("name", [name for name in MODULES if covered(name, WITHOUT_WEB)])
def test_below_the_screens_nobody_knows_the_web(name):
    wrong = [f"line {line} imports {wanted}" for wanted, line, _ in imports(MODULES[name]) if wanted.partition(".")[0] in WEB]
    assert not wrong


@pytest.mark.parametrize("name", [name for name in MODULES if covered(name, WITHOUT_DATABASE)])
def test_screens_do_not_speak_to_the_database(name):
    banned = ("peewee", "playhouse", "apsw", "sqlite3", "psycopg")
    wrong = [f"line {line} imports {wanted}" for wanted, line, _ in imports(MODULES[name]) if wanted.partition(".")[0] in banned]
    assert not wrong


@pytest.mark.parametrize("name", MODULES)
def test_imports_stand_at_the_top_but_for_the_heavy_ones(name):
    wrong = []
    for wanted, line, inside in imports(MODULES[name]):
        if (wanted.partition(".")[0] in LATE) != inside:
            wrong.append(f"line {line} imports {wanted} {'inside a function' if inside else 'at start-up'}")
    assert not wrong


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(("config", "app.server"))])
def test_settings_are_read_in_config_alone(name):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    reads = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and getattr(node.value, "id", "") == "os"
    ]
    assert not reads


def test_there_are_no_cycles():
    """Each module alone, in a fresh interpreter, would be too slow: a depth-first walk over the imports finds them as well."""
    ours = {
        name: {wanted for wanted, _, _ in imports(file) if wanted in MODULES and wanted != name} for name, file in MODULES.items()
    }
    done, path = set(), []

    def walk(name):
        assert name not in path, " → ".join([*path[path.index(name) :], name])
        if name in done:
            return
        path.append(name)
        for wanted in sorted(ours[name]):
            walk(wanted)
        path.pop()
        done.add(name)

    sys.setrecursionlimit(5000)
    for name in sorted(ours):
        walk(name)
