"""Canaries in every named and masked field, looked for in every answer of the API: lists, records, history, files, summaries."""

import pytest

from models import registry
from services import policy
from tests.actors import NAMES
from tests.doors import API_OF_REGISTERS, RECORD, REGISTER
from tests.test_sensitivity_matrix import MASKED, NAMED, found_in, planted, said, server_log

__all__ = ["planted", "server_log"]  # fixtures
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def everywhere(caller, city, registers):
    """(what was asked, what was answered) of every call about these registers."""
    for register in registers:
        base, units = f"/api/v1/registers/{register.name}", city.rows.get(register.name, {})
        some = [units[unit][0] for unit in ("a1", "b1") if unit in units] or [ids[0] for ids in units.values()][:2]
        for door in API_OF_REGISTERS:
            if door.kind in (REGISTER, RECORD) and door.there_is(register):
                for id in some if door.kind == RECORD else [None]:
                    yield f"{door.method} {door.path(register, id)}", said(door.send(caller, register, id))
        every = ",".join(field.name for field in register.live)
        for path in (
            f"records?fields={every}&limit=200", f"records.csv?fields={every}", f"records.xlsx?fields={every}",
            *(f"summary?by={field.name}" for field in register.live), *(f"records?q={word}" for word in ("姓名", "1397310", "鹮")),
        ):  # fmt: skip
            yield path, said(caller.get(f"{base}/{path}"))


@pytest.mark.parametrize("name", NAMES)
def test_names_and_masked_values_reach_nobody_by_program(city, caller_of, planted, server_log, name):
    caller, actor = caller_of(name), city.actor(name)
    own = {"school_a": "a1", "school_b": "b1"}.get(name)
    hidden = [word for word, (_, _, field, unit) in planted.items() if field.sensitivity == "masked" or unit != own]
    about = {"inland_student", "inland_class", "change_set", "access_log"} | {name for name, _ in (*NAMED, *MASKED)}
    seen = {register.name for register in policy.registers(actor)}
    leaks = []
    for asked, text in everywhere(caller, city, [registry.get(name) for name in sorted(about)]):
        leaks += [f"{asked}: {word}" for word in found_in(text, hidden)]
    assert leaks == [] and found_in(server_log.getvalue(), planted) == []
    if own:
        assert "inland_student" in seen and [
            word for word in planted if word in said(caller.get("/api/v1/registers/inland_student/records"))
        ]


def test_a_hidden_value_is_not_learned_letter_by_letter(city, caller_of, planted):
    """X2: a true guess and a false one are answered alike."""
    caller = caller_of("city_clerk")
    for register, field in (*NAMED, *MASKED):
        word = next(word for word, (name, _, part, _) in planted.items() if name == register and part is field)
        base = f"/api/v1/registers/{register}"
        for asked in (f"{field.name}={{}}", f"{field.name}__contains={{}}", f"{field.name}__in={{}}"):
            answers = []
            for guess in (word, word[:2], "不在其中"):
                for path in ("records", "summary", "records.csv"):
                    answers.append(caller.get(f"{base}/{path}?{asked.format(guess)}").status_code)
            assert set(answers) <= {422, 403, 404}, (register, asked)
        assert caller.get(f"{base}/records?q={word}&count=exact").json.get("count", {"value": 0})["value"] == 0
