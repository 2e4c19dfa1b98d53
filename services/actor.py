"""Who acts: a person with the roles held today and what they grant, or the app itself."""

from dataclasses import dataclass
from functools import cached_property

from models import prepared, tables
from models.values import today


@dataclass(frozen=True)
class Membership:
    """A role held in a unit: the whole city (no ids), a district, a school, or a team."""

    role: str
    district_id: int | None = None
    school_id: int | None = None
    team_id: int | None = None


@dataclass(frozen=True)
class Grant:
    """What a role may do with a register: which actions, on which rows (a row rule's name), and whether it reads names."""

    role: str
    register: str
    actions: frozenset
    rows: str
    names: bool = False


@dataclass(frozen=True)
class Actor:
    """A person at work. `real` is the administrator who looks through this person's eyes and may only read.

    `language` is what is read to the person: zh or en. `limited` is a program whose token is for some registers or actions only.
    """

    id: int | None
    username: str
    name: str
    memberships: tuple = ()
    grants: tuple = ()
    real: "Actor | None" = None
    address: str = ""
    request_id: str = ""
    language: str = "zh"
    limited: bool = False

    @property
    def read_only(self):
        return self.real is not None

    @property
    def system(self):
        """Whether this is the app itself; no copy of SYSTEM is."""
        return self is SYSTEM

    @cached_property
    def roles(self):
        return frozenset(membership.role for membership in self.memberships)

    @cached_property
    def held(self):
        """{register's name: ((grant, membership), …)}: what each open membership brings."""
        found = {}
        for grant in self.grants:
            pairs = tuple((grant, membership) for membership in self.memberships if membership.role == grant.role)
            if pairs:
                found[grant.register] = found.get(grant.register, ()) + pairs
        return found


# The app itself: seeds, jobs, the command line without --as. Bound by every check of values, by no grant.
SYSTEM = Actor(id=None, username="system", name="系统")


def load(account_id, real=None, address="", request_id=""):
    """The actor of an active account, with the memberships open today and their grants; None for any other account."""
    found = prepared.rows(_account, tables.model("account"), account_id)
    if not found:
        return None
    memberships = open_memberships(account_id)
    grants = granted({membership.role for membership in memberships})
    return Actor(*found[0], memberships, grants, real, address, request_id)


def _account(account, id):
    return account.select(account.id, account.f_username, account.f_name).where(
        account.id == id, account.f_active == True, account.deleted_at.is_null()
    )


def open_memberships(account_id, day=None):
    """The memberships an account holds on a day, today by default."""
    model, day = tables.model("membership"), day or today()
    stored = model.f_from_date.db_value(day)
    return tuple(Membership(*row) for row in prepared.rows(_open, model, account_id, stored, stored))


def _open(membership, account_id, begun, not_over):
    columns = (membership.f_role, membership.f_district, membership.f_school, membership.f_team)
    over = membership.f_to_date.is_null() | (membership.f_to_date >= not_over)
    own = (membership.f_account == account_id) & membership.deleted_at.is_null()
    return membership.select(*columns).where(own, membership.f_from_date <= begun, over).order_by(membership.id)


def granted(roles):
    """The grants of these roles."""
    if not roles:
        return ()
    rows = [row for role in sorted(roles) for row in prepared.rows(_grants, tables.model("role_grant"), role)]
    return tuple(
        Grant(role, register, frozenset(actions or ()), on, bool(names)) for _, role, register, actions, on, names in sorted(rows)
    )


def _grants(grant, role):
    columns = (grant.id, grant.f_role, grant.f_register, grant.f_actions, grant.f_rows, grant.f_names)
    return grant.select(*columns).where(grant.f_role == role, grant.deleted_at.is_null())


def grantable(actor, role, school_id=None):
    """Whether the actor may give (or take away) this role: nobody hands out rights above the own (A19).

    The city administrator gives any; a district clerk only lets people report for schools the own district runs.
    """
    if actor is SYSTEM or ("city_admin" in actor.roles and not actor.read_only):
        return True
    districts = {membership.district_id for membership in actor.memberships if membership.role == "district_clerk"} - {None}
    if actor.read_only or role != "school_reporter" or not school_id or not districts:
        return False
    school = tables.model("school")
    return (
        school.select()
        .where(
            school.id == school_id,
            school.deleted_at.is_null(),
            school.district_id.in_(sorted(districts)),
            school.f_managed_by == "district",
        )
        .exists()
    )
