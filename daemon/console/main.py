"""`homeward`: the command. Service verbs here; nouns in the modules beside."""

import os
import sys
from importlib.metadata import version as installed

import anyio
import typer

from daemon import app as application
from daemon.console import doctor as doctor_room
from daemon.console.admin import db, merchants
from daemon.console.alerts import alerts
from daemon.console.batches import apply_plan, batches
from daemon.console.demo import demo
from daemon.console.events import effects, events, receipts
from daemon.console.exceptions import exceptions
from daemon.console.helping import help_topic, print_schema
from daemon.console.journal import journal
from daemon.console.maps import maps
from daemon.console.output import Format, emit_list, errors, shown
from daemon.console.returns import returns
from daemon.console.session import FAILED, INTERRUPTED, ConfigOption, OutputOption, fail, settings_from
from daemon.console.top import top
from daemon.errors import HomewardError
from daemon.sandbox.__main__ import main as sandbox_main
from daemon.settings import config_path
from daemon.telemetry import start_logging

EPILOG = (
    "Anywhere: --fields a,b.c shows only these fields; --utc shows times in UTC. Topics: homeward help filters, exit-codes, "
    "causes, states, environment, json."
)

cli = typer.Typer(
    name="homeward",
    help="Brings returned goods home in the books: Happy Returns and Brightpearl, reconciled to the penny.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog=EPILOG,
)
cli.add_typer(returns, name="return")
cli.add_typer(exceptions, name="exception")
cli.add_typer(maps, name="map")
cli.add_typer(events, name="event")
cli.add_typer(effects, name="effect")
cli.add_typer(receipts, name="receipt")
cli.add_typer(batches, name="batch")
cli.add_typer(alerts, name="alert")
cli.add_typer(journal, name="journal")
cli.add_typer(merchants, name="merchant")
cli.add_typer(db, name="db")
cli.command("apply")(apply_plan)
cli.command("top")(top)
cli.command("help")(help_topic)
cli.command("schema")(print_schema)
cli.command("demo")(demo)


@cli.command("run")
def run(config: ConfigOption = None) -> None:
    """Run the daemon in the foreground until SIGTERM or Ctrl-C; ready when GET /readyz answers 200."""
    settings = settings_from(config)
    start_logging(settings.telemetry.log_level)
    anyio.run(application.run, settings)


@cli.command(
    "sandbox",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def sandbox(context: typer.Context) -> None:
    """Serve local stand-ins of Happy Returns and Brightpearl; see `homeward sandbox --help`."""
    raise SystemExit(sandbox_main(context.args))


@cli.command("doctor")
def doctor(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Check settings, database, clocks, both vendors, permissions and reference data."""
    findings = anyio.run(doctor_room.examine, config_path(config))
    emit_list([finding.as_row() for finding in findings], ["result", "check", "detail", "fix"], output)
    failed = sum(not finding.ok for finding in findings)
    if failed:
        errors.print(f"{failed} of {len(findings)} checks failed")
        raise SystemExit(FAILED)


@cli.command("version")
def version() -> None:
    """Print the version."""
    sys.stdout.write(installed("homeward") + "\n")


def _take_what_is_said_anywhere(arguments: list[str]) -> list[str]:
    """--fields and --utc, wherever they stand; answers the other arguments."""
    left: list[str] = []
    given = iter(arguments)
    for each in given:
        if each == "--utc":
            shown.utc = True
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
    as_json = any(a in sys.argv for a in ("json", "ndjson", "--output=json", "-ojson", "--output=ndjson", "-ondjson"))
    try:
        cli()
    except HomewardError as error:
        fail(error, as_json=as_json)
    except BrokenPipeError:  # whoever read us has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
