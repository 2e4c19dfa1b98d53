"""Every field type: what it reads, what it refuses, and that what it renders it reads again."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal as Exact

import pytest
from hypothesis import given, settings, strategies as st

from models.errors import FieldError
from models.fields import (
    TYPES,
    Attachment,
    Choice,
    Choices,
    Code,
    Date,
    DateTime,
    Decimal,
    Derived,
    Field,
    Integer,
    LongText,
    Money,
    Number,
    Percent,
    Phone,
    Relation,
    Relations,
    Text,
    YesNo,
    masked,
    options,
)
from models.fields.choice import CodeSetField
from models.fields.dates import DayField, MomentField
from models.fields.number import ScaledField, grouped
from models.fields.relation import IdListField
from models.values import NA, today

GRADES = options("A | A | green", "B", "C", "D 丁级 | D | red | 整幢危房、危楼", "n 其他 | Other")
ONE_OF_EACH = {
    "text": Text(name="name", label="名称"),
    "long_text": LongText(name="note", label="备注", no_numbers=True),
    "code": Code(name="code", label="编号"),
    "phone": Phone(name="phone", label="电话"),
    "integer": Integer(name="students", label="学生", unit="人", min=0),
    "decimal": Decimal(name="area", label="面积", unit="平方米", above=0),
    "money": Money(name="budget", label="预算", unit="万元"),
    "percent": Percent(name="progress", label="进度"),
    "yes_no": YesNo(name="active", label="在用"),
    "choice": Choice(name="grade", label="等级", options=GRADES, na=True),
    "choices": Choices(name="scope", label="内容", options=GRADES),
    "date": Date(name="found_on", label="发现日期"),
    "date_time": DateTime(name="at", label="时间"),
    "relation": Relation(name="school", label="学校", to="school"),
    "relations": Relations(name="buildings", label="校舍", to="damaged_building"),
    "attachment": Attachment(name="photo", label="照片"),
    "derived": Derived(name="overdue", label="超期"),
}
WORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x9FFF, exclude_categories=("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")), min_size=1
)
MOMENTS = st.datetimes(datetime(1995, 1, 1), datetime(2099, 12, 30), timezones=st.just(timezone.utc))
IDS = st.lists(st.integers(1, 2**62), min_size=1, max_size=9, unique=True)
VALUES = {
    "text": WORDS,
    "long_text": st.lists(WORDS, min_size=1, max_size=3).map("\n".join),
    "code": st.from_regex(r"[A-Z0-9][A-Z0-9-]{0,15}", fullmatch=True),
    "phone": st.from_regex(r"1[0-9]{10}", fullmatch=True) | st.from_regex(r"0371-[0-9]{8}", fullmatch=True),
    "integer": st.integers(0, 2**62),
    "decimal": st.decimals("0.01", 10**12, places=2),
    "money": st.decimals(0, 10**10, places=4),
    "percent": st.integers(0, 100).map(Exact),
    "yes_no": st.booleans(),
    "choice": st.sampled_from([*(option.code for option in GRADES), NA]),
    "choices": st.lists(st.sampled_from("ABC"), min_size=1, unique=True).map(sorted).map(tuple),
    "date": st.dates(date(1900, 1, 1), date(2100, 12, 31)),
    "date_time": MOMENTS,
    "relation": st.integers(1, 2**62),
    "relations": IDS.map(sorted).map(tuple),
    "attachment": IDS.map(tuple),
    "derived": st.booleans(),
}
JUNK = st.one_of(
    st.text(max_size=40), st.text("0123456789./-:年月日 万约,，TZ+", max_size=30), st.integers(), st.floats(), st.booleans(),
    st.binary(max_size=4), st.lists(st.text(max_size=3) | st.integers(), max_size=3), st.dictionaries(st.text(max_size=2), st.integers()),
    st.datetimes(), st.dates(),
)  # fmt: skip


def test_there_is_one_of_each():
    assert set(ONE_OF_EACH) == set(VALUES) == set(TYPES)


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_render_and_clean_are_inverse(kind):
    field = ONE_OF_EACH[kind]

    @settings(max_examples=60, deadline=None)
    @given(VALUES[kind])
    def round_trip(value):
        usable = field.clean(value)
        assert field.clean(field.render(usable)) == usable
        assert field.clean(field.to_json(usable)) == usable

    round_trip()


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_junk_is_read_or_refused_with_a_sentence(kind):
    field = ONE_OF_EACH[kind]

    @settings(max_examples=150, deadline=None)
    @given(JUNK)
    def survives(raw):
        try:
            value = field.clean(raw)
        except FieldError as error:
            assert error.code and field.label in str(error)
        else:
            assert field.clean(field.render(value)) == value
            assert value != "" and value != ()

    survives()


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_declaration_survives_json(kind):
    field = ONE_OF_EACH[kind]
    assert Field.from_dict(field.to_dict()) == field


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("integer", "1,200", 1200),
        ("integer", "１２", 12),
        ("integer", "3，200人", 3200),
        ("integer", 12.0, 12),
        ("integer", "０", 0),
        ("decimal", "350.5 平方米", Exact("350.50")),
        ("decimal", ".5", Exact("0.50")),
        ("decimal", 0.1, Exact("0.10")),
        ("money", "1,234.5万元", Exact("1234.5000")),
        ("percent", "60%", Exact(60)),
        ("percent", "６０％", Exact(60)),
        ("date", "2021/8/5", date(2021, 8, 5)),
        ("date", "2021.8.5", date(2021, 8, 5)),
        ("date", "2021年8月5日", date(2021, 8, 5)),
        ("date", "２０２１-０８-０５", date(2021, 8, 5)),
        ("date", 20210805, date(2021, 8, 5)),
        ("date", "44413", date(2021, 8, 5)),
        ("date", "2021-08-05 00:00:00", date(2021, 8, 5)),
        ("date", "8月5日", date(today().year, 8, 5)),
        ("date", datetime(2021, 8, 4, 17, tzinfo=timezone.utc), date(2021, 8, 5)),
        ("date_time", "2021-08-05 17:30", datetime(2021, 8, 5, 9, 30, tzinfo=timezone.utc)),
        ("date_time", "2021-08-05T09:30:00Z", datetime(2021, 8, 5, 9, 30, tzinfo=timezone.utc)),
        ("date_time", "2021-08-05", datetime(2021, 8, 4, 16, tzinfo=timezone.utc)),
        ("code", "0411", "0411"),
        ("code", "ＤＢ－０１", "DB-01"),
        ("code", "1E5", "1E5"),
        ("code", "NA", "NA"),
        ("text", "=1+1", "=1+1"),
        ("text", "\u3000金水区\u00a0", "金水区"),
        ("text", "第一\r\n  小学", "第一 小学"),
        ("phone", "+86 138 0000 0000", "13800000000"),
        ("phone", "12345", "12345"),
        ("phone", "（0371）67180000", "0371-67180000"),
        ("yes_no", "√", True),
        ("yes_no", "无", False),
        ("choice", "危楼", "D"),
        ("choice", "丁级", "D"),
        ("choice", "other", "n"),
        ("choice", "不适用", NA),
        ("choice", "n/a", NA),
        ("choices", "C、A，A", ("A", "C")),
        ("choices", [], None),
        ("relations", "3，1、3", (1, 3)),
        ("attachment", [7, "5"], (7, 5)),
        *[(kind, empty, None) for kind in TYPES for empty in (None, "", " \t", "\u3000")],
    ],
)
def test_reads(kind, raw, value):
    assert ONE_OF_EACH[kind].clean(raw) == value


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        ("integer", "1.2万", "number"),
        ("integer", "约30", "number"),
        ("integer", "2000万", "number"),
        ("integer", "1,20", "number"),
        ("integer", "1e3", "number"),
        ("integer", "3.5", "whole"),
        ("integer", "-1", "min"),
        ("integer", True, "number"),
        ("integer", "9" * 5000, "too_big"),
        ("integer", float("nan"), "number"),
        ("decimal", "0", "above"),
        ("decimal", "1.234", "places"),
        ("decimal", "9" * 60, "too_big"),
        ("money", "-1", "min"),
        ("percent", "101", "max"),
        ("percent", "0.6", "places"),
        ("date", "8.5", "date"),
        ("date", 8.5, "date"),
        ("date", "2021-02-30", "date"),
        ("date", "1899-12-31", "date_range"),
        ("date", "明天", "date"),
        ("date_time", "2021-08-05 25:00", "date_time"),
        ("date_time", "9999-12-31T23:59:59Z", "date_range"),
        ("date_time", "0001-01-01T00:00:00+08:00", "date_range"),
        ("code", "410105199001011234", "id_number"),
        ("code", "41010519900101123x", "id_number"),
        ("code", "４１０１０５１９９００１０１１２３４", "id_number"),
        ("code", "X" * 41, "too_long"),
        ("text", "小学\x00", "character"),
        ("text", "小\u202e学", "character"),
        ("text", "小学\ud800", "character"),
        ("text", "长" * 201, "too_long"),
        ("text", {"a": 1}, "shape"),
        ("text", ["a"], "shape"),
        ("long_text", "找张老师 13800000000", "personal_number"),
        ("long_text", "证件４１０１０５１９９００１０１１２３４", "personal_number"),
        ("phone", "98765", "phone"),
        ("phone", "不详", "phone"),
        ("yes_no", "也许", "yes_no"),
        ("choice", "丁", "choice"),
        ("choice", "\u2003丙", "choice"),
        ("choices", "A、丙", "choice"),
        ("choices", 5, "choice"),
        ("relation", "某某小学", "relation"),
        ("relation", "-1", "relation"),
        ("relation", "²", "relation"),
        ("relation", str(2**63), "relation"),
        ("relations", 1.5, "relation"),
        ("relations", [1, [2]], "relation"),
        ("attachment", list(range(1, 11)), "too_many_files"),
    ],
)
def test_refuses(kind, raw, code):
    with pytest.raises(FieldError) as caught:
        ONE_OF_EACH[kind].clean(raw)
    assert caught.value.code == code
    assert ONE_OF_EACH[kind].label in str(caught.value)


def test_code_pattern_is_said_by_example():
    field = Code(name="code", label="代码", pattern=r"\d{6}", example="410105")
    assert field.clean("４１０１０５") == "410105"
    with pytest.raises(FieldError, match="410105"):
        field.clean("4101")


def test_not_applicable_only_where_it_is_an_answer():
    with pytest.raises(FieldError):
        ONE_OF_EACH["integer"].clean("不适用")
    assert ONE_OF_EACH["choice"].render(NA) == "不适用"
    assert ONE_OF_EACH["choice"].to_json(NA) == "n/a"


def test_filter_values_are_never_empty():
    for kind in ("text", "integer", "date", "choice"):
        with pytest.raises(FieldError):
            ONE_OF_EACH[kind].clean_filter("eq", " ")
    assert ONE_OF_EACH["choices"].clean_filter("contains", "丁级") == "D"
    assert ONE_OF_EACH["relations"].clean_filter("contains", "7") == 7


def test_columns_keep_exact_values():
    moment = datetime(2021, 8, 5, 9, 30, 0, 120, tzinfo=timezone.utc)
    kept = [
        (ScaledField(2), Exact("0.10"), 10),
        (DayField(), date(2021, 8, 5), "2021-08-05"),
        (MomentField(), moment, "2021-08-05T09:30:00.000120Z"),
        (MomentField(), moment.astimezone(timezone(timedelta(hours=8))), "2021-08-05T09:30:00.000120Z"),
        (CodeSetField(), ("a", "b"), "|a|b|"),
        (IdListField(), (7, 5), "7,5"),
    ]
    for column, value, stored in kept:
        assert column.db_value(value) == stored
        assert column.python_value(stored) == value
        assert column.db_value(None) is None and column.python_value(None) is None


def test_every_stored_type_has_a_nullable_column():
    assert all(field.column().null for field in ONE_OF_EACH.values() if field.stored)


def test_shown_numbers_are_grouped():
    assert grouped(ONE_OF_EACH["integer"], 1234567) == "1,234,567"
    assert grouped(ONE_OF_EACH["decimal"], Exact("1234.5")) == "1,234.50"
    assert grouped(ONE_OF_EACH["integer"], None) == ""
    assert all(issubclass(type(ONE_OF_EACH[kind]), Number) for kind in ("integer", "decimal", "money", "percent"))


def test_headings_and_masks():
    assert ONE_OF_EACH["money"].heading == "预算（万元）"
    assert masked("13800000000") == "138****0000"
    assert masked("张三") == "张***"


def test_old_codes_stay_readable():
    assert ONE_OF_EACH["choice"].render("gone") == "gone"


@pytest.mark.parametrize(
    "data", [{"type": "nothing", "name": "a", "label": "a"}, {"type": "text", "name": "a", "label": "a", "odd": 1}]
)
def test_unknown_types_and_options_are_refused(data):
    with pytest.raises(ValueError):
        Field.from_dict(data)
