"""Every situation a season may hold, by name and weight.

Each scenario places its orders, plans its steps in time, and writes down how it must end: the truth a run is judged by.
"""

from collections.abc import Callable
from datetime import datetime

from daemon.sandbox.journeys import JOURNEYS
from daemon.sandbox.order_troubles import ORDER_TROUBLES
from daemon.sandbox.season import DAY, Season


def plan_season(season: Season, *, returns: int, seed: int, days: int = 21) -> None:
    """Draw `returns` returns: every scenario once while there is room, then by weight."""
    season.open(seed)
    begins_at = season.clock.now()
    names = list(SCENARIOS)
    chosen = names[:returns] if returns < len(names) else list(names)
    weights = [SCENARIOS[name][0] for name in names]
    chosen += season.rng.choices(names, weights, k=max(returns - len(chosen), 0))
    season.rng.shuffle(chosen)
    for name in chosen:
        at = begins_at + season.rng.random() * days * DAY
        SCENARIOS[name][1](season, name, at)


Scenario = Callable[[Season, str, datetime], None]
SCENARIOS: dict[str, tuple[int, Scenario]] = {
    function.__name__: (weight, function) for weight, function in (*JOURNEYS, *ORDER_TROUBLES)
}
