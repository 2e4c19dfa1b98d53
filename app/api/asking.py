"""What a call says: parameters, headers and JSON, each read strictly; what is not understood is refused by name."""

import json
import re
from decimal import Decimal as Exact
from hashlib import sha256

from flask import current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from models import registry
from models.errors import AppError, Fault, FieldError, Invalid, NotAllowed, NotFound, say
from services import policy

JSON_TYPES = ("application/json", "application/merge-patch+json")
MOST_DEEP = 12
_VERSION = re.compile(r'"?(\d{1,18})"?')


class NoVersion(AppError):
    """A change without the version it starts from."""

    status = 428

    def __init__(self):
        super().__init__(say("请在 If-Match 里带上读到的版本（记录的 ETag），以免盖掉别人的修改。"))


def shown(name, action="view"):
    """The register as the caller may see it (or count it). NotFound where there is none, or none for him: both look alike."""
    try:
        return policy.view(registry.get(name), g.actor, action=action)
    except (KeyError, NotAllowed):
        raise NotFound(say("没有这个台账，或您没有查看它的权限。")) from None


def record_id(id):
    """A record's number out of an address; NotFound for one that no database holds."""
    if not 0 < id < 2**63:
        raise NotFound()
    return id


def parameters(*known):
    """{name: value} of the address's parameters; Invalid for any that is not known here, or said twice."""
    found, faults = {}, []
    for name, value in request.args.items(multi=True):
        if name not in known:
            faults.append(unknown(name))
        elif name in found:
            faults.append(Fault(name, "repeated", say("参数 {name} 出现了两次。", name=name)))
        found[name] = value
    if faults:
        raise Invalid(faults)
    return found


def unknown(name):
    return Fault(name[:60], "unknown_parameter", say("没有「{name}」这个参数。", name=name[:60]))


def one_of(name, value, accepted):
    """A parameter with a few accepted values."""
    if value not in accepted:
        raise Invalid([Fault(name, "choice", say("参数 {name} 只能是 {accepted}。", name=name, accepted=tuple(accepted)))])
    return value


def number(found, name, default, least, most):
    """A parameter that is a whole number between two others."""
    said = found.get(name)
    if said is None:
        return default
    if not said.isascii() or not said.isdigit() or len(said) > 10 or not least <= int(said) <= most:
        sentence = say("参数 {name} 应是 {least} 到 {most} 之间的整数。", name=name, least=least, most=most)
        raise Invalid([Fault(name, "number", sentence)])
    return int(said)


def if_match(required=True):
    """The version a change starts from; NoVersion without one, Invalid for `*`, several or anything else."""
    said = request.headers.get("If-Match")
    if said is None:
        if required:
            raise NoVersion()
        return None
    found = _VERSION.fullmatch(said.strip())
    if not found:
        raise Invalid([Fault("If-Match", "version", say('If-Match 应是读到的版本，如 "3"；不收 * 和几个版本。'))])
    return int(found[1])


def idempotency_key():
    """The key of a post that may be sent again, as it is kept; "" without one."""
    said = request.headers.get("Idempotency-Key")
    if said is None:
        return ""
    if not 0 < len(said) <= 255 or not said.isascii() or not said.isprintable():
        raise Invalid([Fault("Idempotency-Key", "key", say("Idempotency-Key 应是 1 到 255 个可见的英文字符。"))])
    return f"api:{sha256(said.encode()).hexdigest()[:64]}"


def confirmed():
    """The reason with which warnings are saved nonetheless: parameter `confirmed`, "" without one."""
    return parameters("confirmed").get("confirmed", "").strip()[:1000]


# JSON ------------------------------------------------------------------------------------------------------------------


def body():
    """The JSON object sent. 415 for another type, 413 for too much, Invalid for what is no object or no clean JSON."""
    if request.mimetype not in JSON_TYPES:
        raise UnsupportedMediaType()
    most = current_app.config["TAIZHANG"].max_form_kb * 1024
    if (request.content_length or 0) > most:
        raise RequestEntityTooLarge()
    data = request.get_data(cache=False)
    if len(data) > most:
        raise RequestEntityTooLarge()
    found = _loaded(data)
    if not isinstance(found, dict):
        raise _wrong("object", say("内容应是一个 JSON 对象。"))
    return found


def json_text(said, name):
    """The JSON value of a form part."""
    try:
        return _loaded(said.encode("utf-8", "replace"))
    except Invalid as error:
        raise Invalid([Fault(name, fault.code, fault.sentence) for fault in error.faults]) from None


def _loaded(data):
    try:
        found = json.loads(data.decode("utf-8"), parse_constant=_no_constant, parse_float=Exact, object_pairs_hook=_object)
        _measure(found)
    except RecursionError:
        raise _wrong("too_deep", say("JSON 嵌套太深，最多 {most} 层。", most=MOST_DEEP)) from None
    except FieldError as error:
        raise _wrong(error.code, error.sentence) from None
    except ValueError:
        raise _wrong("json", say("内容不是正确的 UTF-8 JSON。")) from None
    return found


def _no_constant(word):
    raise FieldError("number", say("JSON 里不能有 {word}。", word=word))


def _object(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FieldError("repeated", say("JSON 里「{name}」出现了两次。", name=_printable(twice)))
    return found


def _measure(found, depth=1):
    """Refuses what is nested too deeply, and half characters, which no database stores."""
    if depth > MOST_DEEP:
        raise RecursionError
    parts = [*found.keys(), *found.values()] if isinstance(found, dict) else found if isinstance(found, list) else ()
    if isinstance(found, str) and not _printable(found) == found:
        raise FieldError("character", say("JSON 里有不成对的 Unicode 代理字符。"))
    for part in parts:
        _measure(part, depth + 1)


def _printable(text):
    return text.encode("utf-8", "replace").decode("utf-8")


def _wrong(code, sentence):
    return Invalid([Fault("", code, sentence)])


def only(found, *known):
    """The object, when it has no other members than these."""
    faults = [
        Fault(name[:60], "unknown_field", say("没有「{name}」这一项。", name=name[:60])) for name in found if name not in known
    ]
    if faults:
        raise Invalid(faults)
    return found


def member(found, name, kind, default=None):
    """A member of an object, of this Python type; `default` where it is absent or null. Invalid for another type."""
    value = found.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Invalid([Fault(name, "type", say("「{name}」的 JSON 类型不对。", name=name))])
    return value
