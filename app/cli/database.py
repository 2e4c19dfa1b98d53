"""Commands about the database as a whole: set up, filled, brought up to date, backed up, checked, cleared of what is over."""

import secrets
from pathlib import Path

import click
from flask import current_app

import seeds
from app.cli.shared import InApp, InRawApp, _, commands, require_ready
from app.words import text
from models import checks, registry
from models.errors import say
from services import accounts, backups, behaviours, definitions, moving, retention as retentions


@commands.command(cls=InRawApp, help=_("建立数据库：区县、参数、角色权限。"))
def init():
    backups.migrate()
    seeds.reference()
    click.echo(text(say("数据库已就绪。请用 python -m app user add 建立第一个市级管理员。")))


@commands.command(cls=InRawApp, help=_("建立演示数据和演示账号。"))
@click.option("--if-empty", is_flag=True, help=_("已经有账号时什么都不做。"))
def demo(if_empty):
    if if_empty and not backups.empty() and accounts.exist():
        return
    backups.migrate()
    password = current_app.config["TAIZHANG"].demo_password or secrets.token_urlsafe(9)
    lines = [f"{username:<24}{about}" for username, about in seeds.demo(password)]
    lines.append(text(say("以上演示账号的密码都是：{password}", password=password)))
    demo_notice().touch(mode=0o600)
    demo_notice().write_text("\n".join(lines) + "\n", encoding="utf-8")
    if not if_empty:
        click.echo("\n".join(lines))


def demo_notice():
    """Who can log in to the demo city and how, kept for the next start; there is none for a real one."""
    return Path(current_app.config["TAIZHANG"].data_dir) / "demo_accounts.txt"


@commands.command(cls=InApp, help=_("增加大量演示数据；同样的参数得到同样的数据。"))
@click.option("--schools", type=click.IntRange(0), default=0)
@click.option("--buildings", type=click.IntRange(0), default=0)
@click.option("--rows-per-register", type=click.IntRange(0), default=0)
@click.option("--random-seed", type=int, default=1)
def seed(schools, buildings, rows_per_register, random_seed):
    for name, count in seeds.many(schools, buildings, rows_per_register, random_seed):
        click.echo(f"{name} {count}")


@commands.command(cls=InRawApp, help=_("把数据库升级到本版本；升级前自动备份。"))
def migrate():
    upgrade()
    click.echo(text(say("数据库已是最新版本。")))


def upgrade():
    """Brings the database to this version, finishes its indexes, and gives the roles what ships for registers that are new in it."""
    backups.migrate()
    definitions.finish_indexes()
    added = [registry.get(name).titled for name in seeds.new_grants()]
    if added:
        click.echo(text(say("新台账已按出厂设置授权，可在「角色授权」里修改：{registers}。", registers=added)))


@commands.command(cls=InRawApp, help=_("备份数据库到一个新文件，边用边备。"))
@click.argument("file", type=click.Path(dir_okay=False))
def backup(file):
    require_ready()
    backups.backup(file)
    click.echo(text(say("已备份到 {path}，并已核对可以打开。", path=file)))


@commands.command(cls=InRawApp, help=_("从备份恢复数据库。"))
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--overwrite", is_flag=True, help=_("替换现有数据（会先自动备份）。"))
def restore(file, overwrite):
    backups.restore(file, overwrite)
    click.echo(text(say("已从 {path} 恢复。", path=file)))


@commands.command(
    cls=InApp, help=_("把整个数据库搬到另一个空的数据库（SQLite 与 PostgreSQL 之间都可以），逐行核对。请先停止服务。")
)
@click.argument("target", metavar="TO")
def move(target):
    seen = {}

    def told(name, count):
        if seen.setdefault("at", name) != name:
            seen["at"] = name
            click.echo(name, err=True)

    for name, count, total in moving.move(target, told):
        if count:
            click.echo(f"{name} {count} {total[:16]}")
    click.echo(text(say("已搬到新数据库，每一行都核对过。把 TAIZHANG_DATABASE_URL 改成新地址后启动即可。")))


@commands.command(cls=InRawApp, help=_("检查所有台账的定义。"))
def check():
    problems = checks.all_problems(registry.all(), behaviours.names())
    for problem in problems:
        click.echo(f"{problem.id} {problem.where} {text(problem.sentence)}")
    if problems:
        raise click.ClickException(text(say("有 {count} 个问题。", count=len(problems))))
    click.echo(text(say("{count} 个台账都没有问题。", count=len(registry.all()))))


@commands.command(cls=InApp, help=_("查看按保留期限应清除的个人信息；加 --apply 确认码后永久清除。"))
@click.option("--apply", "code", metavar="CODE", default="", help=_("按报告末尾的确认码执行清除。"))
def retention(code):
    found = retentions.apply(code) if code else retentions.due()
    for part in found:
        ids = "、".join(map(str, part.ids[:20])) + ("…" if len(part.ids) > 20 else "")
        register, clock = part.register.titled, part.clock.title
        click.echo(
            text(say("{register}：{clock}，{count} 条（{ids}）", register=register, clock=clock, count=len(part.ids), ids=ids))
        )
    total = sum(len(part.ids) for part in found)
    if code:
        click.echo(text(say("已永久清除 {total} 条。", total=total)))
    elif found:
        code = retentions.code_of(found)
        click.echo(
            text(
                say(
                    "共 {total} 条到期，什么都还没有清除。核对后执行：python -m app retention --apply {code}",
                    total=total,
                    code=code,
                )
            )
        )
    else:
        click.echo(text(say("没有到期的个人信息。")))
