"""`homeward user …` and `homeward token …`: who may come in over the web, and as what."""

import sys
from typing import Annotated, Any

import typer

from daemon.clock import Clock
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
from daemon.settings import Settings
from daemon.store import accounts
from daemon.store import tokens as tokens_store
from daemon.store.database import Database
from daemon.web.access import people
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
            return [dict(row) for row in await accounts.listing(connection)]

    columns = ["name", "role", "merchants", "has_password", "seen_at", "locked_until", "disabled_at"]
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


def _change(name: str, output: Format, config: Any, **what: Any) -> None:
    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        for each in what.get("merchants") or ():
            choose_merchant(settings, each)
        await people.change_account(database, name.strip().lower(), by=session.actor(), now=clock.now(), **what)
        return {"name": name, "changed": True}

    emit_one(run_with_database(config, work), output)


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
