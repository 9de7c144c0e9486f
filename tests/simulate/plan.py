"""What happens in one season: drawn from its seed, the same again for the same seed. Pure."""

import random
from dataclasses import dataclass
from typing import Any

WRITE = "^(POST|PUT) .*/(sales-credit|customer-payment|close|goods-in|multi-message|note|status)$"
CREDIT, PAYMENT = "^POST .*/sales-credit$", "^POST .*/customer-payment$"
SEARCH, CREDIT_SEARCH, PAYMENT_SEARCH = "^GET .*-search", "^GET .*/order-search", "^GET .*/customer-payment-search"
SETS = "^GET .*/(order|sales-credit)/[0-9]"
GOODS = "^GET .*/goods-in"
MEMBER = "^MEMBER "
RETURN = "^POST /return$"
INSTEAD = ((301, "html"), (302, "html"), (404, "html"), (404, "empty"), (408, "empty"), (409, "text"), (425, "empty"),
           (200, "html"), (200, "empty"), (204, "empty"), (502, "html"))  # fmt: skip
"""Answers of whatever stands between us and the vendor."""

FAULTS: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    # weight, kind, what it may strike
    (4, "lose-answer", (WRITE, CREDIT, PAYMENT, MEMBER, RETURN)),
    (2, "refuse-connection", (WRITE, "/public-api/", RETURN)),
    (2, "error-after", (WRITE, CREDIT, PAYMENT, MEMBER)),
    (2, "error-before", (WRITE, SEARCH, MEMBER, RETURN)),
    (1, "unavailable", ("/public-api/", RETURN)),
    (1, "throttled", ("/public-api/", MEMBER)),
    (1, "refused", (WRITE, "/multi-message$")),
    (1, "truncate", (WRITE, SEARCH, SETS, RETURN)),
    (1, "garbage", (WRITE, SEARCH, SETS, RETURN, MEMBER)),
    (1, "invalid", (WRITE, SEARCH)),
    (3, "twice", (WRITE, CREDIT, PAYMENT, MEMBER)),
    (4, "answer-after", (WRITE, CREDIT, PAYMENT, MEMBER)),
    (2, "answer-before", (WRITE, CREDIT, PAYMENT, MEMBER)),
    (2, "acknowledge-only", (CREDIT, PAYMENT, MEMBER)),
    (4, "leave-out", (SETS, SEARCH, CREDIT_SEARCH, PAYMENT_SEARCH, GOODS, RETURN)),
    (3, "hollow", (SETS, SEARCH, PAYMENT_SEARCH, GOODS, RETURN)),
    (2, "empty-list", (SETS, GOODS)),
    (2, "more-pages", (SEARCH, CREDIT_SEARCH, PAYMENT_SEARCH)),
    (2, "short-rows", (SEARCH, CREDIT_SEARCH, PAYMENT_SEARCH)),
    (2, "bad-row", (SEARCH, CREDIT_SEARCH, PAYMENT_SEARCH)),
    (2, "odd-rows", (SEARCH, CREDIT_SEARCH, PAYMENT_SEARCH)),
    (2, "counts-disagree", (SEARCH, CREDIT_SEARCH, PAYMENT_SEARCH)),
    (3, "none-of-set", (SETS, GOODS, RETURN, "^GET .*/(tax-code|payment-method)$")),
    (2, "other-answer", (SETS, SEARCH, GOODS, RETURN)),
)  # fmt: skip
SCENES = (
    (6, "bar_single"), (3, "bar_several"), (2, "two_orders"), (3, "duplicate_sku"), (1, "null_sku"), (2, "mail_inspected"),
    (2, "gift_card"), (2, "foreign_currency"), (2, "two_bags"), (1, "damaged"), (1, "missing_item"),
    (2, "observed_by_warehouse"), (1, "late_duplicate"), (2, "whole_bundle"), (1, "bundle_in_pieces"), (3, "order_discount"),
    (2, "row_discount"), (2, "mixed_tax"), (3, "several_returns"), (2, "earlier_credit"), (2, "rival_credit"),
    (2, "adopted_credit"), (1, "over_return"), (1, "locked_order"), (1, "unlocked_order"), (1, "refused_credit"),
    (1, "edited_order"), (1, "value_gone"), (2, "quicker_rival"), (2, "hidden_rival"), (1, "free_goods"), (1, "late_order"),
    (1, "pending_invoice"), (1, "processing_fee"), (1, "never_dropped"), (6, "together"), (1, "many_units"),
)  # fmt: skip
"""Weight and situation: of the sandbox, or of `scenes`."""
LAGS = (0.0, 2.0, 20.0, 60.0, 600.0, 10_800.0)
POINTS = ("commit.before", "commit.after", "send.unsent", "send.sent", "send.answered")


@dataclass(frozen=True, slots=True)
class Hand:
    """What a person does in Brightpearl, so many hours after the season began, to one of its orders (by its place)."""

    hours: float
    kind: str
    order: int
    hidden_seconds: float = 0.0
    what: str = ""


@dataclass(frozen=True, slots=True)
class Stall:
    """The n-th write stands at the vendor, before or after it is done, while others work."""

    number: int
    when: str
    meanwhile: str
    """own: the daemon's other loops; other: a second daemon, whose lease runs; season: people and the vendor."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    scenes: tuple[tuple[str, float], ...]
    """Situation, and the hours after which it begins."""
    assumptions: dict[str, Any]
    rules: tuple[dict[str, Any], ...]
    webhooks: dict[str, float]
    calm_after_hours: float
    """Then no more faults are drawn, and everything must come to its end."""
    hands: tuple[Hand, ...]
    kills: tuple[tuple[str, int], ...]
    """Point, and the passing of it at which the daemon dies."""
    cuts: tuple[tuple[str, int], ...]
    """The same for the database connection."""
    stalls: tuple[Stall, ...]
    steps_of_clock: tuple[tuple[float, float], ...]
    """After so many hours the daemon's clock is so many seconds off."""
    people: float
    """How likely a person acts on an exception at any look."""
    settings: dict[str, Any]
    order_seed: int
    """Of the order in which loops have their turn."""


def draw(seed: int) -> Plan:
    """Small seasons with many faults; each kind of trouble is left out of most of them, so that causes stand alone."""
    rng = random.Random(seed)
    size = rng.choice((1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 6))
    spread = rng.choice((0.01, 0.2, 6.0, 30.0))
    names = rng.choices([name for _, name in SCENES], [weight for weight, _ in SCENES], k=size)
    calm = rng.choice((12.0, 72.0, 150.0, 200.0))
    return Plan(
        seed=seed,
        scenes=tuple((name, rng.random() * spread) for name in names),
        assumptions=_assumptions(rng),
        rules=tuple(_rule(rng) for _ in range(rng.choice((0, 1, 1, 2, 3, 5)))),
        webhooks=_webhooks(rng),
        calm_after_hours=calm,
        hands=tuple(_hand(rng) for _ in range(rng.choice((0, 0, 0, 1, 2, 3)))),
        kills=tuple((rng.choice(POINTS), rng.randint(1, 40)) for _ in range(rng.choice((0, 0, 1, 2, 4)))),
        cuts=tuple((rng.choice(POINTS[:2]), rng.randint(1, 60)) for _ in range(rng.choice((0, 0, 0, 1, 3)))),
        stalls=tuple(_stall(rng) for _ in range(rng.choice((0, 0, 1, 1, 3)))),
        steps_of_clock=tuple(
            (rng.random() * calm, rng.choice((-3600.0, -45.0, 45.0, 300.0, 3600.0, 0.0)))
            for _ in range(rng.choice((0, 0, 0, 0, 1, 2)))
        ),
        people=rng.choice((0.0, 0.0, 0.1, 0.5)),
        settings={"bundled_writes": rng.random() < 0.6, "requests_per_minute": rng.choice((2000, 2000, 2000, 60))},
        order_seed=rng.randrange(2**32),
    )


def _assumptions(rng: random.Random) -> dict[str, Any]:
    has_keys = rng.random() < 0.5
    form, length = rng.choices(
        (("exact", 0), ("lower", 0), ("upper", 0), ("none", 0), ("exact", 10)), (80, 5, 5, 5, 5)
    )[0]  # fmt: skip
    lag = rng.choice(LAGS)
    return {
        "knows_keys": has_keys, "instance_id": 11 if has_keys and rng.random() < 0.8 else None,
        "search_lag_seconds": lag, "payment_lag_seconds": rng.choice((0.0, lag, rng.choice(LAGS))),
        "note_lag_seconds": rng.choice((0.0, lag)), "lag_varies": rng.random() < 0.4,
        "rows_later_seconds": rng.choice((0.0, 0.0, 0.0, 0.0, 5.0, 90.0, 900.0)), "reference_form": form,
        "reference_length": length, "reference_search_folds": rng.random() < 0.7,
        "duplicate_has_body": rng.random() < 0.7, "created_status": rng.choice((200, 201)),
        "close_seconds": rng.choice((0.0, 1.0, 30.0)), "echoes_row_references": rng.random() < 0.7,
        "per_item_ids": rng.random() < 0.9, "per_item_times": rng.random() < 0.9, "amounts": rng.random() < 0.8,
        "snapshot_lag_seconds": rng.choice((0.0, 0.0, 120.0)), "requests_per_minute": 2000,
        "multi_message_costs_each": rng.random() < 0.3, "bucket_rate": 50.0, "bucket_size": 100.0,
    }  # fmt: skip


def _rule(rng: random.Random) -> dict[str, Any]:
    _, kind, matches = rng.choices(FAULTS, [weight for weight, _, _ in FAULTS])[0]
    rule: dict[str, Any] = {
        "match": rng.choice(matches), "kind": kind, "share": rng.choice((0.1, 0.3, 0.6, 1.0)),
        "count": rng.choice((1, 2, 5, None)),
    }  # fmt: skip
    if rule["share"] == 1.0 and rule["count"] is None:
        rule["share"] = 0.8
    if kind in ("answer-after", "answer-before"):
        rule["status"], rule["body"] = rng.choice(INSTEAD)
    if kind == "leave-out":
        rule["status"] = rng.choice((200, 207))
    return rule


def _webhooks(rng: random.Random) -> dict[str, float]:
    names = ("duplicate", "drop", "reorder", "bad_signature")
    return {f"webhook_{name}_share": rng.choice((0.0, 0.0, 0.3)) for name in names}


def _hand(rng: random.Random) -> Hand:
    kind = rng.choice(("credit", "credit", "payment", "forget", "edit", "header-first"))
    hidden = rng.choice((0.0, 0.0, 300.0, 10_800.0))
    what = rng.choice(("credit", "payment", "goods-in")) if kind == "forget" else ""
    return Hand(rng.uniform(0.1, 150.0), kind, rng.randrange(12), hidden, what)


def _stall(rng: random.Random) -> Stall:
    return Stall(
        rng.randint(1, 12),
        rng.choice(("before", "after")),
        rng.choice(("own", "other", "season")),
        rng.uniform(1.0, 18.0),
    )
