"""`homeward user …` and `homeward token …`: who may come in over the web, and as what.

A command hands out what the database's role it runs by may: an operator's sees every row, and is bound by nothing.
"""

import sys
from typing import Annotated, Any

import segno
import typer

from daemon.clock import Clock, SystemClock
from daemon.console import session
from daemon.console.output import Format, emit_list, emit_one
from daemon.console.session import (
    USAGE,
    ConfigOption,
    LimitOption,
    OutputOption,
    Stop,
    YesOption,
    choose_merchant,
    run_with_database,
)
from daemon.errors import NotFoundError, RejectedError
from daemon.settings import Settings
from daemon.store import accounts, factors
from daemon.store import tokens as tokens_store
from daemon.store.database import Database
from daemon.store.factors import Factor
from daemon.store.scope import AT_THE_DOOR
from daemon.store.sql import Record
from daemon.web.access import people
from daemon.web.access.door import Door
from daemon.web.access.factor import Key, Seal, hash_of, new_key, new_recovery_codes, plain, step_that_fits
from daemon.web.access.roles import RIGHTS, Role

users = typer.Typer(help="People who come in over the web.", no_args_is_help=True)
tokens = typer.Typer(help="Programs that come in over the API.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
RoleOption = Annotated[
    Role, typer.Option("--role", help="; ".join(f"{role}: {each.does}" for role, each in RIGHTS.items()))
]
OnlyOption = Annotated[
    list[str] | None, typer.Option("--merchant", help="Only this merchant's returns; again for another. Left out: all.")
]
StdinOption = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin, its first line.")]
CodeOption = Annotated[bool, typer.Option("--code-stdin", help="Read the code from stdin, its first line.")]


@users.command("add")
def add(
    name: NameArgument, role: RoleOption, merchant: OnlyOption = None, password_stdin: StdinOption = False,
    no_password: Annotated[bool, typer.Option("--no-password", help="They sign in elsewhere.")] = False,
    output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """Add an account. Example: homeward user add anna --role administrator"""
    password = None if no_password else _password(password_stdin)

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        for each in merchant or ():
            choose_merchant(settings, each)
        await people.add_account(
            database, name.strip().lower(), role=role, merchants=merchant or None, password=password,
            by=session.actor(), now=clock.now(),
        )  # fmt: skip
        return {"name": name, "role": str(role), "merchants": merchant or None, "changed": True,
                "undo": f"homeward user close {name}"}  # fmt: skip

    emit_one(run_with_database(config, work), output)


@users.command("list")
def list_users(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Every account."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            return [dict(row) for row in await accounts.listing(connection, clock.now())]

    columns = [
        "name",
        "role",
        "merchants",
        "has_password",
        "has_factor",
        "sessions",
        "seen_at",
        "locked_until",
        "disabled_at",
    ]
    emit_list(run_with_database(config, work), columns, output)


@users.command("role")
def set_role(
    name: NameArgument, role: RoleOption, merchant: OnlyOption = None, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Give an account another role and other merchants; its sessions end."""
    _change(name, output, config, role=role, merchants=merchant or None, sets_merchants=True)


@users.command("password")
def set_password(
    name: NameArgument, password_stdin: StdinOption = False, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Set a password; frees an account that rests, and ends its sessions."""
    _change(name, output, config, password=_password(password_stdin))


@users.command("close")
def close(
    name: NameArgument, yes: YesOption = False, output: OutputOption = Format.TABLE, config: ConfigOption = None
) -> None:
    """Let nobody in under this name any more; what they did stays written."""
    session.confirm(f"Close the account {name}?", yes=yes)
    _change(name, output, config, disabled=True)


@users.command("open")
def reopen(name: NameArgument, output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Let a closed account in again."""
    _change(name, output, config, disabled=False)


@users.command("unlock")
def unlock(name: NameArgument, output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Let an account that rests after wrong passwords or codes try again now."""
    _change(name, output, config)


@users.command("sign-out")
def sign_out(name: NameArgument, output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """End every session of an account."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        ended = await people.end_sessions(database, name.strip().lower(), by=session.actor(), now=clock.now())
        return {"name": name, "sessions": ended, "changed": ended > 0}

    emit_one(run_with_database(config, work), output)


@users.command("factor")
def show_factor(name: NameArgument, output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Whether an account has a second factor, since when, and how many recovery codes are left."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        account, kept = await _factor_of(database, name.strip().lower())
        return {
            "name": name, "has_factor": kept is not None and kept.confirmed_at is not None,
            "confirmed_at": kept.confirmed_at if kept is not None else None,
            "codes_left": kept.codes_left if kept is not None else 0,
            "is_asked_for": Door(database, settings).asks_for_factor(Role(account["role"])),
        }  # fmt: skip

    emit_one(run_with_database(config, work), output)


@users.command("factor-add")
def add_factor(name: NameArgument, output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Make a key for somebody's authenticator; it is printed this once. Asked for at sign-in after: user factor-confirm."""

    async def work(database: Database, settings: Settings, clock: Clock) -> Key:
        account, _ = await _factor_of(database, name.strip().lower())
        if not account["has_password"]:
            raise RejectedError(f"{name} signs in elsewhere: its second factor belongs there")
        key = new_key(account["name"])
        sealed = Seal(settings.secrets.key_file).close(key)
        async with database.transaction("command", scope=AT_THE_DOOR) as connection:
            if not await factors.begin(connection, key.account, sealed, clock.now()):
                raise RejectedError(f"{name} has a second factor: homeward user factor-remove {name}")
        return key

    key = run_with_database(config, work)
    uri = key.uri("")
    if session.may_ask():
        segno.make(uri, error="m").terminal(out=sys.stderr, compact=True)
    told = {
        "name": name,
        "key": key.in_groups,
        "uri": uri,
        "changed": True,
        "then": f"homeward user factor-confirm {name}",
    }
    emit_one(told, output)


@users.command("factor-confirm")
def confirm_factor(
    name: NameArgument, code_stdin: CodeOption = False, output: OutputOption = Format.TABLE, config: ConfigOption = None
) -> None:
    """Turn a second factor on by a code of it; prints the recovery codes, this once. Other sessions of the account end."""
    typed = _code(code_stdin)

    async def work(database: Database, settings: Settings, clock: Clock) -> list[str]:
        account, kept = await _factor_of(database, name.strip().lower())
        if kept is None or kept.confirmed_at is not None:
            raise RejectedError(f"{name} has no second factor to confirm: homeward user factor-add {name}")
        key = Seal(settings.secrets.key_file).open(account["name"], kept.sealed)
        step = step_that_fits(key.secret, plain(typed), SystemClock().now(), after=kept.last_step)
        if step is None:
            raise RejectedError(
                "this code does not fit: type the one that is shown now, and look at the device's clock"
            )
        codes = new_recovery_codes()
        async with database.transaction("command", scope=AT_THE_DOOR) as connection:
            await factors.take_step(connection, account["name"], step, kept.sealed)
            await factors.confirm(connection, account["name"], clock.now())
            await factors.put_codes(connection, account["name"], [hash_of(account["name"], code) for code in codes])
            await accounts.end_sessions(connection, account["name"])
            await accounts.log(
                connection,
                actor=session.actor(),
                action="second-factor-added",
                now=clock.now(),
                subject=account["name"],
            )
        return codes

    emit_one({"name": name, "recovery_codes": run_with_database(config, work), "changed": True}, output)


@users.command("factor-codes")
def new_codes(name: NameArgument, output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Make new recovery codes; they are printed this once, and the former ones are void."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[str]:
        account, kept = await _factor_of(database, name.strip().lower())
        if kept is None or kept.confirmed_at is None:
            raise RejectedError(f"{name} has no second factor: homeward user factor-add {name}")
        codes = new_recovery_codes()
        async with database.transaction("command") as connection:
            await factors.put_codes(connection, account["name"], [hash_of(account["name"], code) for code in codes])
            await accounts.log(
                connection,
                actor=session.actor(),
                action="recovery-codes-made",
                now=clock.now(),
                subject=account["name"],
            )
        return codes

    emit_one({"name": name, "recovery_codes": run_with_database(config, work), "changed": True}, output)


@users.command("factor-remove")
def remove_factor(
    name: NameArgument, yes: YesOption = False, output: OutputOption = Format.TABLE, config: ConfigOption = None
) -> None:
    """Take a second factor away, for who has lost device and recovery codes; sessions end."""
    session.confirm(f"Let {name} in by the password alone until another one is added?", yes=yes)

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        await people.remove_factor(database, name.strip().lower(), by=session.actor(), now=clock.now())
        return {"name": name, "changed": True}

    emit_one(run_with_database(config, work), output)


@users.command("log")
def log(
    action: Annotated[str | None, typer.Option("--action", help="Only this, as sign-in-refused.")] = None,
    limit: LimitOption = 100, output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """Who came in, who tried, who changed accounts, who saw personal data; newest first."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            return [dict(row) for row in await accounts.logged(connection, action=action, rows_max=limit)]

    columns = ["at", "actor", "action", "subject", "merchant", "address", "detail"]
    emit_list(run_with_database(config, work), columns, output)


@tokens.command("add")
def add_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the program is called.")],
    scope: Annotated[str, typer.Option("--scope", help=", ".join(tokens_store.SCOPES))],
    merchant: OnlyOption = None,
    days: Annotated[int | None, typer.Option("--days", min=1, max=3650, help="Good for so long; left out: no end.")] = None,
    output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """Make a token for a program; it is printed this once. Example: homeward token add zendesk --scope helpdesk"""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        for each in merchant or ():
            choose_merchant(settings, each)
        token = await people.add_token(
            database, name.strip().lower(), scope=scope, merchants=merchant or None, days=days, by=session.actor(),
            now=clock.now(),
        )  # fmt: skip
        return {"name": name, "scope": scope, "token": token, "changed": True, "undo": f"homeward token revoke {name}"}

    emit_one(run_with_database(config, work), output)


@tokens.command("list")
def list_tokens(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Every token by its name; the tokens themselves are kept nowhere."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            return [dict(row) for row in await tokens_store.listing(connection)]

    columns = ["name", "scope", "merchants", "used_at", "expires_at", "revoked_at", "created_by"]
    emit_list(run_with_database(config, work), columns, output)


@tokens.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The token's name.")], output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """End a token at once."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        await people.revoke_token(database, name, by=session.actor(), now=clock.now())
        return {"name": name, "changed": True}

    emit_one(run_with_database(config, work), output)


async def _factor_of(database: Database, name: str) -> tuple[Record, Factor | None]:
    """The account and its second factor. Raises NotFoundError."""
    async with database.reading(scope=AT_THE_DOOR) as connection:
        account = await accounts.read(connection, name)
        if account is None:
            raise NotFoundError(f"there is no account {name}")
        return account, await factors.of(connection, name)


def _change(name: str, output: Format, config: Any, **what: Any) -> None:
    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        for each in what.get("merchants") or ():
            choose_merchant(settings, each)
        await people.change_account(database, name.strip().lower(), by=session.actor(), now=clock.now(), **what)
        return {"name": name, "changed": True}

    emit_one(run_with_database(config, work), output)


def _code(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().strip()
    if not session.may_ask():
        raise Stop(USAGE, "there is no terminal to ask for a code at: add --code-stdin")
    return str(typer.prompt("Code", err=True))


def _password(from_stdin: bool) -> str:
    """Never from the command line: arguments are seen by everybody on the machine."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not session.may_ask():
        raise Stop(USAGE, "there is no terminal to ask for a password at: add --password-stdin or --no-password")
    first = str(typer.prompt("Password", hide_input=True, err=True))
    if first != typer.prompt("Again", hide_input=True, err=True):
        raise Stop(USAGE, "the two are not the same; nothing was changed")
    return first
