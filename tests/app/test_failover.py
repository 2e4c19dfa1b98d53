"""The primary database is killed under people who save: what was confirmed is there, and the app goes on without a restart."""

from tests import failover


def test_the_standby_takes_over_with_every_confirmed_save(tmp_path):
    seen = failover.run(tmp_path, count=4, before=2.0, watching=0.5, after=4.0)
    assert seen["confirmed"] > 10 and seen["confirmed after the kill"] > 3, seen
    assert seen["lost"] == seen["twice"] == seen["half"] == 0 and seen["same processes"], seen
    assert set(seen["refused"]) <= {503}, seen
