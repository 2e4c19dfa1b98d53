"""Serving: waitress in this process, or gunicorn with several workers. SIGTERM lets running requests end."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server

import config
from app.operations import shared_metrics

GRACE_SECONDS = 25


def serve(application, settings):
    """Answers requests until SIGTERM or Ctrl-C, then ends what runs, for at most GRACE_SECONDS."""
    sockets = {}
    server = create_server(
        application,
        map=sockets,
        host=settings.host,
        port=settings.port,
        threads=settings.threads,
        ident=None,
        channel_timeout=60,
        connection_limit=1000,
        max_request_body_size=settings.max_request_mb * 1024 * 1024 + 1024,
        # Only the app's own ProxyFix decides which proxies are believed.
        clear_untrusted_proxy_headers=not settings.proxies,
    )
    asked = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: asked.append(number))
    while not asked:
        wasyncore.loop(timeout=0.5, map=sockets, count=1)
    _drain(sockets)
    server.task_dispatcher.shutdown()
    wasyncore.close_all(sockets)


def _drain(sockets):
    """No new connections; those at work finish and are sent."""
    for listener in [part for part in sockets.values() if isinstance(part, BaseWSGIServer)]:
        wasyncore.dispatcher.close(listener)
    until = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < until and any(_busy(part) for part in sockets.values()):
        wasyncore.loop(timeout=0.1, map=sockets, count=1)


def _busy(part):
    return isinstance(part, HTTPChannel) and (part.requests or part.total_outbufs_len > 0)


def serve_with_workers(settings):
    """Becomes gunicorn: in place of this process, so that signals reach it."""
    metrics = shared_metrics(settings)
    shutil.rmtree(metrics)
    metrics.mkdir()
    command = [
        sys.executable, "-m", "gunicorn", "wsgi:application", "--chdir", str(Path(config.__file__).parent),
        "--workers", str(settings.workers), "--worker-class", "gthread", "--threads", str(settings.threads),
        "--bind", f"{settings.host}:{settings.port}", "--graceful-timeout", str(GRACE_SECONDS), "--timeout", "120",
        "--max-requests", "20000", "--max-requests-jitter", "2000", "--no-control-socket", "--forwarded-allow-ips", "",
    ]  # fmt: skip
    os.execve(sys.executable, command, os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(metrics)})
