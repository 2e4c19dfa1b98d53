"""Registers made in the browser: drafted, checked, published, changed without losing anything."""

import json

import pytest

from models import base, definitions as stored, registry, tables
from models.errors import NotAllowed, NotFound
from services import definitions, history, policy, query, records
from services.actor import SYSTEM

SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
WATER = {
    "label": "地窖进水",
    "name": "cellar_flood",
    "group": "防汛",
    "scope": "school",
    "fields": [
        {"type": "relation", "to": "school", "label": "学校", "name": "school", "required": True, "indexed": True},
        {"type": "decimal", "label": "水深", "name": "depth_cm", "unit": "厘米", "places": 1, "min": 0},
        {"type": "choice", "label": "情况", "name": "state", "options": [{"code": "dry", "label": "无水"}, {"code": "wet", "label": "有水"}]},
        {"type": "text", "label": "备注", "name": "note"},
    ],
    "grants": [
        {"role": "school_reporter", "actions": ["view", "edit"], "rows": "school"},
        {"role": "district_clerk", "actions": ["view", "export"], "rows": "district"},
    ],
}  # fmt: skip


@pytest.fixture
def admin(city):
    return city.actor("city_admin")


@pytest.fixture
def water(city, admin):
    """The register in force; gives its name."""
    return definitions.publish(admin, None, WATER, 0).register.name


@pytest.fixture
def change(admin):
    """change("cellar_flood", lambda wish: …): publishes the register as the function leaves it."""

    def run(name, edit, actor=None):
        found = definitions.read(actor or admin, name)
        edit(found.wish)
        return definitions.publish(actor or admin, name, found.wish, found.version)

    return run


def field(wish, name):
    return next(part for part in wish["fields"] if part["name"] == name)


def row(city, name="cellar_flood", unit="a1", **values):
    return records.create(name, SYSTEM, {"school": city.school(unit)} | values).record


# making one -------------------------------------------------------------------------------------------------------------


def test_a_published_register_takes_rows_at_once(city, water):
    reporter = city.actor("school_a")
    saved = records.create(water, reporter, {"school": city.school("a1"), "depth_cm": "12.5", "state": "有水"}).record
    assert saved.values["depth_cm"] == 12.5 and saved.school_id == city.school("a1")
    page = query.page(query.parse(water, city.actor("district_a"), [("state", "wet")]))
    assert [record.id for record in page.records] == [saved.id]
    assert not query.page(query.parse(water, city.actor("district_b"))).records


def test_nobody_gets_in_but_as_chosen(city, water):
    register = registry.get(water)
    for name in ("city_clerk", "leader", "inspector_a", "auditor", "nobody"):
        with pytest.raises(NotAllowed):
            policy.view(register, city.actor(name))
    assert policy.may(city.actor("city_admin"), "export", register)
    assert not policy.may(city.actor("district_a"), "edit", register)


@pytest.mark.parametrize("name", ["city_clerk", "district_a", "school_a", "leader", "auditor", "nobody"])
def test_only_builders_build(city, name):
    actor = city.actor(name)
    for act in (
        lambda: definitions.publish(actor, None, WATER, 0),
        lambda: definitions.save(actor, WATER),
        lambda: definitions.check(actor, WATER),
        lambda: definitions.read(actor, "hazard"),
        lambda: definitions.listing(actor),
        lambda: definitions.retire(actor, "hazard", 0),
        lambda: definitions.exported(actor, "hazard"),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert "cellar_flood" not in registry.current()


def test_a_role_granted_to_build_builds_but_hands_out_no_rights(city):
    records.create("role_grant", SYSTEM, {"role": "city_clerk", "register": "definition", "actions": ["edit"], "rows": "all"})
    clerk = city.actor("city_clerk")
    with pytest.raises(NotAllowed):
        definitions.publish(clerk, None, WATER, 0)
    assert "cellar_flood" not in registry.current()
    assert not base.database.table_exists("r_cellar_flood"), "nothing is left of what was refused"
    definitions.publish(clerk, None, {key: part for key, part in WATER.items() if key != "grants"}, 0)
    assert policy.may(city.actor("city_admin"), "edit", registry.get("cellar_flood"))
    assert not policy.may(city.actor("city_clerk"), "view", registry.get("cellar_flood"))


def test_columns_are_named_by_the_app_not_by_people(city, water):
    names = {column.name for column in base.database.get_columns("r_cellar_flood")}
    assert {"f_c1", "f_c2", "f_c3", "f_c4"} <= names and not [name for name in names if "depth" in name]


def test_an_unfinished_draft_is_kept_and_nobody_sees_it(city, admin):
    made = definitions.save(admin, {"label": "半截", "fields": []})
    assert made.name == "ban_jie" and made.version == 0 and made.drafted
    assert made.name not in registry.current()
    again = definitions.save(admin, made.wish | {"help": "还没写完"}, made.name, made.draft_version)
    with pytest.raises(definitions.Stale):
        definitions.save(admin, made.wish, made.name, made.draft_version)
    definitions.discard(admin, made.name, again.draft_version)
    with pytest.raises(NotFound):
        definitions.read(admin, made.name)


def test_a_saved_draft_is_published_under_its_own_name(city, admin):
    made = definitions.save(admin, WATER)
    assert not definitions.check(admin, made.wish, made.name).problems
    done = definitions.publish(admin, made.name, made.wish | {"name": ""}, 0, made.draft_version)
    assert done.register.name == made.name and not definitions.read(admin, made.name).drafted


# changing one -----------------------------------------------------------------------------------------------------------


def test_renaming_keeps_values_history_and_the_old_name(city, water, change):
    saved = row(city, depth_cm="3.5")
    records.update(water, SYSTEM, saved.id, {"depth_cm": "4"}, version=1)

    def edit(wish):
        field(wish, "depth_cm").update(name="depth", label="积水深度")

    done = change(water, edit)
    assert "「水深」改名为「积水深度」。" in [str(part) for part in done.changes]
    record = query.get(water, SYSTEM, saved.id)
    assert record.values["depth"] == 4
    assert query.count(query.parse(water, SYSTEM, [("depth_cm__gte", "4")])).value == 1
    assert records.update(water, SYSTEM, saved.id, {"depth_cm": "5"}, version=2).record.values["depth"] == 5
    told = [part for entry in history.history(water, SYSTEM, saved.id) for part in entry.changes]
    assert [(part.label, old, new) for part, old, new in told] == [("积水深度", "4.0", "5.0"), ("积水深度", "3.5", "4.0")]


def test_the_register_itself_is_found_by_another_name(city, water, change):
    change(water, lambda wish: wish.update(name="seepage", label="地窖渗水"))
    assert registry.get("seepage").name == water and registry.get(water).label == "地窖渗水"
    saved = records.create("seepage", SYSTEM, {"school": city.school("a1")}).record
    assert query.get(water, SYSTEM, saved.id) and history.history("seepage", SYSTEM, saved.id)


def test_retyping_copies_what_converts_and_keeps_what_does_not(city, admin, water, change):
    good, bad, empty = row(city, note="12"), row(city, note="约 30"), row(city)
    records.update(water, SYSTEM, good.id, {"note": "13"}, version=1)
    wish = definitions.read(admin, water).wish
    field(wish, "note").update(type="integer")
    (casualties,) = definitions.check(city.actor("city_admin"), wish, water).casualties
    assert (casualties.exact, casualties.lossy, casualties.lost) == (1, 0, 1)
    assert casualties.examples == ((bad.id, "约 30", "", "lost"),)
    change(water, lambda wish: field(wish, "note").update(type="integer"))
    values = [query.get(water, SYSTEM, record.id).values["note"] for record in (good, bad, empty)]
    assert values == [13, None, None]
    assert [row.f_c4 for row in tables.model(water).select().order_by(tables.model(water).id)] == ["13", "约 30", None]
    told = [(old, new) for entry in history.history(water, SYSTEM, good.id) for _, old, new in entry.changes]
    assert told == [("12", "13")], "history under the old type stays readable"


def test_a_change_of_type_comes_back(city, water, change):
    kept = [row(city, note=text).id for text in ("1", "约 30", "007")]
    change(water, lambda wish: field(wish, "note").update(type="integer"))

    def back(wish):
        new, old = field(wish, "note"), field(wish, "c4_old")
        new["retired"], new["name"] = True, "note_number"
        old.pop("retired")
        old["name"] = "note"

    done = change(water, back)
    assert [query.get(water, SYSTEM, id).values["note"] for id in kept] == ["1", "约 30", "007"], [str(c) for c in done.changes]


def test_fewer_decimals_are_another_column_not_another_number(city, water, change):
    saved = row(city, depth_cm="3.5")
    change(water, lambda wish: field(wish, "depth_cm").update(places=3))
    assert str(query.get(water, SYSTEM, saved.id).values["depth_cm"]) == "3.500"


def test_retiring_hides_and_restoring_shows_again(city, water, change):
    saved = row(city, note="第一次")
    change(water, lambda wish: wish["fields"].remove(field(wish, "note")))
    assert "note" not in query.get(water, SYSTEM, saved.id).values
    records.update(water, SYSTEM, saved.id, {"depth_cm": "1"}, version=1)
    change(water, lambda wish: field(wish, "note").pop("retired"))
    assert query.get(water, SYSTEM, saved.id).values["note"] == "第一次"


def test_options_merge_with_a_journal_and_stay_readable_when_gone(city, water, change):
    wet, dry = row(city, state="wet"), row(city, state="dry")

    def edit(wish):
        field(wish, "state")["options"] = [{"code": "flooded", "label": "积水", "from": ["wet"]}, {"label": "潮湿"}]

    change(water, edit)
    assert query.get(water, SYSTEM, wet.id).values["state"] == "flooded"
    record = query.get(water, SYSTEM, dry.id)
    assert record.values["state"] == "dry" and record.register.field("state").render("dry") == "无水"
    assert [(str(old), str(new)) for e in history.history(water, SYSTEM, wet.id) for _, old, new in e.changes] == [
        ("Label(zh='有水', en='')", "Label(zh='积水', en='')")
    ]
    assert records.create(water, SYSTEM, {"school": city.school("a1"), "state": "有水"}).record.values["state"] == "flooded"
    with pytest.raises(Exception, match="无水"):
        records.create(water, SYSTEM, {"school": city.school("a1"), "state": "无水"})


def test_a_new_required_field_does_not_block_unrelated_edits(city, water, change):
    saved = row(city)
    change(water, lambda wish: wish["fields"].append({"type": "text", "label": "填报人", "name": "by_whom", "required": True}))
    assert records.update(water, SYSTEM, saved.id, {"note": "改了"}, version=1).record.values["by_whom"] is None
    with pytest.raises(Exception, match="填报人"):
        row(city)


def test_two_administrators_at_once_are_told_the_difference(city, admin, water, change):
    first = definitions.read(admin, water)
    change(water, lambda wish: field(wish, "note").update(label="情况说明"))
    with pytest.raises(definitions.Stale, match="「备注」改名为「情况说明」") as refused:
        definitions.publish(admin, water, first.wish, first.version)
    assert refused.value.version == 2 and registry.get(water).field("note").label == "情况说明"


def test_only_one_of_two_at_the_same_moment_wins(city, admin, water, at_once):
    def publish(label):
        found = definitions.read(admin, water)
        field(found.wish, "note")["label"] = label
        return definitions.publish(admin, water, found.wish, 1)

    done = at_once(publish, ["甲", "乙", "丙"])
    assert sum(isinstance(part, definitions.Published) for part in done) == 1, done
    assert sum(isinstance(part, definitions.Stale) for part in done) == 2
    stored.follow()
    assert registry.get(water).field("note").label in "甲乙丙"


def test_values_that_stand_twice_keep_a_field_from_becoming_unique(city, admin, water):
    for _ in range(2):
        row(city, note="同样")
    found = definitions.read(admin, water)
    field(found.wish, "note")["unique"] = True
    assert [problem.id for problem in definitions.check(admin, found.wish, water).problems] == ["R056"]
    with pytest.raises(definitions.Refused, match="同样"):
        definitions.publish(admin, water, found.wish, found.version)


def test_what_is_no_longer_unique_may_stand_twice(city, water, change):
    change(water, lambda wish: field(wish, "note").update(unique=True))
    row(city, note="一")
    with pytest.raises(Exception, match="已有同样的值"):
        row(city, note="一")
    change(water, lambda wish: field(wish, "note").pop("unique"))
    row(city, note="一")


def test_another_unit_path_moves_the_rows(city, water, change):
    saved = row(city, unit="b1")
    change(water, lambda wish: wish.update(scope=""))
    assert query.get(water, SYSTEM, saved.id).school_id is None
    change(water, lambda wish: wish.update(scope="school"))
    assert query.get(water, SYSTEM, saved.id).school_id == city.school("b1")
    assert query.page(query.parse(water, city.actor("district_b"))).records


def test_a_searched_field_is_found_in_rows_that_were_there(city, water, change):
    row(city, note="锅炉房东侧")
    change(water, lambda wish: wish.update(search=["school"]))
    assert query.count(query.parse(water, SYSTEM, [("q", "锅炉")])).value == 0
    change(water, lambda wish: wish.update(search=["school", "note"]))
    assert query.count(query.parse(water, SYSTEM, [("q", "锅炉")])).value == 1


def test_a_register_out_of_use_is_gone_and_comes_back_whole(city, admin, water):
    saved = row(city, note="在")
    definitions.retire(admin, water, 1)
    assert water not in registry.current()
    with pytest.raises(definitions.Refused):
        definitions.publish(admin, None, WATER, 0)
    definitions.restore(admin, water, 1)
    assert query.get(water, SYSTEM, saved.id).values["note"] == "在"


# built-in registers -----------------------------------------------------------------------------------------------------


def test_a_built_in_register_takes_extra_fields(city, admin, change):
    change("hazard", lambda wish: wish["fields"].append({"type": "text", "label": "天气", "name": "weather"}))
    id = city.id("hazard", "a1")
    saved = records.update("hazard", SYSTEM, id, {"weather": "大雨"}, version=query.get("hazard", SYSTEM, id).version)
    assert saved.record.values["weather"] == "大雨" and registry.get("hazard").field("weather").id == "x1"
    row = stored.Definition.get(stored.Definition.register == "hazard")
    assert set(json.loads(row.published)) == {"name", "label", "fields"} - {"name", "label"}


def test_the_declared_part_of_a_built_in_register_is_not_changed_in_the_browser(city, admin):
    for spoil in (
        lambda wish: wish["fields"].pop(0),
        lambda wish: wish["fields"][1].update(label="别的"),
        lambda wish: wish.update(scope=""),
        lambda wish: wish.update(rules=[]),
        lambda wish: wish["rules"].pop(),
        lambda wish: wish["sections"][0]["fields"].pop(),
        lambda wish: wish.update(workflow=None),
    ):
        found = definitions.read(admin, "hazard")
        spoil(found.wish)
        assert [problem.id for problem in definitions.check(admin, found.wish, "hazard").problems] == ["R055"], found.wish


# files ------------------------------------------------------------------------------------------------------------------


def test_a_definition_goes_out_as_json_and_comes_in_elsewhere(city, admin, water, change):
    data = json.loads(json.dumps(definitions.exported(admin, water), ensure_ascii=False))
    change(water, lambda wish: field(wish, "note").update(label="说明"))
    name, found = definitions.looked_into(admin, data)
    assert name == water and [str(part) for part in found.changes] == ["「说明」改名为「备注」。"]
    data["register"]["name"], data["register"]["label"] = "other_water", "另一处积水"
    made = definitions.imported(admin, data)
    assert made.register.name == "other_water" and len(made.register.live) == 4
    for bad in ({}, [], {"format": "taizhang-register", "register": {"label": "x", "fields": [{"type": "magic"}]}}):
        with pytest.raises(definitions.Refused):
            definitions.imported(admin, bad)
