"""Asks the limited process that opens forms (services.templates.__main__)."""

import json
import subprocess
import sys
from pathlib import Path

from models.errors import Fault, Invalid, say

_ROOT = Path(__file__).parents[2]
_SECONDS = 150
EXAMPLE = "{{学校}}"
_WHY = {
    "code": lambda what: say("模板里有「{what}」：模板只能写字段名，如 {example}，不能写程序。", what=what[:40], example=EXAMPLE),
    "formula": lambda what: say("模板里有不能用的公式：{what}。只能用求和、计数、判断等普通公式。", what=what),
    "field_code": lambda what: say("模板里有会打开外部内容的域：{what}。请删去后再上传。", what=what),
    "strange_part": lambda what: say("模板里带有不能接收的内容：{what}。请去掉宏、控件和嵌入的文件后再上传。", what=what),
    "external": lambda what: say("模板引用了外部文件（{what}）。请断开链接后再上传。", what=what),
    "merged_rows": lambda what: say("要逐条重复的行里有跨行合并的单元格（{what}），请改成只在一行内合并。", what=what),
    "too_many_cells": lambda what: say("工作表「{what}」的范围太大，请删去空白的行和列。", what=what),
    "not_in_row": lambda what: say("「{what}」不在表格的行里，逐条列出时放不下；请放进表格，或改为用于单条记录。", what=what),
}


def inspect(kind, data, listed):
    """[(name, where)] of a form's placeholders; Invalid says what the form must not hold."""
    answer, _ = _ask(data, do="inspect", kind=kind, listed=listed)
    return [tuple(pair) for pair in answer["found"]]


def fill(kind, data, heads, rows):
    """The bytes of the form, filled."""
    return _ask(data, do="fill", kind=kind, heads=heads, rows=rows)[1]


def fill_each(kind, data, records):
    """The bytes of a zip with the form filled for each (file name, heads)."""
    return _ask(data, do="each", kind=kind, records=records)[1]


def _ask(data, **asked):
    line = json.dumps(asked | {"size": len(data)}, ensure_ascii=False).encode() + b"\n"
    command = [sys.executable, "-m", "services.templates"]
    try:
        done = subprocess.run(
            command, input=line + data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=_ROOT, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise refused("too_slow", say("模板太复杂，处理超时。请减少条数或简化模板。")) from error
    head, _, made = done.stdout.partition(b"\n")
    if done.returncode or not head:
        raise refused("unreadable", say("模板读不出来：文件损坏或太大。请另存为新的 .xlsx 或 .docx 再试。"))
    answer = json.loads(head)
    if "refused" in answer:
        raise refused(answer["refused"], _WHY[answer["refused"]](answer["what"]))
    return answer, made


def refused(code, sentence, field="file"):
    """The error for a form that is not taken."""
    return Invalid([Fault(field, code, sentence)])
