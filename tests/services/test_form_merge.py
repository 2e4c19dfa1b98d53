"""Filled forms merged through one import: every planted error is told at its cell, nothing else is, and the good rows come in."""

from models.journal import Change
from services import form_merges, form_templates, imports
from tests.forms import REGISTER, plant, told


def test_every_planted_error_is_found_at_its_cell_and_no_other(city, tmp_path):
    clerk = city.actor("district_a")
    units = form_templates.units(REGISTER, clerk)[:2]
    planted = plant(clerk, tmp_path, units, 15, share=0.1)
    assert len(planted.wrong) > 5
    item, found = told(planted.uploads, clerk, asks=False, policy="good")
    intake = form_merges.intake(item)
    assert len(intake.taken) == 2 and {one.id for one in intake.missing} == {city.school("ax")}
    assert found == planted.wrong
    wrong_rows = len({(unit, cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) for unit, cell in planted.wrong})
    assert item.counts["error"] == wrong_rows and item.counts["new"] == planted.rows - wrong_rows
    done = imports.apply(clerk, item.id, now=True)
    assert done.state == imports.APPLIED
    assert Change.select().where(Change.change_set == done.change_set).count() == planted.rows - wrong_rows
