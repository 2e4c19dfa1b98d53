"""Commands that run until they are stopped: the site, and the worker beside it."""

import sys

import click
from flask import current_app

from app import background, log, memory, server
from app.cli.database import demo_notice, upgrade
from app.cli.shared import InApp, InRawApp, _, commands
from app.words import text
from models.errors import say


@commands.command(cls=InRawApp, help=_("启动网站。"))
def serve():
    settings = current_app.config["TAIZHANG"]
    upgrade()
    log.configure()
    if demo_notice().is_file():
        click.echo(demo_notice().read_text(encoding="utf-8"))
    click.echo(text(say("台账已启动：{url}（Ctrl+C 停止）", url=f"http://{settings.host}:{settings.port}")))
    sys.stdout.flush()
    if settings.workers > 1:
        server.serve_with_workers(settings)
    memory.settle()
    background.start(settings)
    server.serve(current_app._get_current_object(), settings)


@commands.command(cls=InApp, help=_("做耗时的任务（导入、导出等），直到停止；与网站分开运行时用。"))
def worker():
    log.configure()
    click.echo(text(say("任务进程已启动（Ctrl+C 停止）。")))
    sys.stdout.flush()
    memory.settle()
    background.work()
