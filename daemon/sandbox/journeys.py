"""How returns travel: the scenario seeds of the Happy Returns sheet's section 12, each with how it must end."""

import uuid
from datetime import datetime
from typing import Any

from daemon.sandbox import catalogue
from daemon.sandbox.books import Order
from daemon.sandbox.catalogue import Line
from daemon.sandbox.happy_returns import Item
from daemon.sandbox.season import DAY, HOUR, MINUTE, Season

RESTOCKED, CLOSED = "restocked", "closed"


def exception(cause: str) -> str:
    return f"exception:{cause}"


def one(season: Season, at: datetime, **told: Any) -> Order:
    return season.order([Line(catalogue.goods(season.books, season.rng))], at, **told)


def dropped(season: Season, at: datetime) -> datetime:
    return at + season.rng.uniform(0.2, 5) * DAY


def bar_single(season: Season, name: str, at: datetime) -> None:
    order = one(season, at)
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def bar_several(season: Season, name: str, at: datetime) -> None:
    rng = season.rng
    lines = [Line(p) for p in rng.sample([p for p in season.books.products.values() if not p.components], 4)]
    order = season.order(lines, at)
    new = season.announce(name, at, season.items(order, [(0, 1), (2, 1)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def two_orders(season: Season, name: str, at: datetime) -> None:
    items = season.items(one(season, at), [(0, 1)]) + season.items(one(season, at), [(0, 1)])
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def duplicate_sku(season: Season, name: str, at: datetime) -> None:
    order = season.order([Line(catalogue.goods(season.books, season.rng), 3)], at)
    new = season.announce(name, at, season.items(order, [(0, 2)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def null_sku(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)], sku=None), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def barcode_only(season: Season, name: str, at: datetime) -> None:
    items = season.items(one(season, at), [(0, 1)], sku="", line_item_id="")
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def partial_then_expiry(season: Season, name: str, at: datetime) -> None:
    order = season.order([Line(catalogue.goods(season.books, season.rng)) for _ in range(2)], at)
    items = season.items(order, [(0, 1), (1, 1)])
    new = season.announce(name, at, items, {items[0].item_id: RESTOCKED, items[1].item_id: CLOSED})
    season.travel(new, items[:1], dropped(season, at))
    season.at(at + 30 * DAY, "expire", return_id=new.return_id, item_ids=[items[1].item_id])


def method_changes(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), RESTOCKED)
    season.at(at + HOUR, "method", return_id=new.return_id, method="mail")
    season.at(at + 3 * HOUR, "method", return_id=new.return_id, method="return-bar")
    season.travel(new, new.items, at + DAY)


def mail_inspected(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), RESTOCKED, method="mail")
    drop = dropped(season, at)
    season.travel(new, new.items, drop, approve=drop + 7 * DAY, days=6)


def carrier_burst(season: Season, name: str, at: datetime) -> None:
    """A policy flip approves several mail returns in one minute."""
    burst = at + 6 * DAY
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), RESTOCKED, method="mail")
    season.travel(new, new.items, at + DAY, approve=burst, days=8)


def exchange(season: Season, name: str, at: datetime) -> None:
    items = season.items(one(season, at), [(0, 1)], refund_type="exchange")
    new = season.announce(name, at, items, exception("exchange"))
    season.travel(new, new.items, dropped(season, at))


def gift_card(season: Season, name: str, at: datetime) -> None:
    items = season.items(one(season, at), [(0, 1)], refund_type="gift-card")
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def returnless(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), CLOSED, method="returnless")
    season.at(at + 5 * MINUTE, "approve", return_id=new.return_id, item_ids=[i.item_id for i in new.items])


def processing_fee(season: Season, name: str, at: datetime) -> None:
    items = season.items(one(season, at), [(0, 1)], fee="4.95")
    new = season.announce(name, at, items, exception("fee-unmapped"))
    season.travel(new, new.items, dropped(season, at))


def foreign_currency(season: Season, name: str, at: datetime) -> None:
    rng = season.rng
    lines = [Line(catalogue.goods(season.books, rng)), Line(catalogue.goods(season.books, rng), 2)]
    order = season.order(lines, at, currency=rng.choice(("EUR", "USD")))
    new = season.announce(name, at, season.items(order, [(0, 1), (1, 1)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def delayed_approval(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), RESTOCKED)
    drop = dropped(season, at)
    season.travel(new, new.items, drop, approve=drop + 2 * DAY)


def two_bags(season: Season, name: str, at: datetime) -> None:
    order = season.order([Line(catalogue.goods(season.books, season.rng)) for _ in range(2)], at)
    items = season.items(order, [(0, 1), (1, 1)])
    new = season.announce(name, at, items, RESTOCKED)
    drop = dropped(season, at)
    season.travel(new, items[:1], drop, days=7)
    season.travel(new, items[1:], drop + MINUTE / 6, days=11)


def damaged(season: Season, name: str, at: datetime) -> None:
    items = season.items(one(season, at), [(0, 1)], reason_id="damaged")
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, new.items, dropped(season, at), conditions={items[0].item_id: "damaged"})


def wrong_item(season: Season, name: str, at: datetime) -> None:
    items = season.items(one(season, at), [(0, 1)])
    new = season.announce(name, at, items, exception("wrong-item"))
    season.travel(new, new.items, dropped(season, at), conditions={items[0].item_id: "wrong-item"})


def missing_item(season: Season, name: str, at: datetime) -> None:
    items = season.items(one(season, at), [(0, 1)])
    new = season.announce(name, at, items, exception("unit-missing"))
    season.travel(new, new.items, dropped(season, at), conditions={items[0].item_id: "missing"})


def unidentified_extra(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), RESTOCKED)
    arrives = season.travel(new, new.items, dropped(season, at))
    season.at(arrives, "extra", express_code=new.express_code)


def unknown_type(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), RESTOCKED)
    new.unknown_type = "in-limbo"
    season.travel(new, new.items, dropped(season, at))


def unknown_reason(season: Season, name: str, at: datetime) -> None:
    items = season.items(one(season, at), [(0, 1)], reason_id="mercury-in-retrograde")
    new = season.announce(name, at, items, RESTOCKED)
    season.travel(new, new.items, dropped(season, at))


def late_duplicate(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), RESTOCKED)
    drop = dropped(season, at)
    season.travel(new, new.items, drop)
    season.at(drop + 9 * HOUR, "again", return_id=new.return_id)


def asn_before_approval(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), RESTOCKED)
    drop = dropped(season, at)
    season.travel(new, new.items, drop, approve=drop + 6 * DAY, days=9)


def observed_by_warehouse(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at), observed=True)


def never_dropped(season: Season, name: str, at: datetime) -> None:
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), CLOSED)
    season.at(at + 30 * DAY, "expire", return_id=new.return_id, item_ids=[i.item_id for i in new.items])


def again_under(season: Season, name: str, items: list[Item], ends: str) -> tuple[str, str]:
    """Draw another key and code for these units, and write down how they must end under it."""
    new_id, code = str(uuid.UUID(int=season.rng.getrandbits(128), version=4)), season.code()
    for order_number in dict.fromkeys(item.order_number for item in items):
        season.truth.append({
            "scenario": name, "happy_return_id": new_id, "express_code": code, "order_number": order_number,
            "units": {item.item_id: ends for item in items if item.order_number == order_number},
        })  # fmt: skip
    return new_id, code


def rekeyed(season: Season, name: str, at: datetime) -> None:
    """A return that was paid goes on under another id: its unit must not be paid again, though the order has more of it."""
    order = season.order([Line(catalogue.goods(season.books, season.rng), 3)], at)
    new = season.announce(name, at, season.items(order, [(0, 1)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))
    new_id, code = again_under(season, name, new.items, exception("same-goods"))
    season.at(at + 20 * DAY, "rekey", return_ids=[new.return_id], new_id=new_id, express_code=code)


def merged(season: Season, name: str, at: datetime) -> None:
    """Two returns of one order, one of them paid, go on as one."""
    order = season.order([Line(catalogue.goods(season.books, season.rng), 5)], at)
    first, second = season.items(order, [(0, 2)])
    paid = season.announce(name, at, [first], RESTOCKED)
    season.travel(paid, paid.items, at + DAY)
    open_one = season.announce(name, at + HOUR, [second], f"initiated|{CLOSED}")
    new_id, code = again_under(season, name, [first, second], exception("same-goods"))
    ids = [paid.return_id, open_one.return_id]
    season.at(at + 15 * DAY, "rekey", return_ids=ids, new_id=new_id, express_code=code)
    season.at(at + 16 * DAY, "drop", return_id=new_id, item_ids=[second.item_id])


def reused_item_id(season: Season, name: str, at: datetime) -> None:
    """Happy Returns gives other goods, of another order, an id that was paid for: only a person can tell them apart."""
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))
    later = at + 20 * DAY
    items = season.items(one(season, later), [(0, 1)], item_id=new.items[0].item_id)
    other = season.announce(name, later, items, exception("same-goods"))
    season.travel(other, other.items, later + DAY)


def spelled_otherwise(season: Season, name: str, at: datetime) -> None:
    """From some day on Happy Returns writes its ids in capitals, and its webhooks in another case again."""
    new = season.announce(name, at, season.items(one(season, at), [(0, 1)]), RESTOCKED)
    season.travel(new, new.items, dropped(season, at))
    season.at(at + 2 * DAY, "assume", spells_reads="capitals", spells_webhooks="swapped", spells_shipments="capitals")


JOURNEYS = (
    (30, bar_single), (15, bar_several), (3, two_orders), (4, duplicate_sku), (3, null_sku), (2, barcode_only),
    (4, partial_then_expiry), (3, method_changes), (5, mail_inspected), (3, carrier_burst), (2, exchange),
    (3, gift_card), (3, returnless), (2, processing_fee), (6, foreign_currency), (3, delayed_approval),
    (3, two_bags), (3, damaged), (1, wrong_item), (1, missing_item), (1, unidentified_extra), (2, unknown_type),
    (2, unknown_reason), (2, late_duplicate), (2, asn_before_approval), (6, observed_by_warehouse),
    (4, never_dropped), (2, rekeyed), (1, merged), (1, reused_item_id), (1, spelled_otherwise),
)  # fmt: skip
"""How often each occurs in a season, against the others."""
