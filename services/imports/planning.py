"""The job that reads an import's files, finds out what each row would do, and keeps the verdicts: parse, map, check."""

from itertools import islice

from models import registry
from models.errors import Fault, FieldError, Invalid, say
from models.fields import Relation, Relations
from models.sentences import packed
from services import form_returns, jobs, policy, readers, records, search
from services.error_workbook import fingerprint
from services.imports import changes, checking, chunks, columns, layout, matching, questions, resent, rows, store
from services.imports.store import ASKING, FAILED, PLANNED, READING
from services.journal import Known

JOB = "import_plan"
# How much of the first rows is kept to be shown.
_SHOWN, _WIDEST = 60, 60


def failed(job, sentence):
    """The plan's job ended without a plan: the import says why; what came in the meantime is taken away."""
    id = job.payload["import"]
    chunks.clear(id)
    called = [name for name, *_ in store.names(id)]
    store.save(id, state=FAILED, said=sentence, found=store.load(id).found | {"files": called})


@jobs.kind(JOB, failed=failed)
def run(job, progress):
    """Plans an import. Begun again after a death it begins from the first row: nothing is written to any register here."""
    item = store.load(job.payload["import"])
    if item.state != READING:
        return {"import": item.id, "state": item.state}
    actor = store.person(item)
    try:
        found = Planning(resent.continued(item), actor, progress).found()
    except Invalid as error:
        if any(fault.code == "refused_column" for fault in error.faults):
            store.drop_files(item.id)
        raise
    state = ASKING if found["questions"] else PLANNED
    with progress.step():
        store.save(item.id, state=state, found=found, position=0)
    return {"import": item.id, "state": state}


class Planning:
    """One reading of all files of an import."""

    def __init__(self, item, actor, progress):
        full = registry.get(item.register)
        policy.require(actor, "edit", full)
        self._item, self._actor, self._progress = item, actor, progress
        self._asked, self._register = item.asked, policy.view(full, actor)
        self._names = columns_of(self._register, actor, item.asked)
        self._meanings = rows.Meanings(self._register, actor, self._answers(), self._names.named(item.asked.get("translate", {})))
        self._repeats, self._codes, self._unknown = rows.Repeats(), {}, {}
        self._existing = matching.Existing(self._register, actor)
        self._chunks, self._done, self._total, self._matches, self._sections = 0, 0, None, [], []
        self._called, self._kept, self._known = [], 0, Known()
        self._messages, self._questions, self._skipped, self._last = [], [], [], 0
        self._about = {"sheet": "", "sheets": [], "encoding": "", "header_rows": [], "letters": [], "heads": [], "layouts": []}

    def _answers(self):
        """{field name: {text: value}}: what the unit answered in earlier imports, and what was answered in this one."""
        found = {}
        for part in self._register.live:
            known = store.remembered(self._register.name, self._actor, part.id) if self._asked.get("asks") else {}
            given = self._asked.get("values", {}).get(part.name, {})
            if known or given:
                found[part.name] = known | given
        return found

    def found(self):
        """What was found, as the import keeps it; the verdicts are stored on the way."""
        with self._progress.step():
            chunks.clear(self._item.id)
        check_constants(self._register, self._actor, self._names.constants)
        search.prepare()
        sources = readers.open_files(store.files(self._item.id))
        self._about["layouts"] = [None] * len(sources)
        with readers.Parser() as parser:
            returned = self._returned(sources, parser) if self._asked.get("forms") else [None] * len(sources)
            self._called = [one.called if one else source.name for one, source in zip(returned, sources, strict=True)]
            for at, source in enumerate(sources):
                if returned[at] is None or returned[at].taken:
                    self._read(at, source, len(sources) == 1 and not self._asked.get("forms"), parser)
                else:
                    self._leave(at)
        self._ask()
        return self._about | {
            "columns": [
                {"source": one.head, "letter": one.letter, "field": one.field.name if one.field else None, "how": one.how}
                for one in self._matches
            ],
            "files": self._called,
            "skipped": self._skipped[: layout.MOST_SKIPPED],
            "more_skipped": max(0, len(self._skipped) - layout.MOST_SKIPPED),
            "questions": self._questions,
            "messages": self._messages,
            "counts": chunks.counts(self._item.id),
        }

    def _returned(self, sources, parser):
        """What each file is that should be a filled form; what is to be said of them, and of the units that sent none, is told."""

        def seen(count):
            self._progress(count, None, say("已看过 {count} / {total} 个文件。", count=count, total=len(sources)))

        intake = form_returns.judged(self._register.name, self._actor, sources, parser, seen)
        self._about["forms"] = form_returns.to_json(intake)
        for one in intake.files:
            if one.sentence:
                self._tell(f"form_{one.state}", one.sentence, "warning" if one.taken else "error", one.called)
        if intake.missing_sentence:
            self._tell("missing_units", intake.missing_sentence, "info")
        return intake.files

    def _leave(self, file):
        """A file that is not read, though its place is kept."""
        self._about["letters"].append({})
        self._about["heads"].append({})

    def _tell(self, code, sentence, level, file=""):
        said = [code, packed(sentence), level, file]
        if said not in self._messages:
            self._messages.append(said)

    def _read(self, file, source, alone, parser):
        try:
            source.check()
            before = resent.earlier(self._item, source, parser)
            table = self._table(source, parser)
        except Invalid as error:
            asked = questions.of_file(error, source) if self._asked.get("asks") and alone else None
            if asked is None and alone:
                raise
            self._leave(file)
            if asked:
                self._questions.append(asked)
            else:
                self._tell(error.faults[0].code, error.faults[0].sentence, "error", self._called[file])
            return
        first = self._chunks
        try:
            sheets = () if self._about["header_rows"] else source.sheets(parser)
            self._total = _about_rows(source, table, sheets) if alone else None
            self._take(file, table, alone, before)
            if not self._about["header_rows"]:
                self._describe(table, sheets)
        except Invalid as error:
            # A file that breaks off halfway is left out whole; the others are read on.
            if alone:
                raise
            with self._progress.step():
                chunks.clear(self._item.id, first)
            self._chunks = first
            self._tell(error.faults[0].code, error.faults[0].sentence, "error", self._called[file])
        finally:
            table.close()

    def _table(self, source, parser):
        header, down = self._asked.get("header"), self._asked.get("fill_down", {})
        return readers.read(
            source, sheet=self._asked.get("sheet") or None, header=tuple(header) if header else None,
            encoding=self._asked.get("encoding") or None, score=self._names.score,
            fill_down=tuple(int(at) for at, wanted in down.items() if wanted), parser=parser,
        )  # fmt: skip

    def _take(self, file, table, alone, before):
        """The rows of one file, a batch at a time; `before` is the import it comes back from."""
        matches = self._mapped(table, alone and before is None)
        task, left = self._task(table, matches), layout.Aside()
        known, self._kept = resent.settled(before, self._item, matches) if before else frozenset(), 0
        for code, sentence, level in layout.sentences(table, self._unmatched(matches)):
            self._tell(code, sentence, level, "" if alone else self._called[file])
        taken = self._records(task, table, left, known)
        while batch := list(islice(taken, chunks.ROWS)):
            self._judge(file, task, batch)
        left.take_skipped(table)
        self._skipped += [[row, group, text, file] for row, group, text in left.listed()]
        for code, sentence, level in left.sentences(table):
            self._tell(code, sentence, level, "" if alone else self._called[file])
        if before:
            self._tell("resent", layout.resent(before.item.id, self._kept), "info", "" if alone else self._called[file])
        self._sections += table.sections
        if self._asked.get("asks"):
            self._questions += [
                one for one in questions.of_fill_down(table, matches) if one["value"] not in self._asked.get("fill_down", {})
            ]
        self._about["layouts"][file] = [table.sheet, list(table.header), len(table.columns), table.encoding, self._last]

    def _describe(self, table, sheets):
        sheets = [{"name": one.name, "rows": one.rows, "hidden": one.hidden} for one in sheets]
        self._about |= {"sheet": table.sheet, "sheets": sheets, "encoding": table.encoding, "header_rows": list(table.header)}
        self._about["first_rows"] = [[row, [cell[:_SHOWN] for cell in cells[:_WIDEST]]] for row, cells in table.first_rows]

    def _mapped(self, table, alone):
        """The columns of a file and their fields. Invalid where none is one, unless that can be asked."""
        if alone:
            self._names.require([table.heads])
        matches = self._names.of(table.columns)
        fields = [match for match in matches if match.field]
        if not fields and not self._asked.get("asks"):
            titled = self._register.titled
            raise readers.refuse("no_columns", say("文件里没有一列与「{register}」的字段对应。", register=titled))
        self._about["letters"].append({match.field.name: match.letter for match in fields})
        self._about["heads"].append({match.field.name: match.head for match in fields})
        known = {(match.head, match.letter) for match in self._matches}
        self._matches += [match for match in matches if (match.head, match.letter) not in known]
        return matches

    def _unmatched(self, matches):
        """The heads that go nowhere and are not asked about."""
        silent = (columns.GIVEN, columns.IGNORED) if not self._asked.get("asks") else (columns.GIVEN, columns.IGNORED, columns.OPEN)
        left = [match.head for match in matches if match.field is None and match.how not in silent]
        numbering = [match.head for match in matches if match.how == columns.IGNORED]
        return left + numbering

    def _task(self, table, matches):
        return rows.Task(
            register=self._register, actor=self._actor,
            columns={match.at: match.field for match in matches if match.field},
            named=frozenset(match.at for match in matches), constants=self._names.constants,
            where={self._names.index(table.columns, head): text for head, text in self._asked.get("where", {}).items()},
            mode=self._item.mode, empty=self._item.empty, key=tuple(self._asked.get("key", ())),
            section=self._asked.get("section", ""), meanings=self._meanings, codes=self._codes, existing=self._existing,
        )  # fmt: skip

    def _records(self, task, table, left, known):
        for number, cells, _hidden, section in table.rows:
            self._last = number
            why = rows.aside(task, cells)
            if why:
                left.add(why, number, next((cell for cell in cells if cell.strip()), "").strip())
                continue
            left.nameless(cells, table, task.named)
            row = rows.taken(task, table, number, cells, section)
            row.settled = bool(known) and fingerprint(cells) in known
            self._kept += row.settled
            yield row

    def _judge(self, file, task, batch):
        """What becomes of a batch of rows; its verdicts are stored as one chunk."""
        meant = rows.understand(task, batch)
        self._repeats.settle(batch)
        changes.match(task, [row for row in batch if not row.settled])
        for row in batch:
            changes.decide(task, row)
        self._note_unknown(task, batch)
        places = [task.places[name] for name in task.open]
        raws = zip(*[meant.raws[at] for at in places], strict=True) if places else [()] * len(batch)
        verdicts = [chunks.verdict_of(row, file, task.open, given) for row, given in zip(batch, raws, strict=True)]
        new = [at for at, one in enumerate(verdicts) if one.outcome == "new"]
        every, columns = len(new) == len(batch), [meant.values[place] for place in places]
        values = {name: column if every else [column[at] for at in new] for name, column in zip(task.open, columns, strict=True)}
        checking.rehearse(self._register.name, self._actor, verdicts, records.Sheet(values, len(new), cleaned=True), self._known)
        for one, row in zip(verdicts, batch, strict=True):
            if one.told:
                one.texts = {name: str(row.text(name))[:_SHOWN] for name, *_ in one.told if name in task.places}
        with self._progress.step():
            chunks.put(self._item.id, self._chunks, verdicts)
        self._chunks += 1
        self._done += len(batch)
        self._progress(self._done, self._total, say("已检查 {count} 行。", count=self._done))

    def _note_unknown(self, task, batch):
        """Texts that a field does not know and nobody has answered for, with how often and where they stand."""
        for row in batch:
            for name, (code, _) in row.faults.items():
                text = str(row.text(name)).strip()
                answered = text in self._asked.get("values", {}).get(name, {})
                if code in rows.ASKABLE and not answered and not task.register.field(name).readonly:
                    count, places = self._unknown.get((name, text), (0, []))
                    self._unknown[name, text] = (count + 1, places if len(places) >= 5 else [*places, row.number])

    def _ask(self):
        if not self._asked.get("asks"):
            return
        self._questions += questions.of_columns(self._names, self._matches, self._names.constants)
        self._questions += questions.of_values(self._register, self._actor, self._unknown)
        if self._sections and "section" not in self._asked:
            said = {match.field.name for match in self._matches if match.field} | set(self._names.constants)
            self._questions += questions.of_sections(self._register, self._actor, self._sections, said, self._meanings)


def _about_rows(source, table, sheets):
    """About how many rows there are to check, so that a clerk knows how long it takes."""
    if table.sheet:
        return max(0, next((one.rows for one in sheets if one.name == table.sheet), 0) - table.header[1])
    return source.data.count(b"\n")


def columns_of(register, actor, asked):
    """The Columns of what was asked for. Invalid for fields that are not there."""
    memory = store.remembered(register.name, actor) if asked.get("asks") else {}
    return columns.Columns(register, asked.get("mapping", {}), asked.get("constants", {}), memory)


def check_constants(register, actor, constants):
    """A value set for every row is wrong once, not in every row."""
    faults = []
    for name, text in constants.items():
        part = register.field(name)
        try:
            found = matching.resolve(part, {text}, actor)[text] if isinstance(part, (Relation, Relations)) else part.clean(text)
        except FieldError as error:
            faults.append(Fault(name, error.code, error.sentence))
            continue
        if isinstance(found, matching.Unresolved):
            faults.append(Fault(name, "relation", found.sentence))
        elif part.readonly:
            faults.append(Fault(name, "read_only", say("「{label}」由系统填写，不能导入。", label=part.title)))
    if faults:
        raise Invalid(faults)
