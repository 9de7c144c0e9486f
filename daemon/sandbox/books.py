"""A Brightpearl account: orders, credits, goods-in notes, payments, reference data; what its rules accept and refuse.

Codes ending in -9xx are invented: nobody published the real ones (Brightpearl sheet section 4).
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from daemon.sandbox.assumptions import Assumptions
from daemon.sandbox.clock import SandboxClock, iso
from daemon.sandbox.coins import written
from daemon.sandbox.faults import draw

API, PERSON, GATEWAY = "api", "person", "gateway"
"""Who made something: whoever came through the API, somebody in Brightpearl itself, or what repeated a request in between."""
CANCELLED_STATUS = 5
CREDIT_STATUS = 10


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure
    """Brightpearl says no: HTTP status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(slots=True)
class Row:
    id: int
    product_id: int | None
    sku: str
    name: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    tax_code: str
    nominal: str
    external_ref: str = ""
    cost: Decimal = Decimal(0)
    bundle_parent: bool = False
    bundle_child: bool = False
    parent_row_id: int = 0
    tax_rate: Decimal | None = None
    """What the row was taxed at, where that is not its code's rate of today."""


@dataclass(slots=True)
class Order:
    id: int
    type_code: str
    reference: str
    external_ref: str
    parent_id: int
    contact_id: int
    status_id: int
    currency: str
    exchange_rate: Decimal
    warehouse_id: int
    channel_id: int
    price_mode: str
    created_at: datetime
    rows: list[Row]
    shipping: str = "ASS"
    invoice_reference: str = ""
    tax_date: str = ""
    instance_id: int | None = None
    updated_at: datetime | None = None
    indexed_at: datetime | None = None
    pending_until: datetime | None = None
    """While the invoice is pending; None with 'pending' means it sticks until closed again."""
    is_cancelled: bool = False
    custom_fields: dict[str, Any] = field(default_factory=dict)
    refuses_credit: str = ""
    """Why this account takes no credit against the order; empty: it does."""
    quicker_hand: str = ""
    """Somebody credits one unit of it by hand, with this reference, a moment before the next credit is sent."""
    hand_is_hidden: bool = False
    """That credit is not in the search index at once."""
    quicker_edit: dict[str, Any] = field(default_factory=dict)
    """Somebody changes its first goods row so, a moment before the next credit is sent."""
    made_by: str = PERSON
    rows_at: datetime | None = None
    """The header is there; its rows are to be seen from then on."""
    former_ids: list[int] = field(default_factory=list)
    former_rows: list[list[Row]] = field(default_factory=list)
    """The rows as they were before each edit."""

    @property
    def net(self) -> Decimal:
        return sum((row.net for row in self.rows if not row.bundle_child), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return sum((row.tax for row in self.rows if not row.bundle_child), Decimal(0))


@dataclass(slots=True)
class Product:
    """`components`: product id and how many of it are in one."""

    id: int
    sku: str
    name: str
    barcode: str
    cost: Decimal
    price: Decimal
    tax_code: str
    stock_tracked: bool = True
    components: tuple[tuple[int, int], ...] = ()


class Orders(dict[int, Order]):
    """Orders by id, found by their references too; put an order in again after changing one of these."""

    def __init__(self) -> None:
        super().__init__()
        self._by: dict[tuple[str, str | int], list[int]] = {}
        self.pending: set[int] = set()

    def __setitem__(self, key: int, order: Order) -> None:
        super().__setitem__(key, order)
        for name in ("reference", "external_ref", "parent_id"):
            ids = self._by.setdefault((name, getattr(order, name)), [])
            if key not in ids:
                ids.append(key)
        if order.invoice_reference == "pending":
            self.pending.add(key)

    def having(self, name: str, values: Iterable[str | int]) -> list[Order]:
        ids = sorted({each for value in values for each in self._by.get((name, value), ())})
        return [self[i] for i in ids if i in self]


@dataclass(slots=True)
class Books:
    """The account's whole state. Every change goes through a method, which keeps the rules of the sheet."""

    clock: SandboxClock
    assumptions: Assumptions
    account: str = "acme"
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))
    base_currency: str = "GBP"
    tax_codes: dict[str, Decimal] = field(
        default_factory=lambda: {"T20": Decimal(20), "T5": Decimal(5), "T0": Decimal(0), "T9": Decimal(0)}
    )
    payment_methods: dict[str, bool] = field(
        default_factory=lambda: {"SHOPIFY": True, "PAYPAL": True, "GIFTCARD": True, "CHEQUE": False}
    )
    nominal_codes: dict[str, tuple[str, bool]] = field(
        default_factory=lambda: {
            "4000": ("Sales", True),
            "4009": ("Discounts", True),
            "4040": ("Shipping", True),
            "4090": ("Return fees", True),
            "4900": ("Returns", True),
            "4998": ("Sales before 2020", False),
        }
    )
    products: dict[int, Product] = field(default_factory=dict)
    orders: Orders = field(default_factory=Orders)
    notes_in: dict[int, dict[str, Any]] = field(default_factory=dict)
    payments: dict[int, dict[str, Any]] = field(default_factory=dict)
    order_notes: list[dict[str, Any]] = field(default_factory=list)
    locked_until: date | None = None
    duplicates_refused: int = 0
    is_repeated: bool = False
    """What comes through the API now is a gateway's repeat, and nobody's wish."""
    posted_beside: dict[int, Decimal] = field(default_factory=dict)
    """Credit → by how much accounting posted something else than it says."""
    gone: list[dict[str, Any]] = field(default_factory=list)
    """What was acknowledged, and is no longer there: kind, id, and when it went."""
    made_by: dict[int, str] = field(default_factory=dict)
    """Payments and goods-in notes → who made them."""
    indexed_at: dict[int, datetime] = field(default_factory=dict)
    """Payments and order notes → when their search shows them."""
    _received: Counter[int] = field(default_factory=Counter)
    _notes_of: dict[int, list[int]] = field(default_factory=dict)
    _batches: set[str] = field(default_factory=set)
    _payments_of: dict[int, list[int]] = field(default_factory=dict)
    _transactions: dict[tuple[str, str], int] = field(default_factory=dict)
    _next_id: int = 1001  # 1000 and 1001 are Brightpearl's hidden products

    def new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def renumber(self, order: Order) -> None:
        """Somebody enters the order anew: it has another id, and its payments go with it."""
        payments = self._payments_of.pop(order.id, [])
        del self.orders[order.id]
        order.former_ids.append(order.id)
        order.id = self.new_id()
        self.orders[order.id] = order
        self._payments_of[order.id] = payments
        for each in payments:
            self.payments[each]["orderId"] = order.id

    def edit(self, order: Order, row_index: int, sets: dict[str, Any]) -> None:
        """Somebody changes one goods or free-text row of an order; what it was is kept for whoever compares."""
        order.former_rows.append([replace(row) for row in order.rows])
        row = [row for row in order.rows if not row.bundle_child][row_index]
        for name, value in sets.items():
            setattr(row, name, value)
        order.updated_at = self.clock.now()

    def forget(self, kind: str, key: int) -> None:
        """Lose a credit, payment or goods-in note that was acknowledged, as if it had never been."""
        match kind:
            case "credit":
                order = self.orders[key]
                self.gone.append({**self._plain(order), "kind": kind, "at": iso(self.clock.now())})
                self.orders.pending.discard(key)
                del self.orders[key]
            case "payment":
                payment = self.payments.pop(key)
                who = self.made_by.get(key, PERSON)
                self.gone.append({**payment, "id": key, "kind": kind, "made_by": who, "at": iso(self.clock.now())})
            case "goods-in":
                note = self.notes_in.pop(key)
                self._notes_of[note["orderId"]].remove(key)
                for line in note["goodsMoved"]:
                    self._received[line["purchaseOrderRowId"]] -= line["quantity"]
                self.gone.append({**note, "id": key, "kind": kind, "at": iso(self.clock.now())})
            case _:
                raise ValueError(f"nothing of kind {kind} can be forgotten")

    @property
    def latest_id(self) -> int:
        return self._next_id

    def forget_since(self, latest_id: int) -> None:
        """Lose every credit, payment and goods-in note that is newer than this id."""
        for kind, table in (("payment", self.payments), ("goods-in", self.notes_in)):
            for key in [key for key in table if key > latest_id]:
                self.forget(kind, key)
        for key in [order.id for order in self.orders.values() if order.id > latest_id and order.type_code == "SC"]:
            self.forget("credit", key)

    def _maker(self, by: str) -> str:
        return GATEWAY if self.is_repeated else by

    def kept(self, reference: str) -> str:
        """A reference as this account keeps and shows it."""
        match self.assumptions.reference_form:
            case "lower":
                reference = reference.lower()
            case "upper":
                reference = reference.upper()
            case "none":
                return ""
        return reference[: self.assumptions.reference_length or None]

    def lag(self, seconds: float, key: str) -> timedelta:
        """How long the index takes over one record: all of `seconds`, or some of it where lags vary."""
        return timedelta(seconds=seconds * (draw("lag", key) if self.assumptions.lag_varies else 1.0))

    # -- credits ----------------------------------------------------------------------------------------------------

    def credits_of(self, order_ids: Iterable[int]) -> list[Order]:
        return [order for order in self.orders.having("parent_id", order_ids) if order.type_code == "SC"]

    def create_credit(self, body: dict[str, Any], *, at: datetime | None = None, by: str = PERSON) -> tuple[int, bool]:
        """Answer the id and whether it is new. A known (externalRef, instance id) pair changes nothing (sheet 6.1)."""
        ref, instance = self.kept(str(body.get("externalRef") or "")), body.get("installedIntegrationInstanceId")
        if ref and instance is not None and self.assumptions.knows_keys:
            for order in self.orders.having("external_ref", [ref]):
                if order.type_code == "SC" and order.instance_id == instance:
                    self.duplicates_refused += 1
                    return order.id, False
        customer = body.get("customer") or {}
        contact = customer.get("id") or body.get("customerId")
        if not contact:
            raise Refusal(400, "ORDC-901", "Customer id must be given")
        parent = self.orders.get(int(body.get("parentId") or 0))
        if parent is not None and parent.refuses_credit:
            raise Refusal(400, "ORDC-921", parent.refuses_credit)
        if parent is not None and parent.quicker_hand:
            reference, parent.quicker_hand = parent.quicker_hand, ""
            lag = timedelta(minutes=5) if parent.hand_is_hidden else timedelta(0)
            self.credit_by_hand(parent, 0, reference).indexed_at = self.clock.now() + lag
        if parent is not None and parent.quicker_edit:
            sets, parent.quicker_edit = parent.quicker_edit, {}
            self.edit(parent, 0, sets)
        status = body.get("statusId") or CREDIT_STATUS
        if status not in (CREDIT_STATUS, 11, 12):
            raise Refusal(400, "ORDC-902", f"Order status {status} is not a sales credit status")
        tax_date = str(body.get("taxDate") or iso(self.clock.now()))
        self._require_open_period(tax_date)
        currency = body.get("currency") or {}
        rows = [self._credit_row(each) for each in body.get("rows") or []]
        order = Order(
            id=self.new_id(), type_code="SC", reference=str(body.get("ref") or ""), external_ref=ref,
            parent_id=int(body.get("parentId") or 0), contact_id=int(contact), status_id=int(status),
            currency=str(currency.get("code") or self.base_currency),
            exchange_rate=Decimal(str(currency.get("exchangeRate") or 1)),
            warehouse_id=int(body.get("warehouseId") or 2), channel_id=int(body.get("channelId") or 0),
            price_mode=str(body.get("priceModeCode") or "INC"), created_at=at or self.clock.now(), rows=[], shipping="NST",
            tax_date=tax_date, instance_id=instance,
            indexed_at=self.clock.now() + self.lag(self.assumptions.search_lag_seconds, f"credit {ref or contact}"),
            made_by=self._maker(by),
        )  # fmt: skip
        if self.assumptions.rows_later_seconds:
            order.rows_at = self.clock.now() + timedelta(seconds=self.assumptions.rows_later_seconds)
        for row in rows:
            order.rows.append(row)
            order.rows += self._expand(row)
        self.orders[order.id] = order
        return order.id, True

    def credit_by_hand(
        self, order: Order, row_index: int, reference: str, *, at: datetime | None = None, whole_value: bool = False
    ) -> Order:
        """Somebody credits one unit of an order's row in Brightpearl; `whole_value`: for all the row is worth."""
        row = [row for row in order.rows if row.sku][row_index]
        units = Decimal(1) if whole_value else row.quantity
        credit_id, _ = self.create_credit({
            "customer": {"id": order.contact_id}, "ref": reference, "parentId": order.id,
            "currency": {"code": order.currency, "exchangeRate": str(order.exchange_rate)},
            "rows": [{"productId": row.product_id, "quantity": "1", "taxCode": row.tax_code,
                      "net": written(row.net / units, order.currency), "tax": written(row.tax / units, order.currency),
                      "nominalCode": row.nominal}],
        }, at=at)  # fmt: skip
        return self.orders[credit_id]

    def _credit_row(self, told: dict[str, Any]) -> Row:
        tax_code = str(told.get("taxCode") or "")
        if tax_code not in self.tax_codes:
            raise Refusal(400, "ORDC-903", f"Tax code {tax_code} does not exist")
        product_id = told.get("productId")
        if product_id is None and not told.get("name"):
            raise Refusal(400, "ORDC-026", "A free-text row needs a product name")
        if product_id is not None and int(product_id) not in self.products:
            raise Refusal(400, "ORDC-904", f"Product {product_id} does not exist")
        try:
            quantity, net = Decimal(str(told["quantity"])), Decimal(str(told["net"]))
            tax = Decimal(str(told["tax"]))
        except (KeyError, InvalidOperation) as error:
            raise Refusal(400, "ORDC-905", "quantity, net and tax must be numbers") from error
        step = Decimal(1).scaleb(-self.assumptions.money_decimals)
        if quantity <= 0 or net != net.quantize(step) or tax != tax.quantize(step):
            words = f"quantity must be positive, net and tax at {self.assumptions.money_decimals} decimals"
            raise Refusal(400, "ORDC-906", words)
        product = self.products.get(int(product_id)) if product_id is not None else None
        return Row(
            self.new_id(), product.id if product else None, product.sku if product else "",
            str(told.get("name") or (product.name if product else "")), quantity, net, tax, tax_code,
            str(told.get("nominalCode") or "4000"), str(told.get("externalRef") or ""),
            product.cost if product else Decimal(0), bundle_parent=bool(product and product.components),
        )  # fmt: skip

    def _expand(self, row: Row) -> list[Row]:
        """The component rows the server adds to a bundle row."""
        product = self.products.get(row.product_id or 0)
        return [
            Row(
                self.new_id(), component, self.products[component].sku, self.products[component].name,
                row.quantity * count, Decimal(0), Decimal(0), row.tax_code, row.nominal, "",
                self.products[component].cost, bundle_child=True, parent_row_id=row.id,
            )
            for component, count in (product.components if product else ())
        ]  # fmt: skip

    def _require_open_period(self, told: str) -> None:
        if self.locked_until is None:
            return
        day = datetime.fromisoformat(told).astimezone(self.zone).date()
        if day <= self.locked_until:
            raise Refusal(400, "ACCC-907", f"The accounting period is locked until {self.locked_until.isoformat()}")

    def close_credit(self, credit_id: int, body: dict[str, Any]) -> None:
        """Ask accounting to invoice: `pending` for a while; a stuck one needs asking again (sheet 6.4)."""
        order = self.orders.get(credit_id)
        if order is None or order.type_code != "SC":
            raise Refusal(404, "CMNC-404", f"Cannot find the resource sales-credit {credit_id}")
        self.settle_invoices()
        if order.invoice_reference and order.invoice_reference != "pending":
            raise Refusal(400, "ORDC-908", "The order has already been invoiced")
        self._require_open_period(str(body.get("taxDate") or order.tax_date))
        first = order.invoice_reference == ""
        order.invoice_reference = "pending"
        sticks = first and draw("sticks", order.parent_id, order.external_ref) < self.assumptions.close_sticks_share
        order.pending_until = None if sticks else self.clock.now() + timedelta(seconds=self.assumptions.close_seconds)
        self.orders[order.id] = order

    def settle_invoices(self) -> None:
        """Accounting finishes what is due."""
        now = self.clock.now()
        for order in [self.orders[i] for i in sorted(self.orders.pending) if i in self.orders]:
            if order.pending_until is not None and order.pending_until <= now:
                kind = "SC" if order.type_code == "SC" else "SI"
                order.invoice_reference, order.updated_at, order.pending_until = f"{kind}-{order.id}", now, None
                self.orders.pending.discard(order.id)

    # -- stock ------------------------------------------------------------------------------------------------------

    def received(self, row_id: int) -> int:
        return self._received[row_id]

    def notes_of(self, order_ids: Iterable[int]) -> list[dict[str, Any]]:
        return [self.notes_in[each] for order_id in order_ids for each in self._notes_of.get(order_id, ())]

    def receive(self, order_id: int, body: dict[str, Any], *, by: str = PERSON) -> int:
        order = self.orders.get(order_id)
        if order is None:
            raise Refusal(404, "CMNC-404", f"Cannot find order {order_id}")
        reference = self.kept(str(body.get("userBatchReference") or ""))
        if reference and reference in self._batches and self.assumptions.knows_keys:
            self.duplicates_refused += 1
            raise Refusal(400, "WHSC-909", f"Batch reference {reference} is already in use")
        by_id = {row.id: row for row in order.rows}
        lines: list[dict[str, Any]] = []
        for told in body.get("goodsMoved") or []:
            row = by_id.get(int(told.get("purchaseOrderRowId") or 0))
            quantity = int(told.get("quantity") or 0)
            if row is None or row.product_id is None or row.product_id != told.get("productId"):
                raise Refusal(400, "WHSC-020", "Product id and row id must name a row of the order")
            product = self.products[row.product_id]
            if not product.stock_tracked or product.components:
                raise Refusal(400, "WHSC-097", f"Product {product.id} is not stock-tracked")
            if quantity <= 0 or self.received(row.id) + quantity > row.quantity:
                raise Refusal(400, "WHSC-910", f"Row {row.id}: more than its quantity would be received")
            lines.append({
                "productId": row.product_id, "purchaseOrderRowId": row.id, "quantity": quantity,
                "warehouseId": body.get("warehouseId"), "destinationLocationId": told.get("destinationLocationId"),
                "productValue": told.get("productValue"), "cleared": True,
            })  # fmt: skip
        if not lines:
            raise Refusal(400, "WHSC-911", "Nothing to receive")
        note_id = self.new_id()
        self.made_by[note_id] = self._maker(by)
        self.notes_in[note_id] = {
            "goodsNoteId": note_id, "orderId": order_id, "transfer": False, "goodsNoteStatus": "CLOSED",
            "userBatchReference": reference, "receivedOn": body.get("receivedOn"), "createdBy": 206,
            "createdOn": iso(self.clock.now()),
            "goodsMoved": [{**line, "goodsNoteId": note_id, "batchGoodsNoteId": note_id} for line in lines],
        }  # fmt: skip
        for line in lines:
            self._received[line["purchaseOrderRowId"]] += line["quantity"]
        self._notes_of.setdefault(order_id, []).append(note_id)
        self._batches.add(reference)
        order.updated_at = self.clock.now()
        return note_id

    def stock_status(self, order: Order) -> str:
        due = [row for row in order.rows if row.product_id and self._is_received_by_row(row)]
        if order.type_code != "SC":
            return "SOA"
        if not due:
            return "NON"
        whole = all(self.received(row.id) >= row.quantity for row in due)
        return "SCA" if whole else "SCP" if any(self.received(row.id) for row in due) else "SCN"

    def _is_received_by_row(self, row: Row) -> bool:
        product = self.products[row.product_id or 0]
        return product.stock_tracked and not product.components

    # -- money ------------------------------------------------------------------------------------------------------

    def pay(self, body: dict[str, Any], *, by: str = PERSON) -> int:
        order_id = int(body.get("orderId") or 0)
        kind, method = str(body.get("paymentType") or ""), str(body.get("paymentMethodCode") or "")
        if kind not in ("AUTH", "CAPTURE", "PAYMENT", "RECEIPT", "VOID"):
            raise Refusal(400, "ACCC-912", "paymentType is not valid")
        if order_id not in self.orders or not method or len(method) > 36:
            raise Refusal(400, "ACCC-913", "orderId and paymentMethodCode must be given")
        if not body.get("paymentDate") or not body.get("currencyIsoCode"):
            raise Refusal(400, "ACCC-914", "paymentDate and currencyIsoCode must be given")
        reference = str(body.get("transactionRef") or "")
        if len(reference) > 64:
            raise Refusal(400, "ACCC-915", "transactionRef is longer than 64 characters")
        reference = self.kept(reference)
        taken = self._transactions.get((reference, method))
        if reference and taken in self.payments and self.assumptions.knows_keys:
            self.duplicates_refused += 1
            raise Refusal(self.assumptions.duplicate_payment_status, "ACCC-916", "The transaction reference is in use")
        self._require_open_period(str(body["paymentDate"]))
        step = Decimal(1).scaleb(-self.assumptions.money_decimals)
        amount = Decimal(str(body.get("amountPaid") or 0)).quantize(step, ROUND_HALF_UP)
        if amount < 0:
            raise Refusal(400, "ACCC-917", "amountPaid must not be negative")
        payment_id = self.new_id()
        self.made_by[payment_id] = self._maker(by)
        lag = self.lag(self.assumptions.payment_lag_seconds, f"payment {reference or order_id}")
        self.indexed_at[payment_id] = self.clock.now() + lag
        self.payments[payment_id] = {
            "paymentId": payment_id, "transactionRef": reference, "transactionCode": body.get("transactionCode"),
            "paymentMethodCode": method, "paymentType": kind, "orderId": order_id, "currencyId": 1,
            "currencyCode": body["currencyIsoCode"], "amountAuthorized": "0.00", "amountPaid": str(amount),
            "expires": None, "paymentDate": body["paymentDate"], "createdOn": iso(self.clock.now()),
            "journalId": payment_id + 500_000 if self.payment_methods.get(method) else 0,
        }  # fmt: skip
        self._payments_of.setdefault(order_id, []).append(payment_id)
        self._transactions[reference, method] = payment_id
        return payment_id

    def is_indexed(self, key: int) -> bool:
        """Whether the search shows this payment or note by now."""
        at = self.indexed_at.get(key)
        return at is None or at <= self.clock.now()

    def payments_of(self, order_ids: Iterable[int]) -> list[dict[str, Any]]:
        found = (each for order_id in order_ids for each in self._payments_of.get(order_id, ()))
        return [self.payments[each] for each in found if each in self.payments]

    def payment_status(self, order: Order) -> str:
        mine = self.payments_of([order.id])
        wanted = "PAYMENT" if order.type_code == "SC" else "RECEIPT"
        paid = sum((Decimal(p["amountPaid"]) for p in mine if p["paymentType"] == wanted), Decimal(0))
        total = order.net + order.tax
        if total == 0:
            return "NOT_APPLICABLE"
        return "PAID" if paid >= total else "PARTIALLY_PAID" if paid > 0 else "UNPAID"

    # -- everything, for whoever compares ----------------------------------------------------------------------------

    def hide(self, number: object, *, is_payment: bool) -> None:
        """The index did not show this row just now: nobody could have seen it until now."""
        if is_payment and number in self.indexed_at:
            self.indexed_at[number] = max(self.indexed_at[number], self.clock.now())
        elif isinstance(number, int) and not is_payment and (order := self.orders.get(number)) is not None:
            order.indexed_at = max(order.indexed_at or self.clock.now(), self.clock.now())

    def next_at(self) -> datetime | None:
        """When something next comes to be seen, or is finished, by itself."""
        now = self.clock.now()
        moments = [at for order in self.orders.values() for at in (order.indexed_at, order.rows_at)]
        moments += [self.orders[i].pending_until for i in self.orders.pending if i in self.orders]
        return min((at for at in (*moments, *self.indexed_at.values()) if at is not None and at > now), default=None)

    def as_json(self) -> dict[str, Any]:
        self.settle_invoices()
        return {
            "orders": [self._plain(order) for order in self.orders.values() if order.type_code == "SO"],
            "credits": [self._plain(order) for order in self.orders.values() if order.type_code == "SC"],
            "goods_in": [{**note, "made_by": self.made_by.get(key, PERSON)} for key, note in self.notes_in.items()],
            "payments": [
                {**payment, "made_by": self.made_by.get(key, PERSON), "indexed_at": iso(self.indexed_at[key])}
                for key, payment in self.payments.items()
            ],
            "products": [
                {"id": each.id, "sku": each.sku, "barcode": each.barcode, "components": dict(each.components)}
                for each in self.products.values()
            ],
            "gone": self.gone,
            "duplicates_refused": self.duplicates_refused,
        }

    def _plain(self, order: Order) -> dict[str, Any]:
        return {
            "id": order.id, "parent_id": order.parent_id, "reference": order.reference,
            "external_ref": order.external_ref, "currency": order.currency, "net": str(order.net),
            "tax": str(order.tax), "invoice_reference": order.invoice_reference, "status_id": order.status_id,
            "stock_status": self.stock_status(order), "payment_status": self.payment_status(order),
            "made_by": order.made_by, "created_at": iso(order.created_at), "is_cancelled": order.is_cancelled,
            "indexed_at": iso(order.indexed_at) if order.indexed_at else None,
            "rows_at": iso(order.rows_at) if order.rows_at else None, "former_ids": order.former_ids,
            "rows": [_plain_row(row) for row in order.rows],
            "former_rows": [[_plain_row(row) for row in rows] for rows in order.former_rows],
        }  # fmt: skip


def _plain_row(row: Row) -> dict[str, Any]:
    return {
        "id": row.id, "product_id": row.product_id, "sku": row.sku, "name": row.name, "quantity": str(row.quantity),
        "net": str(row.net), "tax": str(row.tax), "tax_code": row.tax_code, "nominal": row.nominal,
        "external_ref": row.external_ref, "bundle_child": row.bundle_child,
    }  # fmt: skip
