"""Search: any two Chinese characters, pinyin initials, codes; folded in width and case, through an index.

A record's text becomes one list of tokens, the same on both databases, each with a letter that says its kind:
w a word or a pair of neighbouring characters, c one character, i the pinyin initials from some character on,
b how the title begins, j the initials of the title, k an exact code, u a unit (ud district, us school); x parts two fields.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from threading import Thread

from models.base import execute_many, has_helper, is_postgres, write_beside
from models.fields import Code, Field
from models.register import once_for_each
from models.tables import search_table

_RUN = re.compile(r"[0-9a-z]+|[\u3400-\u9fff\uf900-\ufaff]+")
LONGEST_RUN = 24
LONGEST_QUERY = 80


def fold(text):
    """Width, case and compatibility forms made one."""
    text = str(text)
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).lower()


@lru_cache(maxsize=4_000)
def _runs(text):
    """The runs of letters, digits and characters in a text: asked twice of a name, for its words and for its beginning."""
    return _RUN.findall(fold(text))


def prepare():
    """Loads the dictionary of readings beside, a fifth of a second: for who waits for a file to be parsed and will write many names."""
    Thread(target=lambda: (initials("一"), _pairs()), daemon=True).start()


def _is_latin(run):
    return run.isascii()


class _Letters(dict):
    """{character's number: the letter with which its usual reading begins}; `doubtful` are the characters with readings that begin otherwise."""

    def __init__(self):
        super().__init__()
        self.doubtful = set()

    def __missing__(self, number):
        from pypinyin import Style, pinyin  # with its dictionary a fifth of a second and 30 MiB: not for who only reads

        found = pinyin(chr(number), style=Style.FIRST_LETTER, heteronym=True, errors="ignore")
        letters = [syllable[:1] for syllable in (found[0] if found else ("",))]
        if len(set(letters)) > 1:
            self.doubtful.add(chr(number))
        self[number] = letters[0]
        return letters[0]


_letters = _Letters()


def initials(run):
    """纬五路一小 → wwlyx; a character with several readings takes the usual one in this word."""
    found = run.translate(_letters)
    if _letters.doubtful.isdisjoint(run) or not any(one in _letters.doubtful and _in_a_word(run, at) for at, one in enumerate(run)):
        return found
    return _read_in_words(run)


@lru_cache(maxsize=20_000)
def _read_in_words(run):
    from pypinyin import Style, lazy_pinyin

    return "".join(syllable[0] for syllable in lazy_pinyin(run, style=Style.FIRST_LETTER, errors="ignore") if syllable)


def _in_a_word(run, at):
    """Whether a character may belong to a word whose reading the dictionary tells."""
    pairs = _pairs()
    return (at > 0 and run[at - 1 : at + 1] in pairs) or run[at : at + 2] in pairs


@lru_cache(maxsize=1)
def _pairs():
    """Every two characters that stand side by side in a word of the dictionary of readings."""
    from pypinyin.phrases_dict import phrases_dict

    return frozenset(word[at : at + 2] for word in phrases_dict for at in range(len(word) - 1))


def _cut(text):
    """The tokens of one value, as text: its words side by side, the mark that parts fields, then the others."""
    words, others = [], []
    for run in _runs(text):
        if run.isascii():
            # PostgreSQL takes no word over 2,046 bytes, and nobody types more than this.
            words.append("w" + run[:LONGEST_QUERY])
        else:
            own, rest, _ = _cut_run(run)
            words.append(own)
            others.append(rest)
    if len(others) > 1:
        others = dict.fromkeys(" ".join(others).split())
    return " ".join([*words, "x", *others])


@lru_cache(maxsize=20_000)
def _cut_run(run):
    """(words, other tokens, initials), each as text, of characters that stand together: the same in many names, which differ by numbers."""
    run = run[:200]
    letters, last = initials(run), max(len(run) - 1, 1)
    words = "w" + " w".join([run[at : at + 2] for at in range(last)])
    others = ["c" + character for character in run]
    others += ["i" + letters[at : at + LONGEST_RUN] for at in range(max(len(letters) - 1, 1)) if letters]
    return words, " ".join(dict.fromkeys(others)), letters


_pieces = lru_cache(maxsize=20_000)(_cut)


def _coded(text):
    """The tokens of a code."""
    runs = _RUN.findall(fold(text))
    if text.isascii():
        return f"w{' w'.join([run[:LONGEST_QUERY] for run in runs])} x k{''.join(runs)}" if runs else "x k"
    return f"{_cut(text)} k{''.join(runs)}"


def _beginning(text):
    """The tokens that say how a name begins."""
    runs = _runs(text)
    if not runs:
        return ""
    letters = "".join([_cut_run(run)[2] for run in runs if not run.isascii()])
    return f"b{''.join(runs)[:2]} j{letters[:LONGEST_RUN]}"


@dataclass(frozen=True)
class _Searched:
    """What is asked of a register's rows, worked out once: (field, its tokens of a text) of each searched field, and the fields a title
    begins with, without and with codes.
    """

    fields: tuple
    named: tuple
    titled: tuple


@once_for_each
def _searched_of(register):
    title = [register.field(name) for name in register.title]
    fields = tuple((field, _way_to_cut(field, register.title)) for field in map(register.field, register.search))
    # People begin with the name, not with the code that stands before it in a title.
    return _Searched(fields, tuple(field for field in title if not isinstance(field, Code)), tuple(title))


def _way_to_cut(field, title):
    """Codes and the texts that name a record come once: in the cache they would push out the names that come again and again."""
    if isinstance(field, Code):
        return _coded
    return _cut if field.name in title and field.control != "relation" else _pieces


def tokens(register, rows, labels, units):
    """The token texts of records, asked field by field (services.writer.sheets): those of their searched fields, relations by their labels
    ({field name: {id: label}}), and of their units, (district id, school id).
    """
    searched, texts = _searched_of(register), {}
    for field in (*searched.titled, *(field for field, _ in searched.fields)):
        if field.name not in texts:
            texts[field.name] = _texts(field, rows.column(field.name), labels.get(field.name, {}))
    parts = [[cut(text) if text else "" for text in texts[field.name]] for field, cut in searched.fields]
    parts.append(list(map(_beginning, _said(searched, texts, len(units)))))
    parts += [
        [f"ud{district}" if district else "" for district, _ in units],
        [f"us{school}" if school else "" for _, school in units],
    ]
    return [" ".join(filter(None, found)) for found in zip(*parts, strict=True)]


def _texts(field, values, labels):
    """What is read of a field's values: their text, a relation's label."""
    if field.control == "relation":
        return [labels.get(value, "") for value in values]
    if type(field).format is Field.format and set(map(type, values)) == {str}:
        return values
    return list(map(field.render, values))


def _said(searched, texts, count):
    """What records are called without their codes, or with them where nothing else is left."""
    found = _joined(searched.named, texts, count)
    if all(found):
        return found
    return [name or whole for name, whole in zip(found, _joined(searched.titled, texts, count), strict=True)]


def _joined(fields, texts, count):
    columns = [texts[field.name] for field in fields]
    return [" ".join(said).strip() for said in zip(*columns, strict=True)] if columns else [""] * count


@dataclass(frozen=True)
class Match:
    """What a query asks of the index: `groups` are rank expressions, best first; `every` is all of them in one."""

    groups: tuple
    every: str


def match(text, units=()):
    """The index expressions for what was typed, best first: exact code, title beginnings, the rest; None when nothing can match.

    `units` are ("d", id) and ("s", id) pairs, one of which the row must carry.
    """
    runs = _RUN.findall(fold(text)[:LONGEST_QUERY])[:8]
    if not runs:
        return None
    joined = "".join(runs)
    parts = [_part(run, at == len(runs)) for at, run in enumerate(runs, 1)]
    scope = _any([_token(f"u{kind}{id}") for kind, id in units]) if units else None
    code = _token("k" + joined)
    begin = _any([_token("b" + joined[:2])] + ([_prefix("j" + joined)] if _is_latin(joined) else [])) if len(joined) > 1 else None
    within = [scope] if scope else []
    first, found = _all([code, *within]), _all([*parts, *within])
    every = _any([first, found])
    if begin is None:
        return Match((first, _without(found, code)), every)
    begun = _all([*parts, begin, *within])
    return Match((first, _without(begun, code), _without(found, _any([code, begin]))), every)


def _part(run, last):
    """What one run of characters asks for. Of Latin words, the last may still be under way; a number has no initials."""
    if _is_latin(run):
        word = _prefix("w" + run) if last else _token("w" + run)
        return _any([word, _prefix("i" + run)]) if run.isalpha() else word
    if len(run) == 1:
        return _token("c" + run)
    return _phrase(["w" + run[at : at + 2] for at in range(len(run) - 1)])


# The two databases' ways of saying the same; tokens are letters, digits and Chinese characters alone, so no quoting can break.


def _token(token):
    return f"'{token}'" if is_postgres() else f'"{token}"'


def _prefix(token):
    return f"'{token}':*" if is_postgres() else f'"{token}" *'


def _phrase(parts):
    if is_postgres():
        return "(" + " <-> ".join(f"'{part}'" for part in parts) + ")"
    return '"' + " ".join(parts) + '"'


def _all(parts):
    return "(" + (" & " if is_postgres() else " AND ").join(parts) + ")"


def _any(parts):
    return "(" + (" | " if is_postgres() else " OR ").join(parts) + ")"


def _without(wanted, unwanted):
    return f"({wanted} & !{unwanted})" if is_postgres() else f"({wanted} NOT {unwanted})"


def put(name, rows, *, fresh=False):
    """Writes index rows [(record id, token text)], replacing what was there; `fresh` records have none yet."""
    table = search_table(name)
    if is_postgres():
        replacing = "" if fresh else " ON CONFLICT (id) DO UPDATE SET tokens = excluded.tokens"
        rows = [(id, _vector(text)) for id, text in rows]
        execute_many(f'INSERT INTO "{table}" (id, tokens) VALUES (%s, %s::tsvector){replacing}', rows)
        return
    insert = f'INSERT {"" if fresh else "OR REPLACE "}INTO "{table}" (rowid, tokens)'
    if has_helper(len(rows)):
        values = json.dumps(dict(rows), ensure_ascii=False)
        write_beside(f"{insert} SELECT CAST(key AS INTEGER), value FROM json_each(?)", (values,))
    else:
        execute_many(f"{insert} VALUES (?, ?)", rows)


def _vector(text):
    return " ".join(f"'{token}':{min(at, 16_000)}" for at, token in enumerate(text.split(), 1))


def remove(name, ids):
    """Takes records out of the index."""
    column, mark = ("id", "%s") if is_postgres() else ("rowid", "?")
    execute_many(f'DELETE FROM "{search_table(name)}" WHERE {column} = {mark}', [(id,) for id in ids])
