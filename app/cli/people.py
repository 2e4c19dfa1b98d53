"""Commands about accounts and the tokens of programs."""

import sys

import click

from app.cli.shared import InApp, _, commands
from app.words import text
from models import registry
from models.errors import say
from services import accounts, policy, query, tokens
from services.actor import SYSTEM


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
