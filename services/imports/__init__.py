"""Import as a plan: files are read, mapped and checked; what would happen is shown; it is applied, and can be taken back.

    item = imports.start(actor, "school", [("名单.xlsx", data)])     state reading, then asking or planned
    imports.get(actor, item.id); imports.to_json(item, actor, text)
    imports.answer(actor, item.id, answers={question id: value})
    imports.apply(actor, item.id); imports.undo(actor, item.id)

docs/imports.md says what each state, question and outcome means.
"""

from services.imports import applying, planning
from services.imports.messages import OUTCOMES, Message, line
from services.imports.shape import Page, to_json
from services.imports.steps import (
    EMPTIES,
    MODES,
    POLICIES,
    answer,
    apply,
    cancel,
    error_workbook,
    errors,
    files,
    forget,
    get,
    messages,
    mine,
    progress,
    rows,
    start,
    undo,
)  # fmt: skip
from services.imports.store import (
    APPLIED,
    APPLYING,
    ASKING,
    FAILED,
    PLANNED,
    READING,
    UNDOING,
    UNDONE,
    Import,
    clear_files,
    clear_plans,
    let_go_of_jobs,
)  # fmt: skip

# The kinds of jobs an import is done by.
KINDS = {planning.JOB, applying.APPLY, applying.UNDO}

__all__ = (
    "APPLIED", "APPLYING", "ASKING", "EMPTIES", "FAILED", "MODES", "OUTCOMES", "PLANNED", "POLICIES", "READING", "UNDOING", "UNDONE",
    "Import", "Message", "Page", "answer", "apply", "cancel", "clear_files", "clear_plans", "error_workbook", "errors", "files", "forget", "get",
    "let_go_of_jobs", "line", "messages", "mine", "progress", "rows", "start", "to_json", "undo",
)  # fmt: skip
