"""`homeward privacy …`: where a person's data is, erasing it, and what was erased."""

from typing import Annotated, Any

import typer

from daemon.clock import Clock
from daemon.console.output import Format, emit_list, emit_one
from daemon.console.session import (
    NOT_FOUND,
    USAGE,
    ConfigOption,
    DryRunOption,
    LimitOption,
    MerchantOption,
    OutputOption,
    ReasonOption,
    Stop,
    YesOption,
    actor,
    choose_merchant,
    confirm,
    run_with_database,
    settings_from,
)
from daemon.settings import Settings
from daemon.store import privacy as store
from daemon.store import reports
from daemon.store.database import Database
from statemachine.refs import order_key

privacy = typer.Typer(help="Personal data: where it is, and erasing it.", no_args_is_help=True)


@privacy.command("find")
def find(
    word: Annotated[str, typer.Argument(help="A mail address, a name, an order number: as it is written.")],
    merchant_name: MerchantOption = None,
    limit: LimitOption = 100,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Every place that holds the word, and whether `privacy erase` reaches it."""
    if len(word.strip()) < 3:
        raise Stop(USAGE, "give at least three characters: less stands everywhere")
    name = choose_merchant(settings_from(config), merchant_name)

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            return [dict(row) for row in await store.found_in(connection, name, word.strip(), rows_max=limit)]

    emit_list(run_with_database(config, work), ["place", "id", "at", "can_be_erased"], output)


@privacy.command("erase")
def erase(
    reason: ReasonOption,
    returns: Annotated[list[str] | None, typer.Argument(metavar="[RETURN]...", help="Any name of the returns.")] = None,
    order: Annotated[
        list[str] | None, typer.Option("--order", help="All returns of this order; again for another.")
    ] = None,
    word: Annotated[
        list[str] | None, typer.Option("--word", help="Also bodies that hold this: a mail address, a name.")
    ] = None,
    merchant_name: MerchantOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Erase what may name the person behind these returns. Amounts, codes and the journal stay, so the books hold.

    The reason is kept: no personal data in it.
    """
    if not returns and not order and not word:
        raise Stop(USAGE, "name returns, --order or --word")
    if any(len(each.strip()) < 3 for each in word or []):
        raise Stop(USAGE, "--word takes at least three characters: less stands everywhere")
    name = choose_merchant(settings_from(config), merchant_name)

    async def about(database: Database) -> store.Subject:
        async with database.reading() as connection:
            ids = []
            for each in returns or []:
                found = [row for row in await reports.find(connection, each) if row[0] == name]
                if not found:
                    raise Stop(NOT_FOUND, f"no return of {name} is known under '{each}'")
                ids += [row[1] for row in found]
            keys = [order_key(each) for each in order or []]
            told = await store.subject_of(
                connection, name, ids=ids, order_keys=keys, words=tuple(each.strip() for each in word or [])
            )
        if not told.ids and not word:
            raise Stop(NOT_FOUND, f"no return of {name} is of order {', '.join(order or [])}")
        return told

    async def look(database: Database, settings: Settings, clock: Clock) -> tuple[store.Subject, int]:
        subject = await about(database)
        async with database.reading() as connection:
            return subject, await store.count_bodies(connection, name, subject)

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, int]:
        async with database.transaction("command") as connection:
            return await store.erase(connection, name, subject, actor=actor(), reason=reason, now=clock.now())

    subject, bodies = run_with_database(config, look)
    told: dict[str, Any] = {"merchant": name, "returns": list(subject.ids), "bodies": bodies}
    if dry_run:
        emit_one({**told, "changed": False}, output)
        return
    confirm(f"Erase what names a person in {len(subject.ids)} return(s) and {bodies} bodies of {name}?", yes=yes)
    erased = run_with_database(config, work)
    emit_one({**told, **erased, "changed": any(erased.values())}, output)


@privacy.command("log")
def log(
    merchant_name: MerchantOption = None, limit: LimitOption = 100, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Erasures as they were carried out, newest first."""
    settings = settings_from(config)
    names = [choose_merchant(settings, merchant_name)] if merchant_name else sorted(settings.merchants)

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            return [dict(row) for row in await store.erasures(connection, names, rows_max=limit)]

    emit_list(run_with_database(config, work), ["id", "merchant", "subject", "actor", "reason", "erased", "at"], output)
