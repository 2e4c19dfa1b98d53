"""The names by which a workbook that came from here is known again."""

# The column of explanations in an error workbook, and what its comments begin with.
COLUMN, MARK = "错误说明", "【台账】"
# The hidden sheets: of an error workbook, and of a form.
SHEET, FORM = "_taizhang", "_meta"
# What a person need not be told was not read.
OWN = (SHEET, FORM)
