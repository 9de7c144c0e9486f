"""Brightpearl's words turned into ours, and ours into the bodies it takes.

Source: Brightpearl sheet sections 5, 6, 8, 9, 10. Money arrives as strings and leaves as strings.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from daemon.clients import wire
from daemon.errors import MalformedPayloadError
from statemachine.credit.amounts import PART_REF
from statemachine.credit.snapshot import CreditRow, ExistingCredit, Order, OrderRow, Product
from statemachine.money import AMOUNT_LIMIT, as_stated, in_minor_units

_RATES = (Decimal("1e-9"), Decimal("1e9"))  # between any two currencies; beyond, amounts are no longer exact
_COST_STEP = Decimal("0.0001")  # costs have four decimals in every currency; sheet 5
_HIDDEN_PRODUCTS = (1000, 1001)  # free-text rows come back with these built-in products; sheet 5.1
_ROUNDING = Decimal("0.0051")
"""By how much a row's net and tax together may miss the true sum: the vendor keeps net at four decimals and tax at two,
whatever the currency has (sheet 5). An amount further from whole minor units was never a sum of that currency."""


def _real_product(product_id: int | None, sku: Any) -> int | None:
    """None for the hidden products that stand for free text: those have no SKU."""
    return None if product_id in _HIDDEN_PRODUCTS and not sku else product_id


@dataclass(frozen=True, slots=True)
class _RowMoney:
    """What a row is worth, in whole minor units; `fault` says why that is not what the vendor stated."""

    net: Decimal
    tax: Decimal
    fault: str = ""


def _row_money(net_told: Any, tax_told: Any, currency: str, name: str) -> _RowMoney:
    """A row's net and tax rounded together, so that what the shopper paid for it stays whole.

    An amount that is no number is the vendor's broken contract: MalformedPayloadError. One that cannot be paid in the
    currency, or stored, is kept and has a fault: the decision stops for it.
    """
    net, tax = wire.any_decimal(net_told, f"{name} net"), wire.any_decimal(tax_told, f"{name} tax")
    if max(abs(net), abs(tax)) >= AMOUNT_LIMIT:
        return _RowMoney(net, tax, f"{name}: {net:f} net and {tax:f} tax are larger than any amount that can be kept")
    gross, rounded_tax = in_minor_units(net + tax, currency), in_minor_units(tax, currency)
    fault = ""
    if abs(gross - net - tax) > _ROUNDING:
        fault = f"{name}: {net:f} net and {tax:f} tax are no whole sum of {currency}"
    return _RowMoney(in_minor_units(gross - rounded_tax, currency), rounded_tax, fault)


def _rate(value: Any, name: str) -> tuple[str, str]:
    """An exchange rate as it was stated, which is as it is sent, and why it is none."""
    stated = wire.text(value, name) or "1"
    try:
        is_rate = _RATES[0] <= wire.decimal(stated, name) <= _RATES[1]
    except MalformedPayloadError:
        is_rate = False
    return stated, "" if is_rate else f"{name}: '{stated[:40]}' is no exchange rate"


def _part(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    told = value.get(key)
    return told if isinstance(told, dict) else {}


def read_order(value: Any) -> Order:
    """GET order, any type. Raises MalformedPayloadError when what a credit needs is unreadable."""
    told = wire.mapping(value, "order")
    order_id = wire.integer(told.get("id"), "order.id")
    if not order_id:
        raise MalformedPayloadError("order.id: is required")
    name = f"order {order_id}"
    currency = _part(told, "currency")
    code = wire.currency(currency.get("orderCurrencyCode"), f"{name}.orderCurrencyCode")
    assignment = _part(_part(told, "assignment"), "current")
    rows = wire.mapping(told.get("orderRows") or {}, f"{name}.orderRows")
    rate, rate_fault = _rate(currency.get("exchangeRate"), f"{name} exchange rate")
    read = [_order_row(key, row, name, currency, code) for key, row in rows.items()]
    copied = {
        "channelId": wire.integer(assignment.get("channelId"), f"{name}.channelId"),
        "staffOwnerId": wire.integer(assignment.get("staffOwnerContactId"), f"{name}.staffOwner"),
        "projectId": wire.integer(assignment.get("projectId"), f"{name}.projectId"),
        "leadSourceId": wire.integer(assignment.get("leadSourceId"), f"{name}.leadSourceId"),
        "teamId": wire.integer(assignment.get("teamId"), f"{name}.teamId"),
        "warehouseId": wire.integer(told.get("warehouseId"), f"{name}.warehouseId"),
        "priceListId": wire.integer(told.get("priceListId"), f"{name}.priceListId"),
        "priceModeCode": wire.text(told.get("priceModeCode"), f"{name}.priceModeCode"),
    }
    return Order(
        id=order_id,
        type_code=wire.text(told.get("orderTypeCode"), f"{name}.orderTypeCode"),
        reference=wire.text(told.get("reference"), f"{name}.reference"),
        external_ref=wire.text(told.get("externalRef"), f"{name}.externalRef"),
        status_id=wire.integer(_part(told, "orderStatus").get("orderStatusId"), f"{name}.orderStatusId") or 0,
        invoice_reference=_invoice_reference(told),
        shipping_status=wire.text(told.get("shippingStatusCode"), f"{name}.shippingStatusCode"),
        currency=code,
        accounting_currency=wire.currency(currency.get("accountingCurrencyCode"), f"{name}.accountingCurrencyCode"),
        exchange_rate=rate,
        contact_id=wire.integer(_part(_part(told, "parties"), "customer").get("contactId"), f"{name}.contactId"),
        rows=tuple(sorted((row for row, _ in read), key=lambda row: row.id)),
        unusable=tuple(fault for fault in (rate_fault, *(fault for _, fault in read)) if fault),
        copied={key: each for key, each in copied.items() if each},
        price_mode=str(copied["priceModeCode"] or "INC"),
        placed_at=wire.moment(told.get("placedOn") or told.get("createdOn"), f"{name}.placedOn"),
        updated_at=wire.moment(told.get("updatedOn"), f"{name}.updatedOn"),
        is_historical=told.get("historicalOrder") is True,
    )


def _invoice_reference(told: Mapping[str, Any]) -> str:
    invoices = told.get("invoices")
    if isinstance(invoices, list) and invoices and isinstance(invoices[0], dict):
        return wire.text(invoices[0].get("invoiceReference"), "invoiceReference")
    return ""


def _order_row(key: str, value: Any, order: str, currency: Mapping[str, Any], code: str) -> tuple[OrderRow, str]:
    """A row, and what is wrong with its money."""
    row_id = wire.integer(key, f"{order}.orderRows key")
    name = f"{order} row {row_id}"
    told = wire.mapping(value, name)
    amounts, composition = _part(told, "rowValue"), _part(told, "composition")
    product_id = wire.integer(told.get("productId"), f"{name}.productId")
    quantity = wire.decimal(_part(told, "quantity"), f"{name}.quantity")
    cost = told.get("itemCost")
    assert row_id is not None
    worth = _row_money(amounts.get("rowNet"), amounts.get("rowTax"), code, name)
    row = OrderRow(
        id=row_id,
        product_id=_real_product(product_id, told.get("productSku")),
        sku=wire.text(told.get("productSku"), f"{name}.productSku"),
        name=wire.text(told.get("productName"), f"{name}.productName"),
        quantity=quantity,
        net=worth.net,
        tax=worth.tax,
        tax_code=wire.text(amounts.get("taxCode"), f"{name}.taxCode"),
        nominal_code=wire.text(told.get("nominalCode"), f"{name}.nominalCode"),
        external_ref=wire.text(told.get("externalRef"), f"{name}.externalRef"),
        item_cost=_cost(cost, currency, name),
        bundle_parent=composition.get("bundleParent") is True,
        bundle_child=composition.get("bundleChild") is True,
        parent_row_id=wire.integer(composition.get("parentOrderRowId"), f"{name}.parentOrderRowId") or 0,
        tax_rate=wire.decimal(amounts["taxRate"], f"{name}.taxRate") if amounts.get("taxRate") is not None else None,
        taxed_elsewhere=str(amounts.get("taxCalculator") or "brightpearl").casefold() != "brightpearl",
    )
    return row, worth.fault


def _cost(cost: Any, currency: Mapping[str, Any], name: str) -> Decimal | None:
    """Item cost in the accounting currency: divided by the order's rate where it is told in another (sheet 8.1)."""
    if not isinstance(cost, dict):
        return None
    value = wire.decimal(cost, f"{name}.itemCost")
    told = wire.currency(cost.get("currencyCode"), f"{name}.itemCost.currencyCode")
    if told in ("", wire.currency(currency.get("accountingCurrencyCode"), f"{name}.accountingCurrencyCode")):
        return value
    rate = wire.decimal(currency.get("exchangeRate"), f"{name}.exchangeRate")
    return (value / rate).quantize(_COST_STEP) if _RATES[0] <= rate <= _RATES[1] else value


@dataclass(frozen=True, slots=True)
class OrderState:
    """The read that verifies a finished credit: invoice, payment and stock in one (sheet section 14, step 9)."""

    id: int
    invoice_reference: str
    payment_status: str
    stock_status: str
    status_id: int = 0
    type_code: str = ""


def read_order_state(value: Any) -> OrderState:
    """GET order. Raises MalformedPayloadError without an id."""
    told = wire.mapping(value, "order")
    order_id = wire.integer(told.get("id"), "order.id")
    if not order_id:
        raise MalformedPayloadError("order.id: is required")
    return OrderState(
        order_id, _invoice_reference(told),
        wire.text(told.get("orderPaymentStatus"), "orderPaymentStatus"),
        wire.text(told.get("stockStatusCode"), "stockStatusCode"),
        wire.integer(_part(told, "orderStatus").get("orderStatusId"), "orderStatusId") or 0,
        wire.text(told.get("orderTypeCode"), "orderTypeCode"),
    )  # fmt: skip


def read_credit(value: Any) -> ExistingCredit:
    """GET sales-credit. Rows are an array here, a map in GET order: both are read."""
    told = wire.mapping(value, "sales-credit")
    credit_id = wire.integer(told.get("id"), "sales-credit.id")
    if not credit_id:
        raise MalformedPayloadError("sales-credit.id: is required")
    name = f"credit {credit_id}"
    currency = _part(told, "currency")
    code = wire.currency(currency.get("code") or currency.get("orderCurrencyCode"), f"{name}.currency")
    read = [_credit_row(row, f"{name} row", code) for row in wire.sequence(told.get("rows") or [], f"{name}.rows")]
    return ExistingCredit(
        id=credit_id,
        parent_order_id=wire.integer(told.get("parentId") or told.get("parentOrderId"), f"{name}.parentId") or 0,
        external_ref=wire.text(told.get("externalRef"), f"{name}.externalRef"),
        reference=wire.text(told.get("ref") or told.get("reference"), f"{name}.ref"),
        currency=code,
        created_at=wire.moment(told.get("createdOn"), f"{name}.createdOn"),
        is_cancelled=any(wire.flag(told.get(key), f"{name}.{key}") for key in ("isCanceled", "isCancelled")),
        rows=tuple(row for row, _ in read),
        unusable=tuple(fault for _, fault in read if fault),
        warehouse_id=wire.integer(told.get("warehouseId"), f"{name}.warehouseId"),
        invoice_reference=_invoice_reference(told),
        exchange_rate=wire.text(currency.get("exchangeRate"), f"{name}.exchangeRate") or "1",
        status_id=wire.integer(told.get("statusId"), f"{name}.statusId"),
        taxed_at=wire.moment(told.get("taxDate"), f"{name}.taxDate"),
        stock_status=wire.text(told.get("stockStatusCode"), f"{name}.stockStatusCode"),
        updated_at=wire.moment(told.get("updatedOn"), f"{name}.updatedOn"),
        total=_gross(told, name),
    )


def _gross(told: Mapping[str, Any], name: str) -> Decimal | None:
    gross = _part(told, "total").get("gross")
    return wire.decimal(gross, f"{name}.total.gross") if gross is not None else None


def _credit_row(value: Any, name: str, code: str) -> tuple[CreditRow, str]:
    """A row, and what is wrong with its money."""
    told = wire.mapping(value, name)
    product_id = wire.integer(told.get("productId"), f"{name}.productId")
    worth = _row_money(told.get("net"), told.get("tax"), code, name)
    row = CreditRow(
        id=wire.integer(told.get("id"), f"{name}.id") or 0,
        product_id=_real_product(product_id, told.get("sku")),
        quantity=wire.decimal(told.get("quantity"), f"{name}.quantity"),
        net=worth.net,
        tax=worth.tax,
        external_ref=wire.text(told.get("externalRef"), f"{name}.externalRef"),
        bundle_parent=told.get("bundleParent") is True,
        bundle_child=told.get("bundleChild") is True,
        parent_row_id=wire.integer(told.get("parentRowId"), f"{name}.parentRowId") or 0,
        sku=wire.text(told.get("sku"), f"{name}.sku"),
        name=wire.text(told.get("name"), f"{name}.name"),
        tax_code=wire.text(told.get("taxCode"), f"{name}.taxCode"),
    )
    return row, worth.fault


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Search results as dicts by column name: positions differ between accounts and versions."""

    rows: tuple[dict[str, Any], ...]
    more: bool
    fault: str = ""
    """What the envelope lacks or contradicts; empty when it is whole."""
    is_of_rows: bool = False
    """The envelope is whole: only single rows do not fit."""
    first: int | None = None
    """The number of the first result, where the page says it; absent without results (sheet 5.3)."""
    available: int | None = None
    """How many results there are on all pages, where it is said."""


def read_search(response: Any) -> SearchPage:
    """One page. What is wrong with it is its `fault`: a page that cannot be read whole proves no absence."""
    if not isinstance(response, dict) or not isinstance(response.get("results"), list):
        return SearchPage((), False, "the answer holds no results")
    meta = response.get("metaData")
    if not isinstance(meta, dict) or not isinstance(meta.get("columns"), list):
        return SearchPage((), False, "the answer does not name its columns")
    columns = [str(column.get("name") or "") if isinstance(column, dict) else "" for column in meta["columns"]]
    values = [row for row in response["results"] if isinstance(row, list) and len(row) == len(columns)]
    rows = tuple(dict(zip(columns, row, strict=True)) for row in values)
    more, returned = meta.get("morePagesAvailable"), _count(meta.get("resultsReturned"))
    fault, is_of_rows = "", False
    if "" in columns or len(set(columns)) != len(columns):
        fault = "its columns are not told apart by name"
    elif len(values) != len(response["results"]):
        fault, is_of_rows = (
            f"{len(response['results']) - len(values)} row(s) do not fit the {len(columns)} columns",
            True,
        )
    elif returned is not None and returned != len(values):
        fault = f"{returned} rows are announced on a page of {len(values)}"
    elif not isinstance(more, bool):
        fault = "it does not say whether there are more pages"
    first, available = _count(meta.get("firstResult")), _count(meta.get("resultsAvailable"))
    return SearchPage(rows, more is True, fault, is_of_rows, first, available)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class CustomerPayment:
    """One row of the payment search (sheet 9.1). `amount` is without sign: what kind it is, `kind` says."""

    id: int
    order_id: int
    kind: str
    """RECEIPT, CAPTURE: from the customer. PAYMENT: to the customer. AUTH, VOID: no money."""
    amount: Decimal
    currency: str
    method: str
    reference: str
    journal_id: int
    paid_at: datetime | None
    created_at: datetime | None

    @property
    def is_refund(self) -> bool:
        return self.kind == "PAYMENT"

    @property
    def is_receipt(self) -> bool:
        return self.kind in ("RECEIPT", "CAPTURE")


PAYMENT_KINDS = frozenset({"RECEIPT", "CAPTURE", "PAYMENT", "AUTH", "VOID"})


def read_payment(row: Mapping[str, Any]) -> CustomerPayment:
    """A search row. Raises MalformedPayloadError, also for a type nobody documented: it may be money to the customer.

    Whether a payment to the customer is told with a minus is UNCONFIRMED: its type decides, never the sign. A receipt of
    less than nothing is money to the customer, whoever entered it so.
    """
    name = f"payment {row.get('paymentId')}"
    currency = wire.currency(row.get("currencyCode"), f"{name}.currencyCode")
    paid, kind = wire.decimal(row.get("amountPaid"), f"{name}.amountPaid"), payment_kind(row)
    if kind not in PAYMENT_KINDS:
        raise MalformedPayloadError(f"{name}: '{kind[:40]}' is no type of payment")
    if paid < 0 and kind in ("RECEIPT", "CAPTURE"):
        kind = "PAYMENT"
    return CustomerPayment(
        id=wire.identifier(row.get("paymentId"), f"{name}.paymentId"),
        order_id=wire.integer(row.get("orderId"), f"{name}.orderId") or 0,
        kind=kind,
        amount=as_stated(abs(paid), currency),
        currency=currency,
        method=wire.text(row.get("paymentMethodCode"), f"{name}.paymentMethodCode"),
        reference=wire.text(row.get("transactionRef"), f"{name}.transactionRef"),
        journal_id=wire.integer(row.get("journalId"), f"{name}.journalId") or 0,
        paid_at=wire.moment(row.get("paymentDate"), f"{name}.paymentDate"),
        created_at=wire.moment(row.get("createdOn"), f"{name}.createdOn"),
    )


def payment_kind(row: Mapping[str, Any]) -> str:
    """The type of a search row, in the one case it is compared in."""
    return wire.text(row.get("paymentType"), "paymentType").upper()


@dataclass(frozen=True, slots=True)
class GoodsInNote:
    id: int
    order_id: int
    reference: str
    moved: tuple[tuple[int, int], ...]
    """(credit row id, quantity) of each line."""
    received_at: datetime | None = None


def read_goods_in(response: Any) -> list[GoodsInNote]:
    """A map of note id to note; cancelled notes do not count."""
    notes: list[GoodsInNote] = []
    for key, value in wire.mapping(response, "goods-in").items():
        told = wire.mapping(value, f"goods-in {key}")
        if wire.text(told.get("goodsNoteStatus"), "goodsNoteStatus") == "CANCELLED":
            continue
        moved = []
        for line in wire.sequence(told.get("goodsMoved") or [], f"goods-in {key}.goodsMoved"):
            each = wire.mapping(line, f"goods-in {key} line")
            row_id = wire.integer(each.get("purchaseOrderRowId"), "purchaseOrderRowId") or 0
            moved.append((row_id, int(wire.decimal(each.get("quantity"), "quantity"))))
        note_id = wire.integer(told.get("goodsNoteId") or key, "goodsNoteId") or 0
        order_id = wire.integer(told.get("orderId"), "orderId") or 0
        reference = wire.text(told.get("userBatchReference"), "userBatchReference")
        received_at = wire.moment(told.get("receivedOn") or told.get("createdOn"), "receivedOn")
        notes.append(GoodsInNote(note_id, order_id, reference, tuple(moved), received_at))
    return sorted(notes, key=lambda note: note.id)


@dataclass(frozen=True, slots=True)
class Account:
    """Account configuration and reference data, read together and kept for a while."""

    base_currency: str
    zone: ZoneInfo
    cancelled_status_id: int | None
    credit_status_id: int | None
    tax_codes: Mapping[str, Decimal]
    payment_methods: Mapping[str, bool]
    """Code → whether it is active."""
    credit_statuses: Mapping[int, str]
    locked_until: date | None
    other_statuses: Mapping[int, str] = field(default_factory=dict)
    """Statuses of other order types, by id: their type code."""
    nominal_codes: Mapping[str, bool] | None = None
    """Code → whether it is active; None where the account does not tell."""
    locations: Mapping[int, tuple[int | None, int | None]] = field(default_factory=dict)
    """Warehouse id → (default location, quarantine location)."""


def id_set(ids: list[int] | set[int]) -> str:
    """Ascending, runs as ranges: the only order every resource accepts (sheet section 1)."""
    ordered = sorted(set(ids))
    parts: list[str] = []
    start = previous = ordered[0]
    for each in [*ordered[1:], 0]:
        if each == previous + 1:
            previous = each
            continue
        parts.append(str(start) if start == previous else f"{start}-{previous}")
        start = previous = each
    return ",".join(parts)


def barcodes_of(product: Mapping[str, Any]) -> frozenset[str]:
    identity = _part(product, "identity")
    told = (wire.text(identity.get(key), key) for key in ("barcode", "ean", "upc", "isbn", "mpn"))
    return frozenset(each for each in told if each)


def read_product(product: Mapping[str, Any]) -> Product:
    """A product's codes and, of a bundle, its composition (sheet section 10)."""
    components = _part(product, "composition").get("bundleComponents")
    return Product(
        id=wire.integer(product.get("id"), "product.id") or 0,
        sku=wire.text(_part(product, "identity").get("sku"), "product.sku"),
        barcodes=barcodes_of(product),
        components={
            wire.integer(each.get("productId"), "productId") or 0: int(
                wire.decimal(each.get("productQuantity"), "quantity")
            )
            for each in (components if isinstance(components, list) else ())
            if isinstance(each, dict)
        },
    )


def stored_rows(
    credit: ExistingCredit, order: Order, refs: Iterable[str], sent: Iterable[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """A credit's rows as the return keeps them: what receiving and observing goods needs.

    `refs` are the units' places. A row that names nothing is given the reference of the row we sent for it (the account
    does not echo references), else of the order row that holds its product (made by others).
    """
    credit = _as_sent(credit, list(sent))
    known = set(refs)
    named = {row.external_ref for row in credit.rows}
    products = {
        row.product_id: ref
        for row in order.rows
        for ref in (f"{PART_REF}{row.id}" if row.bundle_child else str(row.id),)
        if ref in known and ref not in named
    }
    return [
        {
            "id": row.id,
            "product_id": row.product_id,
            "quantity": str(row.quantity),
            "net": str(row.net),
            "tax": str(row.tax),
            "external_ref": row.external_ref
            if row.external_ref in known or row.bundle_child
            else products.get(row.product_id, row.external_ref),
            "exchange_rate": credit.exchange_rate,
            "bundle_child": row.bundle_child,
            "parent_row_id": row.parent_row_id,
        }
        for row in credit.rows
    ]


def _as_sent(credit: ExistingCredit, sent: list[Mapping[str, Any]]) -> ExistingCredit:
    """Rows without a reference take that of the row sent with the same product, sums and quantity."""
    if not sent or any(row.external_ref for row in credit.rows):
        return credit
    left: dict[tuple[int | None, Decimal, Decimal, Decimal], deque[str]] = {}
    for each in sent:
        left.setdefault(_sums_of(each), deque()).append(str(each["externalRef"]))
    rows = []
    for row in credit.rows:
        refs = left.get((row.product_id, row.quantity, row.net, row.tax)) if not row.bundle_child else None
        rows.append(replace(row, external_ref=refs.popleft()) if refs else row)
    return replace(credit, rows=tuple(rows))


def _sums_of(sent: Mapping[str, Any]) -> tuple[int | None, Decimal, Decimal, Decimal]:
    return sent.get("productId"), Decimal(sent["quantity"]), Decimal(sent["net"]), Decimal(sent["tax"])


def is_stock_tracked(product: Mapping[str, Any]) -> bool:
    """A product without stock tracking, and a bundle itself, cannot be received (sheet 8.1, 10)."""
    if _part(product, "composition").get("bundle") is True:
        return False
    return _part(product, "stock").get("stockTracked") is not False
