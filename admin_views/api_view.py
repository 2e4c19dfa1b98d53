"""The API's documentation for who is logged in: drawn from the same document that programs are served."""

from flask import g, url_for
from flask_admin import BaseView, expose

from admin_views.words import text
from models.errors import NotFound
from services import declared, openapi

_METHODS = ("get", "post", "patch", "delete")


class ApiView(BaseView):
    """接口说明: what programs can do, register by register."""

    def __init__(self):
        super().__init__(name="api_help", endpoint="api_help", url="/admin/api")

    def _run_view(self, fn, *args, **kwargs):
        return fn(self, *args, **kwargs)

    @expose("/")
    def index(self):
        seen = [
            (text(register.titled), url_for("api_help.register", register=register.name))
            for register, _ in openapi.visible(g.actor)
        ]
        return self.render("api.html", registers=seen, register=None)

    @expose("/<register>")
    def register(self, register):
        found = next(((one, seen) for one, seen in openapi.visible(g.actor) if one.name == register), None)
        if found is None:
            raise NotFound()
        document = openapi.document(g.actor, text, only=register)
        fields = [declared.field_of(field, text) for field in found[0].live] if found[1] else []
        return self.render(
            "api.html",
            registers=[],
            register=found[0],
            title=text(found[0].titled),
            fields=fields,
            calls=[
                _call(path, method, operation, document, register)
                for path, methods in sorted(document["paths"].items(), key=lambda item: (item[0].count("/"), item[0]))
                for method, operation in methods.items()
                if method in _METHODS
            ],
        )


def _call(path, method, operation, document, register):
    """One call as the page shows it: filters apart, which are told with the fields."""
    told = [_resolved(part, document) for part in operation.get("parameters", ()) if f"/{register}." not in part.get("$ref", "")]
    return {
        "method": method.upper(),
        "path": f"/api/v1{path}",
        "summary": operation["summary"],
        "parameters": [
            {"name": part["name"], "in": part["in"], "required": part.get("required", False), "about": part.get("description", "")}
            for part in told
        ],
        "statuses": sorted(operation["responses"]),
    }


def _resolved(part, document):
    name = part.get("$ref", "").rpartition("/")[2]
    return document["components"]["parameters"][name] if name else part
