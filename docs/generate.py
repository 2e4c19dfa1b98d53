"""Writes the reference pages under docs/reference from the code: `python -m docs.generate` (or `make docs`).

A test compares the pages with what this module would write, so they cannot go stale.
"""

from pathlib import Path

from config import SETTINGS
from models import registry
from models.fields import TYPES
from models.filters import OPERATORS
from models.registers import GROUPS
from seeds import grants
from services import policy

HERE = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py; change the code, then run `make docs`. -->\n"


def pages():
    """{file name: text} of every reference page."""
    return {
        "settings.md": settings(),
        "fields.md": fields(),
        "filters.md": filters(),
        "registers.md": registers(),
        "permissions.md": permissions(),
    }


def settings():
    rows = [
        (f"`{setting.name}`", f"`{_plain(setting.default)}`" if setting.default != "" else "", setting.help) for setting in SETTINGS
    ]
    return page("Settings", "Environment variables, read once at start.", table(("Name", "Default", "What it does"), rows))


def fields():
    rows = []
    for name, kind in TYPES.items():
        options = [part for part in kind.__dataclass_fields__ if part not in _common()]
        said = (kind.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
        rows.append((f"`{name}`", said, code(options), code(kind.operators)))
    common = (
        "Every field has: "
        + code(_common())
        + ".\n\nSensitivity is `open`, `masked` (cut short; revealed and exported only with a purpose, which is logged) or `named` "
        "(absent unless a grant clears names).\n"
    )
    return page("Field types", common, table(("Type", "What it holds", "Options of its own", "Filters"), rows))


def _common():
    return list(TYPES["text"].__mro__[1].__dataclass_fields__)


def filters():
    rows = [
        (f"`{key}`", operator.label.en, "`field=…`" if key == "eq" else f"`field__{key}=…`") for key, operator in OPERATORS.items()
    ]
    text = (
        "The same parameters serve lists, exports, saved views and conditions in declarations. An unknown one is refused by name."
    )
    more = "\nBesides: `q` (search), `sort` (`-due_on`), `limit` (1–200), `cursor`, `fields` (columns).\n"
    return page("Filters", text, table(("Key", "Meaning", "In the URL"), rows) + more)


def registers():
    parts = []
    for register in registry.all():
        rows = [
            (
                f"`{field.name}`",
                field.label,
                field.label_en,
                f"`{field.type}`" + (f" → `{field.to}`" if hasattr(field, "to") else ""),
                ", ".join(
                    word
                    for word, holds in (
                        ("required", field.required),
                        ("set by the app", field.readonly),
                        (field.sensitivity, field.sensitivity != "open"),
                    )
                    if holds
                ),
            )
            for field in register.live
        ]
        states = (
            f"\nStates: {' → '.join(option.label for option in register.field(register.workflow.field).options)}\n"
            if register.workflow
            else ""
        )
        head = f"## {register.name} {register.label}\n\n{register.help_en} Group: {GROUPS.get(register.group, register.group)}. Key: {code(register.key)}.\n{states}"
        parts.append(f"{head}\n{table(('Field', '中文', 'English', 'Type', ''), rows)}")
    return page("Registers", "The built-in registers, field by field.", "\n".join(parts))


def permissions():
    rows = [
        (
            policy.ROLES[role].en,
            code(names),
            ", ".join(policy.ACTIONS[action].en for action in actions.split()),
            policy.ROW_WORDS[rule].en,
        )
        for role, names, actions, rule, *_ in grants.TABLE
    ]
    text = (
        "The grants that ship. What is not written here is refused. `count` alone means totals without rows. "
        "Names of boarders are cleared for the school's own reporters only."
    )
    return page("Permissions", text, table(("Role", "Registers", "May", "On"), rows))


def page(title, text, body):
    return f"# {title}\n\n{NOTE}\n{text}\n\n{body}"


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def code(names):
    return ", ".join(f"`{name}`" for name in names)


def _plain(value):
    return ",".join(value) if isinstance(value, tuple) else value


def write():
    HERE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
