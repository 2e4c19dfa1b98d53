"""What an import says when it is done: how many rows became what, and a sentence for each thing a clerk should know."""

from dataclasses import dataclass, field as attribute

from models.errors import Sentence, say

OUTCOMES = ("new", "changed", "unchanged", "error", "warning", "out_of_scope")


@dataclass(frozen=True)
class Message:
    """A sentence about a cell, a row or (row None) the file. Levels: error, warning, info."""

    row: int | None
    column: str
    field: str
    code: str
    sentence: Sentence
    level: str = "error"

    @property
    def placed(self):
        """The sentence with its place in the file."""
        if self.row is None or "row" in dict(self.sentence.params):
            return self.sentence
        if self.column:
            return say("第 {row} 行「{column}」：{sentence}", row=self.row, column=self.column, sentence=self.sentence)
        return say("第 {row} 行：{sentence}", row=self.row, sentence=self.sentence)


@dataclass
class Outcome:
    """What an import did, or (dry run) would do: rows by outcome, and the messages. A row with a warning counts there too."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    error: int = 0
    warning: int = 0
    out_of_scope: int = 0
    messages: list = attribute(default_factory=list)
    change_set: int | None = None
    written: bool = False

    @property
    def ok(self):
        """Whether every row that was meant could be taken."""
        return not self.error and not self.out_of_scope

    @property
    def counts(self):
        return {name: getattr(self, name) for name in OUTCOMES}

    @property
    def line(self):
        """new 118 changed 0 unchanged 0 error 0 warning 30 out_of_scope 0"""
        return " ".join(f"{name} {count}" for name, count in self.counts.items())

    def tell(self, code, sentence, *, row=None, column="", field="", level="info"):
        self.messages.append(Message(row, column, field, code, sentence, level))
