"""Situations that only the simulation plays: many returns of one order in the same minute, and orders of many units."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from daemon.sandbox import catalogue
from daemon.sandbox.catalogue import Line
from daemon.sandbox.journeys import RESTOCKED
from daemon.sandbox.scenarios import SCENARIOS
from daemon.sandbox.season import DAY, Season

MANY = 40


def together(season: Season, name: str, at: datetime) -> None:
    """Three returns of one order, each of one unit, dropped off within a minute: pennies do not divide."""
    rng = season.rng
    lines = [Line(catalogue.goods(season.books, rng, tax_code="T20"), 3, Decimal("0.0833")) for _ in range(2)]
    order = season.order(lines[: rng.randint(1, 2)], at, order_discount=Decimal(rng.choice(("0", "1.00", "4.99"))))
    for number, item in enumerate(season.items(order, [(0, 3)])):
        begins = at + timedelta(seconds=number * rng.choice((0, 1, 20)))
        new = season.announce(name, begins, [item], RESTOCKED)
        season.travel(new, new.items, at + DAY / 8 + timedelta(seconds=rng.choice((0, 3, 30)) * number))


def many_units(season: Season, name: str, at: datetime) -> None:
    """An order of many equal units; most of them come back in one return."""
    order = season.order([Line(catalogue.goods(season.books, season.rng), MANY)], at)
    new = season.announce(name, at, season.items(order, [(0, MANY - 3)]), RESTOCKED)
    season.travel(new, new.items, at + DAY / 4)


def scene(name: str) -> Callable[[Season, str, datetime], None]:
    own = {"together": together, "many_units": many_units}
    return own[name] if name in own else SCENARIOS[name][1]
