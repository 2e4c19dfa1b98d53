"""A definition as a JSON file out of one installation and into another: all or nothing, the difference shown first."""

from models import registry
from models.errors import NotFound, say
from services.definitions.drafts import Refused, check, read, require, rights_of
from services.definitions.publishing import publish
from services.definitions.wishes import Misshapen

FORMAT = "taizhang-register"


def exported(actor, name):
    """The definition in force as a JSON object that `imported` takes: the declaration, and who may do what."""
    found = read(actor, name)
    if found.published is None:
        raise NotFound(say("「{name}」还没有发布过。", name=name))
    if found.built_in:
        content = found.published.to_dict()
    else:
        content = found.published.to_dict() | {"grants": [right.to_dict() for right in rights_of(found.name)]}
    return {"format": FORMAT, "version": 1, "register": content}


def wish_of(data):
    """(name of the register here or None, the wish) that a file says."""
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("register"), dict):
        raise Refused([Misshapen("", say("这不是台账定义文件。")).problem])
    wish = data["register"]
    name = wish.get("name")
    known = registry.get(name).name if isinstance(name, str) and name in registry.current() else None
    if known is None:
        return None, wish
    return known, _by_names(wish, registry.get(known))


def _by_names(wish, here):
    """Ids are each installation's own: one counts only where it belongs to the same name here."""
    ids = {field.id: {field.name, *field.aliases} for field in here.fields}
    fields = wish.get("fields")
    if not isinstance(fields, list):
        return wish
    made = []
    for field in fields:
        if isinstance(field, dict) and field.get("name") not in ids.get(_hashable(field.get("id", field.get("name"))), ()):
            field = {key: value for key, value in field.items() if key != "id"}
        made.append(field)
    return wish | {"fields": made}


def _hashable(value):
    return value if isinstance(value, str) else ""


def looked_into(actor, data):
    """(name here or None, Checked) of a file: what is wrong with it, what it would change."""
    require(actor)
    name, wish = wish_of(data)
    return name, check(actor, wish, name)


def imported(actor, data):
    """Puts a file's definition in force: a new register, or the next version of the one of that name. Gives Published."""
    require(actor)
    name, wish = wish_of(data)
    version = read(actor, name).version if name else 0
    return publish(actor, name, wish, version)
