"""`homeward docs …`: documents that are made from the configuration, so that they cannot go stale. Markdown on stdout."""

import sys

import typer
import yaml

from daemon.console.session import ConfigOption, settings_from
from daemon.store.database import SHARED
from daemon.views import operating

docs = typer.Typer(help="Documents made from the configuration, as Markdown.", no_args_is_help=True)


@docs.command("operating-model")
def operating_model(config: ConfigOption = None) -> None:
    """Who owns which cause, with which clock and next step; the rounds; the alerts and their runbooks."""
    rules = yaml.safe_load((SHARED / "deploy/alerts/homeward.rules.yml").read_text(encoding="utf-8"))
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    sys.stdout.write(operating.operating_model(settings_from(config), alerts))


@docs.command("data")
def data() -> None:
    """Where each piece of return data lives, and who is right about it."""
    sys.stdout.write(operating.data_map())
