"""Every door of the app: each address and method, and who may pass. A route that is not here fails the suite.

A door of a register or record says which action it asks for; the access matrix walks it as everybody, on own and foreign rows.
"""

from dataclasses import dataclass, field
from typing import Any

RECORD, REGISTER, TRASHED, PERSON, ANYONE, BUILDER = "record", "register", "trashed", "person", "anyone", "builder"
R = "/admin/r/<register>"


@dataclass(frozen=True)
class Door:
    """An address and method. `kind`: what it is about; `action`: the right it asks for on that.

    `data` is what is posted, chosen so that it is refused for its content where the actor may come in, and changes nothing.
    `parts` fill the address, `data` the form; a function is given the register. `also` are answers that are right besides.
    """

    method: str
    rule: str
    kind: str
    action: str = "view"
    data: Any = field(default_factory=dict)
    parts: Any = field(default_factory=dict)
    also: tuple = ()

    def path(self, register=None, id=None, **more):
        """The address for a register and a row, or None where the register has no such door (no choice to count, no move)."""
        found = {"register": register.name if register else "", "id": id} | {
            name: value(register) if callable(value) else value for name, value in self.parts.items()
        }
        needed = [value for name, value in (found | more).items() if name in self.rule.replace("<int:", "<")]
        if None in needed and self.kind in (REGISTER, RECORD, TRASHED):
            return None
        path = self.rule
        for name, value in (found | more).items():
            path = path.replace(f"<int:{name}>", str(value)).replace(f"<{name}>", str(value))
        return path

    def form(self, register=None):
        """What is posted."""
        return self.data(register) if callable(self.data) else self.data

    def there_is(self, register):
        """Whether a register has such a door at all."""
        return self.path(register, 1) is not None and self.form(register) is not None

    def send(self, browser, register=None, id=None, **options):
        path = self.path(register, id)
        return browser.post(path, data=self.form(register), **options) if self.writes else browser.get(path, **options)

    @property
    def writes(self):
        return self.method == "POST"


def choice_field(register):
    """A field whose values can be counted."""
    return next((part.name for part in register.live if hasattr(part, "options") and part.type == "choice"), None)


def relation_field(register):
    return next((part.name for part in register.live if hasattr(part, "to")), None)


def first_move(register):
    return register.workflow.transitions[0].name if register.workflow else None


def approving_move(register):
    moves = register.workflow.transitions if register.workflow else ()
    return next((move.name for move in moves if move.action == "approve"), None)


def reveal(register):
    """A request to show a masked field without saying what for."""
    name = next((part.name for part in register.live if part.sensitivity == "masked"), None)
    return {"field": name, "purpose": ""} if name else None


DOORS = (
    # lists
    Door("GET", f"{R}/", REGISTER),
    Door("GET", f"{R}/count", REGISTER),
    Door("GET", f"{R}/facet/<field>", REGISTER, parts={"field": choice_field}),
    Door("GET", f"{R}/lookup/<field>", REGISTER, parts={"field": relation_field}),
    Door("GET", f"{R}/export", REGISTER, "export"),
    Door("GET", f"{R}/templates", REGISTER, "export"),
    Door("POST", f"{R}/templates", REGISTER, "export", {"kind": "columns", "name": ""}),
    Door("POST", f"{R}/templates/<int:id>", PERSON, parts={"register": "hazard", "id": 9_000_001}),
    Door("GET", f"{R}/templates/<int:id>/try", PERSON, parts={"register": "hazard", "id": 9_000_001}),
    Door("POST", f"{R}/print", REGISTER),
    Door("GET", f"{R}/summary", REGISTER, "count"),
    Door("GET", f"{R}/summary/file", REGISTER, "count"),
    Door("GET", f"{R}/trash", REGISTER, "edit"),
    Door("GET", f"{R}/new", REGISTER, "edit"),
    Door("POST", f"{R}/new", REGISTER, "edit", {"_key": "door"}),
    Door("POST", f"{R}/bulk", REGISTER, "edit", {"step": "preview"}),
    Door("POST", f"{R}/views", REGISTER, data={"name": ""}),
    Door("POST", f"{R}/views/<int:id>/delete", PERSON, parts={"register": "hazard", "id": 9_000_001}),
    # records
    Door("GET", f"{R}/<int:id>/", RECORD),
    Door("GET", f"{R}/<int:id>/edit", RECORD, "edit"),
    Door("POST", f"{R}/<int:id>/edit", RECORD, "edit", {"_version": "999999", "note": "改", "name": "改"}),
    Door("GET", f"{R}/<int:id>/delete", RECORD, "edit"),
    Door("POST", f"{R}/<int:id>/delete", RECORD, "edit", {"_version": "999999"}),
    Door("GET", f"{R}/<int:id>/history", RECORD),
    Door("POST", f"{R}/<int:id>/revert", RECORD, "edit", {"change_set": "0", "_version": "999999"}),
    Door("POST", f"{R}/<int:id>/print", RECORD),
    Door("POST", f"{R}/<int:id>/reveal", RECORD, data=reveal),
    Door("GET", f"{R}/<int:id>/move/<name>", RECORD, parts={"name": first_move}),
    Door("POST", f"{R}/<int:id>/move/<name>", RECORD, "move", {"_version": "999999"}, parts={"name": first_move}),
    Door("POST", f"{R}/<int:id>/move/<name>", RECORD, "move", {"_version": "999999"}, parts={"name": approving_move}),
    Door("GET", f"{R}/<int:id>/tab/<other>/<field>", RECORD, parts={"other": "hazard", "field": "-"}, also=(404,)),
    Door("POST", f"{R}/<int:id>/restore", TRASHED, "edit"),
    # a person's own
    Door("GET", "/admin/", PERSON),
    Door("GET", "/admin/r/", PERSON),
    Door("GET", "/admin/desk/", PERSON),
    Door("GET", "/admin/desk/why", PERSON),
    Door("GET", "/admin/desk/downloads", PERSON),
    Door("GET", "/admin/desk/downloads/<int:id>", PERSON, parts={"id": 9_000_001}),
    Door("POST", "/admin/desk/downloads/<int:id>/cancel", PERSON, parts={"id": 9_000_001}),
    Door("POST", "/admin/desk/draft", PERSON, data={"path": "/elsewhere", "payload": "[]"}),
    Door("POST", "/admin/desk/look", PERSON, data={"density": "odd"}),
    Door("POST", "/admin/desk/files", PERSON),
    Door("POST", "/admin/desk/undo/<int:change_set>", PERSON, parts={"change_set": 9_000_001}),
    Door("POST", "/admin/desk/view-as", PERSON, data={"account": "9000001"}),
    Door("POST", "/admin/desk/view-as/stop", PERSON),
    Door("POST", "/admin/desk/account/<int:id>/password", PERSON, parts={"id": 9_000_001}),
    Door("POST", "/admin/desk/account/<int:id>/end-sessions", PERSON, parts={"id": 9_000_001}),
    Door("GET", "/admin/tokens/", PERSON),
    Door("GET", "/admin/api/", PERSON),
    Door("GET", "/admin/api/<register>", PERSON, parts={"register": "school"}, also=(404,)),
    Door("POST", "/admin/tokens/new", PERSON, data={"name": ""}),
    Door("POST", "/admin/tokens/<int:id>/revoke", PERSON, parts={"id": 9_000_001}),
    Door("GET", "/admin/imports/new/<register>", REGISTER, "edit"),
    Door("POST", "/admin/imports/new/<register>", REGISTER, "edit"),
    Door("GET", "/admin/imports/", PERSON),
    Door("GET", "/admin/imports/tasks", PERSON),
    Door("POST", "/admin/imports/tasks/<int:id>/cancel", PERSON, parts={"id": 9_000_001}),
    Door("GET", "/admin/imports/<int:id>/", PERSON, parts={"id": 9_000_001}),
    Door("GET", "/admin/imports/<int:id>/progress", PERSON, parts={"id": 9_000_001}),
    Door("GET", "/admin/imports/<int:id>/errors", PERSON, parts={"id": 9_000_001}),
    *(
        Door("POST", f"/admin/imports/<int:id>/{step}", PERSON, parts={"id": 9_000_001})
        for step in ("answer", "apply", "undo", "cancel", "forget")
    ),
    Door("GET", "/admin/forms/", PERSON),
    Door("GET", "/admin/forms/<register>/", REGISTER, "edit"),
    Door("GET", "/admin/forms/<register>/form", REGISTER, "edit"),
    Door("POST", "/admin/forms/<register>/collect", REGISTER, "edit"),
    Door("GET", "/admin/forms/taken/<int:id>/", PERSON, parts={"id": 9_000_001}),
    Door("GET", "/admin/forms/taken/<int:id>/progress", PERSON, parts={"id": 9_000_001}),
    Door("GET", "/admin/files/", PERSON),
    Door("GET", "/admin/files/<int:id>", PERSON, parts={"id": 9_000_001}),
    Door("GET", "/password", PERSON),
    Door("POST", "/password", PERSON),
    Door("POST", "/logout", PERSON),
    # subscriptions
    Door("GET", "/admin/hooks/", BUILDER),
    Door("POST", "/admin/hooks/new", BUILDER, data={"name": ""}),
    Door("POST", "/admin/hooks/<int:id>", BUILDER, data={"do": "try"}, parts={"id": 9_000_001}),
    Door("POST", "/admin/hooks/deliveries/<int:id>/again", BUILDER, parts={"id": 9_000_001}),
    # the builder
    Door("GET", "/admin/build/", BUILDER),
    Door("POST", "/admin/build/new", BUILDER, data={"label": ""}),
    Door("GET", "/admin/build/<name>/", BUILDER, parts={"name": "hazard"}),
    Door("POST", "/admin/build/<name>/", BUILDER, data={"_do": "publish", "_version": "999999"}, parts={"name": "hazard"}),
    Door("POST", "/admin/build/<name>/preview", BUILDER, parts={"name": "hazard"}),
    # anyone's
    Door("GET", "/", ANYONE),
    Door("GET", "/login", ANYONE),
    Door("POST", "/login", ANYONE),
    Door("POST", "/language", ANYONE),
    Door("POST", "/theme", ANYONE),
    Door("GET", "/healthz", ANYONE),
    Door("GET", "/readyz", ANYONE),
    Door("GET", "/metrics", ANYONE),
    Door("GET", "/static/<path:filename>", ANYONE, parts={"filename": "nothing"}),
    Door("GET", "/admin/static/<path:filename>", ANYONE, parts={"filename": "nothing"}),
)


@dataclass(frozen=True)
class ApiDoor(Door):
    """A door of the API: asked with a bearer token, JSON posted, a version said. `data` is refused for its content."""

    version: str = ""
    form_data: bool = False

    def send(self, caller, register=None, id=None, **options):
        path = self.path(register, id)
        headers = ({"If-Match": self.version} if self.version else {}) | options.pop("headers", {})
        sent = {}
        if self.writes and self.method != "DELETE":
            sent = {"data": self.form(register)} if self.form_data else {"json": self.form(register)}
        return caller.open(path, method=self.method, headers=headers, **sent, **options)

    @property
    def writes(self):
        return self.method != "GET"


A = "/api/v1/registers/<register>"
STALE = '"999999"'
API_DOORS = (
    ApiDoor("GET", A, REGISTER),
    ApiDoor("GET", f"{A}/records", REGISTER),
    ApiDoor("GET", f"{A}/records.csv", REGISTER, "export"),
    ApiDoor("GET", f"{A}/records.xlsx", REGISTER, "export"),
    ApiDoor("GET", f"{A}/summary", REGISTER, "count"),
    ApiDoor("POST", f"{A}/records", REGISTER, "edit", {"no_such_field": 1}),
    ApiDoor("POST", f"{A}/records:batch", REGISTER, "edit", {"operations": []}),
    ApiDoor("POST", f"{A}/imports", REGISTER, "edit", form_data=True, also=(415,)),
    ApiDoor("GET", f"{A}/records/<int:id>", RECORD),
    ApiDoor("PATCH", f"{A}/records/<int:id>", RECORD, "edit", {"no_such_field": 1}, version=STALE),
    ApiDoor("DELETE", f"{A}/records/<int:id>", RECORD, "edit", version=STALE),
    ApiDoor("GET", f"{A}/records/<int:id>/history", RECORD),
    ApiDoor("GET", f"{A}/records/<int:id>/files", RECORD),
    ApiDoor("GET", f"{A}/records/<int:id>/files/<int:file>", RECORD, parts={"file": 9_000_001}, also=(404,)),
    ApiDoor("POST", f"{A}/records/<int:id>/files", RECORD, "edit", version=STALE, form_data=True),
    ApiDoor("POST", f"{A}/records/<int:id>:transition", RECORD, "edit_or_approve", {"transition": "none"}),
    ApiDoor("POST", f"{A}/records/<int:id>:restore", TRASHED, "edit"),
    ApiDoor("GET", "/api/v1/me", PERSON),
    ApiDoor("GET", "/api/v1/registers", PERSON),
    ApiDoor("GET", "/api/v1/openapi.json", PERSON),
    ApiDoor("POST", "/api/v1/registers", BUILDER, {"fields": 1}),
    ApiDoor("PATCH", "/api/v1/registers/<register>", BUILDER, {"fields": 1}, version=STALE, parts={"register": "hazard"}),
    ApiDoor("POST", "/api/v1/registers/<register>:check", BUILDER, {"fields": 1}, parts={"register": "hazard"}),
    ApiDoor("POST", "/api/v1/registers/<register>:publish", BUILDER, {}, version=STALE, parts={"register": "hazard"}),
    ApiDoor("POST", "/api/v1/registers:infer", BUILDER, form_data=True),
    ApiDoor("GET", "/api/v1/imports/<int:id>", PERSON, parts={"id": 9_000_001}, also=(404,)),
    ApiDoor("GET", "/api/v1/imports/<int:id>/rows", PERSON, parts={"id": 9_000_001}, also=(404,)),
    ApiDoor("GET", "/api/v1/imports/<int:id>/errors.xlsx", PERSON, parts={"id": 9_000_001}, also=(404,)),
    ApiDoor("POST", "/api/v1/imports/<int:id>:answer", PERSON, parts={"id": 9_000_001}, also=(404,)),
    ApiDoor("POST", "/api/v1/imports/<int:id>:apply", PERSON, parts={"id": 9_000_001}, also=(404,)),
    ApiDoor("POST", "/api/v1/imports/<int:id>:undo", PERSON, parts={"id": 9_000_001}, also=(404,)),
    ApiDoor("GET", "/api/v1/jobs/<int:id>", PERSON, parts={"id": 9_000_001}, also=(404,)),
)
API_OF_REGISTERS = tuple(door for door in API_DOORS if door.kind in (REGISTER, RECORD, TRASHED))
OF_REGISTERS = tuple(door for door in DOORS if door.kind in (REGISTER, RECORD, TRASHED))
