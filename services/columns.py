"""Which column of a file is which field: by what the caller says, else by name, label, heading or another word for it."""

from models.errors import Fault, Invalid, say
from models.refused import refused
from services.matching import fold


def key(head):
    """A column's head as it is compared: without spaces, width or case."""
    return fold(head).casefold()


def known_heads(register):
    """{key: field} of the heads a register understands. A word that two fields claim equally belongs to neither."""
    tiers = (
        lambda field: (field.name, *field.aliases),
        lambda field: (field.label, field.heading, f"{field.label}({field.unit})" if field.unit else field.label),
        lambda field: (field.label_en,) if field.label_en else (),
        lambda field: field.label_aliases,
    )
    found = {}
    for words in tiers:
        claims = {}
        for field in register.live:
            for word in words(field):
                claims.setdefault(key(word), set()).add(field)
        found = {word: next(iter(fields)) for word, fields in claims.items() if len(fields) == 1} | found
    return found


class Columns:
    """The caller's mapping {head: field name or "" to leave out} and the fields set for every row, both checked."""

    def __init__(self, register, mapping, constants):
        self._register = register
        self._known = known_heads(register)
        self._mapped = {key(head): self._field(name) if name else None for head, name in mapping.items()}
        self._written = dict(zip(self._mapped, mapping, strict=False))
        self.constants = self.named(constants)
        both = [field for field in self._mapped.values() if field and field.name in self.constants]
        if both:
            raise _wrong("set_twice", say("「{label}」既对应了一列，又给了固定值，请只留一个。", label=both[0].title))

    def named(self, texts):
        """{field name: what was said} of what was said under any name a field has."""
        return {self._field(name).name: said for name, said in texts.items()}

    def _field(self, name):
        field = self._register.by_name.get(name)
        if field is None:
            raise _wrong(
                "unknown_field", say("「{register}」没有「{name}」这个字段。", register=self._register.titled, name=name[:60])
            )
        return field

    def score(self, cells):
        """How many of a row's cells are heads that mean something here: a header row has at least two."""
        return len({key(cell) for cell in cells if cell.strip()} & (set(self._mapped) | set(self._known)))

    def of(self, header):
        """({index: field}, heads that have no field) of a header row. Invalid where a head is refused, missing or meant twice."""
        keys = [key(head) for head in header]
        self._refuse(header)
        missing = [head for word, head in self._written.items() if word not in keys]
        if missing:
            raise _wrong("no_column", say("文件里没有这些列：{columns}。", columns=tuple(missing)))
        found = {at: self._mapped[word] for at, word in enumerate(keys) if word in self._mapped}
        taken = {field.name for field in found.values() if field} | set(self.constants)
        for at, word in enumerate(keys):
            field = self._known.get(word)
            if at not in found and field and field.name not in taken:
                found[at] = field
        self._refuse_twice(header, found)
        unmatched = [head.strip() for at, head in enumerate(header) if head.strip() and at not in found]
        return {at: field for at, field in found.items() if field}, unmatched

    def index(self, header, head):
        """Where a head stands in the header row."""
        keys = [key(cell) for cell in header]
        if key(head) not in keys:
            raise _wrong("no_column", say("文件里没有这些列：{columns}。", columns=(head,)))
        return keys.index(key(head))

    def _refuse(self, header):
        faults = [
            Fault("", "refused_column", say("「{column}」这一列不能导入：{why}", column=head.strip(), why=why))
            for head in header
            if (why := refused(head, self._register.grain))
        ]
        if faults:
            raise Invalid(faults)

    def _refuse_twice(self, header, found):
        heads = {}
        for at, field in found.items():
            if field:
                heads.setdefault(field.name, []).append(header[at].strip())
        for name, twice in heads.items():
            if len(twice) > 1:
                label = self._register.field(name).title
                raise _wrong(
                    "column_twice", say("{columns} 这几列都对应「{label}」，请指明用哪一列。", columns=tuple(twice), label=label)
                )


def _wrong(code, sentence):
    return Invalid([Fault("", code, sentence)])
