"""The field types a register may use."""

from models.fields.base import TYPES, Field, condition
from models.fields.choice import Choice, Choices, Option, YesNo, options
from models.fields.dates import Date, DateTime
from models.fields.number import Decimal, Integer, Money, Number, Percent
from models.fields.relation import Attachment, Derived, Relation, Relations
from models.fields.text import Code, LongText, Phone, Text, masked

__all__ = [
    "TYPES", "Attachment", "Choice", "Choices", "Code", "Date", "DateTime", "Decimal", "Derived", "Field", "Integer",
    "LongText", "Money", "Number", "Option", "Percent", "Phone", "Relation", "Relations", "Text", "YesNo", "condition",
    "masked", "options",
]  # fmt: skip
