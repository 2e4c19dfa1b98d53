"""The texts that the database makes are those that Python makes: of every register, field type and value, on both databases."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import apsw
import peewee
import pytest
from hypothesis import HealthCheck, assume, example, given, settings, strategies as st

from models import base, registry, tables
from models.fields import TYPES, Choice, DateTime, Decimal as DecimalField, Text, masked, options, said
from models.fields.base import FORBIDDEN_CHARACTERS
from models.fields.dates import MomentField
from models.journal import Link
from services import exports, query
from services.actor import SYSTEM
from services.writers import ENCODINGS
from tests import plain_export

PEOPLE = ("city_admin", "district_a", "school_a")
PAYLOADS = (
    "=1+1",
    "-5",
    "-5.20",
    "-5%",
    "'=1",
    "'",
    "''",
    ",",
    '"',
    'a"b',
    "a\nb",
    "a,b",
    " a",
    "a\t",
    "＋1",
    "　=1",
    "x\ufeff",
    "\x7f=",
)
TEXTS = st.text(st.characters(exclude_characters=FORBIDDEN_CHARACTERS - {"\ufeff"}), min_size=1, max_size=12) | st.sampled_from(
    PAYLOADS
)
MOMENTS = st.datetimes(datetime(1901, 1, 2), datetime(2100, 12, 30), timezones=st.just(timezone.utc))
RELAXED = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


def files(asked, actor, encoding="utf-8", purpose=""):
    return b"".join(exports.csv_stream(asked, actor, encoding=encoding, purpose=purpose))


def everything(register_name, actor, **more):
    """A list of all the fields that may leave, of all rows."""
    asked = query.parse(register_name, actor, action="export")
    fields = tuple(field for field in asked.register.live if field.sensitivity != "named")
    return replace(asked, columns=fields, **more)


def may_export(city):
    for name in PEOPLE:
        actor = city.actor(name)
        for register in registry.all():
            if any(grant.register == register.name and "export" in grant.actions for grant in actor.grants):
                yield register.name, actor
    for register in registry.all():
        yield register.name, SYSTEM


def test_every_register_for_everybody(city):
    compared = 0
    for name, actor in may_export(city):
        asked = everything(name, actor)
        for encoding, purpose in zip(ENCODINGS, ("", "核对一遍", ""), strict=True):
            assert files(asked, actor, encoding, purpose) == plain_export.csv_file(asked, encoding, bool(purpose)), name
        compared += 1
    assert compared > len(registry.all())


def test_each_column_alone(city):
    """A line of one cell is quoted where it is empty."""
    for name in ("damaged_building", "school", "visit"):
        for field in registry.get(name).live:
            asked = replace(everything(name, SYSTEM), columns=(field,))
            assert files(asked, SYSTEM) == plain_export.csv_file(asked, "utf-8")


@pytest.mark.parametrize("sort", ["grade,-due_on,name", "due_on", "-due_on", "grade", "name", "-area_m2", "id", "-id"])
def test_order_over_many_chunks(city, sort, monkeypatch):
    monkeypatch.setattr("services.query.texts.CHUNKS", {False: 4, True: 4})
    asked = query.parse("damaged_building", SYSTEM, [("sort", sort), ("fields", "code,grade,due_on")])
    found = files(asked, SYSTEM)
    assert found == plain_export.csv_file(asked, "utf-8") and found.count(b"\r\n") == query.count(asked, exact=True).value + 1


def test_a_connection_lost_between_two_chunks_ends_the_file(city, monkeypatch):
    monkeypatch.setattr("services.query.texts.CHUNKS", {False: 4, True: 4})
    begun = exports.csv_stream(everything("damaged_building", SYSTEM), SYSTEM)
    next(begun), next(begun)
    base.database.connection().close()
    with pytest.raises((peewee.DatabaseError, peewee.InterfaceError, apsw.ConnectionClosedError)):
        list(begun)
    base.database.close()


@pytest.mark.parametrize(
    "pairs", [[("q", "青禾")], [("kind", "teaching")], [("grade__empty", "true")], [("due_on__gte", "2021-01-01")]]
)
def test_filtered_lists(city, pairs):
    asked = query.parse("damaged_building", SYSTEM, pairs)
    assert files(asked, SYSTEM) == plain_export.csv_file(asked, "utf-8")


# any value --------------------------------------------------------------------------------------------------------------


def values_of(field, city):
    """Any value that the column of a field may hold."""
    found = {
        "integer": st.integers(-(2**53), 2**53),
        "yes_no": st.booleans(),
        "date": st.dates(date(1900, 1, 1), date(2100, 12, 31)),
        "date_time": MOMENTS,
        "attachment": st.lists(st.integers(1, 99), min_size=1, max_size=4).map(tuple),
    }
    if isinstance(field, DecimalField):
        return st.integers(-(10**12), 10**12).map(lambda number: Decimal(number).scaleb(-field.places))
    if field.type == "choices":
        codes = st.sampled_from([*(option.code for option in field.options), "gone"])
        return st.lists(codes, min_size=1, max_size=4, unique=True).map(tuple)
    if isinstance(field, Choice):
        return st.sampled_from([*(option.code for option in field.options), "gone"])
    if hasattr(field, "to"):
        ids = [id for kept in (city.rows, city.trashed) for ids in kept.get(field.to, {}).values() for id in ids]
        return st.sampled_from([*ids, 9_000_001])
    return found.get(field.type, TEXTS)


@pytest.mark.parametrize("name", [register.name for register in registry.all() if not register.system])
def test_any_value(city, name):
    register, model = registry.get(name), tables.model(name)
    stored = [field for field in register.live if field.stored]
    several = [field for field in register.live if field.type == "relations"]
    row = next(iter(city.rows[name].values()))[0]

    @settings(max_examples=8, **RELAXED)
    @given(st.data())
    def check(data):
        values = {f"f_{field.id}": data.draw(st.none() | values_of(field, city), label=field.name) for field in stored}
        marked = [field.id for field in register.live if field.na and data.draw(st.booleans(), label=f"{field.name} NA")]
        targets = {field.id: data.draw(st.lists(values_of(field, city), unique=True, max_size=3)) for field in several}
        try:
            with base.atomic():
                model.update(**values, na_fields="".join(f"|{id}|" for id in marked) or None).where(model.id == row).execute()
        except peewee.IntegrityError:
            assume(False)
        Link.delete().where((Link.register == name) & (Link.record_id == row)).execute()
        for id, ids in targets.items():
            for target in ids:
                Link.create(register=name, record_id=row, field_id=id, target_id=target)
        for purpose in ("", "核对一遍"):
            asked = everything(name, SYSTEM, ids=(row,))
            assert files(asked, SYSTEM, purpose=purpose) == plain_export.csv_file(asked, "utf-8", bool(purpose))

    check()


@pytest.mark.parametrize("mark", (said.BETWEEN, said.APART))
def test_a_mark_inside_a_text_does_not_shift_columns(city, mark):
    """Nobody can type it; whoever writes past the app finds the text with a space in its place."""
    model = tables.model("damaged_building")
    row = city.id("damaged_building", "a1")
    model.update(f_name=f"甲{mark}楼", f_note="第一行\n第二行").where(model.id == row).execute()
    asked = query.parse("damaged_building", SYSTEM, [("fields", "name,note")], ids=(row,))
    assert files(asked, SYSTEM).decode() == '建筑名称,备注\r\n甲 楼,"第一行\n第二行"\r\n'


@pytest.mark.parametrize("mark", (said.BETWEEN, said.APART))
def test_a_mark_inside_a_text_of_one_chunk_leaves_the_others_whole(city, mark, monkeypatch):
    monkeypatch.setattr("services.query.texts.CHUNKS", {False: 4, True: 4})
    model = tables.model("damaged_building")
    ids = [row.id for row in model.select(model.id).order_by(model.id)]
    asked = query.parse("damaged_building", SYSTEM, [("fields", "code,name"), ("sort", "-grade")])
    for row in (ids[0], ids[len(ids) // 2], ids[-1]):
        model.update(f_name="甲 楼").where(model.id == row).execute()
        sound = files(asked, SYSTEM)
        model.update(f_name=f"甲{mark}楼").where(model.id == row).execute()
        assert files(asked, SYSTEM) == sound and sound.count(b"\r\n") == query.count(asked, exact=True).value + 1


# single words -----------------------------------------------------------------------------------------------------------


def said_of(expression):
    return base.database.execute(peewee.Select(columns=[expression]).bind(base.database)).fetchall()[0][0]


def stored(field, value):
    """A constant as the field's column would give it."""
    column = field.column()
    kind = "TEXT" if column.field_type in ("TEXT", "DATE") else "BIGINT"
    return said.word(column.db_value(value)).cast("DATE" if column.field_type == "DATE" and base.is_postgres() else kind)


@pytest.mark.parametrize("kind", [kind for kind in TYPES.values() if kind.stored and kind.type not in ("relation", "attachment")])
def test_every_type_says_its_text(city, kind):
    """What points at other records, and files, are said in services.query.texts."""
    field = kind(name="a", label="甲")
    assert said_of(peewee.fn.COALESCE(field.format_sql(peewee.SQL("NULL").cast(field.column().field_type)), said.word("—"))) == "—"


@settings(max_examples=40, **RELAXED)
@given(at=MOMENTS)
def test_moments_are_said_in_the_citys_time(city, at):
    field = DateTime(name="at", label="时间")
    assert said_of(field.format_sql(stored(field, at))) == field.render(at)


def test_clock_changes_to_the_second(city):
    field = DateTime(name="at", label="时间")
    assert len(said.offsets()) > 10
    for start, _ in said.offsets()[:-1]:
        for seconds in (-1, 0, 1):
            at = MomentField().python_value(start) + timedelta(seconds=seconds)
            assert said_of(field.format_sql(stored(field, at))) == field.render(at)


@settings(max_examples=40, **RELAXED)
@given(places=st.integers(0, 6), number=st.integers(-(2**62), 2**62))
@example(2, 0)
@example(2, -5)
def test_decimals_are_said_exactly(city, places, number):
    field = DecimalField(name="a", label="甲", places=places)
    value = Decimal(number).scaleb(-places)
    assert said_of(field.format_sql(stored(field, value))) == field.render(value)


@settings(max_examples=40, **RELAXED)
@given(text=TEXTS)
def test_masks_are_said(city, text):
    assert said_of(said.masked(stored(Text(name="a", label="甲"), text))) == masked(text)


def test_labels_that_are_other_codes(city):
    """The label of one choice may be the code of another."""
    field = TYPES["choices"](name="a", label="甲", options=options("x y", "y z", "z x"))
    for codes in (("x",), ("x", "y"), ("y", "z", "x"), ("gone", "x", "lost")):
        assert said_of(field.format_sql(stored(field, codes))) == field.render(codes)
