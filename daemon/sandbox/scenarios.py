"""Every situation a season may hold: the scenario seeds of the Happy Returns sheet's section 12, and Brightpearl's own.

Each scenario places its orders, plans its steps in time, and writes down how it must end: the truth a run is judged by.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from daemon.sandbox import catalogue
from daemon.sandbox.books import CANCELLED_STATUS, Order
from daemon.sandbox.catalogue import Line
from daemon.sandbox.season import DAY, HOUR, MINUTE, Season

RESTOCKED, CLOSED = "restocked", "closed"


def exception(cause: str) -> str:
    return f"exception:{cause}"


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


def _one(season: Season, at: datetime, **told: Any) -> Order:
    return season.order([Line(catalogue.goods(season.books, season.rng))], at, **told)


def _dropped(season: Season, at: datetime) -> datetime:
    return at + season.rng.uniform(0.2, 5) * DAY


def bar_single(season: Season, name: str, at: datetime) -> None:
    order = _one(season, at)
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def bar_several(season: Season, name: str, at: datetime) -> None:
    rng = season.rng
    lines = [Line(p) for p in rng.sample([p for p in season.books.products.values() if not p.components], 4)]
    order = season.order(lines, at)
    new = season.announce(name, at, season.items(order, [(0, 1), (2, 1)]), RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def two_orders(season: Season, name: str, at: datetime) -> None:
    items = season.items(_one(season, at), [(0, 1)]) + season.items(_one(season, at), [(0, 1)])
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def duplicate_sku(season: Season, name: str, at: datetime) -> None:
    order = season.order([Line(catalogue.goods(season.books, season.rng), 3)], at)
    new = season.announce(name, at, season.items(order, [(0, 2)]), RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def null_sku(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)], sku=None), RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def barcode_only(season: Season, name: str, at: datetime) -> None:
    items = season.items(_one(season, at), [(0, 1)], sku="", line_item_id="")
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def partial_then_expiry(season: Season, name: str, at: datetime) -> None:
    order = season.order([Line(catalogue.goods(season.books, season.rng)) for _ in range(2)], at)
    items = season.items(order, [(0, 1), (1, 1)])
    new = season.announce(name, at, items, {items[0].item_id: RESTOCKED, items[1].item_id: CLOSED})
    season.travel(new, items[:1], _dropped(season, at))
    season.at(at + 30 * DAY, "expire", return_id=new.return_id, item_ids=[items[1].item_id])


def method_changes(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)]), RESTOCKED)
    season.at(at + HOUR, "method", return_id=new.return_id, method="mail")
    season.at(at + 3 * HOUR, "method", return_id=new.return_id, method="return-bar")
    season.travel(new, new.items, at + DAY)


def mail_inspected(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)]), RESTOCKED, method="mail")
    dropped = _dropped(season, at)
    season.travel(new, new.items, dropped, approve=dropped + 7 * DAY, days=6)


def carrier_burst(season: Season, name: str, at: datetime) -> None:
    """A policy flip approves several mail returns in one minute."""
    burst = at + 6 * DAY
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)]), RESTOCKED, method="mail")
    season.travel(new, new.items, at + DAY, approve=burst, days=8)


def exchange(season: Season, name: str, at: datetime) -> None:
    items = season.items(_one(season, at), [(0, 1)], refund_type="exchange")
    new = season.announce(name, at, items, exception("exchange"))
    season.travel(new, new.items, _dropped(season, at))


def gift_card(season: Season, name: str, at: datetime) -> None:
    items = season.items(_one(season, at), [(0, 1)], refund_type="gift-card")
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def returnless(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)]), CLOSED, method="returnless")
    season.at(at + 5 * MINUTE, "approve", return_id=new.return_id, item_ids=[i.item_id for i in new.items])


def processing_fee(season: Season, name: str, at: datetime) -> None:
    items = season.items(_one(season, at), [(0, 1)], fee="4.95")
    new = season.announce(name, at, items, exception("fee-unmapped"))
    season.travel(new, new.items, _dropped(season, at))


def foreign_currency(season: Season, name: str, at: datetime) -> None:
    rng = season.rng
    lines = [Line(catalogue.goods(season.books, rng)), Line(catalogue.goods(season.books, rng), 2)]
    order = season.order(lines, at, currency=rng.choice(("EUR", "USD")))
    new = season.announce(name, at, season.items(order, [(0, 1), (1, 1)]), RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def delayed_approval(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)]), RESTOCKED)
    dropped = _dropped(season, at)
    season.travel(new, new.items, dropped, approve=dropped + 2 * DAY)


def two_bags(season: Season, name: str, at: datetime) -> None:
    order = season.order([Line(catalogue.goods(season.books, season.rng)) for _ in range(2)], at)
    items = season.items(order, [(0, 1), (1, 1)])
    new = season.announce(name, at, items, RESTOCKED)
    dropped = _dropped(season, at)
    season.travel(new, items[:1], dropped, days=7)
    season.travel(new, items[1:], dropped + MINUTE / 6, days=11)


def damaged(season: Season, name: str, at: datetime) -> None:
    items = season.items(_one(season, at), [(0, 1)], reason_id="damaged")
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, new.items, _dropped(season, at), conditions={items[0].item_id: "damaged"})


def wrong_item(season: Season, name: str, at: datetime) -> None:
    items = season.items(_one(season, at), [(0, 1)])
    new = season.announce(name, at, items, exception("wrong-item"))
    season.travel(new, new.items, _dropped(season, at), conditions={items[0].item_id: "wrong-item"})


def missing_item(season: Season, name: str, at: datetime) -> None:
    items = season.items(_one(season, at), [(0, 1)])
    new = season.announce(name, at, items, exception("unit-missing"))
    season.travel(new, new.items, _dropped(season, at), conditions={items[0].item_id: "missing"})


def unidentified_extra(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)]), RESTOCKED)
    arrives = season.travel(new, new.items, _dropped(season, at))
    season.at(arrives, "extra", express_code=new.express_code)


def unknown_type(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)]), RESTOCKED)
    new.unknown_type = "in-limbo"
    season.travel(new, new.items, _dropped(season, at))


def unknown_reason(season: Season, name: str, at: datetime) -> None:
    items = season.items(_one(season, at), [(0, 1)], reason_id="mercury-in-retrograde")
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def late_duplicate(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)]), RESTOCKED)
    dropped = _dropped(season, at)
    season.travel(new, new.items, dropped)
    season.at(dropped + 9 * HOUR, "again", return_id=new.return_id)


def asn_before_approval(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)]), RESTOCKED)
    dropped = _dropped(season, at)
    season.travel(new, new.items, dropped, approve=dropped + 6 * DAY, days=9)


def unmatched_order(season: Season, name: str, at: datetime) -> None:
    order = _one(season, at)
    del season.books.orders[order.id]
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("order-not-found"))
    season.travel(new, new.items, _dropped(season, at))


def late_order(season: Season, name: str, at: datetime) -> None:
    """The order reaches Brightpearl some hours after the return was dropped off."""
    order = _one(season, at)
    del season.books.orders[order.id]
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    dropped = at + DAY
    season.at(dropped + 5 * HOUR, "order", order=order)
    season.travel(new, new.items, dropped)


def whole_bundle(season: Season, name: str, at: datetime) -> None:
    order = season.order([Line(catalogue.bundle(season.books, season.rng), 2)], at)
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def bundle_component(season: Season, name: str, at: datetime) -> None:
    order = season.order([Line(catalogue.bundle(season.books, season.rng))], at)
    child = next(row for row in order.rows if row.bundle_child)
    items = season.items(order, [(0, 1)], sku=child.sku, line_item_id="77001", upc="", variant_id="")
    new = season.announce(name, at, items, exception("bundle-incomplete"))
    season.travel(new, new.items, _dropped(season, at))


def order_discount(season: Season, name: str, at: datetime) -> None:
    rng = season.rng
    lines = [Line(catalogue.goods(season.books, rng, tax_code="T20"), rng.randint(1, 3)) for _ in range(3)]
    order = season.order(lines, at, order_discount=Decimal("10.00"))
    new = season.announce(name, at, season.items(order, [(0, 1), (1, 1)]), RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def row_discount(season: Season, name: str, at: datetime) -> None:
    lines = [Line(catalogue.goods(season.books, season.rng), 3, Decimal("0.15"))]
    new = season.announce(name, at, season.items(season.order(lines, at), [(0, 3)]), RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def mixed_tax(season: Season, name: str, at: datetime) -> None:
    rng = season.rng
    lines = [Line(catalogue.goods(season.books, rng, tax_code=code)) for code in ("T20", "T0")]
    new = season.announce(name, at, season.items(season.order(lines, at), [(0, 1), (1, 1)]), RESTOCKED)
    season.travel(new, new.items, _dropped(season, at))


def several_returns(season: Season, name: str, at: datetime) -> None:
    """Three returns of one order, weeks apart: together exactly the row."""
    order = season.order([Line(catalogue.goods(season.books, season.rng), 3)], at, order_discount=Decimal("7.00"))
    for number, item in enumerate(season.items(order, [(0, 3)])):
        begins = at + number * 4 * DAY
        new = season.announce(name, begins, [item], RESTOCKED)
        season.travel(new, new.items, _dropped(season, begins))


def earlier_credit(season: Season, name: str, at: datetime) -> None:
    """A person credited another unit of the order before this return began."""
    order = season.order([Line(catalogue.goods(season.books, season.rng), 2)], at)
    season.at(at - timedelta(minutes=1), "human_credit", order_id=order.id, row_index=0, reference="phone call")
    items = season.items(order, [(0, 1)])
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, items, at + 2 * DAY)


def rival_credit(season: Season, name: str, at: datetime) -> None:
    order = _one(season, at)
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("rival-credit"))
    season.at(at + HOUR, "human_credit", order_id=order.id, row_index=0, reference="goodwill")
    season.travel(new, new.items, at + DAY)


def adopted_credit(season: Season, name: str, at: datetime) -> None:
    """A person made the very credit already and wrote the express code on it."""
    order = _one(season, at)
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    season.at(at + HOUR, "human_credit", order_id=order.id, row_index=0, reference=f"return {new.express_code}")
    season.travel(new, new.items, at + DAY)


def cancelled_order(season: Season, name: str, at: datetime) -> None:
    order = _one(season, at, invoiced=False)
    order.status_id = CANCELLED_STATUS
    new = season.announce(name, at, season.items(order, [(0, 1)]), exception("order-cancelled"))
    season.travel(new, new.items, _dropped(season, at))


def over_return(season: Season, name: str, at: datetime) -> None:
    order = _one(season, at)
    items = season.items(order, [(0, 1)]) + season.items(order, [(0, 1)])
    items[1].line_item_id = ""
    new = season.announce(name, at, items, exception("over-return"))
    season.travel(new, items, _dropped(season, at))


def observed_by_warehouse(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)]), RESTOCKED)
    season.travel(new, new.items, _dropped(season, at), observed=True)


def never_dropped(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(_one(season, at), [(0, 1)]), CLOSED)
    season.at(at + 30 * DAY, "expire", return_id=new.return_id, item_ids=[i.item_id for i in new.items])


Scenario = Callable[[Season, str, datetime], None]
SCENARIOS: dict[str, tuple[int, Scenario]] = {
    function.__name__: (weight, function)
    for weight, function in (
        (30, bar_single), (15, bar_several), (3, two_orders), (4, duplicate_sku), (3, null_sku), (2, barcode_only),
        (4, partial_then_expiry), (3, method_changes), (5, mail_inspected), (3, carrier_burst), (2, exchange),
        (3, gift_card), (3, returnless), (2, processing_fee), (6, foreign_currency), (3, delayed_approval),
        (3, two_bags), (3, damaged), (1, wrong_item), (1, missing_item), (1, unidentified_extra), (2, unknown_type),
        (2, unknown_reason), (2, late_duplicate), (2, asn_before_approval), (1, unmatched_order), (2, late_order),
        (4, whole_bundle), (1, bundle_component), (5, order_discount), (4, row_discount), (5, mixed_tax),
        (2, several_returns), (2, earlier_credit), (1, rival_credit), (1, adopted_credit), (1, cancelled_order),
        (1, over_return), (6, observed_by_warehouse), (4, never_dropped),
    )
}  # fmt: skip
