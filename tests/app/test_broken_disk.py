"""A disk that fills up, a database that takes no writes: nothing confirmed is lost, the page says why and keeps the form, it goes on."""

import pytest

from tests import broken_disk


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_full_and_a_readonly_disk_lose_nothing_that_was_confirmed(kind):
    seen = broken_disk.apart(kind)
    assert seen["confirmed"] > 3 and seen["lost"] == seen["lost in the end"] == 0, seen
    assert seen["full"].startswith("磁盘已满，没有保存。") and seen["page"] == [503, True], seen
    assert seen["readonly"].startswith("Unavailable: 数据库现在只能读") and seen["readonly page"] == [503, True], seen
    assert seen["still read"] == 200 and seen["goes on"], seen
    assert seen["sound before"] == seen["sound"] == seen["sound in the end"] == "ok", seen
