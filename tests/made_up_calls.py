"""Calls that schemathesis makes up from the served OpenAPI document: good ones and bad ones, each answer held against the document."""

import random
from contextlib import suppress

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks, not_a_server_error
from schemathesis.core.failures import FailureGroup

DOCUMENT = "/api/v1/openapi.json"
WANTED = ("status_code_conformance", "content_type_conformance", "response_headers_conformance", "response_schema_conformance")


def run(app, secret, each, ids=None, seed=1):
    """(calls made, what was wrong with answers): `each` good and `each` bad calls of every operation.

    `ids` are {register: ids}: every other call is about one of these records, so that not all of them meet a 404.
    """
    headers = {"Authorization": f"Bearer {secret}"}
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app, headers=headers)
    load_all_checks()
    checks = [not_a_server_error, *CHECKS.get_by_names(WANTED)]
    made, wrong, chosen = [], [], random.Random(seed)

    def send(case, known):
        if known and "id" in (case.path_parameters or {}) and len(made) % 2:
            case.path_parameters["id"] = chosen.choice(known)
        made.append(case)
        try:
            case.call_and_validate(headers=headers, checks=checks)
        except FailureGroup as failures:
            wrong.append(f"{case.operation.label}: {failures}")

    for found in schema.get_all_operations():
        operation = found.ok()
        parts = operation.path.split("/")
        known = (ids or {}).get(parts[2], []) if parts[1] == "registers" and len(parts) > 2 else []
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _made_up(operation, mode, each, lambda case, known=known: send(case, known))
    return len(made), wrong


def _made_up(operation, mode, each, send):
    """Sends so many calls of one operation. A call that cannot be made wrong (no parameter, no body) is not made."""

    @settings(
        max_examples=each,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case):
        send(case)

    with suppress(Unsatisfiable):
        call()
