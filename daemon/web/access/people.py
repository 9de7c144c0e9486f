"""Accounts and tokens given out and taken back; every change is written into the access log.

Nobody gives what he does not have. Who gives is whoever asks (`Database.asker`): the database's policies decide by the same,
so that what slips through here is refused there; here are the words for it. What somebody may not administer does not exist
for them, and what they add is named in a space of their own, so that no refusal tells of anybody else's.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from daemon.errors import NotFoundError, NotPermittedError, RejectedError
from daemon.store import accounts, factors, tokens
from daemon.store import merchant as merchant_store
from daemon.store.database import Database
from daemon.store.scope import UNBOUND, Scope
from daemon.store.sql import Connection, Record
from daemon.web.access import passwords
from daemon.web.access.door import fingerprint, new_api_token
from daemon.web.access.roles import Role

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")
TOKEN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def space_of_accounts(asker: Scope, merchants: Sequence[str] | None) -> str:
    """What the name of an account must end in that this one adds; empty where it may have any."""
    return "" if asker.is_global else f"@{'+'.join(_sorted(merchants) or ())}"


def space_of_tokens(asker: Scope, merchants: Sequence[str] | None) -> str:
    """What the name of a token must begin with that this one adds; empty where it may have any."""
    return "" if asker.is_global else f"{'.'.join(_sorted(merchants) or ())}."


async def add_account(
    database: Database, name: str, *, role: Role, merchants: Sequence[str] | None, password: str | None, by: str,
    now: datetime, address: str = "",
) -> str:  # fmt: skip
    """The name it got: ending in its merchants where whoever adds it is not global.

    `password` None: the person signs in elsewhere. Raises RejectedError, NotPermittedError.
    """
    _must_have(database.asker, merchants)
    merchants = _sorted(merchants)
    space = space_of_accounts(database.asker, merchants)
    name = name if name.endswith(space) else f"{name}{space}"
    if not NAME.fullmatch(name) or name == space:
        raise RejectedError(
            "a name is made of small letters, digits and . _ @ + -, and begins with a letter or digit"
            + (f"; with {space} after it, it has at most 100 characters" if space else "")
        )
    hashed = await _hashed(name, password) if password is not None else None
    async with database.transaction() as connection:
        await _make_known(database, connection, merchants)
        if not await accounts.add(
            connection, name, role=role, merchants=merchants, password_hash=hashed, created_by=by, now=now
        ):
            raise RejectedError(f"there is an account {name} already")
        await accounts.log(
            connection, actor=by, action="account-added", now=now, subject=name, address=address,
            detail=f"role {role}, merchants {_listed(merchants)}",
        )  # fmt: skip
    return name


async def change_account(
    database: Database, name: str, *, by: str, now: datetime, role: Role | None = None, disabled: bool | None = None,
    merchants: Sequence[str] | None = None, sets_merchants: bool = False, password: str | None = None, address: str = "",
) -> None:  # fmt: skip
    """Change what is given, free the account if it rests, end every session of it.

    Raises NotFoundError, RejectedError, NotPermittedError.
    """
    if sets_merchants:
        _must_have(database.asker, merchants)
    merchants = _sorted(merchants)
    if password is not None and name == database.asker.account:
        raise NotPermittedError("your own password is changed on its own page, where the one you have is asked for")
    hashed = await _hashed(name, password) if password is not None else None
    changes = [f"role {role}"] if role is not None else []
    changes += [f"merchants {_listed(merchants)}"] if sets_merchants else []
    changes += [] if disabled is None else ["closed" if disabled else "opened"]
    changes += ["password"] if password is not None else []
    async with database.transaction() as connection:
        account = await _administered(database, connection, name)
        await _make_known(database, connection, merchants)
        await accounts.administrators_of(connection, account["merchants"])
        is_changed = await accounts.change(
            connection, name, role=role, merchants=merchants, sets_merchants=sets_merchants, disabled=disabled, now=now
        )
        if hashed is not None:
            is_changed = await accounts.set_password(connection, name, hashed, now) and is_changed
        if not is_changed:
            raise _no_account(name)
        was_administrator = account["role"] == Role.ADMINISTRATOR and account["disabled_at"] is None
        if was_administrator and not await accounts.administrators_of(connection, account["merchants"]):
            raise RejectedError(
                f"{name} is the last administrator for {_listed(account['merchants'])} merchants: make another one first"
                if account["merchants"] is None
                else f"{name} is the last administrator for {_listed(account['merchants'])}: make another one first"
            )
        await accounts.log(
            connection, actor=by, action="account-changed", now=now, subject=name, address=address,
            detail=", ".join(changes) or "freed",
        )  # fmt: skip


async def end_sessions(database: Database, name: str, *, by: str, now: datetime, address: str = "") -> int:
    """Sign an account out everywhere; how many sessions ended. Raises NotFoundError."""
    async with database.transaction() as connection:
        await _administered(database, connection, name)
        ended = await accounts.end_sessions(connection, name)
        await accounts.log(
            connection, actor=by, action="sessions-ended", now=now, subject=name, address=address,
            detail=f"{ended} session{'' if ended == 1 else 's'}",
        )  # fmt: skip
    return ended


async def remove_factor(database: Database, name: str, *, by: str, now: datetime, address: str = "") -> None:
    """For somebody who has lost both device and recovery codes; their sessions end.

    Raises NotFoundError, RejectedError, NotPermittedError.
    """
    if name == database.asker.account:
        raise NotPermittedError("your own second factor is removed on its own page, where a code of it is asked for")
    async with database.transaction() as connection:
        await _administered(database, connection, name)
        if not await factors.remove(connection, name):
            raise RejectedError(f"{name} has no second factor")
        await accounts.end_sessions(connection, name)
        await accounts.log(
            connection, actor=by, action="second-factor-removed", now=now, subject=name, address=address,
            detail="by an administrator",
        )  # fmt: skip


async def add_token(
    database: Database, name: str, *, scope: str, merchants: Sequence[str] | None, days: int | None, by: str,
    now: datetime, address: str = "",
) -> str:  # fmt: skip
    """The token itself, shown this once. Its name begins with its merchants where whoever adds it is not global.

    Raises RejectedError, NotPermittedError.
    """
    _must_have(database.asker, merchants)
    merchants = _sorted(merchants)
    space = space_of_tokens(database.asker, merchants)
    own = name.removeprefix(space)
    name = f"{space}{own}"
    if not TOKEN_NAME.fullmatch(name) or not own or (space and "." in own):
        raise RejectedError(
            "a token's name is made of small letters, digits and . _ -"
            + (f"; after {space} without another dot, and with at most 63 characters in all" if space else "")
        )
    if scope not in tokens.SCOPES:
        raise RejectedError(f"there is no scope {scope}; known: {', '.join(tokens.SCOPES)}")
    token, expires_at = new_api_token(), now + timedelta(days=days) if days is not None else None
    async with database.transaction() as connection:
        await _make_known(database, connection, merchants)
        if not await tokens.add(
            connection, name, token_hash=fingerprint(token), scope=scope, merchants=merchants, created_by=by, now=now,
            expires_at=expires_at,
        ):  # fmt: skip
            raise RejectedError(f"there is, or was, a token {name}: names are not used twice")
        await accounts.log(
            connection, actor=by, action="token-added", now=now, subject=name, address=address,
            detail=f"scope {scope}, merchants {_listed(merchants)}, {f'for {days} days' if days else 'without end'}",
        )  # fmt: skip
    return token


async def revoke_token(database: Database, name: str, *, by: str, now: datetime, address: str = "") -> None:
    """Raises NotFoundError."""
    async with database.transaction() as connection:
        if not await tokens.revoke(connection, name, now):
            raise NotFoundError(f"there is no token {name} in force that is yours to revoke")
        await accounts.log(connection, actor=by, action="token-revoked", now=now, subject=name, address=address)


# -- nobody gives what he does not have ----------------------------------------------------------------------------------


def _must_have(asker: Scope, merchants: Sequence[str] | None) -> None:
    """Raises NotPermittedError, in the same words whether or not there is such a merchant."""
    if asker.may_administer(merchants):
        return
    if merchants is None:
        raise NotPermittedError("what is for every merchant is given by a global administrator; choose among your own")
    raise NotPermittedError(f"you can give no other merchants than your own: {', '.join(asker.reach or ()) or 'none'}")


async def _administered(database: Database, connection: Connection, name: str) -> Record:
    """The account. Raises NotFoundError, in the same words whether it is somebody else's or not there."""
    account = await accounts.read(connection, name)
    if account is None or not database.asker.may_administer(account["merchants"]):
        raise _no_account(name)
    return account


def _no_account(name: str) -> NotFoundError:
    return NotFoundError(f"there is no account {name} that is yours to change")


async def _make_known(database: Database, connection: Connection, merchants: Sequence[str] | None) -> None:
    """At the command line a merchant may be configured that no daemon has worked yet."""
    if merchants and database.asker is UNBOUND:
        await merchant_store.ensure(connection, list(merchants))


def _sorted(merchants: Sequence[str] | None) -> list[str] | None:
    return None if merchants is None else sorted(set(merchants))


async def _hashed(name: str, password: str) -> str:
    if why := passwords.weakness(password, name=name):
        raise RejectedError(f"the password {why}")
    return await passwords.hashed(password)


def _listed(merchants: Sequence[str] | None) -> str:
    return "all" if merchants is None else ", ".join(merchants) or "none"
