"""Commands that take tables in and give them out."""

import json

import click

from app.cli.shared import WRONG, InApp, _, commands, known, listed, named_actor, pairs
from app.words import text
from services import exports, imports, query


@commands.command("import", cls=InApp, help=_("导入一个表格文件。"))
@click.argument("register")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--mode", type=click.Choice(imports.MODES), default="both")
@click.option("--policy", "which", type=click.Choice(imports.POLICIES), default="all")
@click.option("--empty", type=click.Choice(imports.EMPTIES), default="keep")
@click.option("--map", "mapping", multiple=True, metavar="COLUMN=FIELD", help=_("列对应的字段；FIELD 留空表示不要这一列。"))
@click.option("--set", "constants", multiple=True, metavar="FIELD=VALUE", help=_("每一行都用的值。"))
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help=_("只导入这一列是这个值的行。"))
@click.option("--translate", multiple=True, metavar="FIELD:TEXT=VALUE,…", help=_("文件里的写法换成台账里的值。"))
@click.option("--as", "username", default="", help=_("以谁的身份。"))
@click.option("--dry-run", is_flag=True, help=_("只看会发生什么，不写入。"))
@click.option("--json", "as_json", is_flag=True, help=_("用 JSON 打印结果。"))
def import_file(register, file, mode, which, empty, mapping, constants, where, translate, username, dry_run, as_json):
    actor = named_actor(username)
    item = imports.start(
        actor, known(register), [(file, file)], mapping=pairs(mapping), constants=pairs(constants), where=pairs(where),
        translate=_translations(translate), mode=mode, policy=which, empty=empty, asks=False, now=True,
    )  # fmt: skip
    if not dry_run and not (item.refused and which == "all"):
        item = imports.apply(actor, item.id, now=True)
    said = [one for one in imports.messages(actor, item.id) if not (dry_run and one.code == "nothing_written")]
    if as_json:
        click.echo(json.dumps(_outcome(item, said), ensure_ascii=False))
    else:
        click.echo(imports.line(item.counts))
        for message in said:
            click.echo(text(message.placed))
    if item.state != imports.APPLIED:
        imports.forget(actor, item.id)
    if not item.ok:
        raise click.exceptions.Exit(WRONG)


def _outcome(item, said):
    messages = [
        {"row": message.row, "column": message.column, "field": message.field, "code": message.code, "level": message.level,
         "message": text(message.sentence)}
        for message in said
    ]  # fmt: skip
    return {"counts": item.counts, "written": item.change_set is not None, "change_set": item.change_set, "messages": messages}


@commands.command("export", cls=InApp, help=_("导出一个台账。"))
@click.argument("register")
@click.option("--format", "form", type=click.Choice(("csv", "xlsx")), default="csv")
@click.option("--encoding", type=click.Choice(exports.ENCODINGS), default="utf-8-sig")
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help=_("与网址参数相同，如 grade=C。"))
@click.option("--purpose", default="", help=_("导出完整内容的用途；不填则遮蔽。"))
@click.option("--as", "username", default="", help=_("以谁的身份。"))
@click.option("-o", "output", type=click.File("wb", lazy=False), default="-", help=_("写入的文件；不填为标准输出。"))
def export_file(register, form, encoding, filters, purpose, username, output):
    actor = named_actor(username)
    wanted = query.parse(known(register), actor, listed(filters), action="export")
    if form == "csv":
        chunks = exports.csv_stream(wanted, actor, encoding=encoding, purpose=purpose)
    else:
        chunks = exports.xlsx_stream(wanted, actor, purpose=purpose)
    for chunk in chunks:
        output.write(chunk)
    output.flush()


def _translations(texts):
    """{field: {text: value}} of "damage:0=slight,1=moderate"."""
    found = {}
    for text_ in texts:
        name, _mark, pairs = text_.partition(":")
        found[name] = pairs(pairs.split(","))
    return found
