"""Two people on one record: different fields merge, the same field is asked, nothing typed is lost."""

from tests.browser.conftest import first_record, save

LIST = "/admin/r/damaged_building/?state=registered"


def two_at_one(come_in):
    clerk, city = come_in("district_410102"), come_in("city_clerk")
    address = first_record(clerk, LIST)
    clerk.goto(f"{address}edit")
    city.goto(f"{address}edit")
    return clerk, city, address


def test_both_changes_survive(come_in):
    clerk, city, address = two_at_one(come_in)
    clerk.fill("[name=responsible]", "周一")
    save(clerk)
    city.fill("[name=note]", "市里看过")
    save(city)
    assert "责任人" in city.inner_text("#toasts")
    city.goto(address)
    assert "周一" in city.inner_text(".facts-card") and "市里看过" in city.inner_text(".facts-card")


def test_the_same_field_is_asked_and_nothing_typed_is_lost(come_in):
    clerk, city, _address = two_at_one(come_in)
    clerk.fill("[name=responsible]", "周二")
    save(clerk)
    city.fill("[name=responsible]", "郑三")
    city.fill("[name=note]", "也写了备注")
    save(city)
    contest = city.inner_text(".contest")
    assert "郑三" in contest and "周二" in contest and "周一" in contest
    assert city.input_value("[name=note]") == "也写了备注" and city.input_value("[name=responsible]") == "郑三"
    save(city)
    assert "郑三" in city.inner_text(".facts-card") and "也写了备注" in city.inner_text(".facts-card")


def test_the_others_value_may_be_taken(come_in):
    clerk, city, _address = two_at_one(come_in)
    clerk.fill("[name=responsible]", "周四")
    save(clerk)
    city.fill("[name=responsible]", "郑五")
    save(city)
    city.check("input[value=theirs]")
    save(city)
    assert "周四" in city.inner_text(".facts-card") and "郑五" not in city.inner_text(".facts-card")
