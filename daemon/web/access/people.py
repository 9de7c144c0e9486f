"""Accounts and tokens given out and taken back; every change is written into the access log."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from daemon.errors import NotFoundError, RejectedError
from daemon.store import accounts, tokens
from daemon.store.database import Database
from daemon.web.access import passwords
from daemon.web.access.door import fingerprint, new_api_token
from daemon.web.access.roles import Role

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")
TOKEN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


async def add_account(
    database: Database, name: str, *, role: Role, merchants: Sequence[str] | None, password: str | None, by: str,
    now: datetime, address: str = "",
) -> None:  # fmt: skip
    """`password` None: the person signs in elsewhere. Raises RejectedError."""
    if not NAME.fullmatch(name):
        raise RejectedError("a name is made of small letters, digits and . _ @ + -, and begins with a letter or digit")
    hashed = await _hashed(name, password) if password is not None else None
    async with database.transaction() as connection:
        if not await accounts.add(
            connection, name, role=role, merchants=merchants, password_hash=hashed, created_by=by, now=now
        ):
            raise RejectedError(f"there is an account {name} already")
        await accounts.log(
            connection, actor=by, action="account-added", now=now, subject=name, address=address,
            detail=f"role {role}, merchants {_told(merchants)}",
        )  # fmt: skip


async def change_account(
    database: Database, name: str, *, by: str, now: datetime, role: Role | None = None, disabled: bool | None = None,
    merchants: Sequence[str] | None = None, sets_merchants: bool = False, password: str | None = None, address: str = "",
) -> None:  # fmt: skip
    """Change what is given; every session of the account ends. Raises NotFoundError, RejectedError."""
    hashed = await _hashed(name, password) if password is not None else None
    told = [f"role {role}"] if role is not None else []
    told += [f"merchants {_told(merchants)}"] if sets_merchants else []
    told += [] if disabled is None else ["closed" if disabled else "opened"]
    told += ["password"] if password is not None else []
    async with database.transaction() as connection:
        known = await accounts.read(connection, name)
        await accounts.administrators(connection)
        if not await accounts.change(
            connection, name, role=role, merchants=merchants, sets_merchants=sets_merchants, password_hash=hashed,
            disabled=disabled, now=now,
        ):  # fmt: skip
            raise NotFoundError(f"there is no account {name}")
        was_administrator = known is not None and known["role"] == Role.ADMINISTRATOR and known["disabled_at"] is None
        if was_administrator and not await accounts.administrators(connection):
            raise RejectedError(f"{name} is the last administrator: make another one first")
        await accounts.log(
            connection,
            actor=by,
            action="account-changed",
            now=now,
            subject=name,
            address=address,
            detail=", ".join(told),
        )


async def add_token(
    database: Database, name: str, *, scope: str, merchants: Sequence[str] | None, days: int | None, by: str,
    now: datetime, address: str = "",
) -> str:  # fmt: skip
    """The token itself, shown this once. Raises RejectedError."""
    if not TOKEN_NAME.fullmatch(name):
        raise RejectedError("a token's name is made of small letters, digits and . _ -")
    if scope not in tokens.SCOPES:
        raise RejectedError(f"there is no scope {scope}; known: {', '.join(tokens.SCOPES)}")
    token, expires_at = new_api_token(), now + timedelta(days=days) if days is not None else None
    async with database.transaction() as connection:
        if not await tokens.add(
            connection, name, token_hash=fingerprint(token), scope=scope, merchants=merchants, created_by=by, now=now,
            expires_at=expires_at,
        ):  # fmt: skip
            raise RejectedError(f"there is, or was, a token {name}: names are not used twice")
        await accounts.log(
            connection, actor=by, action="token-added", now=now, subject=name, address=address,
            detail=f"scope {scope}, merchants {_told(merchants)}, {f'for {days} days' if days else 'without end'}",
        )  # fmt: skip
    return token


async def revoke_token(database: Database, name: str, *, by: str, now: datetime, address: str = "") -> None:
    """Raises NotFoundError."""
    async with database.transaction() as connection:
        if not await tokens.revoke(connection, name, now):
            raise NotFoundError(f"there is no token {name} in force")
        await accounts.log(connection, actor=by, action="token-revoked", now=now, subject=name, address=address)


async def _hashed(name: str, password: str) -> str:
    if why := passwords.weakness(password, name=name):
        raise RejectedError(f"the password {why}")
    return await passwords.hashed(password)


def _told(merchants: Sequence[str] | None) -> str:
    return "all" if merchants is None else ", ".join(merchants) or "none"
