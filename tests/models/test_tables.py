"""Tables follow the declarations: made, brought up to date, never shrunk, the same on both databases."""

from dataclasses import replace

import peewee
import pytest
from playhouse.schema_diff import diff_models

from models import base, registry, tables
from models.fields import Choice, Integer, Text, options
from models.journal import TABLES
from models.tokens import ApiToken
from services import query, records
from services.actor import SYSTEM


def columns(table):
    return {column.name for column in base.database.get_columns(table)}


def test_a_migrated_database_is_what_the_models_say(blank):
    """playhouse.schema_diff: no table, column or index to add or drop."""
    tables.migrate()
    models = [*TABLES, ApiToken, tables.SchemaState, *(tables.model(name) for name in registry.names())]
    found = diff_models(base.database.obj, models)
    assert not found, str(found)


def test_migrating_again_changes_nothing(blank):
    assert tables.pending() == registry.names()
    tables.migrate()
    before = sorted((table, tuple(sorted(columns(table)))) for table in base.database.get_tables())
    assert tables.pending() == ()
    tables.migrate()
    assert sorted((table, tuple(sorted(columns(table)))) for table in base.database.get_tables()) == before


def test_a_killed_migration_leaves_nothing_half(blank, monkeypatch):
    monkeypatch.setattr(tables, "create_search", _killed)
    with pytest.raises(KeyboardInterrupt):
        tables.migrate()
    assert [table for table in base.database.get_tables() if table.startswith("r_")] == []
    monkeypatch.undo()
    tables.migrate()
    assert tables.pending() == ()


def _killed(name):
    if name == "visit":
        raise KeyboardInterrupt
    return None


@pytest.fixture
def changed(monkeypatch):
    """changed("hazard", new field, …): the catalogue with a register that gained fields."""

    def use(name, *fields, **more):
        full = registry.get(name)
        grown = replace(full, fields=full.fields + fields, **more)
        monkeypatch.setattr(registry, "_current", registry.Registry([grown if r.name == name else r for r in registry.all()]))
        return grown

    return use


def test_a_new_field_is_a_new_empty_column(blank, changed):
    tables.migrate()
    records.create_many("parameter", SYSTEM, [{"key": "天数", "value": "14", "effective_from": "2021-08-02"}])
    changed("parameter", Integer(name="rank", label="次序"))
    assert tables.pending() == ("parameter",)
    tables.migrate()
    (record,) = query.page(query.parse("parameter", SYSTEM, [("fields", "key,rank")])).records
    assert record.values == {"key": "天数", "rank": None, **{k: v for k, v in record.values.items() if k not in ("key", "rank")}}
    assert records.update("parameter", SYSTEM, record.id, {"rank": "3"}, version=1).record.values["rank"] == 3


def test_a_retired_field_keeps_its_column_and_is_shown_no_more(blank, changed, monkeypatch):
    tables.migrate()
    (id,) = records.create_many(
        "parameter", SYSTEM, [{"key": "天数", "value": "14", "source": "会议", "effective_from": "2021-08-02"}]
    )
    full = registry.get("parameter")
    fields = tuple(replace(field, retired=True) if field.name == "source" else field for field in full.fields)
    retired = replace(full, fields=fields, list_columns=("key", "value"), search=("key",), sections=())
    monkeypatch.setattr(registry, "_current", registry.Registry([retired if r is full else r for r in registry.all()]))
    tables.migrate()
    assert "f_source" in columns("r_parameter")
    assert "source" not in query.get("parameter", SYSTEM, id).values
    assert tables.model("parameter").get_by_id(id).f_source == "会议"


def test_a_renamed_field_keeps_its_column_and_its_old_name_as_alias(blank, monkeypatch):
    tables.migrate()
    (id,) = records.create_many(
        "parameter", SYSTEM, [{"key": "天数", "value": "14", "source": "会议", "effective_from": "2021-08-02"}]
    )
    full = registry.get("parameter")
    fields = tuple(replace(field, name="basis", aliases=("source",)) if field.name == "source" else field for field in full.fields)
    listed = {
        name: tuple("basis" if part == "source" else part for part in getattr(full, name)) for name in ("list_columns", "search")
    }
    renamed = replace(full, fields=fields, sections=(), **listed)
    monkeypatch.setattr(registry, "_current", registry.Registry([renamed if r is full else r for r in registry.all()]))
    tables.migrate()
    assert query.get("parameter", SYSTEM, id).values["basis"] == "会议"
    assert query.count(query.parse("parameter", SYSTEM, [("source", "会议")])).value == 1


def test_values_come_back_from_storage_as_they_went_in(city):
    """Money, areas, dates, moments, codes, choices and links, on both databases."""
    for register in registry.all():
        for ids in city.rows.get(register.name, {}).values():
            for id in ids:
                for name, value in query.get(register.name, SYSTEM, id).values.items():
                    field = register.field(name)
                    if field.stored and not isinstance(field, Text):
                        assert field.clean(field.to_json(value)) == value, (register.name, name)


def test_a_key_is_unique_among_rows_that_are_not_in_the_trash(city):
    model = tables.model("hazard")
    row = model.select().where(model.id == city.id("hazard", "a1")).dicts().get()
    with pytest.raises(peewee.IntegrityError), base.database.atomic():
        model.insert({key: value for key, value in row.items() if key != "id"}).execute()
    model.update(deleted_at=model.created_at).where(model.id == row["id"]).execute()
    model.insert({key: value for key, value in row.items() if key != "id"}).execute()


def test_index_names_fit_postgresql_and_are_told_apart(city):
    for name in registry.names():
        made = [index.name for index in base.database.get_indexes(f"r_{name}") if index.name.startswith("i_")]
        assert made and all(len(index) <= 63 for index in made) and len(made) == len(set(made))


def test_scope_columns_are_indexed(city):
    for register in registry.all():
        leading = {index.columns[0] for index in base.database.get_indexes(f"r_{register.name}") if index.columns}
        if register.scope:
            assert "district_id" in leading, register.name
        if "school" in register.scope:
            assert "school_id" in leading, register.name


def test_a_choice_no_longer_offered_stays_readable(city, monkeypatch):
    full = registry.get("hazard")
    fields = tuple(
        replace(field, options=options("other 其他")) if field.name == "kind" and isinstance(field, Choice) else field
        for field in full.fields
    )
    monkeypatch.setattr(
        registry, "_current", registry.Registry([replace(full, fields=fields) if r is full else r for r in registry.all()])
    )
    record = query.get("hazard", SYSTEM, city.id("hazard", "a1"))
    assert record.values["kind"] == "building" and record.register.field("kind").render("building") == "building"
    page = query.page(query.parse("hazard", SYSTEM, [("sort", "kind"), ("limit", "2")]))
    assert query.page(query.parse("hazard", SYSTEM, [("sort", "kind"), ("limit", "2"), ("cursor", page.next)])).records
