"""Happy Returns' words turned into ours: items, statuses, webhooks, shipments.

Source: Happy Returns sheet sections 2.2, 3, 5 and 11. Only `happyReturnsReturnID` and `orderNumber` are required of an
item; every other field may be missing, empty or null.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar

from daemon.clients import wire
from daemon.errors import MalformedPayloadError
from statemachine.credit.outcomes import refund_kind
from statemachine.refs import fold_code, fold_id
from statemachine.units import PROGRESS, Progress, Unit, Unreadable

ITEMS_MAX = 1000

_T = TypeVar("_T")

_STATUS = {
    "started": "started", "initiated": "started", "created": "started",
    "droppedoff": "dropped_off", "dropoff": "dropped_off", "dropped": "dropped_off", "received": "dropped_off",
    "approved": "approved", "approvedforrefund": "approved", "approvedforarefund": "approved", "refunded": "approved",
    "expired": "expired",
    "cancelled": "cancelled", "canceled": "cancelled",
}  # fmt: skip
_METHODS = {"retailer-store": "in-store"}


@dataclass(frozen=True, slots=True)
class Item:
    """One physical unit as Happy Returns describes it."""

    happy_return_id: str
    order_number: str
    order_id: str
    express_code: str
    rma_id: str
    unit: Unit
    status: str = ""
    """The item's own status word, canonical, where the payload has one."""
    item_id_as_sent: str = ""
    """Item and RMA id in Happy Returns' own spelling: what is said to it is said in its words."""
    rma_id_as_sent: str = ""

    @property
    def progress(self) -> Progress:
        """What the item itself proves: its times, or its own status word."""
        reached = PROGRESS.get(self.status, Progress.STARTED)
        if self.unit.approved_at:
            reached = max(reached, Progress.APPROVED)
        if self.unit.dropped_off_at:
            reached = max(reached, Progress.DROPPED_OFF)
        return reached

    @property
    def is_over(self) -> str:
        return self.status if self.status in ("expired", "cancelled") else ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One status or method event of a webhook."""

    kind: str  # status | method | label | unknown
    value: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook, read: what happened, oldest first, to which items; and what of it could not be read."""

    retailer_id: str
    occurrences: tuple[Occurrence, ...]
    items: tuple[Item, ...]
    faults: tuple[str, ...]
    label_code: str = ""
    """Express code of a bag label notice, which carries no items."""


@dataclass(frozen=True, slots=True)
class Shipment:
    id: str
    departed_at: datetime | None


def canonical_status(told: str) -> str:
    """started, dropped_off, approved, expired, cancelled; empty for a word nobody documented (U-07)."""
    return _STATUS.get(re.sub("[^a-z]", "", told.lower()), "")


def method(told: str) -> str:
    slug = told.strip().lower()
    return _METHODS.get(slug, slug)


def read_notice(payload: Any) -> Notice:
    """A return or label webhook. Raises MalformedPayloadError when nothing of it can be used."""
    body = wire.mapping(payload, "body")
    event = wire.text(body.get("event"), "event")
    retailer = wire.text(body.get("retailerID") or body.get("happyReturnsRetailerID"), "retailerID")
    if event == "return_label_update" or wire.text(body.get("webhookType"), "webhookType") == "return.label.update":
        code = fold_code(wire.text(body.get("happyReturnsExpressCode"), "happyReturnsExpressCode"))
        return Notice(retailer, (Occurrence("label", wire.text(body.get("labelID"), "labelID")),), (), (), code)
    others = body.get("otherEvents") or []
    occurrences = [
        _occurrence(each, f"otherEvents[{n}]") for n, each in enumerate(wire.sequence(others, "otherEvents"))
    ]
    occurrences = [*reversed(occurrences), _occurrence(body, "body")]  # newest first in the list, primary newest of all
    faults = [f"unknown event '{each.value[:80]}'" for each in occurrences if each.kind == "unknown"]
    items, item_faults = read_items(body.get("items"))
    if not items and not item_faults:
        raise MalformedPayloadError("items: is empty")
    return Notice(retailer, tuple(occurrences), items, (*faults, *item_faults))


def _occurrence(body: Any, name: str) -> Occurrence:
    told = wire.mapping(body, name)
    event, kind = wire.text(told.get("event"), f"{name}.event"), wire.text(told.get("typeID"), f"{name}.typeID")
    if event == "return_dropoff_method_created" and kind:
        return Occurrence("method", method(kind))
    if event == "return_status_updated" and canonical_status(kind):
        return Occurrence("status", canonical_status(kind))
    return Occurrence("unknown", f"{event}/{kind}")


def read_items(value: Any) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Items that can be used, and one fault per item that cannot."""
    told = wire.sequence(value, "items")
    if len(told) > ITEMS_MAX:
        raise MalformedPayloadError(f"items: {len(told)} entries, at most {ITEMS_MAX} are accepted")
    items: list[Item] = []
    faults: list[str] = []
    for number, each in enumerate(told):
        try:
            items.append(read_item(each, f"items[{number}]", faults))
        except MalformedPayloadError as error:
            faults.append(str(error))
    return tuple(_with_distinct_keys(items)), tuple(faults)


def read_item(value: Any, name: str, faults: list[str]) -> Item:
    """Return id, order number and identity must be readable; anything else that is not becomes blank and a fault."""
    told = wire.mapping(value, name)

    def strict(*keys: str) -> str:
        return next((found for key in keys if (found := wire.text(told.get(key), f"{name}.{key}"))), "")

    def lenient(read: Callable[..., _T], blank: _T, *arguments: Any) -> _T:
        try:
            return read(*arguments)
        except MalformedPayloadError as error:
            faults.append(str(error))
            return blank

    def text(*keys: str) -> str:
        read = (lenient(wire.text, "", told.get(key), f"{name}.{key}") for key in keys)
        return next((found for found in read if found), "")

    def moment(*keys: str) -> datetime | None:
        read = (lenient(wire.moment, None, told.get(key), f"{name}.{key}") for key in keys)
        return next((found for found in read if found), None)

    unreadable: list[Unreadable] = []

    def money(key: str, field: Literal["refund_amount", "fee"]) -> tuple[Decimal | None, str]:
        try:
            return wire.money(told.get(key), f"{name}.{key}", told.get("currency"))
        except MalformedPayloadError as error:
            faults.append(str(error))
            unreadable.append(Unreadable(field, str(error).removeprefix(f"{name}.")))
            return None, ""

    return_id = fold_id(strict("happyReturnsReturnID", "happyReturnsReturnId"))
    order_number = strict("orderNumber")
    if not return_id:
        raise MalformedPayloadError(f"{name}.happyReturnsReturnID: is required")
    if not order_number:
        raise MalformedPayloadError(f"{name}.orderNumber: is required")
    item_id_as_sent, line_id = strict("happyReturnsItemID", "happyReturnsItemId"), fold_id(strict("orderLineItemID"))
    item_id, rma_id = fold_id(item_id_as_sent), text("externalRMAID", "happyReturnsRMAID")
    if not item_id and not line_id and not text("sku", "upc", "productVariantID"):
        raise MalformedPayloadError(f"{name}: nothing identifies the unit (item id, line id, sku, upc, variant id)")
    amount, currency = money("refundAmount", "refund_amount")
    fee, fee_currency = money("processingFee", "fee")
    currency = currency or (fee_currency if fee else "")
    if fee and fee_currency not in ("", currency):
        unreadable.append(Unreadable("fee", f"processingFee: is in {fee_currency}, the refund in {currency}"))
        fee = None
    unit = Unit(
        key=item_id or line_id or f"{text('sku', 'upc', 'productVariantID')}",
        happy_item_id=item_id, line_item_id=line_id, sku=text("sku"), barcode=text("upc", "labelBarcode"),
        variant_id=text("productVariantID"), name=text("productName"), reason_id=text("returnReasonID"),
        reason=text("returnReason"), refund_type=text("refundType"), dropoff_method=method(text("dropoffMethod")),
        started_at=moment("startedAt", "startedDate"),
        dropped_off_at=moment("droppedOffAt", "droppedOffDate", "receivedAt"),
        approved_at=moment("approvedAt", "approvedDate", "refundedAt"), refund_amount=amount, refund_currency=currency,
        unreadable=tuple(unreadable),
        fee=fee, tracking=text("tracking"), destination=text("destinationAddressID"),
    )  # fmt: skip
    if told.get("oneClickExchange") is True and refund_kind(unit.refund_type) != "exchange":
        # Another outcome beside the flag contradicts it: money and new goods may both be under way.
        both = f"{unit.refund_type} and one-click exchange" if unit.refund_type else "exchange"
        unit = replace(unit, refund_type=both)
    status = canonical_status(text("status", "itemStatus", "returnStatus"))
    return Item(
        return_id, order_number, text("orderID"), fold_code(text("happyReturnsExpressCode")), fold_code(rma_id), unit,
        status, item_id_as_sent, rma_id,
    )  # fmt: skip


def _with_distinct_keys(items: list[Item]) -> list[Item]:
    """Units told apart by position where nothing else does: equal bare line ids, or bare SKUs."""
    seen: dict[tuple[str, str, str], int] = {}
    result: list[Item] = []
    for item in items:
        place = (item.happy_return_id, item.order_number, item.unit.key)
        count = seen.get(place, 0)
        seen[place] = count + 1
        result.append(item if count == 0 else replace(item, unit=replace(item.unit, key=f"{item.unit.key}#{count}")))
    return result


def read_shipments(payload: Any) -> list[Shipment]:
    """The list of hub shipments; names of its fields are UNCONFIRMED (U-10)."""
    shipments: list[Shipment] = []
    for number, each in enumerate(wire.sequence(payload, "shipments")):
        told = wire.mapping(each, f"shipments[{number}]")
        shipment_id = wire.text(told.get("id") or told.get("shipmentID") or told.get("outboundShipmentID"), "id")
        if not shipment_id:
            raise MalformedPayloadError(f"shipments[{number}]: has no id")
        shipments.append(Shipment(shipment_id, wire.moment(told.get("departureDate"), "departureDate")))
    return shipments


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """One unit of a hub shipment. It may lack every link to a return; the express code is the usual one."""

    happy_return_id: str
    express_code: str
    order_number: str
    unit: Unit


def read_shipment_lines(payload: Any) -> tuple[list[ShipmentLine], list[str], str]:
    """Lines, faults, and the cursor of the next page (empty on the last)."""
    after = ""
    if isinstance(payload, dict) and isinstance(payload.get("page"), dict):
        after = wire.text(payload["page"].get("after"), "page.after")
    lines: list[ShipmentLine] = []
    faults: list[str] = []
    for number, each in enumerate(wire.sequence(payload, "items")):
        try:
            lines.append(_shipment_line(each, f"items[{number}]"))
        except MalformedPayloadError as error:
            faults.append(str(error))
    return lines, faults, after


def _shipment_line(value: Any, name: str) -> ShipmentLine:
    told = wire.mapping(value, name)

    def text(key: str) -> str:
        return wire.text(told.get(key), f"{name}.{key}")

    bags = told.get("returnBagBarcodes") or told.get("bagBarcodes") or []
    bag = wire.text(bags[0], f"{name}.bag") if isinstance(bags, list) and bags else ""
    item_id, line_id = fold_id(text("happyReturnsItemID")), fold_id(text("orderLineItemID"))
    unit = Unit(
        key=item_id or line_id, happy_item_id=item_id, line_item_id=line_id, sku=text("sku"), barcode=text("upc"),
        bag=bag, tracking=text("tracking"), departed_at=wire.moment(told.get("departureDate"), f"{name}.departureDate"),
        destination=text("destinationAddressID"),
    )  # fmt: skip
    return ShipmentLine(
        fold_id(text("happyReturnsReturnID")), fold_code(text("happyReturnsExpressCode")), text("orderNumber"), unit
    )
