"""Access tokens: made by their owner, kept as a hash, limited, never above what the owner may now."""

from datetime import timedelta

import pytest

from models import tables
from models.errors import Invalid, NotAllowed, NotFound
from models.tokens import ApiToken
from models.values import now
from services import policy, tokens
from services.actor import SYSTEM
from tests.refusals import codes, refused


def test_only_a_hash_is_stored(city):
    made, secret = tokens.create(city.actor("leader"), "汇总程序")
    stored = ApiToken.select().where(ApiToken.id == made.id).dicts().get()
    assert secret not in str(stored) and stored["prefix"] == secret[:9] == made.prefix
    actor, token = tokens.actor_of(secret, address="10.0.0.1", request_id="r")
    assert (actor.id, actor.address, actor.request_id, token.id) == (city.accounts["leader"], "10.0.0.1", "r", made.id)
    assert tokens.own(city.actor("leader"))[0].used_from == "10.0.0.1"


def test_limits_are_cut_out_of_the_rights_of_now(city):
    owner = city.actor("district_a")
    narrow = tokens.limited(owner, ("hazard",), ("view", "approve"))
    assert {grant.register for grant in narrow.grants} == {"hazard"}
    hazard = policy.registers(narrow)[0]
    assert policy.may(narrow, "view", hazard) and policy.may(narrow, "approve", hazard)
    assert not policy.may(narrow, "edit", hazard) and not policy.may(narrow, "export", hazard)
    assert tokens.limited(owner, (), ("count",)).grants and not policy.registers(tokens.limited(owner, (), ("count",)))
    assert tokens.limited(city.actor("leader"), (), ("edit",)).grants == ()


@pytest.mark.parametrize(
    "given, wrong",
    [
        ({"name": ""}, ("name", "name")),
        ({"name": "长" * 61}, ("name", "name")),
        ({"registers": ("nothing",)}, ("registers", "unknown")),
        ({"actions": ("own",)}, ("actions", "unknown")),
        ({"days": 0}, ("days", "days")),
        ({"days": 5000}, ("days", "days")),
        ({"addresses": ("10.1.2.300",)}, ("addresses", "address")),
    ],
)
def test_what_cannot_be_is_said(city, given, wrong):
    error = refused(Invalid, tokens.create, city.actor("leader"), **({"name": "程序"} | given))
    assert codes(error) == {wrong} and ApiToken.select().count() == 0


def test_bad_tokens_look_alike(city):
    leader = city.actor("leader")
    _, gone = tokens.create(leader, "过期")
    ApiToken.update(expires_at=now() - timedelta(seconds=1)).execute()
    revoked, dead = tokens.create(leader, "作废")
    tokens.revoke(leader, revoked.id)
    for secret in ("", "tz_", "x", gone, dead, dead[:-1], dead + "x"):
        refused(tokens.NoToken, tokens.actor_of, secret)
    refused(NotFound, tokens.revoke, leader, revoked.id)


def test_nobody_makes_or_revokes_for_another(city):
    admin = city.actor("city_admin")
    made, _ = tokens.create(city.actor("leader"), "程序")
    refused(NotFound, tokens.revoke, admin, made.id)
    refused(NotAllowed, tokens.create_for, admin, city.accounts["leader"], "程序")
    seen = city.actor("leader", real=admin)
    refused(NotAllowed, tokens.create, seen, "程序")
    refused(NotAllowed, tokens.revoke, seen, made.id)
    assert tokens.create_for(SYSTEM, city.accounts["leader"], "程序")[0].good


def test_making_and_revoking_is_written_down_without_the_secret(city):
    leader = city.actor("leader")
    made, secret = tokens.create(leader, "程序")
    tokens.revoke(leader, made.id)
    log = tables.model("access_log")
    rows = list(log.select().where(log.f_action == "token"))
    assert [row.f_username for row in rows] == ["leader", "leader"]
    assert all(secret[3:9] not in (row.f_detail or "") for row in rows)


def test_there_is_an_end_to_how_many(city, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 2)
    leader = city.actor("leader")
    for _ in range(2):
        tokens.create(leader, "程序")
    assert codes(refused(Invalid, tokens.create, leader, "程序")) == {("name", "too_many")}
