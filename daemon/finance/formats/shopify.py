"""Shopify Payments: the CSV of payout transactions, as the admin exports it.

Columns: help.shopify.com, "Viewing and exporting your Shopify Payments payout details". Refunds are negative amounts; a line
has no number of its own, so its content names it.
"""

from collections.abc import Mapping
from decimal import Decimal

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.reading import (
    Context,
    Numbers,
    Payouts,
    Reading,
    amount,
    begun,
    currency,
    day_of,
    name_of_amount,
    need_columns,
    payout_leg,
    required,
    taken,
)  # fmt: skip
from daemon.tables import csv_rows
from statemachine.books.legs import Leg
from statemachine.refs import order_key

NAME = "shopify"
COLUMNS = ("transaction date", "type", "order", "payout status", "payout date", "amount", "fee", "net", "currency")
REFUNDS = ("refund", "refund failure")  # a failure gives the money back: it counts against the refund
TYPES = frozenset({
    "charge", "refund", "adjustment", "chargeback", "chargeback won", "dispute", "dispute reversal", "payout",
    "payout failure", "payout cancellation", "refund failure", "reserve", "credit", "debit", "shop cash credit", "tax",
    "advance", "advance funding", "marketplace fee", "channel credit",
})  # fmt: skip


def is_it(columns: set[str]) -> bool:
    return {"payout status", "payout date", "card brand"} <= columns or set(COLUMNS) <= columns


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    reading, payouts, numbers = Reading(NAME, "payouts", NAME), Payouts(NAME), Numbers()
    columns, lines = begun(csv_rows(raw))
    need_columns(columns, COLUMNS, "export of Shopify payouts")

    def take(number: int, line: Mapping[str, str]) -> Leg | None:
        kind = required(line, "type").lower().replace("_", " ")
        if kind not in TYPES:
            raise MalformedPayloadError(f"type: '{kind[:40]}' is none that Shopify names")
        on = day_of(line, "transaction date", context.zone)
        money = currency(line, "currency")
        value, net = amount(line, "amount", money), amount(line, "net", money)
        fee = amount(line, "fee", money, empty=Decimal(0))
        if value - fee != net:
            raise MalformedPayloadError(f"net: {net} is not amount {value} less fee {fee}")
        if kind == "refund" and value > 0:
            raise MalformedPayloadError(f"amount: a refund of {value} must be negative")
        reading.days.add(on)
        paid_on = day_of(line, "payout date", context.zone) if line.get("payout date") else None
        payout_id = line.get("payout id") or (paid_on.isoformat() if paid_on else "")
        if paid_on is not None and kind != "payout":
            payouts.add(payout_id, paid_on, money, net, refund=-value if kind in REFUNDS else Decimal(0))
        if kind not in REFUNDS:
            return None
        order = required(line, "order")
        name = numbers.name(line["transaction date"], order, name_of_amount(value), money, line.get("checkout", ""))
        return payout_leg(NAME, name, on, money, -value, order=order_key(order), payout_id=payout_id)

    reading.rows, reading.payouts = taken(lines, take), payouts
    return reading
