"""What all commands share: their group, the app they run in, and the words, registers and people named on the line."""

from dataclasses import replace

import click

import config
from app import create_app
from app.words import text
from models import base, definitions as published, registry
from models.errors import AppError, say
from services import accounts, actor as actors, backups, words
from services.actor import SYSTEM

OK, WRONG = 0, 1
LANGUAGE = config.language()


def _(id, **params):
    """Words of the command line itself, in the language the settings ask for."""
    return words.translated(id, LANGUAGE).format(**params)


class InApp(click.Command):
    """A command that needs settings, database and words. A database not at this version is refused, unless `raw`."""

    raw = False

    def invoke(self, ctx):
        with create_app().app_context():
            try:
                base.open_connection()
                published.follow()
                if not self.raw:
                    require_ready()
                return super().invoke(ctx)
            except AppError as error:
                raise click.ClickException(_all_sentences(error)) from error
            finally:
                base.release_connection()


class InRawApp(InApp):
    """A command that works on any database, also an empty one."""

    raw = True


def require_ready():
    """Ends a command on a database that is empty or of an older version."""
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


# What is named on the line ------------------------------------------------------------------------------------------


def known(register):
    """The name of a register that is there."""
    if register not in registry.names():
        raise click.ClickException(text(say("没有「{register}」这个台账。", register=register)))
    return register


def named_actor(username):
    """Who a command is done as: an account by its name, the app itself where none is named."""
    if not username:
        return SYSTEM
    actor = actors.load(accounts.by_username(username))
    if actor is None:
        raise click.ClickException(text(say("账号「{username}」已停用。", username=username)))
    return replace(actor, language=LANGUAGE)


def listed(texts):
    """[(name, value)] of NAME=VALUE arguments."""
    found = [part.partition("=") for part in texts]
    for name, sign, _ in found:
        if not sign or not name.strip():
            raise click.ClickException(text(say("「{text}」应写成 名称=值。", text=name)))
    return [(name.strip(), value) for name, _, value in found]


def pairs(texts):
    """{name: value} of NAME=VALUE arguments."""
    return dict(listed(texts))
