"""A season: orders placed, steps planned in time and played, and the truth of how each unit must end."""

import heapq
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from daemon.sandbox import catalogue
from daemon.sandbox.books import Books, Order, Refusal
from daemon.sandbox.catalogue import Line
from daemon.sandbox.clock import SandboxClock
from daemon.sandbox.coins import written
from daemon.sandbox.happy_returns import HappyReturns, Item, ReturnOfGoods, Shipment

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
REASONS = ("too-small", "too-big", "changed-mind", "damaged", "not-as-described", "arrived-late")
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


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
    _orders: int = 10400
    _numbers: int = 0
    _put_off: int = 0

    # -- planning -----------------------------------------------------------------------------------------------------

    def open(self, seed: int) -> None:
        """Seed the season and fill the shelves."""
        self.rng = random.Random(seed)
        self.books.rng = random.Random(seed + 1)
        if not self.books.products:
            catalogue.stock_shelves(self.books)

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
                        reason_id=self.rng.choice(REASONS), amount=written(share, order.currency), currency=order.currency,
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
        code = self.code()
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

    def code(self) -> str:
        """An express code that no return has yet."""
        return "HR" + "".join(self.rng.choices(_CODE, k=6))

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
        """Do every step whose time has come. How many did something: one that was put off did not."""
        played, self._put_off = 0, 0
        while self.steps and self.steps[0].at <= now:
            step = heapq.heappop(self.steps)
            getattr(self, f"_do_{step.kind}")(step.at, **step.told)
            played += 1
        return played - self._put_off

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

    def _do_rekey(
        self,
        at: datetime,
        return_ids: list[str],
        new_id: str,
        express_code: str,
        item_ids: dict[str, str] | None = None,
    ) -> None:
        """Returns go on under another id, alone or merged into one; their old ids are gone."""
        self.happy_returns.rekey(return_ids, new_id, express_code, at, item_ids=item_ids)

    def _do_assume(self, at: datetime, **sets: Any) -> None:
        """From now on a vendor behaves in another way, as a new release of it would."""
        for name, value in sets.items():
            assert hasattr(self.happy_returns.assumptions, name), f"there is no assumption {name}"
            setattr(self.happy_returns.assumptions, name, value)

    def _do_again(self, at: datetime, return_id: str) -> None:
        """A stale repeat of the first webhook, hours later."""
        found = self.happy_returns.current(return_id)
        found.history.append((at, "return_status_updated", "started", ()))

    def _do_ship(self, at: datetime, return_id: str, item_ids: list[str]) -> None:
        shipment_id = str(45000 + len(self.happy_returns.shipments))
        bag = f"HR2{shipment_id}{len(item_ids):04d}"
        items = [item for item in self.happy_returns.current(return_id).items if item.is_among(item_ids)]
        for item in items:
            item.bag, item.shipment_id = bag, shipment_id
        shipment = Shipment(shipment_id, at, f"1ZTEST{shipment_id:>010}", [item.item_id for item in items])
        self.happy_returns.shipments[shipment_id] = shipment

    def _do_receive(self, at: datetime, return_id: str, item_ids: list[str], conditions: dict[str, str]) -> None:
        found = self.happy_returns.current(return_id)
        for item in found.items:
            if item.is_among(item_ids):
                condition = conditions.get(item.item_id) or conditions.get(item.former_id) or "sellable"
                self._receipt(at, found, item, condition)

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
        found = self.happy_returns.current(return_id)
        items = [item for item in found.items if item.is_among(item_ids)]
        orders = {o.id for o in self.books.orders.having("reference", {i.order_number for i in items})}
        credits_made = self.books.credits_of(orders)
        if not credits_made:
            self._again(tries, "observe", return_id=return_id, item_ids=item_ids, conditions=conditions)
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

    def _do_human_credit(
        self, at: datetime, order_id: int, row_index: int, reference: str, whole_value: bool = False,
        hidden: timedelta | None = None, rows_after: timedelta | None = None, tries: int = 0,
    ) -> None:  # fmt: skip
        """Somebody credits a unit in Brightpearl by hand; perhaps not shown by the search for a while, or rows last.

        An order that takes no credit takes none of theirs either: they try again later.
        """
        order = self.books.orders.get(order_id)
        if order is None:
            return
        try:
            credit = self.books.credit_by_hand(order, row_index, reference, at=at, whole_value=whole_value)
        except Refusal:
            self._again(
                tries, "human_credit", order_id=order_id, row_index=row_index, reference=reference,
                whole_value=whole_value, hidden=hidden, rows_after=rows_after,
            )  # fmt: skip
            return
        if hidden is not None:
            credit.indexed_at = self.clock.now() + hidden
        if rows_after is not None:
            credit.rows_at = self.clock.now() + rows_after

    def _do_human_payment(
        self, at: datetime, order_id: int, reference: str, share: float = 1.0, hidden: timedelta | None = None,
        tries: int = 0,
    ) -> None:  # fmt: skip
        """Somebody refunds the newest credit of an order by hand, in part or whole; later, where there is none yet."""
        credits_made = self.books.credits_of([order_id])
        if not credits_made:
            self._again(tries, "human_payment", order_id=order_id, reference=reference, share=share, hidden=hidden)
            return
        credit = credits_made[-1]
        payment_id = self.books.pay({
            "transactionRef": reference, "paymentMethodCode": "PAYPAL", "paymentType": "PAYMENT", "orderId": credit.id,
            "currencyIsoCode": credit.currency, "amountPaid": str((credit.net + credit.tax) * Decimal(str(share))),
            "paymentDate": self.clock.now().isoformat(),
        })  # fmt: skip
        if hidden is not None:
            self.books.indexed_at[payment_id] = self.clock.now() + hidden

    def _do_forget(self, at: datetime, order_id: int, what: str, tries: int = 0) -> None:
        """Brightpearl loses the newest credit of an order, or a payment or goods-in note on it."""
        credits_made = self.books.credits_of([order_id])
        if what == "credit":
            keys = [each.id for each in credits_made]
        else:
            table = self.books.payments if what == "payment" else self.books.notes_in
            mine = {each.id for each in credits_made}
            keys = [key for key, each in table.items() if each["orderId"] in mine]
        if keys:
            self.books.forget(what, keys[-1])
        else:
            self._again(tries, "forget", order_id=order_id, what=what)

    def _again(self, tries: int, kind: str, **told: Any) -> None:
        """What a step needs is not there yet: six hours later, for five days."""
        if tries < 20:
            self._put_off += 1
            self.at(self.clock.now() + 6 * HOUR, kind, tries=tries + 1, **told)

    def _do_change(self, at: datetime, order_id: int, sets: dict[str, Any]) -> None:
        """Somebody changes an order in Brightpearl."""
        order = self.books.orders[order_id]
        for name, value in sets.items():
            setattr(order, name, value)
        order.updated_at = self.clock.now()

    def _do_edit(self, at: datetime, order_id: int, row_index: int, sets: dict[str, Any]) -> None:
        """Somebody edits a row of an order."""
        self.books.edit(self.books.orders[order_id], row_index, sets)
