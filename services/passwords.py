"""Passwords: what a good one is, how it is hashed, and new random ones."""

import secrets
from functools import lru_cache
from pathlib import Path

import argon2

import config
from models.errors import Fault, Invalid, say

SHORTEST, LONGEST = 8, 128
_COMMON = Path(__file__).with_name("common_passwords.txt")
# No letters or digits that look alike when read out or written down.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def check(password, words=(), field="new"):
    """Raises Invalid, with every fault, for a password that is too short, too long, common, or made of `words`.

    No rules of composition: length and not being guessable is what counts (ASVS 6.2.5).
    """
    faults = []
    if len(password) < SHORTEST:
        faults.append(Fault(field, "too_short", say("「新密码」至少 {min} 个字符。", min=SHORTEST)))
    if len(password) > LONGEST:
        faults.append(Fault(field, "too_long", say("「新密码」最多 {max} 个字符。", max=LONGEST)))
    plain = password.casefold()
    if plain in common() or (password and len(set(plain)) < 3):
        faults.append(Fault(field, "common", say("这个密码太常见，容易被猜到，请换一个。")))
    if any(word in plain for word in _context(words)):
        faults.append(Fault(field, "context", say("「新密码」不能包含账号、姓名、单位名称或系统名称，请换一个。")))
    if faults:
        raise Invalid(faults)


def _context(words):
    """The words worth refusing: Latin ones of three letters and more, Chinese ones of two."""
    found = ["taizhang", "台账"]
    for word in words:
        word = (word or "").casefold().strip()
        if len(word) >= (3 if word.isascii() else 2):
            found.append(word)
    return found


@lru_cache(maxsize=1)
def common():
    """The passwords everybody tries first."""
    return frozenset(_COMMON.read_text(encoding="utf-8").split())


def random_password():
    """A first password for somebody: 12 readable characters, about 59 bits, in groups of four."""
    letters = "".join(secrets.choice(_READABLE) for _ in range(12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def hashed(password):
    return _hasher().hash(password)


def matches(password_hash, password):
    """Whether the password is the right one. Without a hash the work is done all the same, so that time tells nothing."""
    usable = password if len(password) <= LONGEST else ""
    try:
        right = _hasher().verify(password_hash or _dummy(_hasher()), usable)
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
        return False
    return right and bool(password_hash) and usable == password


def outdated(password_hash):
    """Whether the hash was made with other settings than today's."""
    return _hasher().check_needs_rehash(password_hash)


def _hasher():
    settings = config.active()
    return argon2.PasswordHasher(time_cost=settings.password_rounds, memory_cost=settings.password_memory, parallelism=1)


_dummies = {}


def _dummy(hasher):
    """A hash of nobody's password, made with the settings in force."""
    key = (hasher.time_cost, hasher.memory_cost)
    if key not in _dummies:
        _dummies[key] = hasher.hash(secrets.token_hex(16))
    return _dummies[key]
