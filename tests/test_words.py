"""The words: every sentence has its English, and an English page has no Chinese but what people wrote."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from app.errors import TITLES
from models import registry, tables
from models.filters import EMPTY_NOT, OPERATORS
from models.registers import GROUPS
from services import query
from services.actor import SYSTEM

ROOT = Path(__file__).parents[1]
PO = ROOT / "app/translations/en/LC_MESSAGES/messages.po"
OURS = ("config", "models", "services", "seeds", "admin_views", "app")
# As in the Makefile's target `words`.
KEYWORDS = DEFAULT_KEYWORDS | {"say": None, "ConfigError": None}
CHINESE = re.compile(r"[\u3400-\u9fff]")
CHINESE_OR_MARK = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
PLACEHOLDER = re.compile(r"\{(\w*)\}|%\((\w+)\)s")
GENERIC = "{text}"
# Said within other sentences, or on a chip of the list's filter.
PIECES = {GENERIC, "{register} {count} 条", "搜索「{q}」", "填报表", EMPTY_NOT.id}
PIECES |= {sentence.id for sentence in TITLES.values()} | {operator.sentence.id for operator in OPERATORS.values()}
ENDS = {"。": ".", "？": "?", "：": ":"}
SCREENS = ("admin_views/", "app/auth.py", "app/errors.py", "app/headers.py", "app/kept.py", "app/operations.py", "app/words.py")


# the catalogue ----------------------------------------------------------------------------------------------------------


def extracted():
    """{message id: place} of all that `make words` collects."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, keywords=KEYWORDS)
    return {message: f"{name}:{line}" for name, line, message, _comments, _context in found}


@pytest.fixture(scope="module")
def catalogue():
    with PO.open("rb") as file:
        return read_po(file, locale="en")


@pytest.fixture(scope="module")
def english(catalogue):
    """{Chinese id: English}"""
    return {message.id: message.string for message in catalogue if message.id}


def test_every_sentence_has_its_english_and_none_is_left_over(catalogue, english):
    wanted = extracted()
    missing = {id: place for id, place in wanted.items() if not english.get(id)}
    assert not missing, f"run `make words`, then translate in {PO.name}"
    assert not set(english) - set(wanted)
    assert not catalogue.obsolete and not [message.id for message in catalogue if message.id and message.fuzzy]


def test_placeholders_agree(english):
    assert not {id for id, words in english.items() if sorted(PLACEHOLDER.findall(id)) != sorted(PLACEHOLDER.findall(words))}


def test_the_english_is_english_and_ends_as_the_chinese_does(english):
    assert not {words for words in english.values() if CHINESE_OR_MARK.search(words)}
    unlike = {id: words for id, words in english.items() if not _ends_alike(id, words)}
    assert not unlike


def _ends_alike(chinese, words):
    end = ENDS.get(chinese[-1])
    return words.rstrip().endswith(end) if end else not words.endswith(".")


def test_the_compiled_catalogue_is_this_one(english):
    compiled = PO.with_suffix(".mo")
    assert compiled.is_file(), "run `make words`"
    with compiled.open("rb") as file:
        assert {message.id: message.string for message in read_mo(file) if message.id} == english, "run `make words`"


# the code ---------------------------------------------------------------------------------------------------------------


def sources():
    """(path from the root, syntax tree) of every module of ours."""
    for name in OURS:
        for file in sorted((ROOT / name).rglob("*.py")) or [ROOT / f"{name}.py"]:
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


SOURCES = dict(sources())


def calls(*names):
    """(place, call) of every call of a function of these names."""
    for path, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield f"{path}:{node.lineno}", node


def literal(call):
    """The text a call begins with, where it is written at the call."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def test_ids_are_written_at_the_call():
    assert not [place for place, call in calls("say", "_") if literal(call) is None]
    assert not [place for place, call in calls("say") if len(call.args) != 1]
    assert not [
        place for place, call in calls("say", "_") if not CHINESE_OR_MARK.search(literal(call)) and literal(call) != GENERIC
    ]


def test_sentences_are_given_what_they_name():
    wrong = []
    for place, call in calls("say", "_"):
        # A filter's sentences get their values where the filter is described.
        if place.startswith("models/filters.py"):
            continue
        wanted = {brace or percent for brace, percent in PLACEHOLDER.findall(literal(call))}
        if wanted != {keyword.arg for keyword in call.keywords}:
            wrong.append(place)
    assert not wrong


def test_sentences_end_as_sentences():
    said = {literal(call): place for place, call in calls("say")}
    assert not {id: place for id, place in said.items() if id not in PIECES and id[-1] not in ENDS and "：" not in id}
    rules = [rule for register in registry.all() for rule in register.rules]
    assert not [rule.id for rule in rules if rule.message[-1] not in ENDS or rule.message_en[-1] not in ENDS.values()]


def test_labels_in_the_code_have_both_languages():
    assert not [place for place, call in calls("Label") if CHINESE.search(literal(call) or "") and len(call.args) < 2]


def test_the_screens_say_nothing_past_the_catalogue():
    wrong = []
    for path, tree in SOURCES.items():
        if path.startswith(SCREENS):
            passed = {
                id(part) for place, call in calls("say", "_", "Label") if place.startswith(f"{path}:") for part in ast.walk(call)
            }
            passed |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
            wrong += [
                f"{path}:{node.lineno} {node.value}" for node in texts if CHINESE.search(node.value) and id(node) not in passed
            ]
    assert not wrong


@pytest.mark.parametrize("file", sorted((ROOT / "app/templates").rglob("*.html")), ids=lambda file: file.name)
def test_templates_say_nothing_past_the_catalogue(file):
    page = Environment(autoescape=True).parse(file.read_text(encoding="utf-8"))
    passed = {
        id(part)
        for call in page.find_all(nodes.Call)
        if getattr(call.node, "name", "") == "_"
        for part in call.find_all(nodes.Const)
    }
    texts = [(part.lineno, part.data) for part in page.find_all(nodes.TemplateData)]
    texts += [
        (part.lineno, part.value) for part in page.find_all(nodes.Const) if isinstance(part.value, str) and id(part) not in passed
    ]
    # The button that chooses Chinese is in Chinese.
    assert not [(line, text.strip()) for line, text in texts if CHINESE_OR_MARK.search(text) and text != "中文"]


@pytest.mark.parametrize("file", sorted((ROOT / "app/static/js").glob("*.js")), ids=lambda file: file.name)
def test_scripts_take_their_words_from_the_page(file):
    # A pattern reads the Chinese people type.
    assert not CHINESE.search(re.sub(r"/\[[^/\n]+\]/g", "", file.read_text(encoding="utf-8")))


# the registers ----------------------------------------------------------------------------------------------------------


def english_of(register):
    """(Chinese, English) of a declaration's labels; its sentences are looked at in tests/models too."""
    yield register.label, register.label_en
    yield register.group, GROUPS.get(register.group, "")
    for part in (*register.fields, *register.sections, *register.summaries, *register.exports):
        yield part.label, part.label_en
        yield from ((option.label, option.label_en) for option in getattr(part, "options", ()))
    yield from ((field.unit, field.unit_en) for field in register.fields if CHINESE.search(field.unit))
    for rule in register.rules:
        yield rule.message, rule.message_en
    for move in register.workflow.transitions if register.workflow else ():
        yield move.label, move.label_en
        yield move.refusal, move.refusal_en


@pytest.mark.parametrize("register", registry.all(), ids=lambda register: register.name)
def test_a_register_is_said_in_english(register):
    assert not [(chinese, said) for chinese, said in english_of(register) if chinese and (not said or CHINESE_OR_MARK.search(said))]


# the pages --------------------------------------------------------------------------------------------------------------


class Texts(HTMLParser):
    """All that a page shows or reads aloud, but the values of a history, which stay as they were written down."""

    READ = ("aria-label", "title", "placeholder", "alt", "data-l", "data-ask", "data-confirm")

    def __init__(self, html):
        super().__init__()
        self.found, self.tag = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tag = tag
        self.found += [value for name, value in attrs if name in self.READ and value]

    def handle_data(self, data):
        if self.tag not in ("del", "ins"):
            self.found.append(data.strip())

    def handle_endtag(self, tag):
        self.tag = ""


def written(city):
    """The Chinese that people wrote: the city's texts, its records' names, examples. Longest first."""
    found = {"中文", SYSTEM.name} | {field.example for register in registry.all() for field in register.fields}
    for register in registry.all():
        model = tables.model(register.name)
        rows = list(model.select().dicts())
        found |= {value for row in rows for value in row.values() if isinstance(value, str)}
        found |= set(query.labels(register.name, [row["id"] for row in rows], SYSTEM).values())
    return sorted(filter(CHINESE.search, found), key=len, reverse=True)


def chinese_on(page, data):
    """What is Chinese on a page once the data is taken away; a word as short as 天 is data only where it stands alone."""
    for text in Texts(page).found:
        left = text
        for part in data:
            left = left.replace(part, "") if len(part) > 1 else "" if left.removeprefix("e.g. ") == part else left
        if CHINESE.search(left):
            yield text


@pytest.fixture
def reader(client_of, city):
    """reader("city_admin")(address): what is Chinese on that person's English page."""
    data = written(city)

    def of(name):
        browser = client_of(name)
        browser.set_cookie("language", "en")

        def read(address, status=200):
            answer = browser.get(address, headers={"Accept": "text/html"})
            assert answer.status_code == status, address
            assert '<html lang="en"' in answer.text or "<html" not in answer.text
            return [(address, text) for text in chinese_on(answer.text, data)]

        return read

    return of


ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@ON_SQLITE
def test_pages_of_no_register_are_english(reader):
    assert not reader("stranger")("/login")
    read = reader("city_admin")
    found = [
        *read("/admin/"),
        *read("/password"),
        *read("/admin/r/none/", 404),
        *read("/admin/desk/why?register=hazard&action=edit"),
    ]
    assert not found


@ON_SQLITE
@pytest.mark.parametrize("page", ["", "new", "trash"])
def test_pages_of_every_register_are_english(reader, page):
    read = reader("city_admin")
    # The names of boarders are the schools' own, and the logs are written by the app alone.
    shown = [register.name for register in registry.all() if not page or not (register.system or register.name == "inland_student")]
    assert not [line for name in shown for line in read(f"/admin/r/{name}/{page}")]


@ON_SQLITE
@pytest.mark.parametrize("page", ["", "history", "edit", "delete"])
def test_pages_of_records_are_english(reader, city, page):
    read = reader("city_admin")
    chosen = {name: next(iter(units.values()))[0] for name, units in city.rows.items() if not page or name != "inland_student"}
    assert not [line for name, id in chosen.items() for line in read(f"/admin/r/{name}/{id}/{page}")]


@ON_SQLITE
def test_filters_are_said_in_english(reader):
    read = reader("city_admin")
    asked = (
        "hazard/?overdue=true&level__in=major,minor&due_on__gte=2021-08-05",
        "school/?q=x&bucket__empty=false",
        "damaged_building/?area_m2__lte=100&state__ne=closed",
    )
    assert not [line for address in asked for line in read(f"/admin/r/{address}")]
