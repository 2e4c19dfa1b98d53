"""The register (台账): one frozen value from which screens, forms, filters, rights, import, export and API follow."""

from dataclasses import KW_ONLY, dataclass, fields as attributes, replace
from functools import cached_property, wraps

from models.errors import Label
from models.fields.base import Field, _plain, frozen
from models.reports import ExportTemplate, Rule, Section, Summary
from models.retention import Clock
from models.workflow import Workflow

_PARTS = {"fields": Field, "rules": Rule, "sections": Section, "summaries": Summary, "exports": ExportTemplate, "clocks": Clock}


def once_for_each(make):
    """Keeps what `make(register)` works out, for the declaration value last asked about under each name."""
    kept = {}

    @wraps(make)
    def found(register):
        have = kept.get(register.name)
        if have is None or have[0] is not register:
            have = kept[register.name] = (register, make(register))
        return have[1]

    return found


@dataclass(frozen=True)
class Register:
    """A declaration. Values only: behaviour is named here and held in services.behaviours.

    `key` finds the record an imported row means, unique among rows not in the trash.
    `scope` says how a row gets its unit: "" none (city-wide), "district", "school" (a relation of that name),
    "id:district"/"id:school" for the unit registers themselves, "inland_class.school" through another register's row,
    "school|district" the first of these that the row has.
    `title` are the fields that name a record; `label_public` lets others see that name in a relation though the row itself
    is out of their scope. `behaviours` name what happens on writing. `grain` is object, count or person; `retention` in
    words, `clocks` as the app runs it.
    `system` registers are filled by the app alone. `phone` are the two or three facts on a phone's card.
    `name` is what the register is stored under, for ever; `aliases` are other names by which addresses and programs find it.
    """

    name: str
    label: str
    label_en: str = ""
    _: KW_ONLY
    group: str = ""
    icon: str = "ti-list"
    help: str = ""
    help_en: str = ""
    fields: tuple = ()
    key: tuple = ()
    scope: str = ""
    title: tuple = ()
    label_public: bool = False
    list_columns: tuple = ()
    phone: tuple = ()
    filters: tuple = ()
    search: tuple = ()
    sort: str = "-id"
    sections: tuple = ()
    workflow: Workflow | None = None
    rules: tuple = ()
    behaviours: tuple = ()
    summaries: tuple = ()
    exports: tuple = ()
    related: tuple = ()
    grain: str = "object"
    retention: str = ""
    clocks: tuple = ()
    system: bool = False
    importable: bool = True
    aliases: tuple = ()

    def __hash__(self):
        return self._hash

    @cached_property
    def _hash(self):
        """Views and tables are kept by the register's value: worked out once."""
        return hash(tuple(getattr(self, attribute.name) for attribute in attributes(self)))

    @cached_property
    def by_name(self):
        """{name: field}, old names included."""
        found = {alias: field for field in self.fields for alias in field.aliases}
        return found | {field.name: field for field in self.fields}

    @cached_property
    def scope_relations(self):
        """The fields a row gets its unit from, the nearest unit first; none for the unit registers and what is city-wide."""
        paths = () if self.scope.startswith("id:") or not self.scope else self.scope.split("|")
        return tuple(self.field(path.split(".")[0]) for path in paths)

    @property
    def titled(self):
        return Label(self.label, self.label_en)

    @cached_property
    def live(self):
        """The fields in use: not retired."""
        return tuple(field for field in self.fields if not field.retired)

    @cached_property
    def unit(self):
        """What its rows belong to at the end of the scope path: "school" (all or some of them), "district", or "" for the city."""
        ends = [self._end_of(path) for path in self.scope.split("|")]
        return "school" if "school" in ends else ends[0]

    def _end_of(self, path):
        """The unit register one path leads to."""
        _, mark, rest = path.rpartition(":" if path.startswith("id:") else ".")
        return rest if mark or not path else getattr(self.by_name.get(path), "to", "")

    @cached_property
    def leads_to(self):
        """The names of the registers whose records its rows belong to: the targets of its relations, and its unit."""
        return frozenset(field.to for field in self.fields if hasattr(field, "to")) | {self.unit}

    @cached_property
    def laid_out(self):
        """The sections, and one more for the fields that stand in none."""
        placed = {name for section in self.sections for name in section.fields}
        rest = tuple(field.name for field in self.live if field.name not in placed)
        if not rest:
            return self.sections
        return (*self.sections, Section("其他", rest, "Other") if self.sections else Section(self.label, rest, self.label_en))

    @cached_property
    def readable(self):
        """The register without its retired fields."""
        return self.narrow(lambda field: not field.retired)

    @cached_property
    def unnamed(self):
        """The same without the fields that only a grant of names opens."""
        return self.narrow(lambda field: not field.retired and field.sensitivity != "named")

    def field(self, name):
        """The field of this name or alias; KeyError when the register (as seen by this actor) has none."""
        return self.by_name[name]

    def narrow(self, keep):
        """The same register with only the fields for which `keep(field)` holds, in every list that names fields."""
        kept = tuple(field for field in self.fields if keep(field))
        if len(kept) == len(self.fields):
            return self
        names = {field.name for field in kept}

        def only(listed):
            return tuple(name for name in listed if name in names)

        sections = tuple(
            replace(section, fields=only(section.fields))
            for section in self.sections
            if any(name in names for name in section.fields)
        )
        summaries = tuple(
            summary
            for summary in self.summaries
            if set(summary.by) <= names | ({"district", "school"} if self.scope else set())
            and all(measure.partition(":")[2] in names | {""} for measure in summary.measures)
        )
        return replace(
            self,
            fields=kept,
            title=only(self.title),
            list_columns=only(self.list_columns),
            phone=only(self.phone),
            filters=only(self.filters),
            search=only(self.search),
            sort=self.sort if self.sort.lstrip("-") in names | {"id"} else "-id",
            sections=sections,
            summaries=summaries,
            exports=tuple(replace(template, columns=only(template.columns)) for template in self.exports),
        )

    def to_dict(self):
        """The declaration as JSON: whatever differs from the defaults."""
        found = {}
        for attribute in attributes(self):
            value = getattr(self, attribute.name)
            if value != attribute.default or attribute.name in ("name", "label"):
                found[attribute.name] = value.to_dict() if hasattr(value, "to_dict") else _plain(value)
        return found

    @classmethod
    def from_dict(cls, data):
        """The register a JSON object declares; ValueError or TypeError for what no register has."""
        made = {}
        for key, value in data.items():
            if key in _PARTS:
                made[key] = tuple(_PARTS[key].from_dict(part) for part in value)
            elif key == "workflow":
                made[key] = Workflow.from_dict(value) if value else None
            else:
                made[key] = frozen(value)
        return cls(**made)
