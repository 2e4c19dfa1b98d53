"""For those who run it: is it alive, is it ready, how is it doing."""

import logging
import time
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from services import health

log = logging.getLogger("taizhang.requests")
blueprint = Blueprint("operations", __name__)

_QUIET = ("static", "operations.healthz", "operations.readyz", "operations.metrics")
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_own = CollectorRegistry()
REQUESTS = Counter("taizhang_requests_total", "Requests answered", ("method", "endpoint", "status"), registry=_own)
SECONDS = Histogram(
    "taizhang_request_seconds",
    "Time to an answer",
    ("endpoint",),
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
    registry=_own,
)


def init_operations(app):
    app.before_request(_start)
    app.after_request(_count)
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
def healthz():
    """Alive: this process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz():
    """Ready: the database answers and is up to date."""
    state = health.check()
    body = {"status": "ok" if state.ready else "unavailable", "database": state.database, "problems": list(state.problems)}
    if state.journal:
        body["journal"] = state.journal
    return jsonify(body), 200 if state.ready else 503


@blueprint.get("/metrics")
def metrics():
    """Numbers for Prometheus, for the addresses in TAIZHANG_METRICS_FROM only."""
    settings = current_app.config["TAIZHANG"]
    through_proxy = "X-Forwarded-For" in request.headers and not settings.proxies
    if request.remote_addr not in settings.metrics_from or through_proxy:
        abort(404)
    registry = _own
    if settings.workers > 1:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(shared_metrics(settings)))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def shared_metrics(settings):
    """The folder where several workers put their numbers together."""
    folder = Path(settings.data_dir) / "metrics"
    folder.mkdir(exist_ok=True)
    return folder


def _start():
    g.started = time.perf_counter()


def _count(answer):
    endpoint = request.endpoint or "none"
    method = request.method if request.method in _METHODS else "other"
    REQUESTS.labels(method, endpoint, answer.status_code).inc()
    seconds = time.perf_counter() - g.started if "started" in g else 0
    SECONDS.labels(endpoint).observe(seconds)
    if endpoint not in _QUIET:
        _tell(answer, seconds)
    return answer


def _tell(answer, seconds):
    """One line a request: who asked for what, without what was typed or searched for."""
    actor = g.get("actor")
    person = (actor.real or actor).id if actor else None
    extra = {"request_id": g.get("request_id", ""), "account": person, "method": request.method, "path": request.path}
    extra |= {"status": answer.status_code, "ms": round(seconds * 1000), "address": request.remote_addr}
    log.info("request", extra=extra)
