"""Asks Django and prints JSON: `python -m bench.peers.django_site.run asked|cookie|export|import DATABASE …` (in .venv-bench)."""

import json
import resource
import sys
import time
from pathlib import Path

import django
from django.conf import settings

from bench import peers

BUILDINGS = "/admin/django_site/building/"


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


class Site:
    """The buildings' admin pages, as bench.sites.Site."""

    def __init__(self, client):
        self._client = client

    def get(self, address):
        """Milliseconds until the whole page is there."""
        start = time.perf_counter()
        answer = self._client.get(BUILDINGS + address)
        assert answer.status_code == 200 and answer.content, (address, answer.status_code)
        return (time.perf_counter() - start) * 1000

    def save(self, address, note):
        """Milliseconds of posting a building's form with another note."""
        from django.forms import model_to_dict

        from bench.peers.django_site.models import Building

        told = model_to_dict(Building.objects.get(pk=int(address.split("/")[0])))
        values = {name: "" if value is None else value for name, value in told.items()} | {"note": note}
        start = time.perf_counter()
        answer = self._client.post(BUILDINGS + address, values)
        assert answer.status_code == 302, answer.status_code
        return (time.perf_counter() - start) * 1000

    def statements(self, address):
        """How many SQL statements the page takes."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as caught:
            self._client.get(BUILDINGS + address)
        return len(caught)


def asked(database):
    """Answers for the pages until nobody asks any more."""
    configure(database)
    peers.answer(Site(logged_in()))


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
    """Seconds and rows of its import as a clerk has it: the file sent, its preview, confirmed, with the admin's log entries."""
    configure(database)
    from django.contrib import admin

    from bench.peers.django_site.admin import BuildingResource, BulkResource
    from bench.peers.django_site.models import Building

    view = admin.site.get_model_admin(Building)
    view.resource_classes = (BulkResource if way == "bulk" else BuildingResource,)
    kind, client, before = Path(file).suffix.removeprefix("."), logged_in(), Building.objects.count()
    format = next(at for at, one in enumerate(view.get_import_formats()) if one().get_title() == kind)
    start = time.perf_counter()
    with open(file, "rb") as sent:
        preview = client.post(f"{BUILDINGS}import/", {"format": format, "import_file": sent})
    confirmed = client.post(f"{BUILDINGS}process_import/", preview.context_data["confirm_form"].initial)
    done = _measured(start, Building.objects.count() - before)
    assert confirmed.status_code == 302, confirmed.status_code
    return done


def _measured(start, rows):
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "rows": rows, "rate": rows / seconds, "peak_mib": peak}


WORKS = {"cookie": cookie, "export": export, "import": import_file}

if __name__ == "__main__":
    if sys.argv[1] == "asked":
        asked(*sys.argv[2:])
    else:
        print(json.dumps(WORKS[sys.argv[1]](*sys.argv[2:])))
