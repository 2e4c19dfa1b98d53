"""Commands about what subscribers are told."""

import click

from app.cli.shared import InApp, _, commands, named_actor
from app.words import text
from models.errors import say
from services import hooks


@commands.group(help=_("推送。"))
def hook():
    """Commands about subscriptions."""


@hook.command(cls=InApp, help=_("重发推送记录里的一条，编号不变。"))
@click.argument("delivery", type=int)
@click.option("--as", "username", required=True, help=_("以谁的身份。"))
def replay(delivery, username):
    hooks.replay(named_actor(username), delivery)
    click.echo(text(say("已安排重发。")))
