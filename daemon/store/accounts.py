"""Accounts of people, their sessions, and the log of who came in.

What is read and changed here is what whoever asks may (daemon/store/scope.py). The functions at the door, from
`count_attempt` on, speak for the account that is coming in: each wants `AT_THE_DOOR` as its transaction's scope.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.store.sql import Connection, Record, statements

SQL = statements(__file__)


async def add(
    connection: Connection, name: str, *, role: str, merchants: Sequence[str] | None, password_hash: str | None,
    created_by: str, now: datetime,
) -> bool:  # fmt: skip
    """False when there is an account of that name already."""
    row = await SQL.row(
        connection, "add", name=name, role=role, merchants=merchants, password_hash=password_hash,
        created_by=created_by, now=now,
    )  # fmt: skip
    return row is not None


async def read(connection: Connection, name: str) -> Record | None:
    return await SQL.row(connection, "read", name=name)


async def listing(connection: Connection, now: datetime, *, rows_max: int = 1000) -> list[Record]:
    return await SQL.rows(connection, "listing", now=now, rows_max=rows_max)


async def change(
    connection: Connection, name: str, *, now: datetime, role: str | None = None, disabled: bool | None = None,
    merchants: Sequence[str] | None = None, sets_merchants: bool = False,
) -> bool:  # fmt: skip
    """Change what is given, free an account that rests, and end its sessions; False when there is no such account."""
    row = await SQL.row(
        connection, "change", name=name, role=role, merchants=merchants, sets_merchants=sets_merchants, disabled=disabled,
        now=now,
    )  # fmt: skip
    await SQL.run(connection, "end_sessions", account=name, but=None)
    return row is not None


async def set_password(connection: Connection, name: str, password_hash: str, now: datetime) -> bool:
    """Frees an account that rests, and ends its sessions; False when there is no such account."""
    row = await SQL.row(connection, "set_password", name=name, password_hash=password_hash, now=now)
    await SQL.run(connection, "end_sessions", account=name, but=None)
    return row is not None


async def set_own_password(connection: Connection, password_hash: str, now: datetime) -> None:
    """Of whoever asks; every session of theirs ends."""
    await SQL.run(connection, "set_own_password", password_hash=password_hash, now=now)


async def end_sessions(connection: Connection, name: str, *, but: int | None = None) -> int:
    """How many ended; the session with the number `but` goes on."""
    return await SQL.run(connection, "end_sessions", account=name, but=but)


async def administrators_of(connection: Connection, merchants: Sequence[str] | None) -> int:
    """How many open accounts may administer what is meant for these merchants, None for every merchant."""
    return int(await SQL.value(connection, "administrators_of", merchants=merchants))


async def assignable(connection: Connection, merchants: Sequence[str]) -> list[str]:
    """To whom returns of all these merchants can be given."""
    return [row["name"] for row in await SQL.rows(connection, "assignable", merchants=list(merchants))]


# -- at the door ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a password or a code, as it was counted."""

    password_hash: str | None
    """None where no password lets in just now."""
    is_allowed: bool
    """The account is open and does not rest."""
    has_account: bool
    rests_until: datetime | None
    has_factor: bool
    """A code is asked for after the password."""


async def count_attempt(
    connection: Connection, name: str, *, now: datetime, failures_max: int, rest: timedelta
) -> Attempt:
    row = await SQL.row(connection, "count_attempt", name=name, now=now, failures_max=failures_max, rest=rest)
    assert row is not None
    return Attempt(
        row["password_hash"], row["is_allowed"], row["has_account"], row["rests_until"], row["has_factor"]
    )  # fmt: skip


async def forgive_attempt(connection: Connection, name: str, attempt: Attempt) -> None:
    """It was right, and is only the first of two steps: it counts no more."""
    await SQL.run(connection, "forgive_attempt", name=name, rest_began=attempt.rests_until)


async def forget_attempts(connection: Connection, name: str, *, fresh_hash: str | None = None) -> None:
    """Somebody has proved who they are. `fresh_hash`: the same password under newer parameters."""
    await SQL.run(connection, "forget_attempts", name=name, fresh_hash=fresh_hash)


async def begin_session(
    connection: Connection, *, token_hash: bytes, account: str, csrf: str, way: str, now: datetime, expires_at: datetime
) -> None:
    await SQL.run(
        connection, "begin_session", token_hash=token_hash, account=account, csrf=csrf, way=way, now=now,
        expires_at=expires_at,
    )  # fmt: skip


async def session(connection: Connection, token_hash: bytes, *, now: datetime, idle_since: datetime) -> Record | None:
    return await SQL.row(connection, "session", token_hash=token_hash, now=now, idle_since=idle_since)


async def touch_session(connection: Connection, token_hash: bytes, now: datetime) -> None:
    await SQL.run(connection, "touch_session", token_hash=token_hash, now=now)


async def end_session(connection: Connection, token_hash: bytes) -> None:
    await SQL.run(connection, "end_session", token_hash=token_hash)


async def begin_step(
    connection: Connection, *, token_hash: bytes, account: str, goes_to: str, now: datetime, expires_at: datetime
) -> None:
    """A sign-in whose password was right and whose code is still to come."""
    await SQL.run(
        connection,
        "begin_step",
        token_hash=token_hash,
        account=account,
        goes_to=goes_to,
        now=now,
        expires_at=expires_at,
    )


async def step(connection: Connection, token_hash: bytes, now: datetime) -> Record | None:
    """Whose sign-in waits for a code, and where it goes."""
    return await SQL.row(connection, "step", token_hash=token_hash, now=now)


async def end_step(connection: Connection, token_hash: bytes) -> bool:
    """False when it was ended before: a step is good for one session."""
    return bool(await SQL.value(connection, "end_step", token_hash=token_hash))


async def begin_openid(
    connection: Connection, *, token_hash: bytes, nonce: str, verifier: str, goes_to: str, now: datetime,
    expires_at: datetime,
) -> None:  # fmt: skip
    await SQL.run(
        connection, "begin_openid", token_hash=token_hash, nonce=nonce, verifier=verifier, goes_to=goes_to, now=now,
        expires_at=expires_at,
    )  # fmt: skip


async def end_openid(connection: Connection, token_hash: bytes, now: datetime) -> Record | None:
    """What the attempt must come back with; None when there is none, or not any more."""
    return await SQL.row(connection, "end_openid", token_hash=token_hash, now=now)


async def at_the_door(connection: Connection, name: str) -> Record | None:
    """Role, merchants and whether it is open, of an account that a provider or a proxy names."""
    return await SQL.row(connection, "at_the_door", name=name)


async def admit(
    connection: Connection,
    name: str,
    *,
    role: str,
    merchants: Sequence[str] | None,
    gives_merchants: bool,
    now: datetime,
) -> None:
    """Somebody the provider vouches for has these rights; a new account where there is none. A closed one stays as it is."""
    await SQL.run(
        connection, "admit", name=name, role=role, merchants=merchants, gives_merchants=gives_merchants, now=now
    )


# -- the log --------------------------------------------------------------------------------------------------------------


async def log(
    connection: Connection, *, actor: str, action: str, now: datetime, subject: str = "", merchant: str = "",
    address: str = "", detail: str = "",
) -> None:  # fmt: skip
    """Write down who did, or tried, what at the door. Whose the row is, the database decides."""
    await SQL.run(
        connection, "log", actor=actor[:200], action=action, now=now, subject=subject[:200], merchant=merchant,
        address=address[:60], detail=detail[:1000],
    )  # fmt: skip


async def logged(
    connection: Connection, *, action: str | None = None, after: int | None = None, rows_max: int
) -> list[Record]:
    """Newest first."""
    return await SQL.rows(connection, "logged", action=action, after=after, rows_max=rows_max)
