"""The checks of declarations: one bad declaration for each id, and the columns the app refuses to hold."""

from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from models.checks import Known, all_problems, check
from models.conditions import when
from models.errors import Sentence
from models.fields import Choice, Code, Date, Decimal, Derived, Field, Integer, LongText, Option, Relation, Text, YesNo, options
from models.refused import refused
from models.register import Register
from models.registers import DECLARED
from models.reports import ExportTemplate, Rule, Section, Summary
from models.workflow import Transition, Workflow

KNOWN = Known({register.name: register for register in DECLARED}, frozenset({"known"}))
FIELDS = (
    Code(name="code", label="编号"),
    Relation(name="school", label="学校", to="school"),
    Integer(name="students", label="人数"),
    Decimal(name="area", label="面积"),
    Date(name="due_on", label="限时"),
    YesNo(name="active", label="在用"),
    LongText(name="note", label="备注"),
    Derived(name="late", label="超期", when=when(due_on__lt="$today")),
    Choice(name="state", label="状态", default="open", options=options("open 未办", "done 已办")),
)
MOVE = Transition("finish", "办结", ("open",), "done")
GOOD = Register(
    name="supply",
    label="物资",
    fields=FIELDS,
    key=("code",),
    scope="school",
    title=("code",),
    list_columns=("code", "school", "state"),
    filters=("school", "state", "late"),
    search=("code", "school"),
    sort="-due_on",
    sections=(Section("基本", ("code", "school")),),
    workflow=Workflow("state", "open", (MOVE,)),
    rules=(Rule("due", "限时不能早于今天。", "due_on", must=when(due_on__gte="$today")),),
    behaviours=("known",),
    summaries=(Summary("by_state", "按状态", ("district", "state"), ("count", "sum:area")),),
    exports=(ExportTemplate("short", "简表", ("code",)),),
)


def plus(*fields, **changes):
    return replace(GOOD, fields=GOOD.fields + fields, **changes)


def swap(**changes):
    return replace(GOOD, **changes)


def flow(move=MOVE, **changes):
    return replace(GOOD, workflow=replace(GOOD.workflow, transitions=(move,), **changes))


def ruled(*rules):
    return replace(GOOD, rules=rules)


def text(name="more", label="更多", **options):
    return Text(name=name, label=label, **options)


def derived(condition):
    return plus(Derived(name="more", label="更多", when=condition))


SENT = Rule("a", "说明", must=when(active=True))
BAD = [
    ("R000", swap(key="code")),
    ("R000", swap(label=None)),
    ("R000", swap(list_columns=(1,))),
    ("R000", plus(text(required="yes"))),
    ("R000", plus(text(label=5))),
    ("R000", swap(workflow="state")),
    ("R000", swap(rules=(Rule("a", 5),))),
    ("R000", flow(replace(MOVE, sources="open"))),
    ("R001", swap(name="Supply-1")),
    ("R002", swap(label=" ")),
    ("R002", swap(label="物" * 61)),
    ("R003", swap(fields=())),
    ("R004", swap(fields=tuple(text(f"f{number}", f"栏{number}") for number in range(201)))),
    ("R005", swap(grain="child")),
    ("R006", plus(text("Name"))),
    ("R006", plus(text("a__gte"))),
    ("R006", plus(text("a" * 42))),
    ("R006", plus(text(id="x; drop table"))),
    ("R007", plus(text("version"))),
    ("R007", plus(text("cursor"))),
    ("R007", plus(text(aliases=("district_id",)))),
    ("R008", plus(text("code"))),
    ("R008", plus(text(aliases=("code",)))),
    ("R009", plus(text(id="code"))),
    ("R010", plus(text(label=""))),
    ("R010", plus(text(label="人\u202e数"))),
    ("R011", plus(text(label="编号"))),
    ("R011", plus(text(label_aliases=("人数",)))),
    ("R012", plus(text(sensitivity="secret"))),
    ("R013", plus(text(label="民族"))),
    ("R013", plus(text("religion"))),
    ("R013", plus(text(label_aliases=("身份证号码",)))),
    ("R013", plus(Choice(name="more", label="类型", options=options("han 汉族", "hui 回族")))),
    ("R014", plus(Choice(name="more", label="更多"))),
    ("R015", plus(Choice(name="more", label="更多", options=options("a 甲", "a 乙")))),
    ("R015", plus(Choice(name="more", label="更多", options=options("a 甲", "b 甲")))),
    ("R016", plus(Choice(name="more", label="更多", options=(Option("a|b", "甲"),)))),
    ("R016", plus(Choice(name="more", label="更多", options=(Option("a", "甲", tone="pink"),)))),
    ("R017", plus(Integer(name="more", label="更多", min=5, max=1))),
    ("R017", plus(Integer(name="more", label="更多", min="few"))),
    ("R017", plus(Decimal(name="more", label="更多", places=9))),
    ("R017", plus(text(max_length=3, min_length=5))),
    ("R018", plus(Code(name="more", label="更多", pattern="[0-9"))),
    ("R019", plus(Integer(name="more", label="更多", default="约30"))),
    ("R019", plus(text(default=" "))),
    ("R020", plus(text(required=True, readonly=True))),
    ("R021", plus(Relation(name="more", label="更多", to="nowhere"))),
    ("R021", plus(Relation(name="more", label="更多"))),
    ("R022", plus(Relation(name="more", label="更多", to="school", narrowed_by=("school", "nothing")))),
    ("R023", plus(Derived(name="more", label="更多"))),
    ("R024", swap(key=("kode",))),
    ("R024", swap(title=("kode",))),
    ("R024", swap(list_columns=("kode",))),
    ("R024", swap(phone=("kode",))),
    ("R024", swap(filters=("kode",))),
    ("R024", swap(search=("kode",))),
    ("R024", swap(sort="kode")),
    ("R024", swap(sections=(Section("甲", ("kode",)),))),
    ("R024", swap(exports=(ExportTemplate("a", "甲", ("kode",)),))),
    ("R025", swap(list_columns=("code", "code"))),
    ("R025", swap(sections=(Section("甲", ("code",)), Section("乙", ("code",))))),
    ("R026", swap(key=("note",))),
    ("R026", swap(key=("late",))),
    ("R026", swap(search=("students",))),
    ("R026", swap(title=("note",))),
    ("R026", swap(sort="note")),
    ("R027", swap(scope="code")),
    ("R027", swap(scope="id:school")),
    ("R027", swap(scope="nowhere")),
    ("R027", swap(scope="school.principal")),
    ("R028", plus(text(shown_when=when(kode=1)))),
    ("R028", derived(when(kode=1))),
    ("R028", derived(when(late=True))),
    ("R028", derived(when(state="gone"))),
    ("R028", derived(when(state__gt="open"))),
    ("R028", derived(when(state__in="open"))),
    ("R028", derived(when(students__gt="many"))),
    ("R028", derived(when(students__gt="$area"))),
    ("R028", derived(when(students__gt="$today"))),
    ("R028", derived(when(due_on__lt="$tomorrow"))),
    ("R028", derived(when(due_on__lt="2021/8/5"))),
    ("R028", derived(when(active="是"))),
    ("R028", derived(when(students__empty="no"))),
    ("R028", derived(when(any=()))),
    ("R028", derived(("code",))),
    ("R028", flow(replace(MOVE, when=when(kode=1)))),
    ("R028", ruled(replace(SENT, must=when(kode=1)))),
    ("R029", swap(workflow=Workflow("code", "open"))),
    ("R029", swap(workflow=Workflow("kode", "open"))),
    ("R030", flow(initial="new")),
    ("R030", flow(locked=("gone",))),
    ("R030", flow(replace(MOVE, target="gone"))),
    ("R030", flow(replace(MOVE, sources=("gone",)))),
    ("R030", flow(initial="done")),
    ("R031", flow(replace(MOVE, name="Finish it"))),
    ("R031", flow(replace(MOVE, action="export"))),
    ("R031", swap(workflow=replace(GOOD.workflow, transitions=(MOVE, MOVE)))),
    ("R032", flow(replace(MOVE, requires=("kode",)))),
    ("R032", flow(replace(MOVE, different_from=("begin",)))),
    ("R032", flow(replace(MOVE, sets=when(kode=1)))),
    ("R032", flow(replace(MOVE, sets=when(students="many")))),
    ("R033", ruled(SENT, SENT)),
    ("R033", ruled(replace(SENT, level="fatal"))),
    ("R033", ruled(replace(SENT, message=" "))),
    ("R034", ruled(Rule("a", "说明"))),
    ("R035", ruled(replace(SENT, field="kode"))),
    ("R035", ruled(replace(SENT, require=("kode",)))),
    ("R036", swap(summaries=(Summary("a", "甲", ()),))),
    ("R036", swap(summaries=(Summary("a", "甲", ("state",)), Summary("a", "乙", ("state",))))),
    ("R037", swap(summaries=(Summary("a", "甲", ("kode",)),))),
    ("R037", swap(summaries=(Summary("a", "甲", ("late",)),))),
    ("R037", swap(summaries=(Summary("a", "甲", ("state",), ("sum:code",)),))),
    ("R037", swap(scope="", summaries=(Summary("a", "甲", ("district",)),))),
    ("R038", swap(behaviours=("magic",))),
    ("R038", ruled(Rule("a", "说明", check="magic"))),
    ("R039", swap(related=("visit",))),
    ("R039", swap(related=("nowhere",))),
]


def test_the_good_one_is_good():
    assert check(GOOD, KNOWN) == []


@pytest.mark.parametrize(("id", "register"), BAD)
def test_bad_declarations(id, register):
    found = check(register, KNOWN)
    assert id in {problem.id for problem in found}, found
    assert all(isinstance(problem.sentence, Sentence) and str(problem.sentence) for problem in found)
    assert all(problem.where.startswith(str(register.name)) for problem in found)


def test_every_id_has_a_bad_declaration():
    assert {id for id, _ in BAD} == {f"R{number:03}" for number in range(40)}


def test_a_name_twice_is_a_problem_of_the_set():
    other = replace(GOOD, label="另一个")
    assert ("R001", "supply") in {(problem.id, problem.where) for problem in all_problems((*DECLARED, GOOD, other))}


def test_behaviours_are_not_looked_at_unless_they_are_known():
    assert check(swap(behaviours=("magic",)), Known(KNOWN.registers)) == []


def test_problems_name_the_place():
    (problem,) = check(plus(text("version")), KNOWN)
    assert (problem.id, problem.where) == ("R007", "supply.fields.version")
    assert "version" in str(problem.sentence)


@pytest.mark.parametrize(
    "words",
    [
        "民族", "民 族", "民族成分", "少数民族", "族别", "ethnicity", "ethnic_group", "Ethnic Group",
        "宗教", "宗教信仰", "是否信教", "religion", "religiousBelief",
        "政治面貌", "党派", "是否党员", "political_status", "politicalStatus",
        "身份证", "身份证号", "居民身份证号码", "证件号码", "ＩＤ number", "id_card", "idCardNo", "national_id",
        "护照", "护照号", "passport_no", "Passport",
        "国籍", "nationality",
        "住址", "家庭住址", "家庭地址", "现住址", "户籍地", "籍贯", "home_address", "Home Address",
        "生物特征", "指纹", "人脸照片", "fingerprint", "biometric_data", "face_id",
        "轨迹", "活动轨迹", "行踪", "近14天行踪轨迹", "movement_track", "travel_track", "trajectory", "whereabouts",
        "风险等级", "人员风险等级", "risk_level", "重点人员",
    ],
)  # fmt: skip
def test_refused_columns(words):
    assert str(refused(words))


@pytest.mark.parametrize(
    "words",
    [
        "姓名", "名称", "学校地址", "校内编号（非证件号）", "民族团结活动次数", "所在地", "回原籍人数", "政策告知", "党组织活动室面积",
        "国际部", "护栏长度", "身高", "跑道长度", "address", "code", "identifier", "residence_area", "international", "traced", "trace",
        "facility", "surface", "riskless", "grade", "party", "location", "status", "policy", "raceway",
    ],
)  # fmt: skip
def test_welcome_columns(words):
    assert refused(words) is None


def test_an_area_or_a_hazard_has_a_risk_level_a_person_has_none():
    level = Choice(name="level", label="风险等级", options=options("high 高", "low 低"))
    assert check(plus(level), KNOWN) == []
    assert {problem.id for problem in check(plus(level, grain="person"), KNOWN)} == {"R013"}


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_any_label_is_judged(words):
    assert refused(words) is None or isinstance(refused(words), Sentence)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text(max_size=5)
    | st.sampled_from(["code", "state", "school", "$today", "open"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "any", "not", "due_on__lt"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(GOOD.to_dict())), JSON)
def test_any_json_is_checked_or_refused(key, value):
    """A definition posted by a program never breaks the checks: it is a register with problems, or no register."""
    try:
        register = Register.from_dict(GOOD.to_dict() | {key: value})
    except (ValueError, TypeError, AttributeError):
        return
    assert all(isinstance(problem.sentence, Sentence) for problem in check(register, KNOWN))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["choice", "integer", "text", "code", "relation", "derived", "attachment"]), st.data())
def test_any_field_is_checked_or_refused(kind, data):
    plain = {
        "choice": {"options": [{"code": "a", "label": "甲"}]},
        "relation": {"to": "school"},
        "derived": {"when": {"active": True}},
    }
    option = data.draw(
        st.sampled_from(["default", "min", "max", "unit", "label", "options", "when", "shown_when", "aliases", "id", "to", "na"])
    )
    declared = {"type": kind, "name": "more", "label": "更多", **plain.get(kind, {}), option: data.draw(JSON)}
    try:
        field = Field.from_dict(declared)
    except (ValueError, TypeError, AttributeError):
        return
    assert all(isinstance(problem.sentence, Sentence) for problem in check(plus(field), KNOWN))
