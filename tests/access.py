"""What the policy says of a door, and what an answer says that it must not."""

import io
import json
import re
import zipfile

from models import registry
from models.errors import NotAllowed
from services import policy
from tests.actors import STRANGER
from tests.city import DISTRICTS
from tests.doors import OF_REGISTERS, RECORD, REGISTER, TRASHED

# What must not be read by whom, besides what the policy says row by row: texts begin with the tag of their unit.
FOREIGN = {
    "district_a": ("松泉",),
    "leader_a": ("松泉",),
    "inspector_a": ("松泉",),
    "school_a": ("松泉",),
    "district_b": ("青禾",),
    "school_b": ("青禾",),
    "nobody": ("松泉", "青禾一", "青禾二", "青禾直", "市局"),
    STRANGER: ("松泉", "青禾", "市局"),
}
# Names of districts are public: every list of them shows all.
PUBLIC = tuple(name for _, name in DISTRICTS.values())


def text_of(answer):
    """All that an answer says, a workbook's sheets unpacked."""
    body = answer.get_data()
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"".join(book.read(name) for name in book.namelist())
    return body.decode("utf-8", "replace") + json.dumps(dict(answer.headers), ensure_ascii=False)


def leaks(name, door, register, id, answer):
    """What an answer says of foreign units."""
    return [f"{told(door, register, id, answer)} names {tag}" for tag in foreign_tags(name, answer)]


def foreign_tags(name, answer):
    """The tags of units that are not this person's, in all that an answer says."""
    body = text_of(answer)
    for public in PUBLIC:
        body = body.replace(public, "")
    return [tag for tag in FOREIGN.get(name, ()) if tag in body]


def plain(answer, word):
    """A page without what differs from request to request, and without a word."""
    page = re.sub(r'nonce="[^"]*"|reference="[^"]*"|[0-9a-f]{16}|[\w.-]{60,}', "", answer.text)
    return page.replace(word, "")


def expected(actor, door, register, id):
    """404 out of sight, 403 in sight without the right, else None: the door lets the actor in."""
    full = registry.get(register.name)
    try:
        policy.view(full, actor, action="count" if door.action == "count" else "view")
    except NotAllowed:
        return 404
    if door.kind in (RECORD, TRASHED) and not policy.covers(full, actor, "view", id, trash=door.kind == TRASHED):
        return 404
    action = door.action
    if action == "move":
        action = full.workflow.get(door.path(register, id).rpartition("/")[2]).action
    if action == "edit_or_approve":
        action = "approve" if policy.may(actor, "approve", full, id) else "edit"
    if door.kind == TRASHED:
        return None if policy.may(actor, "edit", full) and policy.covers(full, actor, "edit", id, trash=True) else 403
    if policy.may(actor, action, full, id if door.kind == RECORD else None):
        return None
    return 403


def rows_to_try(city, actor, register, trashed):
    """Up to three rows: one the actor sees, one he sees but may not change, one he does not see."""
    found = city.trashed if trashed else city.rows
    ids = [id for part in found.get(register.name, {}).values() for id in part] or [1]
    kinds = {}
    for id in ids:
        seen, own = (policy.covers(registry.get(register.name), actor, action, id, trash=trashed) for action in ("view", "edit"))
        kinds.setdefault((seen, own), id)
    return list(kinds.values())


def cases(city, actor, registers, doors=OF_REGISTERS):
    """(door, register, row, expected answer) of every door of the registers."""
    for register in registers:
        for door in doors:
            if door.there_is(register):
                ids = [None] if door.kind == REGISTER else rows_to_try(city, actor, register, door.kind == TRASHED)
                for id in ids:
                    yield door, register, id, expected(actor, door, register, id)


def told(door, register, id, answer):
    return f"{door.method} {door.path(register, id)} -> {answer.status_code}"
