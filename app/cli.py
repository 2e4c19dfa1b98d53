"""The command line: `python -m app COMMAND`. Errors in one sentence on standard error; exit status 0 only when all was well."""

import json
import secrets
import sys
from dataclasses import replace
from pathlib import Path

import click
import peewee
from flask import current_app

import config
import seeds
from app import background, create_app, log, server
from app.words import text
from models import base, checks, definitions as published, registry
from models.errors import AppError, say
from services import (
    accounts,
    actor as actors,
    backups,
    behaviours,
    definitions,
    exports,
    form_merges,
    form_returns,
    form_templates,
    imports,
    policy,
    query,
    retention as retentions,
    tokens,
    words,
)
from services.actor import SYSTEM
from services.audit import one_line

OK, WRONG = 0, 1
LANGUAGE = config.language()


def _(id, **params):
    """Words of the command line itself, in the language the settings ask for."""
    return words.translated(id, LANGUAGE).format(**params)


def main(arguments=None):
    """Runs a command and gives its exit status."""
    try:
        return commands.main(args=arguments, prog_name="python -m app", standalone_mode=False) or OK
    except click.ClickException as error:
        return _complain(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _complain(_("已中断。"))
    except config.ConfigError as error:
        return _complain(words.translated(error.id, LANGUAGE).format(**error.params))
    except (peewee.OperationalError, peewee.InterfaceError) as error:
        return _complain(_("数据库暂时用不了：{why}", why=one_line(error)))


def _complain(sentence, status=WRONG):
    click.echo(one_line(sentence), err=True)
    return status


class InApp(click.Command):
    """A command that needs settings, database and words. A database not at this version is refused, unless `raw`."""

    raw = False

    def invoke(self, ctx):
        with create_app().app_context():
            try:
                base.open_connection()
                published.follow()
                if not self.raw:
                    _require_ready()
                return super().invoke(ctx)
            except AppError as error:
                raise click.ClickException(_all_sentences(error)) from error
            finally:
                base.release_connection()


class InRawApp(InApp):
    """A command that works on any database, also an empty one."""

    raw = True


def _require_ready():
    if backups.empty():
        raise click.ClickException(text(say("数据库还是空的，请先运行 python -m app init（或 demo）。")))
    if backups.tables.pending():
        raise click.ClickException(text(say("数据库还是旧版本，请先运行 python -m app migrate。")))


def _all_sentences(error):
    faults = getattr(error, "faults", ())
    return " ".join(text(fault.sentence) for fault in faults) if faults else text(error.sentence)


@click.group(help=_("台账系统的命令行。"))
def commands():
    """The commands."""


@commands.command(cls=InRawApp, help=_("启动网站。"))
def serve():
    settings = current_app.config["TAIZHANG"]
    backups.migrate()
    definitions.finish_indexes()
    log.configure()
    if _demo_notice().is_file():
        click.echo(_demo_notice().read_text(encoding="utf-8"))
    click.echo(text(say("台账已启动：{url}（Ctrl+C 停止）", url=f"http://{settings.host}:{settings.port}")))
    sys.stdout.flush()
    if settings.workers > 1:
        server.serve_with_workers(settings)
    background.start(settings)
    server.serve(current_app._get_current_object(), settings)


@commands.command(cls=InApp, help=_("做耗时的任务（导入、导出等），直到停止；与网站分开运行时用。"))
def worker():
    log.configure()
    click.echo(text(say("任务进程已启动（Ctrl+C 停止）。")))
    sys.stdout.flush()
    background.work()


# database ------------------------------------------------------------------------------------------------------------


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
    _demo_notice().touch(mode=0o600)
    _demo_notice().write_text("\n".join(lines) + "\n", encoding="utf-8")
    if not if_empty:
        click.echo("\n".join(lines))


def _demo_notice():
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
    backups.migrate()
    definitions.finish_indexes()
    click.echo(text(say("数据库已是最新版本。")))


@commands.command(cls=InRawApp, help=_("备份数据库到一个新文件，边用边备。"))
@click.argument("file", type=click.Path(dir_okay=False))
def backup(file):
    _require_ready()
    backups.backup(file)
    click.echo(text(say("已备份到 {path}，并已核对可以打开。", path=file)))


@commands.command(cls=InRawApp, help=_("从备份恢复数据库。"))
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--overwrite", is_flag=True, help=_("替换现有数据（会先自动备份）。"))
def restore(file, overwrite):
    backups.restore(file, overwrite)
    click.echo(text(say("已从 {path} 恢复。", path=file)))


@commands.command(cls=InRawApp, help=_("检查所有台账的定义。"))
def check():
    problems = checks.all_problems(registry.all(), behaviours.names())
    for problem in problems:
        click.echo(f"{problem.id} {problem.where} {text(problem.sentence)}")
    if problems:
        raise click.ClickException(text(say("有 {count} 个问题。", count=len(problems))))
    click.echo(text(say("{count} 个台账都没有问题。", count=len(registry.all()))))


@commands.command(cls=InApp)
@click.option("--apply", "code", metavar="CODE", default="", help="按报告末尾的确认码执行清除。")
def retention(code):
    """查看按保留期限应清除的个人信息；加 --apply 确认码后永久清除。"""
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


# registers made in the browser ----------------------------------------------------------------------------------------


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
    actor = _actor(username)
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


# people --------------------------------------------------------------------------------------------------------------


@commands.group(help=_("账号。"))
def user():
    """Commands about accounts."""


@user.command(cls=InApp, help=_("新建账号；初始密码首次登录须修改。"))
@click.argument("username")
@click.option("--name", default="", help=_("姓名；不填同用户名。"))
@click.option("--role", required=True, type=click.Choice(tuple(policy.ROLES)))
@click.option("--district", default="", help=_("区县代码。"))
@click.option("--school", default="", help=_("学校代码。"))
@click.option("--team", default="", help=_("督导组编号。"))
@click.option("--password-stdin", is_flag=True, help=_("从标准输入读初始密码；不用则随机生成。"))
def add(username, name, role, district, school, team, password_stdin):
    membership = {"role": role} | _unit(district, school, team)
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    _, first = accounts.create(SYSTEM, username, name or username, [membership], password)
    click.echo(text(say("已建立账号 {username}。", username=username)))
    if not password_stdin:
        click.echo(text(say("初始密码：{password}（首次登录须修改）", password=first)))


@user.command(cls=InApp, help=_("停用账号，立即退出登录。"))
@click.argument("username")
def disable(username):
    accounts.disable(SYSTEM, accounts.by_username(username))
    click.echo(text(say("已停用 {username}。", username=username)))


@user.command(cls=InApp, help=_("重置密码，打印新的初始密码。"))
@click.argument("username")
def password(username):
    first = accounts.reset_password(SYSTEM, accounts.by_username(username))
    click.echo(text(say("新的初始密码：{password}（首次登录须修改）", password=first)))


@commands.group(help=_("程序用的访问令牌。"))
def token():
    """Commands about access tokens."""


@token.command("create", cls=InApp, help=_("新建访问令牌，只打印令牌本身；以后不能再看到。"))
@click.option("--user", "username", required=True, help=_("令牌属于谁：权限不超过这个账号现有的权限。"))
@click.option("--name", default="命令行", help=_("给谁用。"))
@click.option("--days", type=click.IntRange(1, tokens.LONGEST_DAYS), default=tokens.LONGEST_DAYS, help=_("有效天数。"))
def create_token(username, name, days):
    _, secret = tokens.create_for(SYSTEM, accounts.by_username(username), name, days)
    click.echo(secret)


def _unit(district, school, team):
    """Raw membership values from codes; a school names its district too."""
    found = {}
    if school:
        record = _by_code("school", school)
        found = {"school": record.id, "district": record.district_id}
    if district:
        found["district"] = _by_code("district", district).id
    if team:
        found["team"] = _by_code("inspection_team", team).id
    return found


def _by_code(register, code):
    records = query.page(query.parse(register, SYSTEM, [("code", code)])).records
    if not records:
        raise click.ClickException(
            text(say("「{register}」里没有编号为 {code} 的记录。", register=registry.get(register).titled, code=code))
        )
    return records[0]


# files ---------------------------------------------------------------------------------------------------------------


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
    actor = _actor(username)
    item = imports.start(
        actor, _known(register), [(file, file)], mapping=_pairs(mapping), constants=_pairs(constants), where=_pairs(where),
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
    actor = _actor(username)
    wanted = query.parse(_known(register), actor, _listed(filters), action="export")
    if form == "csv":
        chunks = exports.csv_stream(wanted, actor, encoding=encoding, purpose=purpose)
    else:
        chunks = exports.xlsx_stream(wanted, actor, purpose=purpose)
    for chunk in chunks:
        output.write(chunk)
    output.flush()


@commands.command("form", cls=InApp, help=_("生成一个台账的填报表：一个单位一份，或每个单位一份打成压缩包。"))
@click.argument("register")
@click.option("--unit", default="", help=_("单位代码（学校或区县）；不填则每个单位一份。"))
@click.option("--rows", type=click.IntRange(1, 10_000), default=form_templates.ROWS, help=_("可填的行数。"))
@click.option("--as", "username", default="", help=_("以谁的身份。"))
@click.option("-o", "output", required=True, type=click.Path(dir_okay=False), help=_("写入的文件：.xlsx，每个单位一份时为 .zip。"))
def make_form(register, unit, rows, username, output):
    actor = _actor(username)
    if unit:
        found = form_templates.unit_of_code(_known(register), actor, unit)
        form_templates.publish(output, register, actor, found.id, rows=rows)
    else:
        form_templates.publish_each(output, _known(register), actor, rows=rows)


@commands.command("collect", cls=InApp, help=_("收回填好的填报表（多个文件或压缩包），合并导入。"))
@click.argument("register")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--policy", "which", type=click.Choice(imports.POLICIES), default="all")
@click.option("--as", "username", default="", help=_("以谁的身份。"))
@click.option("--dry-run", is_flag=True, help=_("只看会发生什么，不写入。"))
def collect_forms(register, files, which, username, dry_run):
    actor = _actor(username)
    intake = form_returns.take_back(_known(register), actor, [(file, file) for file in files])
    for sentence in intake.sentences:
        click.echo(text(sentence))
    item = form_merges.begin(intake, actor, policy=which, asks=False, now=True)
    if not dry_run and not (item.refused and which == "all"):
        item = imports.apply(actor, item.id, now=True)
    click.echo(imports.line(item.counts))
    for fault in form_merges.report(intake, item, actor):
        click.echo(text(fault.placed))
    if item.state != imports.APPLIED:
        imports.forget(actor, item.id)
    if not item.ok or len(intake.taken) < len(intake.files):
        raise click.exceptions.Exit(WRONG)


def _known(register):
    if register not in registry.names():
        raise click.ClickException(text(say("没有「{register}」这个台账。", register=register)))
    return register


def _actor(username):
    if not username:
        return SYSTEM
    actor = actors.load(accounts.by_username(username))
    if actor is None:
        raise click.ClickException(text(say("账号「{username}」已停用。", username=username)))
    return replace(actor, language=LANGUAGE)


def _listed(texts):
    """[(name, value)] of NAME=VALUE arguments."""
    found = [part.partition("=") for part in texts]
    for name, sign, _ in found:
        if not sign or not name.strip():
            raise click.ClickException(text(say("「{text}」应写成 名称=值。", text=name)))
    return [(name.strip(), value) for name, _, value in found]


def _translations(texts):
    """{field: {text: value}} of "damage:0=slight,1=moderate"."""
    found = {}
    for text_ in texts:
        name, _mark, pairs = text_.partition(":")
        found[name] = _pairs(pairs.split(","))
    return found


def _pairs(texts):
    return dict(_listed(texts))
