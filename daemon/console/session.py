"""What every command shares: settings, database, exit codes, asking before a change."""

import os
import pwd
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import anyio
import asyncpg
import orjson
import typer

from daemon import opening
from daemon.clock import Clock
from daemon.console.output import Format, UnknownFieldError, errors, shown
from daemon.errors import (
    DatabaseUnusableError,
    HomewardError,
    NotFoundError,
    NotPermittedError,
    OutcomeUnknownError,
    RejectedError,
    SettingsError,
    TransientError,
)
from daemon.settings import Settings, config_path, load
from daemon.store.database import SCHEMA_VERSION, Database

FAILED, USAGE, DIFFERENCES, NOT_PERMITTED, NOT_FOUND, REFUSED, UNAVAILABLE, PARTIAL, UNKNOWN = 1, 2, 3, 4, 5, 6, 7, 8, 9
INTERRUPTED = 130

_T = TypeVar("_T")

ConfigOption = Annotated[Path | None, typer.Option("--config", help="Configuration file; else HOMEWARD_CONFIG.")]
OutputOption = Annotated[Format, typer.Option("-o", "--output", help="How to print.")]
MerchantOption = Annotated[str | None, typer.Option("--merchant", help="Only this merchant.")]
AfterOption = Annotated[int | None, typer.Option("--after", help="Page on: only ids below this one.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most this many rows.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be done; change nothing.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept in the journal's inbox event.")]


class Stop(HomewardError):  # noqa: N818 - it ends a command, with a code
    """End the command with a code and a message for people."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def settings_from(config: Path | None) -> Settings:
    return load(config_path(config))


def run_with_database(
    config: Path | None, work: Callable[[Database, Settings, Clock], Awaitable[_T]], *, as_owner: bool = False
) -> _T:
    """Open the configured database, do the work, close it. Errors become exit codes."""
    settings = settings_from(config)

    async def main() -> _T:
        async with opening.open_database(settings, as_owner=as_owner) as database:
            version = await database.version()
            if version == 0 and settings.database.dsn is None:  # a new one of our own: nothing is in it yet
                await opening.migrate(settings, database)
                version = await database.version()
            if version != SCHEMA_VERSION:
                raise DatabaseUnusableError(
                    f"the database is at schema version {version}, this program needs {SCHEMA_VERSION}: "
                    "run homeward db migrate"
                )
            try:
                return await work(database, settings, opening.build_clock(settings))
            except asyncpg.DataError as error:
                raise Stop(USAGE, f"a value is out of the range the database can hold: {error}") from error
            except asyncpg.InsufficientPrivilegeError as error:
                raise NotPermittedError(
                    f"the database role of this command may not do that ({error}): database.owner_dsn names one that may"
                ) from error

    return anyio.run(main)


def choose_merchant(settings: Settings, given: str | None) -> str:
    """The merchant meant: named, or the only one."""
    if given is not None:
        if given not in settings.merchants:
            raise Stop(NOT_FOUND, f"merchant {given} is not configured; known: {', '.join(sorted(settings.merchants))}")
        return given
    if len(settings.merchants) == 1:
        return next(iter(settings.merchants))
    raise Stop(USAGE, "several merchants are configured: name one with --merchant")


def only(merchant: str | None) -> list[str] | None:
    """The merchants meant: the one that was named, or all."""
    return None if merchant is None else [merchant]


def person() -> str:
    """Who is at the keyboard, by the account of the process; behind sudo, the account it was called from.

    Not by LOGNAME or USER, which anybody may set.
    """
    uid = os.getuid()
    if uid == 0 and os.environ.get("SUDO_UID", "").isdigit():
        uid = int(os.environ["SUDO_UID"])
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def actor() -> str:
    """The person as the journal shows them."""
    return f"user:{person()}"


def may_ask() -> bool:
    """Whether somebody is there to answer."""
    return shown.asks and sys.stdin.isatty()


def confirm(question: str, *, yes: bool) -> None:
    """Ask before a change; without a terminal a missing --yes is a usage error."""
    if yes:
        return
    if not may_ask():
        raise Stop(USAGE, f"{question} There is no terminal to ask at: add --yes.")
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise Stop(INTERRUPTED, "Nothing was changed.")


def code_of(error: HomewardError) -> int:
    match error:
        case Stop():
            return error.code
        case SettingsError() | UnknownFieldError():
            return USAGE
        case NotFoundError():
            return NOT_FOUND
        case NotPermittedError():
            return NOT_PERMITTED
        case DatabaseUnusableError() | TransientError():
            return UNAVAILABLE
        case RejectedError():
            return REFUSED
        case OutcomeUnknownError():
            return UNKNOWN
        case _:
            return FAILED


def fail(error: HomewardError, *, as_json: bool) -> NoReturn:
    code = code_of(error)
    if as_json:
        told: dict[str, Any] = {"error": str(error), "exit_code": code}
        sys.stderr.write(orjson.dumps(told).decode() + "\n")
    else:
        errors.print(str(error), markup=False)
    raise SystemExit(code)
