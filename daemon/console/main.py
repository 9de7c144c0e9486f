"""`homeward`: the command. Nouns and verbs live in the modules beside, each loaded only when it is asked for."""

import os
import sys
from copy import copy
from importlib import import_module
from importlib.metadata import version as installed
from typing import Any

import typer

from daemon.console.output import Format, emit_one, shown
from daemon.console.session import INTERRUPTED, OutputOption, fail
from daemon.errors import HomewardError
from daemon.store.database import SCHEMA_VERSION

EPILOG = (
    "Anywhere: --fields a,b.c shows only these fields; --utc shows times in UTC; --envelope puts JSON into an object with "
    "its schema, time and next page; --no-input never asks. Topics: homeward help filters, exit-codes, causes, states, "
    "environment, json."
)
NOUNS = {
    "return": "returns.returns", "exception": "exceptions.exceptions", "batch": "batches.batches", "map": "maps.maps",
    "event": "events.events", "effect": "events.effects", "receipt": "events.receipts", "alert": "alerts.alerts",
    "journal": "journal.journal", "merchant": "admin.merchants", "db": "admin.db",
    "user": "users.users", "token": "users.tokens", "match": "books.match", "orphan": "books.orphan",
    "period": "closing.period", "fee": "closing.fee", "import": "closing.imports", "audit": "audits.audit",
    "privacy": "privacy.privacy", "checklist": "checklists.checklist", "docs": "docs.docs",
    "training": "training.training",
}  # fmt: skip
"""Noun → the module here and the group in it."""
SERVICES = {
    "apply": "batches.apply_plan", "top": "top.top", "health": "health.health", "doctor": "doctor.doctor",
    "help": "helping.help_topic",
    "schema": "helping.print_schema", "run": "service.run", "demo": "demo.demo", "sandbox": "service.sandbox",
}  # fmt: skip
"""Command without a noun → the module here and the function in it."""
PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def build(asked: str | None = None, verb: str | None = None) -> typer.Typer:
    """The command; with `asked`, only that noun or service is loaded, and of a noun only that verb, where there is one."""
    cli = typer.Typer(
        name="homeward",
        help="Brings returned goods home in the books: Happy Returns and Brightpearl, reconciled to the penny.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        epilog=EPILOG,
    )
    cli.callback()(_nothing)
    cli.command("version")(_version)
    is_known = asked in NOUNS or asked in SERVICES or asked == "version"
    for name, place in NOUNS.items():
        if not is_known or name == asked:
            cli.add_typer(_only(verb, _load(place)) if is_known else _load(place), name=name)
    for name, place in SERVICES.items():
        if not is_known or name == asked:
            cli.command(name, context_settings=PASSED_ON if name == "sandbox" else None)(_load(place))
    return cli


def _only(verb: str | None, noun: typer.Typer) -> typer.Typer:
    """This noun with this verb alone, if it has it: making every other verb ready takes longer than most do their work."""
    named = [each for each in noun.registered_commands if each.name == verb]
    if not named:
        return noun
    alone = copy(noun)
    alone.registered_commands = named
    return alone


def _load(place: str) -> Any:
    module, _, name = place.partition(".")
    return getattr(import_module(f"daemon.console.{module}"), name)


def _nothing() -> None:
    """Brings returned goods home in the books: Happy Returns and Brightpearl, reconciled to the penny."""


def _version(output: OutputOption = Format.TABLE) -> None:
    """Print the version."""
    if output is Format.TABLE:
        sys.stdout.write(installed("homeward") + "\n")
    else:
        emit_one({"version": installed("homeward"), "schema": SCHEMA_VERSION}, output)


def _take_what_is_said_anywhere(arguments: list[str]) -> list[str]:
    """--fields, --utc, --envelope and --no-input, wherever they stand; answers the other arguments."""
    left: list[str] = []
    given = iter(arguments)
    for each in given:
        if each == "--utc":
            shown.utc = True
        elif each == "--envelope":
            shown.envelope = True
        elif each == "--no-input":
            shown.asks = False
        elif each == "--fields" or each.startswith("--fields="):
            told = each.partition("=")[2] or next(given, "")
            shown.fields = tuple(name.strip() for name in told.split(",") if name.strip())
        else:
            left.append(each)
    return left


def main() -> None:
    """Entry point: every error on purpose becomes a message and its exit code."""
    if len(sys.argv) < 2 or sys.argv[1] != "sandbox":
        sys.argv[1:] = _take_what_is_said_anywhere(sys.argv[1:])
        words = [each for each in sys.argv[1:3] if not each.startswith("-")]
        shown.command = " ".join(words if words and words[0] in NOUNS else words[:1])
    as_json = any(a in sys.argv for a in ("json", "ndjson", "--output=json", "-ojson", "--output=ndjson", "-ondjson"))
    try:
        build(*sys.argv[1:3])()
    except HomewardError as error:
        fail(error, as_json=as_json)
    except BrokenPipeError:  # whoever read us has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
