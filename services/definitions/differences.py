"""What one version of a register says differently from another, in sentences a clerk reads."""

from dataclasses import fields as attributes

from models.errors import Label, say
from models.fields import TYPES

TYPE_LABELS = {
    "text": Label("一行文字", "Text"),
    "long_text": Label("多行文字", "Long text"),
    "code": Label("编号", "Code"),
    "phone": Label("电话", "Telephone"),
    "integer": Label("整数", "Whole number"),
    "decimal": Label("小数", "Decimal"),
    "money": Label("金额", "Money"),
    "percent": Label("百分比", "Percentage"),
    "yes_no": Label("是或否", "Yes or no"),
    "choice": Label("单选", "One choice"),
    "choices": Label("多选", "Several choices"),
    "date": Label("日期", "Date"),
    "date_time": Label("日期和时间", "Date and time"),
    "relation": Label("关联一条记录", "A record"),
    "relations": Label("关联几条记录", "Several records"),
    "derived": Label("自动判断", "Worked out"),
    "attachment": Label("附件", "Files"),
}
assert set(TYPE_LABELS) == set(TYPES)

_FLAGS = {
    "required": (say("「{label}」改为必填；以前没填的记录标为待补。", label=""), say("「{label}」改为不必填。", label="")),
    "unique": (say("「{label}」改为不能重复。", label=""), say("「{label}」改为可以重复。", label="")),
    "na": (say("「{label}」可以填「不适用」。", label=""), say("「{label}」不再能填「不适用」。", label="")),
    "readonly": (say("「{label}」改为不能填写。", label=""), say("「{label}」改为可以填写。", label="")),
}
_PARTS = {
    "label": Label("名称", "name"),
    "help": Label("说明", "help"),
    "group": Label("分组", "group"),
    "key": Label("业务主键", "key"),
    "scope": Label("数据范围", "scope"),
    "title": Label("记录名称", "title"),
    "list_columns": Label("列表的列", "columns of the list"),
    "filters": Label("筛选条件", "filters"),
    "search": Label("搜索的字段", "searched fields"),
    "sort": Label("排序", "order"),
    "sections": Label("表单分组", "sections"),
    "workflow": Label("办理流程", "workflow"),
    "retention": Label("保存期限", "retention"),
    "grain": Label("粒度", "what a row is"),
    "aliases": Label("程序用名", "names for programs"),
    "summaries": Label("统计", "summaries"),
    "exports": Label("导出模板", "export templates"),
}


def difference(old, new, copies=None, merges=None):
    """[Sentence]: what becomes different when `new` follows `old` (None: nothing was there)."""
    if old is None:
        return [say("新建台账「{register}」，{count} 个字段。", register=new.titled, count=len(new.live))]
    copies = copies or {}
    before = {field.id: field for field in old.fields}
    came_from = {new_id: before[old_id] for new_id, old_id in copies.items() if old_id in before}
    found = []
    for field in new.live:
        was = before.get(field.id) or came_from.get(field.id)
        found += (
            _field(was, field) if was else [say("新增字段「{label}」（{type}）。", label=field.title, type=TYPE_LABELS[field.type])]
        )
        found += _merged(field, (merges or {}).get(field.id, {}))
    replaced = set(copies.values())
    for field in new.fields:
        was = before.get(field.id)
        if field.retired and was and not was.retired and field.id not in replaced:
            found.append(say("停用字段「{label}」，已填的值保留。", label=field.title))
    found += _rules(old, new)
    for name, label in _PARTS.items():
        if getattr(old, name) != getattr(new, name) and not (name == "title" and old.title == new.title):
            found.append(say("改了{part}。", part=label))
    order = [field.id for field in old.live if field in new.live], [field.id for field in new.live if field in old.live]
    if order[0] != order[1]:
        found.append(say("改了字段的次序。"))
    return found


def _field(was, now):
    found = []
    if was.retired and not now.retired:
        found.append(say("恢复字段「{label}」。", label=now.title))
    if was.type != now.type:
        found.append(
            say(
                "「{label}」由{old}改为{new}；原来的值另存在停用的旧字段里。",
                label=now.title,
                old=TYPE_LABELS[was.type],
                new=TYPE_LABELS[now.type],
            )
        )
    if was.label != now.label:
        found.append(say("「{old}」改名为「{label}」。", old=was.title, label=now.title))
    if was.name != now.name:
        found.append(say("「{label}」的程序用名由 {old} 改为 {new}，旧名仍可用。", label=now.title, old=was.name, new=now.name))
    for name, (on, off) in _FLAGS.items():
        if getattr(was, name) != getattr(now, name):
            sentence = on if getattr(now, name) else off
            found.append(type(sentence)(sentence.id, (("label", now.title),)))
    if was.unit != now.unit:
        found.append(say("「{label}」的单位由「{old}」改为「{new}」。", label=now.title, old=was.unit, new=now.unit))
    if getattr(was, "options", None) and getattr(now, "options", None):
        found += _options(was, now)
    told = {"name", "label", "id", "aliases", "unit", "options", "retired", *_FLAGS}
    names = {attribute.name for attribute in attributes(was)} & {attribute.name for attribute in attributes(now)}
    if was.type == now.type and any(getattr(was, name) != getattr(now, name) for name in names - told):
        found.append(say("改了「{label}」的填写要求。", label=now.title))
    return found


def _options(was, now):
    before, after = {option.code: option for option in was.options}, {option.code: option for option in now.options}
    for code, option in after.items():
        old = before.get(code)
        if old is None or (old.retired and not option.retired):
            yield say("「{label}」增加选项「{option}」。", label=now.title, option=option.title)
        elif option.retired and not old.retired:
            yield say("「{label}」停用选项「{option}」，已选的保留。", label=now.title, option=option.title)
        elif old.label != option.label:
            yield say("「{label}」的选项「{old}」改名为「{option}」。", label=now.title, old=old.title, option=option.title)


def _merged(field, merges):
    for code, into in merges.items():
        yield say(
            "「{label}」的「{old}」并入「{option}」。", label=field.title, old=field.get(code).title, option=field.get(into).title
        )


def _rules(old, new):
    before, after = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    for id, rule in after.items():
        if id not in before:
            yield say("增加规则：{text}", text=rule.title)
        elif before[id] != rule:
            yield say("改了规则：{text}", text=rule.title)
    for id, rule in before.items():
        if id not in after:
            yield say("去掉规则：{text}", text=rule.title)
