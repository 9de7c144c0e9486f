"""Stripe: the itemised payout reconciliation report.

Columns: docs.stripe.com/reports/payout-reconciliation. `gross` of a refund is negative; times are in UTC unless the column
says otherwise; the order's number is where the shop puts it: in the payment's metadata, else in the description. With manual
payouts no line says which payout it belongs to, and a payout is named by its own transaction.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.notation import seen_amounts
from daemon.finance.formats.reading import (
    Context,
    Reading,
    Row,
    Unique,
    amount,
    begun,
    content_of,
    currency,
    day_of,
    local_day,
    moment_of,
    need_columns,
    payout_leg,
    required,
    taken,
)  # fmt: skip
from daemon.tables import csv_rows
from statemachine.books.payouts import Part, Says
from statemachine.refs import order_key

NAME = "stripe"
COLUMNS = ("balance_transaction_id", "currency", "gross", "fee", "net", "reporting_category")
ORDER_COLUMNS = ("payment_metadata[order_number]", "payment_metadata[order_id]", "payment_metadata[order]")
EFFECTIVE = ("automatic_payout_effective_at_utc", "automatic_payout_effective_at")
REFUND, FAILURE, PAYOUT = "refund", "refund_failure", "payout"
CAME_BACK = ("payout_reversal", "payout_failure", "payout_cancel")
_IN_WORDS = re.compile(
    r"\border\b[\s:]*(?:(?:id|number|num|no|nr)\b[.:]?\s*)?#?\s*((?:[A-Za-z]{1,6}-?)?\d[\w-]*)", re.IGNORECASE
)


def is_it(columns: frozenset[str]) -> bool:
    return {"balance_transaction_id", "reporting_category"} <= columns


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    reading, unique = Reading(NAME, "payouts", NAME), Unique("balance_transaction_id")
    columns, lines = begun(csv_rows(raw))
    need_columns(columns, COLUMNS, "itemised payout reconciliation report of Stripe")
    created = next((name for name in ("created_utc", "created") if name in columns), "created")
    need_columns(columns, (created,), "itemised payout reconciliation report of Stripe")
    cells = ("gross", "net", "fee", "customer_facing_amount")
    written = seen_amounts((n, line.get(name, "")) for n, line in csv_rows(raw) for name in cells)

    def take(number: int, line: Mapping[str, str]) -> Row:
        name, kind = required(line, "balance_transaction_id"), required(line, "reporting_category").lower()
        unique.check(name, number)
        begun_at = moment_of(line, created)
        money = currency(line, "currency")
        value, net = amount(line, "gross", money, written), amount(line, "net", money, written)
        fee = amount(line, "fee", money, written, empty=Decimal(0))
        if value - fee != net:
            raise MalformedPayloadError(f"net: {net} is not gross {value} less fee {fee}")
        payout_id, source = line.get("automatic_payout_id", ""), line.get("source_id", "")
        column = next((each for each in EFFECTIVE if line.get(each)), "")
        paid_on = day_of(line, column) if column else begun_at.date()
        reading.days.add(local_day(begun_at, context.zone))
        if kind == PAYOUT:
            return Row(number, part=Part(payout_id or source or name, money, Says.MOVED, name, paid_on, -net, fee=fee))
        if kind in CAME_BACK:
            named = payout_id or source
            note = "" if named else f"{kind} of {value} names no payout: nobody can tell which one came back"
            return Row(number, part=Part(named, money, Says.FAILED, name) if named else None, note=note)
        is_refund = kind in (REFUND, FAILURE)
        part = None
        if payout_id:
            part = Part(payout_id, money, Says.COUNTS, name, paid_on, net, -net if is_refund else Decimal(0))
        if not is_refund:
            return Row(number, part=part)
        if kind == REFUND and value > 0:
            raise MalformedPayloadError(f"gross: a refund of {value} must be negative")
        order = next((line[column] for column in ORDER_COLUMNS if line.get(column)), "")
        if not order:
            found = _IN_WORDS.search(line.get("description", ""))
            order = found[1] if found else ""
        customer = None
        if line.get("customer_facing_amount") and line.get("customer_facing_currency"):
            theirs = currency(line, "customer_facing_currency")
            customer = -amount(line, "customer_facing_amount", theirs, written), theirs
        leg = payout_leg(
            NAME, name, local_day(begun_at, context.zone), money, -value, order=order_key(order), payout_id=payout_id,
            paid_on=paid_on if payout_id else None, customer=customer,
            took=(-net, money), refs=(source,),  # the refund's own: a failure of it names it too
        )  # fmt: skip
        return Row(number, leg, part=part)

    def payout_of(line: Mapping[str, str]) -> Part:
        money = line.get("currency", "").upper()[:3]
        return Part(line.get("automatic_payout_id", ""), money, Says.REFUSED, content_of(line))

    reading.rows = taken(lines, take, payout_of)
    return reading
