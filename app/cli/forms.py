"""Commands about forms: made for the units that fill them, taken back and merged."""

import click

from app.cli.shared import WRONG, InApp, _, commands, known, named_actor
from app.words import text
from services import form_merges, form_templates, imports


@commands.command("form", cls=InApp, help=_("生成一个台账的填报表：一个单位一份，或每个单位一份打成压缩包。"))
@click.argument("register")
@click.option("--unit", default="", help=_("单位代码（学校或区县）；不填则每个单位一份。"))
@click.option("--rows", type=click.IntRange(1, 10_000), default=form_templates.ROWS, help=_("可填的行数。"))
@click.option("--as", "username", default="", help=_("以谁的身份。"))
@click.option("-o", "output", required=True, type=click.Path(dir_okay=False), help=_("写入的文件：.xlsx，每个单位一份时为 .zip。"))
def make_form(register, unit, rows, username, output):
    actor = named_actor(username)
    if unit:
        found = form_templates.unit_of_code(known(register), actor, unit)
        form_templates.publish(output, register, actor, found.id, rows=rows)
    else:
        form_templates.publish_each(output, known(register), actor, rows=rows)


@commands.command("collect", cls=InApp, help=_("收回填好的填报表（多个文件或压缩包），合并导入。"))
@click.argument("register")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--policy", "which", type=click.Choice(imports.POLICIES), default="all")
@click.option("--as", "username", default="", help=_("以谁的身份。"))
@click.option("--dry-run", is_flag=True, help=_("只看会发生什么，不写入。"))
def collect_forms(register, files, which, username, dry_run):
    actor = named_actor(username)
    item = form_merges.begin(known(register), actor, [(file, file) for file in files], policy=which, asks=False, now=True)
    intake = form_merges.intake(item)
    for sentence in intake.sentences:
        click.echo(text(sentence))
    if not dry_run and not (item.refused and which == "all"):
        item = imports.apply(actor, item.id, now=True)
    click.echo(imports.line(item.counts))
    for fault in form_merges.report(item, actor):
        click.echo(text(fault.placed))
    if item.state != imports.APPLIED:
        imports.forget(actor, item.id)
    if not item.ok or len(intake.taken) < len(intake.files):
        raise click.exceptions.Exit(WRONG)
