"""Names for programs made from labels for people: 地下室积水 → di_xia_shi_ji_shui; never the same twice."""

import re
import unicodedata

from models.definition_checks import NOT_FOR_FIELDS, NOT_FOR_REGISTERS
from models.field_checks import RESERVED

LONGEST = 30


def slug(label, taken=(), spare="field"):
    """A name of letters, digits and underscores that is not among `taken`."""
    from pypinyin import lazy_pinyin

    words = re.findall(r"[a-z0-9]+", " ".join(lazy_pinyin(unicodedata.normalize("NFKC", str(label)))).lower())
    made = ""
    for word in words:
        longer = f"{made}_{word}" if made else word
        if len(longer) > LONGEST - 4:
            break
        made = longer
    made = made or spare
    made = made if made[0].isalpha() else f"{spare[0]}_{made}"
    banned = {*taken, *RESERVED, *NOT_FOR_FIELDS, *NOT_FOR_REGISTERS}
    return next(name for name in (made, *(f"{made}_{n}" for n in range(2, 10_000))) if name not in banned)


def option_code(label, taken=()):
    """The code of a choice: its label where that is one Latin word or a number, else its sound in Latin letters."""
    text = unicodedata.normalize("NFKC", str(label)).strip()
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,39}", text) and text not in taken:
        return text
    return slug(text, taken, "option")
