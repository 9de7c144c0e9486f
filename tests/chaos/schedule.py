"""What goes wrong in a season, and when: drawn from a seed, the same again for the same seed. Pure."""

import random
from dataclasses import dataclass, field
from typing import Any

HANDS = {
    # what is done to the processes, and how often in a season for each hundred seconds of it
    "kill": 14,  # SIGKILL of a daemon, begun again at once
    "freeze": 1,  # SIGSTOP for longer than a lease, then SIGCONT
    "cut": 6,  # every database session of the daemons ended by the server
    "restart": 3,  # PostgreSQL stopped in the hard way and begun again
    "full": 1,  # no space left where the tables lie, for some seconds
}
VENDORS: tuple[dict[str, Any], ...] = (
    {"match": "^POST .*/(sales-credit|customer-payment|close|goods-in|multi-message)$", "kind": "lose-answer"},
    {"match": "^POST .*/(sales-credit|customer-payment|close|goods-in|multi-message)$", "kind": "refuse-connection"},
    {"match": "^POST .*/(sales-credit|customer-payment|close|goods-in|multi-message)$", "kind": "error-after"},
    {"match": "^POST .*/(sales-credit|customer-payment|close|goods-in|multi-message)$", "kind": "error-before"},
    {"match": "^POST .*/(sales-credit|customer-payment|close|goods-in|multi-message)$", "kind": "truncate"},
    {"match": "^POST .*/(sales-credit|customer-payment|close|goods-in|multi-message)$", "kind": "garbage"},
    {"match": "^MEMBER ", "kind": "error-after"},
    {"match": "^MEMBER ", "kind": "throttled"},
    {"match": "^MEMBER ", "kind": "garbage"},
    {"match": "/multi-message$", "kind": "refused"},
    {"match": "/public-api/", "kind": "unavailable"},
    {"match": "/public-api/", "kind": "throttled"},
    {"match": "/public-api/", "kind": "wrong-type"},
    {"match": "/public-api/", "kind": "slow", "delay_seconds": 0.5},
    {"match": "/public-api/", "kind": "late", "delay_seconds": 0.5},
    {"match": "^GET .*/public-api/", "kind": "truncate"},
    {"match": "^GET .*/public-api/", "kind": "invalid"},
    {"match": "^POST /return$", "kind": "error-before"},
    {"match": "^POST /return$", "kind": "garbage"},
    {"match": "^POST /return$", "kind": "lose-answer"},
    {"match": "^GET /outbound", "kind": "truncate"},
)
ASSUMPTIONS: dict[str, tuple[Any, ...]] = {
    "knows_keys": (True, True, False),
    "duplicate_has_body": (True, False),
    "created_status": (200, 201),
    "instance_id": (11, None),
    "search_lag_seconds": (0.5, 2.0, 20.0),
    "multi_message_costs_each": (False, True),
    "close_seconds": (0.0, 1.0, 30.0),
    "echoes_row_references": (True, False),
    "snapshot_lag_seconds": (0.0, 120.0),
    "requests_per_minute": (200, 2000),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing done to the processes, `at` seconds of real time after the season began."""

    at: float
    kind: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """A season's troubles. `phases` are vendor faults, each for its share of the season."""

    seed: int
    returns: int
    seconds: float
    troubles: tuple[Trouble, ...]
    phases: tuple[dict[str, Any], ...]
    assumptions: dict[str, Any]
    bundled: bool
    clock_offset_seconds: float
    crash_points: dict[int, str] = field(default_factory=dict)


def draw(seed: int, *, hours: float, hands: dict[str, int] | None = None) -> Schedule:
    """A season of `hours` of real time; its returns and its troubles grow with it."""
    rng = random.Random(seed)
    seconds = hours * 3600
    troubles: list[Trouble] = []
    for kind, often in (HANDS if hands is None else hands).items():
        count = often * seconds / 100
        whole = int(count) + (rng.random() < count % 1)
        for _ in range(whole):
            lasting = {"freeze": rng.uniform(17, 20), "restart": rng.uniform(0, 3), "full": rng.uniform(2, 5)}
            troubles.append(Trouble(rng.uniform(2, max(seconds, 3)), kind, lasting.get(kind, 0.0)))
    phases = []
    for _ in range(max(int(seconds / 15), 2)):
        rules = [{**rule, "share": round(rng.uniform(0.02, 0.3), 3)} for rule in rng.sample(VENDORS, 6)]
        phases.append({
            "seed": rng.randrange(10**6), "rules": rules, "webhook_duplicate_share": rng.choice((0.0, 0.3)),
            "webhook_drop_share": rng.choice((0.0, 0.1)), "webhook_reorder_share": rng.choice((0.0, 0.3)),
            "webhook_bad_signature_share": rng.choice((0.0, 0.05)),
        })  # fmt: skip
    assumptions = {name: rng.choice(choices) for name, choices in ASSUMPTIONS.items()}
    if not assumptions["knows_keys"]:
        # Without any key a search index that lags longer than we wait would show nothing: the sheet's own limit.
        assumptions["search_lag_seconds"] = min(assumptions["search_lag_seconds"], 20.0)
    return Schedule(
        seed, max(int(seconds * 2), 60), seconds, tuple(sorted(troubles, key=lambda each: each.at)), tuple(phases),
        assumptions, rng.random() < 0.6, rng.choice((0.0, 0.0, 45.0, -45.0)),
    )  # fmt: skip
