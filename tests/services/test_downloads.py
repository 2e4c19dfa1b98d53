"""Exports as jobs: whole or not at all, a day for their owner alone, with the rights of the moment they are made."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from models import tables
from models.errors import Invalid, NotAllowed, NotFound
from models.export_files import ExportFile, ExportPiece
from services import downloads, exports, jobs, query, records
from services.actor import SYSTEM
from services.jobs import Interrupted
from tests import killing


@pytest.fixture
def clerk(city):
    return city.actor("city_clerk")


def asked(actor, *pairs):
    return query.parse("damaged_building", actor, [("sort", "code"), *pairs], action="export")


def put(actor, *pairs, **more):
    return downloads.ask(asked(actor, *pairs), actor, **({"form": "csv"} | more))


def file_of(actor, id):
    return b"".join(downloads.fetch(actor, id).pieces)


def test_the_file_is_the_one_a_direct_export_gives(city, clerk, monkeypatch):
    monkeypatch.setattr(downloads, "PIECE", 300)
    id = put(clerk, ("kind", "teaching"), encoding="gb18030")
    with pytest.raises(NotFound):
        downloads.fetch(clerk, id)
    assert jobs.run_one() and not jobs.run_one()
    direct = b"".join(exports.csv_stream(asked(clerk, ("kind", "teaching")), clerk, encoding="gb18030"))
    assert file_of(clerk, id) == direct and downloads.fetch(clerk, id).size == len(direct)
    assert downloads.fetch(clerk, id).name.endswith("-gb18030.csv") and ExportPiece.select().count() >= 2
    (item,) = downloads.mine(clerk)
    assert item.until and item.job.values["state"] == "done" and item.job.values["done"] == item.job.values["total"]


def test_a_workbook_too(city, clerk):
    id = put(clerk, form="xlsx")
    jobs.run_one()
    assert file_of(clerk, id).startswith(b"PK") and downloads.fetch(clerk, id).name.endswith(".xlsx")


def test_nobody_else_gets_it(city, clerk):
    id = put(clerk)
    jobs.run_one()
    for name in ("city_admin", "district_a", "auditor", "leader"):
        with pytest.raises(NotFound):
            downloads.fetch(city.actor(name), id)
        assert downloads.mine(city.actor(name)) == []
    with pytest.raises(NotFound):
        downloads.fetch(replace(clerk, real=city.actor("city_admin")), id)


def test_after_a_day_it_is_gone(city, clerk):
    id = put(clerk)
    jobs.run_one()
    ExportFile.update(at=ExportFile.get().at - timedelta(hours=24, seconds=1)).execute()
    with pytest.raises(NotFound):
        downloads.fetch(clerk, id)
    assert downloads.mine(clerk)[0].until is None
    put(clerk)
    jobs.run_one()
    assert not ExportFile.select().where(ExportFile.id == id).exists()
    assert not ExportPiece.select().where(ExportPiece.job_id == id).exists()


def test_refused_at_once_for_what_an_export_is_refused_for(city, clerk):
    with pytest.raises(NotAllowed):
        put(city.actor("inspector_a"))
    with pytest.raises(Invalid):
        put(clerk, purpose="看看")
    assert downloads.mine(clerk) == []


def test_rights_are_those_of_the_moment_it_is_made(city):
    district = city.actor("district_a")
    id = put(district)
    grant = tables.model("role_grant")
    grant.update(f_actions=("view",)).where((grant.f_role == "district_clerk") & (grant.f_register == "damaged_building")).execute()
    jobs.run_one()
    with pytest.raises(NotFound):
        downloads.fetch(district, id)
    assert downloads.mine(district)[0].job.values["state"] == "failed"


def test_a_worker_that_stops_leaves_nothing_and_the_next_makes_it_whole(city, clerk, monkeypatch):
    monkeypatch.setattr(downloads, "PIECE", 200)
    id, stop, kept = put(clerk), threading.Event(), downloads._keep_piece

    def stopping(job, progress, number, data):
        kept(job, progress, number, data)
        raise Interrupted("stopped")

    monkeypatch.setattr(downloads, "_keep_piece", stopping)
    assert jobs.run_one(stop)
    assert ExportPiece.select().exists() and not ExportFile.select().exists()
    with pytest.raises(NotFound):
        downloads.fetch(clerk, id)
    monkeypatch.setattr(downloads, "_keep_piece", kept)
    assert jobs.run_one()
    assert file_of(clerk, id) == b"".join(exports.csv_stream(asked(clerk), clerk))


def test_cancelled_leaves_nothing(city, clerk):
    id = put(clerk)
    jobs.cancel(clerk, id)
    assert not jobs.run_one() and not ExportPiece.select().exists() and downloads.mine(clerk)[0].until is None


def test_it_is_logged_when_it_is_made(city, clerk):
    log = tables.model("access_log")
    exported = log.select().where(log.f_action == "export")
    put(clerk, purpose="报送上级汇总", address="10.0.0.9")
    before = exported.count()
    jobs.run_one()
    assert exported.count() == before + 1
    last = exported.order_by(log.id.desc()).get()
    assert "报送上级汇总" in last.f_detail and last.f_username == "city_clerk"


def test_a_worker_killed_while_it_makes_a_file_leaves_none_half(city, clerk, tmp_path):
    """Short; `make prove` does the same twenty times with 50,000 rows."""
    rows = [city.new("damaged_building", "a1", code=f"KX{at:05d}") for at in range(3000)]
    records.create_many("damaged_building", SYSTEM, rows)
    for _ in range(2):
        killing.kill_export(city.url, tmp_path, clerk, longest=0.1)
