"""Passwords: hashed with argon2id, checked outside the event loop, two at a time."""

import secrets
from functools import cache

import anyio
import argon2
from anyio import to_thread

LENGTH_MIN, LENGTH_MAX = 12, 256
TOGETHER_MAX = 2  # each check takes 64 MB and a core for a tenth of a second

_HASHER = argon2.PasswordHasher()


def weakness(password: str, *, name: str) -> str | None:
    """Why this password is not good enough; None when it is. Length counts, not kinds of characters."""
    if len(password) < LENGTH_MIN:
        return f"is shorter than {LENGTH_MIN} characters"
    if len(password) > LENGTH_MAX:
        return f"is longer than {LENGTH_MAX} characters"
    if name.split("@")[0] in password.lower() and len(name) >= 4:
        return "contains the name of the account"
    if len(set(password)) < 5:
        return "repeats the same few characters"
    return None


async def hashed(password: str) -> str:
    return await to_thread.run_sync(_HASHER.hash, password, limiter=_limiter())


async def fits(password: str, known: str | None) -> bool:
    """Whether it is the one; for an account without a password, or none at all, it takes as long and is not."""
    return await to_thread.run_sync(_fits, password, known, limiter=_limiter())


def is_outdated(known: str) -> bool:
    """Whether it was hashed with other parameters than today's."""
    return _HASHER.check_needs_rehash(known)


def _fits(password: str, known: str | None) -> bool:
    try:
        _HASHER.verify(known or _nobodys(), password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return known is not None


def waiting() -> int:
    """How many wait for their turn."""
    return _limiter().statistics().tasks_waiting


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_hex())


@cache
def _limiter() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(TOGETHER_MAX)
