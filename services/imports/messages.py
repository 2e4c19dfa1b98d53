"""What an import says: how many rows became what, and a sentence for each thing a clerk should know."""

from dataclasses import dataclass

from models.errors import Sentence, say

OUTCOMES = ("new", "changed", "unchanged", "error", "warning", "out_of_scope")


@dataclass(frozen=True)
class Message:
    """A sentence about a cell, a row or (row None) the file. Levels: error, warning, info. `cell` is its address, B17."""

    row: int | None
    column: str
    field: str
    code: str
    sentence: Sentence
    level: str = "error"
    cell: str = ""
    file: str = ""

    @property
    def placed(self):
        """The sentence with its place in the file."""
        if self.row is None or "row" in dict(self.sentence.params):
            return self.sentence
        if self.column:
            return say("第 {row} 行「{column}」：{sentence}", row=self.row, column=self.column, sentence=self.sentence)
        return say("第 {row} 行：{sentence}", row=self.row, sentence=self.sentence)


def line(counts):
    """new 118 changed 0 unchanged 0 error 0 warning 30 out_of_scope 0"""
    return " ".join(f"{name} {counts.get(name, 0)}" for name in OUTCOMES)
