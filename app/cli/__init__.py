"""The command line: `python -m app COMMAND`. Errors in one sentence on standard error; exit status 0 only when all was well."""

import click
import peewee

import config
from app.cli import database, definitions, files, forms, people, running, telling
from app.cli.shared import LANGUAGE, OK, WRONG, _, commands
from services import words
from services.audit import one_line

# Importing a subject adds its commands.
SUBJECTS = (running, database, definitions, people, files, forms, telling)


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
