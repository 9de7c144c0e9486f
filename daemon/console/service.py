"""`homeward run` and `homeward sandbox`: the programs that stay."""

import functools
from typing import Annotated

import anyio
import typer

from daemon import app as application
from daemon.console.session import ConfigOption, settings_from
from daemon.sandbox.__main__ import main as sandbox_main
from daemon.telemetry import start_logging


def run(
    observe: Annotated[
        bool,
        typer.Option(
            "--observe", help="Poll and decide, send nothing to any vendor; see: homeward effect list --observed."
        ),
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Run the daemon in the foreground until SIGTERM or Ctrl-C; ready when GET /readyz answers 200."""
    settings = settings_from(config)
    repeats = start_logging(settings.telemetry.log_level)
    anyio.run(functools.partial(application.run, settings, observe=observe, repeats=repeats))


def sandbox(context: typer.Context) -> None:
    """Serve local stand-ins of Happy Returns and Brightpearl; see `homeward sandbox --help`."""
    raise SystemExit(sandbox_main(context.args))
