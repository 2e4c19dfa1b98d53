"""Templates as people keep them: made, checked before they are saved, offered to whom they are for, retired, never lost."""

import json
from dataclasses import dataclass

from models import prepared, registry
from models.base import atomic
from models.errors import Fault, Invalid, NotAllowed, NotFound, say
from models.export_templates import ExportTemplate, ExportTemplateFile
from models.values import now
from services import attachments, policy
from services.imports import columns
from services.templates import marks, process
from services.templates.process import EXAMPLE, refused

KINDS, USES = ("columns", "xlsx", "docx"), ("list", "record")
MOST, LONGEST_NAME, MOST_BYTES = 30, 40, 5 << 20


@dataclass(frozen=True)
class Kept:
    """A template as an actor may know it. `fields`: names of the columns in order, or {placeholder: field name}."""

    id: int
    register: str
    name: str
    kind: str
    use: str
    fields: object
    roles: tuple
    mine: bool
    version: int
    retired: bool

    @property
    def names(self):
        """The names of the fields it shows."""
        return tuple(self.fields.values()) if isinstance(self.fields, dict) else self.fields


def offered(actor, register_name):
    """The templates of a register that the actor may use: own ones, and those kept for one of his roles."""
    if not prepared.rows(_any, ExportTemplate, register_name):
        return ()
    rows = ExportTemplate.select().where(ExportTemplate.register == register_name, ExportTemplate.retired == False)
    return tuple(_kept(row, actor) for row in rows.order_by(ExportTemplate.id) if _may_use(row, actor))


def _any(template, register_name):
    return template.select(template.id).where(template.register == register_name, template.retired == False).limit(1)


def managed(actor, register_name):
    """The templates the actor may change, retired ones last."""
    rows = ExportTemplate.select().where(ExportTemplate.register == register_name)
    found = [_kept(row, actor) for row in rows.order_by(ExportTemplate.id) if _may_change(row, actor)]
    return tuple(sorted(found, key=lambda template: template.retired))


def kept(actor, register_name, id):
    """A template that the actor may use or change. NotFound for others'."""
    row = _row(register_name, id)
    if not (_may_use(row, actor) or _may_change(row, actor)):
        raise _gone()
    return _kept(row, actor)


def may_share(actor, register_name):
    """Whether the actor may keep templates for roles: who exports the register for the whole city and keeps registers himself."""
    register = registry.get(register_name)
    keeps = any(grant.rows == "all" and "edit" in grant.actions for grant in actor.grants)
    return keeps and policy.reaches_all(register, actor, "export") and not actor.read_only


def save_columns(actor, register_name, name, field_names, roles=(), id=None):
    """Keeps a set of columns in an order; with `id` in the place of that one. Gives its id."""
    register = _allowed(actor, register_name)
    unknown = [field for field in field_names if field not in register.by_name]
    if unknown or not field_names:
        raise refused("unknown_field", say("请至少选一列，且都是这个台账的列。"), "fields")
    fields = tuple(register.field(field).name for field in dict.fromkeys(field_names))
    with atomic():
        return _save(actor, register_name, name, roles, id, kind="columns", use="list", fields=json.dumps(fields))


def save_form(actor, register_name, name, use, file_name, data, roles=(), id=None):
    """Checks and keeps an uploaded form; with `id` as the next version of that one. Gives its id.

    Invalid names every placeholder that is no field of the register, and whatever a form must not hold.
    """
    register = _allowed(actor, register_name)
    if use not in USES:
        raise refused("use", say("请选择模板用于整个列表还是单条记录。"), "use")
    kind, file_name = _form_kind(file_name, data)
    fields = json.dumps(_placeholders(register, process.inspect(kind, data, use == "list"), use), ensure_ascii=False)
    with atomic():
        id = _save(actor, register_name, name, roles, id, kind=kind, use=use, fields=fields)
        version = ExportTemplate.get_by_id(id).version
        ExportTemplateFile.create(
            template_id=id, version=version, name=file_name, data=data, fields=fields, account_id=actor.id, at=now()
        )
    return id


def rename(actor, register_name, id, name, roles=None):
    """Gives a template another name, and other roles where they are given."""
    row = _mine(actor, register_name, id)
    row.name = _name(name, register_name, row.id, row.account_id)
    if roles is not None:
        row.roles = _roles(actor, register_name, roles)
    row.save()


def retire(actor, register_name, id, retired=True):
    """Takes a template out of use, or back into it. Its versions stay."""
    row = _mine(actor, register_name, id)
    row.retired = retired
    row.save()


# the check of a form ------------------------------------------------------------------------------------------------


def _form_kind(file_name, data):
    """(kind, name) of an uploaded form by its content: an .xlsx or .docx without macros that does not unpack to too much."""
    if not data:
        raise refused("empty_file", say("请选择一个 .xlsx 或 .docx 文件。"))
    if len(data) > MOST_BYTES:
        raise refused("too_large", say("模板文件不能超过 {max} MB。", max=MOST_BYTES >> 20))
    file = attachments.checked(file_name, data)
    kind = file.name.rpartition(".")[2].lower()
    if kind not in ("xlsx", "docx"):
        raise refused("file_type", say("模板只能是 .xlsx 或 .docx 文件，现在是 .{kind}。", kind=kind))
    return kind, file.name


def _placeholders(register, found, use):
    """{what the form says: field name}; Invalid with a sentence for each placeholder that means nothing here."""
    known, fields, faults = columns.known_heads(register), {}, []
    for name, where in dict(found).items():
        field, _how = known.get(columns.key(name), (None, ""))
        if name in marks.HEADS or (name == marks.NUMBER and use == "list"):
            continue
        if field is None or field.sensitivity == "named":
            faults.append(Fault("file", "unknown_placeholder", _why(register, name, where, field)))
        else:
            fields[name] = field.name
    if not found:
        faults.append(
            Fault("file", "no_placeholder", say("模板里没有占位符。请在要填的位置写上字段名，如 {example}。", example=EXAMPLE))
        )
    if faults:
        raise Invalid(faults)
    return fields


def _why(register, name, where, field):
    if field is not None:
        return say("「{{{{{name}}}}}」（{where}）是人员姓名，不能导出。", name=name, where=where)
    return say("「{{{{{name}}}}}」（{where}）不是「{register}」的字段。", name=name, where=where, register=register.titled)


# rows ---------------------------------------------------------------------------------------------------------------


def _allowed(actor, register_name):
    """The register as the actor sees it, who may export it and keep something."""
    register = registry.get(register_name)
    policy.require(actor, "export", register)
    if actor.read_only or actor.id is None:
        raise NotAllowed(say("正在以他人身份查看，只能看，不能改。"), "view_as_read_only")
    return policy.view(register, actor)


def _save(actor, register_name, name, roles, id, **values):
    """A new row, or the next version of the actor's own one."""
    row = _mine(actor, register_name, id) if id else None
    if row is not None and row.kind != values["kind"] and "columns" in (row.kind, values["kind"]):
        raise refused("kind", say("列组合和表格模板不能互相替换，请另存一个。"), "name")
    if row is None:
        own = ExportTemplate.select().where(
            ExportTemplate.account_id == actor.id, ExportTemplate.register == register_name, ExportTemplate.retired == False
        )
        if own.count() >= MOST:
            raise refused("too_many", say("每个台账最多存 {max} 个模板，请先停用不用的。", max=MOST), "name")
        row = ExportTemplate(register=register_name, account_id=actor.id, version=0)
    row.name = _name(name, register_name, row.id, row.account_id)
    row.roles = _roles(actor, register_name, roles)
    row.version, row.at, row.retired = row.version + 1, now(), False
    for part, value in values.items():
        setattr(row, part, value)
    row.save()
    return row.id


def _name(name, register_name, id, owner):
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise refused("name", say("「模板名称」请填 1 到 {max} 个字。", max=LONGEST_NAME), "name")
    same = ExportTemplate.select().where(
        ExportTemplate.register == register_name, ExportTemplate.account_id == owner, ExportTemplate.name == name,
        ExportTemplate.retired == False,
    )  # fmt: skip
    if same.where(ExportTemplate.id != (id or 0)).exists():
        raise refused("name_taken", say("您已有一个叫「{name}」的模板，请换个名称，或更新那一个。", name=name), "name")
    return name


def _roles(actor, register_name, roles):
    roles = tuple(role for role in policy.ROLES if role in roles)
    if roles and not may_share(actor, register_name):
        raise NotAllowed(say("只有管理全市这个台账的人能让别的角色使用模板。"), "share_template")
    return roles or None


def _row(register_name, id):
    row = ExportTemplate.get_or_none(ExportTemplate.id == id, ExportTemplate.register == register_name)
    if row is None:
        raise _gone()
    return row


def _mine(actor, register_name, id):
    _allowed(actor, register_name)
    row = _row(register_name, id)
    if not _may_change(row, actor):
        raise _gone()
    return row


def _gone():
    return NotFound(say("没有找到这个模板，或它是别人的模板。"))


def _may_use(row, actor):
    return not row.retired and (row.account_id == actor.id or bool(set(row.roles or ()) & actor.roles))


def _may_change(row, actor):
    """Own ones; those kept for roles also by whoever may share."""
    return row.account_id == actor.id or (bool(row.roles) and may_share(actor, row.register))


def _kept(row, actor):
    fields = json.loads(row.fields)
    return Kept(
        row.id, row.register, row.name, row.kind, row.use, fields if isinstance(fields, dict) else tuple(fields), row.roles or (),
        row.account_id == actor.id, row.version, row.retired,
    )  # fmt: skip
