"""Asks Django and prints JSON: `python -m bench.peers.django_site.run pages|save|export|import DATABASE …` (in .venv-bench)."""

import json
import resource
import sys
import time
from pathlib import Path

import django
from django.conf import settings

LONGEST = 20.0


def configure(database):
    """Django on the database of bench.stock, its own tables added."""
    settings.configure(
        SECRET_KEY="bench",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="bench.peers.django_site.urls",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database, "OPTIONS": {"init_command": "PRAGMA journal_mode=wal"}}},
        INSTALLED_APPS=[
            "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
            "django.contrib.messages", "import_export", "bench.peers.django_site",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )  # fmt: skip
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def logged_in():
    """A client as a superuser."""
    from django.contrib.auth.models import User
    from django.test import Client

    user = User.objects.filter(username="bench").first() or User.objects.create_superuser("bench", password="bench")
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user)
    return client


def served(database):
    """The site as gunicorn starts it."""
    configure(database)
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def cookie(database):
    """{name of the session's cookie: its value} of a superuser who is logged in."""
    configure(database)
    return {name: told.value for name, told in logged_in().cookies.items()}


def pages(database, works, turns):
    """{label: {"times": milliseconds, "statements": n}} of pages [[label, address], …]; slow ones less often."""
    configure(database)
    client, found = logged_in(), {}
    for label, address in json.loads(works):
        times, start = [], time.perf_counter()
        for turn in range(int(turns) + 2):
            times.append(_get(client, address))
            if time.perf_counter() - start > LONGEST and turn > 4:
                break
        found[label] = {"times": times[2:], "statements": _statements(client, address)}
    return found


def _get(client, address):
    start = time.perf_counter()
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    assert answer.content
    return (time.perf_counter() - start) * 1000


def _statements(client, address):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as caught:
        client.get(address)
    return len(caught)


def save(database, id, turns):
    """Milliseconds of posting the change form of one building, each time."""
    configure(database)
    client, times = logged_in(), []
    address = f"/admin/django_site/building/{id}/change/"
    from django.forms import model_to_dict

    from bench.peers.django_site.models import Building

    data = {name: "" if value is None else value for name, value in model_to_dict(Building.objects.get(pk=id)).items()}
    for at in range(int(turns) + 2):
        start = time.perf_counter()
        answer = client.post(address, data | {"note": f"第 {at} 次"})
        assert answer.status_code == 302, answer.status_code
        times.append((time.perf_counter() - start) * 1000)
    return {"times": times[2:]}


def export(database, rows, kind):
    """Seconds and rows of django-import-export's own export of the newest rows."""
    configure(database)
    from bench.peers.django_site.admin import BuildingResource
    from bench.peers.django_site.models import Building

    start = time.perf_counter()
    found = BuildingResource().export(Building.objects.select_related("school").order_by("-id")[: int(rows)])
    size = len(found.export(kind))
    return _measured(start, int(rows)) | {"size": size}


def import_file(database, file, way):
    """Seconds and rows of its import, the run that writes alone: its preview would be as much again."""
    configure(database)
    import tablib

    from bench.peers.django_site.admin import BuildingResource, BulkResource

    start = time.perf_counter()
    kind = Path(file).suffix.removeprefix(".")
    data = tablib.Dataset().load(Path(file).read_bytes() if kind == "xlsx" else Path(file).read_text(encoding="utf-8"), format=kind)
    done = (BulkResource if way == "bulk" else BuildingResource)().import_data(data, dry_run=False, raise_errors=True)
    return _measured(start, len(data)) | {"totals": dict(done.totals)}


def _measured(start, rows):
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "rows": rows, "rate": rows / seconds, "peak_mib": peak}


WORKS = {"cookie": cookie, "pages": pages, "save": save, "export": export, "import": import_file}

if __name__ == "__main__":
    print(json.dumps(WORKS[sys.argv[1]](*sys.argv[2:])))
