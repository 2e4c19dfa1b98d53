"""Commands about the definitions of registers: written to a file, published from one."""

import json

import click

from app.cli.shared import InApp, _, commands, named_actor
from app.words import text
from models.errors import say
from services import definitions
from services.actor import SYSTEM


@commands.group(help=_("台账定义。"))
def register():
    """Definitions of registers."""


@register.command("export", cls=InApp, help=_("把一个台账的定义写成 JSON。"))
@click.argument("name")
@click.option(
    "-o", "output", type=click.File("w", encoding="utf-8", lazy=False), default="-", help=_("写入的文件；不填为标准输出。")
)
def export_register(name, output):
    json.dump(definitions.exported(SYSTEM, name), output, ensure_ascii=False, indent=2)
    output.write("\n")


@register.command("import", cls=InApp, help=_("发布 JSON 里的台账定义：新建，或作为同名台账的下一版；全部成功或什么都不变。"))
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@click.option("--as", "username", default="", help=_("以谁的身份。"))
@click.option("--dry-run", is_flag=True, help=_("只看会有什么不同，不发布。"))
def import_register(file, username, dry_run):
    actor = named_actor(username)
    try:
        data = json.load(file)
    except (ValueError, RecursionError):
        raise click.ClickException(text(say("这不是台账定义文件。"))) from None
    _name, found = definitions.looked_into(actor, data)
    for problem in found.problems:
        click.echo(f"{problem.id} {problem.where} {text(problem.sentence)}", err=True)
    if found.problems:
        raise click.ClickException(text(say("有 {count} 个问题，没有发布。", count=len(found.problems))))
    for sentence in found.changes or (say("没有不同。"),):
        click.echo(text(sentence))
    if not dry_run and found.changes:
        done = definitions.imported(actor, data)
        click.echo(text(say("已发布「{register}」第 {version} 版。", register=done.register.titled, version=done.version)))
