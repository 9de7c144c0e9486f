"""Stripe: the itemised payout reconciliation report.

Columns: docs.stripe.com/reports/payout-reconciliation. `gross` of a refund is negative; times are in UTC unless the column
says otherwise; the order's number is where the shop puts it: in the payment's metadata, else in the description.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.reading import (
    Context,
    Payouts,
    Reading,
    Unique,
    amount,
    begun,
    currency,
    day_of,
    need_columns,
    payout_leg,
    required,
    taken,
)  # fmt: skip
from daemon.tables import csv_rows
from statemachine.books.legs import Leg
from statemachine.refs import order_key

NAME = "stripe"
COLUMNS = ("balance_transaction_id", "currency", "gross", "fee", "net", "reporting_category")
ORDER_COLUMNS = ("payment_metadata[order_number]", "payment_metadata[order_id]", "payment_metadata[order]")
REFUND, FAILURE = "refund", "refund_failure"
_IN_WORDS = re.compile(r"\border\s*#?\s*([\w-]{3,})", re.IGNORECASE)


def is_it(columns: set[str]) -> bool:
    return {"balance_transaction_id", "reporting_category"} <= columns


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    reading, payouts, unique = Reading(NAME, "payouts", NAME), Payouts(NAME), Unique("balance_transaction_id")
    columns, lines = begun(csv_rows(raw))
    need_columns(columns, COLUMNS, "itemised payout reconciliation report of Stripe")
    created = next((name for name in ("created_utc", "created") if name in columns), "created")
    need_columns(columns, (created,), "itemised payout reconciliation report of Stripe")

    def take(number: int, line: Mapping[str, str]) -> Leg | None:
        name, kind = required(line, "balance_transaction_id"), required(line, "reporting_category").lower()
        unique.check(name, number)
        on = day_of(line, created, context.zone)
        money = currency(line, "currency")
        value, net = amount(line, "gross", money), amount(line, "net", money)
        fee = amount(line, "fee", money, empty=Decimal(0))
        if value - fee != net:
            raise MalformedPayloadError(f"net: {net} is not gross {value} less fee {fee}")
        payout_id = line.get("automatic_payout_id", "")
        reading.days.add(on)
        if kind == "payout":
            payouts.moved(payout_id or line.get("source_id", ""), on, money, -net)
            return None
        if payout_id:
            column = next(
                (n for n in ("automatic_payout_effective_at_utc", "automatic_payout_effective_at") if line.get(n)), ""
            )
            paid_on = day_of(line, column, context.zone) if column else on
            payouts.add(payout_id, paid_on, money, net, refund=-value if kind in (REFUND, FAILURE) else Decimal(0))
        if kind not in (REFUND, FAILURE):
            return None
        if kind == REFUND and value > 0:
            raise MalformedPayloadError(f"gross: a refund of {value} must be negative")
        order = next((line[column] for column in ORDER_COLUMNS if line.get(column)), "")
        if not order:
            found = _IN_WORDS.search(line.get("description", ""))
            order = found[1] if found else ""
        refs = (line.get("source_id", ""),)  # the refund's own: a failure of it names it too
        return payout_leg(NAME, name, on, money, -value, order=order_key(order), payout_id=payout_id, refs=refs)

    reading.rows, reading.payouts = taken(lines, take), payouts
    return reading
