"""A season of returns with trouble in it: every scenario seed of the Happy Returns sheet's section 12, and Brightpearl's.

Each scenario places its orders, plans its steps in time, and writes down how it must end: the truth a run is judged by.
"""

import heapq
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from daemon.sandbox import catalogue
from daemon.sandbox.books import CANCELLED_STATUS, Books, Order, Refusal
from daemon.sandbox.catalogue import Line
from daemon.sandbox.clock import SandboxClock
from daemon.sandbox.happy_returns import HappyReturns, Item, ReturnOfGoods, Shipment

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
REASONS = ("too-small", "too-big", "changed-mind", "damaged", "not-as-described", "arrived-late")
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

RESTOCKED, CLOSED = "restocked", "closed"


def exception(cause: str) -> str:
    return f"exception:{cause}"


@dataclass(order=True, slots=True)
class Step:
    at: datetime
    number: int
    kind: str = field(compare=False)
    told: dict[str, Any] = field(compare=False, default_factory=dict)


@dataclass(slots=True)
class Season:
    """The plan of one season and its play; `truth` maps each unit to how it must end."""

    clock: SandboxClock
    books: Books
    happy_returns: HappyReturns
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    steps: list[Step] = field(default_factory=list)
    truth: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[dict[str, str]] = field(default_factory=list)
    parked_receipts: int = 0
    begins_at: datetime | None = None
    _orders: int = 10400
    _numbers: int = 0

    # -- planning -----------------------------------------------------------------------------------------------------

    def plan(self, *, returns: int, seed: int, days: int = 21) -> None:
        """Draw `returns` returns: every scenario once while there is room, then by weight."""
        self.rng = random.Random(seed)
        self.books.rng = random.Random(seed + 1)
        self.begins_at = self.clock.now()
        if not self.books.products:
            catalogue.stock_shelves(self.books)
        names = list(SCENARIOS)
        chosen = names[:returns] if returns < len(names) else list(names)
        weights = [SCENARIOS[name][0] for name in names]
        chosen += self.rng.choices(names, weights, k=max(returns - len(chosen), 0))
        self.rng.shuffle(chosen)
        for name in chosen:
            at = self.begins_at + self.rng.random() * days * DAY
            SCENARIOS[name][1](self, name, at)

    def at(self, moment: datetime, kind: str, **told: Any) -> None:
        self._numbers += 1
        heapq.heappush(self.steps, Step(moment, self._numbers, kind, told))

    def order(self, lines: list[Line], at: datetime, **told: Any) -> Order:
        self._orders += 1
        placed = at - self.rng.randint(4, 20) * DAY
        number = f"{self._orders}"
        return catalogue.place_order(self.books, number, lines, at=placed, platform_id=self._orders, **told)

    def items(self, order: Order, picks: list[tuple[int, int]], **told: Any) -> list[Item]:
        """Items for (goods row index, units) of an order, with Happy Returns' line-id suffixes."""
        rows = [row for row in order.rows if row.sku and not row.bundle_child]
        items: list[Item] = []
        for index, units in picks:
            row = rows[index]
            product = self.books.products[row.product_id or 0]
            for offset in range(units):
                quantity = int(row.quantity)
                line = row.external_ref if quantity == 1 else f"{row.external_ref}-{offset}-{quantity}"
                share = (row.net + row.tax) / row.quantity
                items.append(
                    Item(
                        item_id=str(uuid.UUID(int=self.rng.getrandbits(128), version=4)),
                        order_number=order.reference, order_id=order.external_ref, line_item_id=line, sku=row.sku,
                        upc=product.barcode, variant_id=str(product.id), name=row.name,
                        reason_id=self.rng.choice(REASONS), amount=f"{share:.2f}", currency=order.currency,
                    )
                )  # fmt: skip
        for item in items:
            for name, value in told.items():
                setattr(item, name, value)
        return items

    def announce(
        self, name: str, at: datetime, items: list[Item], ends: dict[str, str] | str, *, method: str = "return-bar"
    ) -> ReturnOfGoods:
        """Plan the start of a return and write down how each unit must end."""
        code = "HR" + "".join(self.rng.choices(_CODE, k=6))
        new = ReturnOfGoods(
            return_id=str(uuid.UUID(int=self.rng.getrandbits(128), version=4)), express_code=code, rma_id="",
            email=f"shopper{self._numbers}@example.test", method=method, purchased_at=at - 9 * DAY, items=items,
        )  # fmt: skip
        self.at(at, "start", new=new)
        for order_number in dict.fromkeys(item.order_number for item in items):
            mine = [item for item in items if item.order_number == order_number]
            self.truth.append({
                "scenario": name, "happy_return_id": new.return_id, "express_code": code, "order_number": order_number,
                "units": {i.item_id: ends if isinstance(ends, str) else ends[i.item_id] for i in mine},
            })  # fmt: skip
        return new

    def travel(
        self, new: ReturnOfGoods, items: list[Item], dropped: datetime, *, approve: datetime | None = None,
        conditions: dict[str, str] | None = None, observed: bool = False, days: float | None = None,
    ) -> datetime:  # fmt: skip
        """Drop-off, approval, hub shipment and arrival at the warehouse of these items."""
        ids = [item.item_id for item in items]
        self.at(dropped, "drop", return_id=new.return_id, item_ids=ids)
        self.at(approve or dropped + MINUTE / 4, "approve", return_id=new.return_id, item_ids=ids)
        departs = dropped + self.rng.uniform(2, 5) * DAY
        if new.method == "return-bar":
            self.at(departs, "ship", return_id=new.return_id, item_ids=ids)
        arrives = dropped + (days or self.rng.uniform(6, 12)) * DAY
        kind = "observe" if observed else "receive"
        self.at(arrives, kind, return_id=new.return_id, item_ids=ids, conditions=conditions or {})
        return arrives

    # -- playing ------------------------------------------------------------------------------------------------------

    @property
    def next_at(self) -> datetime | None:
        return self.steps[0].at if self.steps else None

    def play(self, now: datetime) -> int:
        """Do every step whose time has come."""
        played = 0
        while self.steps and self.steps[0].at <= now:
            step = heapq.heappop(self.steps)
            getattr(self, f"_do_{step.kind}")(step.at, **step.told)
            played += 1
        return played

    def _do_start(self, at: datetime, new: ReturnOfGoods) -> None:
        self.happy_returns.start(new, at)

    def _do_method(self, at: datetime, return_id: str, method: str) -> None:
        self.happy_returns.change_method(return_id, method, at)

    def _do_drop(self, at: datetime, return_id: str, item_ids: list[str]) -> None:
        self.happy_returns.drop_off(return_id, item_ids, at)

    def _do_approve(self, at: datetime, return_id: str, item_ids: list[str]) -> None:
        self.happy_returns.approve_items(return_id, item_ids, at)

    def _do_expire(self, at: datetime, return_id: str, item_ids: list[str]) -> None:
        self.happy_returns.expire_items(return_id, item_ids, at)

    def _do_again(self, at: datetime, return_id: str) -> None:
        """A stale repeat of the first webhook, hours later."""
        found = self.happy_returns.returns[return_id]
        found.history.append((at, "return_status_updated", "started", ()))

    def _do_ship(self, at: datetime, return_id: str, item_ids: list[str]) -> None:
        shipment_id = str(45000 + len(self.happy_returns.shipments))
        bag = f"HR2{shipment_id}{len(item_ids):04d}"
        for item in self.happy_returns.returns[return_id].items:
            if item.item_id in item_ids:
                item.bag, item.shipment_id = bag, shipment_id
        shipment = Shipment(shipment_id, at, f"1ZTEST{shipment_id:>010}", list(item_ids))
        self.happy_returns.shipments[shipment_id] = shipment

    def _do_receive(self, at: datetime, return_id: str, item_ids: list[str], conditions: dict[str, str]) -> None:
        found = self.happy_returns.returns[return_id]
        for item in found.items:
            if item.item_id in item_ids:
                self._receipt(at, found, item, conditions.get(item.item_id, "sellable"))

    def _receipt(self, at: datetime, found: ReturnOfGoods, item: Item, condition: str) -> None:
        self.receipts.append({
            "happy_return_id": found.return_id, "express_code": found.express_code, "order_number": item.order_number,
            "happy_item_id": item.item_id, "sku": item.sku or "", "quantity": "1", "condition": condition,
            "received_at": at.isoformat(),
        })  # fmt: skip

    def _do_extra(self, at: datetime, express_code: str) -> None:
        """An article in the bag that belongs to no return we know."""
        self.receipts.append({
            "happy_return_id": "", "express_code": express_code, "order_number": "", "happy_item_id": "",
            "sku": "UNKNOWN-ARTICLE", "quantity": "1", "condition": "sellable", "received_at": at.isoformat(),
        })  # fmt: skip
        self.parked_receipts += 1

    def _do_observe(
        self, at: datetime, return_id: str, item_ids: list[str], conditions: dict[str, str], tries: int = 0
    ) -> None:
        """The warehouse books the goods in Brightpearl itself, against the credit it finds there."""
        found = self.happy_returns.returns[return_id]
        items = [item for item in found.items if item.item_id in item_ids]
        orders = {o.id for o in self.books.orders.values() if o.reference in {i.order_number for i in items}}
        credits_made = self.books.credits_of(orders)
        if not credits_made:
            if tries < 20:
                told = {"return_id": return_id, "item_ids": item_ids, "conditions": conditions, "tries": tries + 1}
                self.at(self.clock.now() + 6 * HOUR, "observe", **told)
            return
        for credit in credits_made:
            for row in credit.rows:
                room = int(row.quantity) - self.books.received(row.id)
                product = self.books.products.get(row.product_id or 0)
                if room > 0 and product is not None and not product.components:
                    line = {"productId": row.product_id, "purchaseOrderRowId": row.id, "quantity": room}
                    self.books.receive(
                        credit.id, {"warehouseId": 2, "receivedOn": at.isoformat(), "goodsMoved": [line]}
                    )

    def _do_order(self, at: datetime, order: Order) -> None:
        """An order that reaches Brightpearl late."""
        self.books.orders[order.id] = order

    def _do_human_credit(self, at: datetime, order_id: int, row_index: int, reference: str) -> None:
        """Somebody credits a unit in Brightpearl by hand."""
        order = self.books.orders[order_id]
        row = [row for row in order.rows if row.sku][row_index]
        net, tax = (
            (row.net / row.quantity).quantize(Decimal("0.01")),
            (row.tax / row.quantity).quantize(Decimal("0.01")),
        )
        try:
            self.books.create_credit({
                "customer": {"id": order.contact_id}, "ref": reference, "parentId": order.id,
                "currency": {"code": order.currency, "exchangeRate": str(order.exchange_rate)},
                "rows": [{"productId": row.product_id, "quantity": "1", "taxCode": row.tax_code, "net": str(net),
                          "tax": str(tax), "nominalCode": row.nominal}],
            }, at=at)  # fmt: skip
        except Refusal as refusal:
            raise AssertionError(f"the sandbox refused its own credit: {refusal}") from refusal


# -- scenarios ----------------------------------------------------------------------------------------------------------


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
