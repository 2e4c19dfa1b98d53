"""Placeholders of forms, {{学校}}: found in a text, and filled. Only names stand in them; nothing in a form is ever run."""

import re

MARK = re.compile(r"\{\{\s*([^{}]{1,80}?)\s*\}\}")
# What other template languages would run stands out, so that nobody waits for it to work.
CODE = re.compile(r"\{%.*?%\}|\{#.*?#\}|\$\{.*?\}", re.DOTALL)
HEADS = ("台账", "单位", "导出日期", "导出人", "条数", "筛选")
NUMBER = "序号"


def found(text):
    """The names in a text's placeholders, in order."""
    return [mark[1] for mark in MARK.finditer(text)] if "{{" in text else []


def filled(text, words):
    """The text with each placeholder replaced by what {name: [kind, text]} says; nothing where that says nothing."""
    return MARK.sub(lambda mark: words.get(mark[1], ("text", ""))[1], text)
