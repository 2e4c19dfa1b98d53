"""Accounts: nobody hands out more than he has, and somebody can always come in."""

from models import tables
from models.base import alone
from models.errors import Fault, Invalid, say
from models.values import today
from services import policy, sessions
from services.behaviours import checks, effects
from services.rules.common import one


@checks("school_in_district", apart=True)
def school_in_district(checked):
    """An account's school lies in the account's district."""
    school = one("school", checked.values.get("school"))
    return school is None or school.f_district == checked.values.get("district")


@checks("within_own_powers", apart=True)
def within_own_powers(checked):
    """A district clerk keeps accounts of the district's own schools' reporters, and nobody his own rights (DESIGN §1)."""
    actor, values = checked.actor, checked.values
    if actor.system:
        return True
    about = values.get("account") if checked.register.name == "membership" else checked.record_id
    if checked.register.name == "membership" and about == actor.id:
        return False
    if "city_admin" in actor.roles:
        return True
    if about == actor.id:
        return False
    school = one("school", values.get("school"))
    if school is None or school.f_managed_by != policy.DISTRICT_RUN:
        return False
    return checked.register.name == "account" or _reporter_of(values, school)


def _reporter_of(values, school):
    account = one("account", values.get("account"))
    reaches = values.get("role") == "school_reporter" and values.get("district") in (None, school.f_district)
    return reaches and values.get("team") is None and account is not None and account.f_school == school.id


@effects("end_sessions")
def end_sessions(work, register, ids):
    """A disabled account, or one whose roles changed, is logged out at once (S003)."""
    model = tables.model(register.name)
    for row in model.select().where(model.id.in_(ids)):
        if register.name == "membership":
            sessions.end_sessions(row.f_account)
        elif not row.f_active or row.deleted_at is not None:
            sessions.end_sessions(row.id)


@effects("keep_one_admin")
def keep_one_admin(work, register, ids):
    """There is always an administrator who can come in."""
    if work.actor.system:
        return
    alone("administrators")
    account, membership = tables.model("account"), tables.model("membership")
    able = (
        membership.select()
        .join(account, on=(account.id == membership.f_account))
        .where(
            membership.deleted_at.is_null()
            & (membership.f_role == "city_admin")
            & (membership.f_to_date.is_null() | (membership.f_to_date >= today()))
            & account.deleted_at.is_null()
            & (account.f_active == True)
        )
    )
    if not able.exists():
        raise Invalid([Fault("", "last_admin", say("至少要保留一个启用的市级管理员账号。"))])
