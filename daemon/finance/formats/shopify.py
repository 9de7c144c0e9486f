"""Shopify Payments: the CSV of payout transactions, as the admin exports it.

Columns: help.shopify.com, "Viewing and exporting your Shopify Payments payout details". Refunds are negative amounts; a line
has no number of its own, so its content names it. The presentment columns are what the customer paid or got, in the
customer's currency; their sign is not documented, and is taken from the amount.
"""

from collections.abc import Mapping
from decimal import Decimal

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.notation import seen_amounts
from daemon.finance.formats.reading import (
    Context,
    Numbers,
    Reading,
    Row,
    amount,
    begun,
    content_of,
    currency,
    day_of,
    local_day,
    moment_of,
    name_of_amount,
    need_columns,
    payout_leg,
    required,
    same_moment,
    taken,
)  # fmt: skip
from daemon.tables import csv_rows
from statemachine.books.payouts import Part, Says
from statemachine.refs import order_key

NAME = "shopify"
COLUMNS = ("transaction date", "type", "order", "payout status", "payout date", "amount", "fee", "net", "currency")
REFUNDS = ("refund", "refund failure")  # a failure gives the money back: it counts against the refund
ON_ITS_WAY = frozenset({"paid", "in transit"})
AWAITED = frozenset({"", "pending", "scheduled"})
FAILED = frozenset({"failed", "canceled", "cancelled"})
"""Status of a payout. One that is awaited has neither its number nor its day yet; one that failed is none."""
TYPES = frozenset({
    "charge", "refund", "adjustment", "chargeback", "chargeback won", "dispute", "dispute reversal", "payout",
    "payout failure", "payout cancellation", "refund failure", "reserve", "credit", "debit", "shop cash credit", "tax",
    "advance", "advance funding", "marketplace fee", "channel credit",
})  # fmt: skip


def is_it(columns: frozenset[str]) -> bool:
    return {"payout status", "payout date", "card brand"} <= columns or set(COLUMNS) <= columns


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    reading, lines_seen, names, former = Reading(NAME, "payouts", NAME), Numbers(), Numbers(), Numbers()
    columns, lines = begun(csv_rows(raw))
    need_columns(columns, COLUMNS, "export of Shopify payouts")
    cells = ("amount", "net", "fee", "presentment amount")
    written = seen_amounts((n, line.get(name, "")) for n, line in csv_rows(raw) for name in cells)

    def take(number: int, line: Mapping[str, str]) -> Row:
        kind = required(line, "type").lower().replace("_", " ")
        begun_at = moment_of(line, "transaction date")
        money = currency(line, "currency")
        value, net = amount(line, "amount", money, written), amount(line, "net", money, written)
        fee = amount(line, "fee", money, written, empty=Decimal(0))
        if value - fee != net:
            raise MalformedPayloadError(f"net: {net} is not amount {value} less fee {fee}")
        if kind == "refund" and value > 0:
            raise MalformedPayloadError(f"amount: a refund of {value} must be negative")
        status = line["payout status"].lower().replace("_", " ")
        if status not in ON_ITS_WAY | AWAITED | FAILED:
            raise MalformedPayloadError(f"payout status: '{status[:40]}' is none that Shopify names")
        reading.days.add(local_day(begun_at, context.zone))
        paid_on = day_of(line, "payout date") if status in ON_ITS_WAY and line.get("payout date") else None
        payout_id = line.get("payout id") or (paid_on.isoformat() if paid_on else "")
        order, checkout = line.get("order", ""), line.get("checkout", "")
        moment = same_moment(begun_at)
        is_refund = kind in REFUNDS
        part = None
        if payout_id and status in FAILED:
            part = Part(payout_id, money, Says.FAILED, "failed")
        elif paid_on is not None and kind == "payout":
            part = Part(payout_id, money, Says.MOVED, "payout", paid_on, -net)
        elif paid_on is not None:
            own = lines_seen.name(payout_id, moment, kind, order, str(value), str(net), money, checkout)
            part = Part(payout_id, money, Says.COUNTS, own, paid_on, net, -net if is_refund else Decimal(0))
        note = "" if kind in TYPES else f"type: '{kind[:40]}' is not documented; it counts into its payout"
        if not is_refund:
            return Row(number, part=part, note=note)
        order = required(line, "order")
        name = names.name(moment, order, name_of_amount(value), money, checkout)
        before = former.name(line["transaction date"], order, name_of_amount(value), money, checkout)
        customer = None
        if line.get("presentment amount") and line.get("presentment currency"):
            theirs = currency(line, "presentment currency")
            got = abs(amount(line, "presentment amount", theirs, written))
            customer = (got if value <= 0 else -got), theirs
        leg = payout_leg(
            NAME, name, local_day(begun_at, context.zone), money, -value, order=order_key(order),
            payout_id=payout_id if status in ON_ITS_WAY else "", paid_on=paid_on, customer=customer,
            took=(-net, money),
        )  # fmt: skip
        return Row(number, leg, part=part, former=f"payout:{NAME}/{before}")

    def payout_of(line: Mapping[str, str]) -> Part:
        payout_id = line.get("payout id") or line.get("payout date", "")[:10]
        return Part(payout_id, line.get("currency", "").upper()[:3], Says.REFUSED, content_of(line))

    reading.rows = taken(lines, take, payout_of)
    return reading
