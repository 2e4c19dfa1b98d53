"""Accounts: logging in, passwords, and what administrators do for other people's accounts."""

import unicodedata
from datetime import timedelta

import config
from models import registry, tables
from models.base import atomic
from models.errors import AppError, Fault, Invalid, NotAllowed, NotFound, say
from models.journal import Credential, LoginAttempt
from models.values import now, today
from services import actor as actors, audit, passwords, policy, records, sessions

_TRUSTED_FOR = timedelta(days=30)
_WIDE = timedelta(hours=1)
_SKEW = timedelta(minutes=1)


class LoginRefused(AppError):
    """Unknown, wrong, disabled and locked look alike."""

    status = 401

    def __init__(self):
        super().__init__(
            say(
                "用户名或密码不对，或账号暂时不能登录。连续错 {failures} 次会停用 {minutes} 分钟。",
                failures=config.active().login_failures,
                minutes=config.active().login_lock_minutes,
            )
        )


class TooManyLogins(AppError):
    """More tries a minute than people type."""

    status = 429
    retry_after = 60

    def __init__(self):
        super().__init__(say("登录太频繁，请等一分钟再试。"))


# logging in ----------------------------------------------------------------------------------------------------------


def authenticate(username, password, address="", agent="", request_id=""):
    """The token of a new session; LoginRefused or TooManyLogins."""
    name = _plain_name(username)
    attempt, locked = _begin(name, address)
    account, credential = _credential(name)
    right = passwords.matches(credential.password_hash if credential else None, password)
    actor = actors.load(account.id, address=address, request_id=request_id) if account else None
    if locked or not right or actor is None:
        audit.log(actor, "login_failed", address=address, username=name)
        raise LoginRefused()
    fresh = passwords.hashed(password) if passwords.outdated(credential.password_hash) else None
    with atomic():
        LoginAttempt.update(outcome="ok").where(LoginAttempt.id == attempt).execute()
        if fresh:
            Credential.update(password_hash=fresh).where(Credential.id == credential.id).execute()
        _came_in(actor.id)
        token = sessions.start(actor.id, address, agent)
        audit.log(actor, "login")
    return token


def sign_out(token, actor):
    """Ends the session for good."""
    with atomic():
        sessions.end(token)
        if actor:
            audit.log(actor, "logout")


def _plain_name(username):
    return audit.one_line(unicodedata.normalize("NFKC", username).strip())[:100]


def _credential(name):
    account = tables.model("account")
    row = account.select().where(account.f_username == name, account.deleted_at.is_null()).first()
    return row, Credential.get_or_none(Credential.account_id == (row.id if row else 0))


def _came_in(account_id):
    account = tables.model("account")
    account.update(f_last_login_at=now()).where(account.id == account_id).execute()


def _begin(name, address):
    """Notes the try before the password is looked at, so that tries made at once count too: (id, whether it is locked)."""
    settings, moment = config.active(), now()
    with atomic():
        # A clock set back must not keep anybody out: tries "from the future" do not count.
        tries = LoginAttempt.select().where(LoginAttempt.at <= moment + _SKEW)
        mine = tries.where(LoginAttempt.username == name, LoginAttempt.address == address)
        if mine.where(LoginAttempt.at > moment - timedelta(minutes=1)).count() >= settings.login_limit:
            raise TooManyLogins()
        locked = _locked(tries, mine, name, address, moment)
        LoginAttempt.delete().where(LoginAttempt.at < moment - _TRUSTED_FOR).execute()
        outcome = "refused" if locked else "failed"
        return LoginAttempt.insert(username=name, address=address, at=moment, outcome=outcome).execute(), locked


def _locked(tries, mine, name, address, moment):
    """Too many failures: of this account from this address; of the account, or from the address, where it never succeeded."""
    settings = config.active()
    last = mine.where(LoginAttempt.outcome == "ok").order_by(LoginAttempt.at.desc()).first()
    since = moment - timedelta(minutes=settings.login_lock_minutes)
    since = max(since, last.at) if last else since
    failed = LoginAttempt.outcome == "failed"
    if mine.where(failed, LoginAttempt.at > since).count() >= settings.login_failures:
        return True
    if last:
        return False
    recent = tries.where(failed, LoginAttempt.at > moment - _WIDE)
    return (
        recent.where(LoginAttempt.username == name).count() >= settings.login_account_failures
        or recent.where(LoginAttempt.address == address).count() >= settings.login_address_failures
    )


# own password --------------------------------------------------------------------------------------------------------


def must_change(account_id):
    """Whether the account still has a password somebody else knows."""
    return Credential.select().where(Credential.account_id == account_id, Credential.must_change == True).exists()


def change_password(actor, old, new, again, token=""):
    """The actor's own new password. Every other session of the account ends; gives the token of a fresh one."""
    if actor.read_only or actor.id is None:
        raise NotAllowed(say("正在以他人身份查看，只能看，不能改。"), rule="read_only")
    attempt, locked = _begin(actor.username, actor.address)
    credential = Credential.get(Credential.account_id == actor.id)
    if not passwords.matches(credential.password_hash, old) or locked:
        raise Invalid([Fault("old", "wrong", say("「原密码」不对。"))])
    if new != again:
        raise Invalid([Fault("again", "differs", say("两次填写的新密码不一样。"))])
    if new == old:
        raise Invalid([Fault("new", "same", say("「新密码」不能与原密码相同。"))])
    passwords.check(new, _own_words(actor))
    password_hash = passwords.hashed(new)
    with atomic():
        LoginAttempt.update(outcome="ok").where(LoginAttempt.id == attempt).execute()
        _store(actor.id, password_hash, must_change=False)
        sessions.end_sessions(actor.id)
        audit.log(actor, "password", detail="修改本人密码")
        return sessions.start(actor.id, actor.address)


def _own_words(actor):
    """What a guesser who knows the person would try: the account's name, the person's, the units'."""
    ids = {(kind, getattr(held, f"{kind}_id")) for held in actor.memberships for kind in ("district", "school")}
    words = [actor.username, actor.name]
    for kind, id in sorted((kind, id) for kind, id in ids if id):
        unit = tables.model(kind)
        words += [row.f_name for row in unit.select(unit.f_name).where(unit.id == id)]
    return words


# other people's accounts ---------------------------------------------------------------------------------------------


def create(actor, username, name, memberships, password=None):
    """A new account: (id, its first password). `memberships` are raw values of the membership register, without account.

    The account belongs to the unit of its first membership. A password made here or given is changed at the first login.
    """
    for held in memberships:
        _require_grantable(actor, held["role"], held.get("school"))
    if password is not None:
        passwords.check(password, (username, name))
    first = passwords.random_password() if password is None else password
    password_hash = passwords.hashed(first)
    started = {"from_date": today().isoformat()}
    unit = {part: held[part] for held in memberships[:1] for part in ("district", "school") if held.get(part)}
    operations = [records.Operation("account", {"username": username, "name": name, "active": True} | unit)]
    operations += [records.Operation("membership", started | held | {"account": records.Ref(0)}) for held in memberships]
    with atomic():
        saved = records.batch(actor, operations)
        account_id = saved[0].record.id
        _store(account_id, password_hash, must_change=True)
    return account_id, first


def give_passwords(account_ids, password, must_change=True):
    """The same password for several accounts, hashed once: for demo and generated cities."""
    password_hash = passwords.hashed(password)
    with atomic():
        for account_id in account_ids:
            _store(account_id, password_hash, must_change)


def reset_password(actor, account_id):
    """A new random password, shown once; it must be changed at the next login. Ends the account's sessions."""
    require_manage(actor, account_id)
    first = passwords.random_password()
    password_hash = passwords.hashed(first)
    with atomic():
        _store(account_id, password_hash, must_change=True)
        sessions.end_sessions(account_id)
        _forget_failures(account_id)
        audit.log(actor, "password", register="account", record_id=account_id, detail="重置密码")
    return first


def disable(actor, account_id):
    """Nobody logs in with this account from now on; the account register's behaviours end its sessions."""
    require_manage(actor, account_id)
    row = tables.model("account").get_by_id(account_id)
    records.update("account", actor, account_id, {"active": False}, version=row.version)


def exist():
    """Whether there is any account yet."""
    return tables.model("account").select().exists()


def by_username(username):
    """The id of an account; NotFound when there is none."""
    row, _ = _credential(_plain_name(username))
    if row is None:
        raise NotFound(say("没有「{username}」这个账号。", username=username))
    return row.id


def end_sessions(actor, account_id):
    """Log the account out everywhere, the own one or one the actor keeps; gives how many sessions ended."""
    if actor.id != account_id or actor.read_only:
        require_manage(actor, account_id)
    with atomic():
        ended = sessions.end_sessions(account_id)
        audit.log(actor, "sessions_ended", register="account", record_id=account_id)
    return ended


def view_as(actor, token, account_id):
    """From now on the session sees, and only sees, what another account sees; None ends it. City administrators alone."""
    person = actor.real or actor
    if "city_admin" not in person.roles:
        raise NotAllowed(say("只有市级管理员可以以他人身份查看。"), rule="view_as")
    if account_id is not None:
        policy.require(person, "view", registry.get("account"), account_id)
        seen = actors.load(account_id)
        if seen is None or "auditor" in seen.roles:
            raise NotAllowed(say("不能以这个账号的身份查看：账号已停用，或是审计员。"), rule="view_as")
    with atomic():
        sessions.look_through(token, account_id)
        audit.log(person, "view_as", register="account", record_id=account_id, detail="" if account_id else "结束")


def require_manage(actor, account_id):
    """Raises NotFound or NotAllowed unless the actor may change this account's access: never that of someone above."""
    policy.require(actor, "view", registry.get("account"), account_id)
    membership = tables.model("membership")
    held = membership.select().where(
        membership.f_account == account_id,
        membership.deleted_at.is_null(),
        membership.f_to_date.is_null() | (membership.f_to_date >= today()),
    )
    # An account that holds nothing is nobody's but the city administrator's.
    for role, school_id in [(row.f_role, row.f_school) for row in held] or [("", None)]:
        _require_grantable(actor, role, school_id)


def _require_grantable(actor, role, school_id):
    if not actors.grantable(actor, role, school_id):
        raise NotAllowed(say("您只能管理本县区所管学校填报员的账号。"), rule="account_above")


def _store(account_id, password_hash, must_change):
    values = {"password_hash": password_hash, "must_change": must_change, "changed_at": now()}
    Credential.insert(account_id=account_id, **values).on_conflict(conflict_target=[Credential.account_id], update=values).execute()


def _forget_failures(account_id):
    account = tables.model("account")
    name = account.get_by_id(account_id).f_username
    LoginAttempt.delete().where(LoginAttempt.username == name, LoginAttempt.outcome != "ok").execute()
