"""What was understood of a file as a whole, in sentences: what was skipped and why, which columns and sheets were left."""

from models.errors import Label, say
from services.workbooks.about import SHEET

MOST_SKIPPED = 500
_NAMED = 10
# What the reader sets aside, and how that is told.
GROUPS = {
    "title": "title_rows", "section": "section_rows", "total": "total_rows", "note": "note_rows", "signed": "note_rows",
    "numbering": "form_rows", "example": "form_rows", "header": "form_rows", "blank": "blank_rows",
}  # fmt: skip
WHY = {
    "title_rows": Label("表头上面的标题", "A title above the header"),
    "section_rows": Label("只有一格有内容，像是分节标题", "One cell only, like the heading of a section"),
    "total_rows": Label("合计", "A total"),
    "note_rows": Label("注释、来源或签字", "A note, a source or a signature"),
    "form_rows": Label("编号、示例或重复的表头", "Numbering, an example or the header again"),
    "blank_rows": Label("空行", "An empty row"),
    "left_out": Label("不符合所给的条件", "Does not meet the condition given"),
}
_SAID = {
    "section_rows": lambda count, rows, texts: say(
        "{count} 行只有一格有内容，没有当作记录：第 {rows} 行（{texts}）。", count=count, rows=rows, texts=texts
    ),
    "total_rows": lambda count, rows, texts: say("{count} 行是合计，没有当作记录：第 {rows} 行。", count=count, rows=rows),
    "note_rows": lambda count, rows, texts: say(
        "{count} 行是注释、来源或签字，没有当作记录：第 {rows} 行（{texts}）。", count=count, rows=rows, texts=texts
    ),
    "form_rows": lambda count, rows, texts: say(
        "{count} 行是编号、示例或重复的表头，没有当作记录：第 {rows} 行（{texts}）。", count=count, rows=rows, texts=texts
    ),
    "left_out": lambda count, rows, texts: say("{count} 行不符合所给的条件，没有导入。", count=count),
}


class Aside:
    """The rows of one file that are no records, by why: {group: [(row, text)]}."""

    def __init__(self):
        self._found, self._nameless = {}, set()

    def add(self, group, number, text):
        self._found.setdefault(group, []).append((number, text))

    def nameless(self, cells, table, named):
        """Notes columns that hold something and have no name."""
        width = len(table.columns)
        if len(named) < width:
            self._nameless |= {at + 1 for at in range(min(width, len(cells))) if at not in named and cells[at].strip()}

    def take_skipped(self, table):
        """What the reader set aside, once all rows are read."""
        for number, why, text in table.skipped:
            self.add(GROUPS.get(why, "note_rows"), number, text)

    def listed(self):
        """[(row, group, text)] of all, in row order."""
        return sorted((number, group, text[:40]) for group, found in self._found.items() for number, text in found)

    def sentences(self, table):
        """(code, sentence, level) for each thing a clerk should know of the rows that were set aside."""
        if table.titles:
            numbers = tuple(number for number, _ in table.titles)
            yield (
                "title_rows",
                say("表头是第 {row} 行；第 {rows} 行在表头上面，没有当作记录。", row=table.header[0], rows=numbers),
                "info",
            )
        for group, say_it in _SAID.items():
            found = sorted(self._found.get(group, ()))
            if found:
                more = ("…",) if len(found) > _NAMED else ()
                rows = tuple(number for number, _ in found[:_NAMED]) + more
                yield group, say_it(len(found), rows, tuple(text[:20] for _, text in found[:_NAMED]) + more), "info"
        if self._nameless:
            columns = tuple(sorted(self._nameless))
            yield "nameless_columns", say("第 {columns} 列没有列名，里面的内容没有导入。", columns=columns), "warning"


def resent(number, count):
    """Of an error workbook that came back: which import it belongs to, and how many rows were not judged anew."""
    return say(
        "这是第 {number} 次导入的错误说明表：没有改过、已经导入或与系统一致的 {count} 行不再检查；隐藏的工作表「{sheet}」没有当作内容。",
        number=number, count=count, sheet=SHEET,
    )  # fmt: skip


def sentences(table, unmatched):
    """(code, sentence, level) of what is known once the header is: other sheets, hidden parts, columns without a field."""
    if table.other_sheets:
        others = tuple(table.other_sheets)
        yield "other_sheets", say("只读了工作表「{sheet}」，没有读：{others}。", sheet=table.sheet, others=others), "info"
    for note in table.notes:
        yield "layout", note, "info"
    if unmatched:
        yield "unmatched_columns", say("这些列没有对应的字段，没有导入：{columns}。", columns=tuple(unmatched)), "info"
