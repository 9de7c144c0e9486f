"""Adyen: the settlement details report.

Columns: docs.adyen.com/reporting/settlement-reconciliation/transaction-level/settlement-details-report. A batch is a payout:
its MerchantPayout line is what was moved to the bank. Debit and credit are columns of their own.
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

NAME = "adyen"
COLUMNS = (
    "psp reference", "merchant reference", "creation date", "type", "modification reference", "gross currency",
    "gross debit (gc)", "gross credit (gc)", "net currency", "net debit (nc)", "net credit (nc)", "batch number",
)  # fmt: skip
REFUNDS = ("refunded", "refundedbulk", "refundedreversed")
TYPES = frozenset({
    "settled", "refunded", "refundedreversed", "chargeback", "chargebackreversed", "secondchargeback", "fee",
    "miscadjustment", "merchantpayout", "depositcorrection", "invoicededuction", "matchedstatement",
    "manualcorrected", "balancetransfer", "reserveadjustment", "settledexternally", "refundedexternally", "paidout",
    "paymentcost", "advancement", "advancementcommissionreturn", "bankinstructionreturned", "epaid", "internalcompanypayout",
    "authorisedpending", "settledininstallments", "settledbulk", "refundedbulk", "cashout", "bppaidout",
})  # fmt: skip


def is_it(columns: set[str]) -> bool:
    return {"psp reference", "gross debit (gc)"} <= columns


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    reading, payouts, numbers = Reading(NAME, "payouts", NAME), Payouts(NAME), Numbers()
    columns, lines = begun(csv_rows(raw))
    need_columns(columns, COLUMNS, "settlement details report of Adyen")

    def take(row: int, line: Mapping[str, str]) -> Leg | None:
        kind = required(line, "type").lower()
        if kind not in TYPES:
            raise MalformedPayloadError(f"type: '{line['type'][:40]}' is none that Adyen names")
        number = required(line, "batch number")
        if not number.isdigit():
            raise MalformedPayloadError(f"batch number: '{number[:20]}' is no number")
        batch = f"{line.get('merchant account', '')}/{number}"  # each merchant account counts its own batches
        on = day_of(line, "creation date", context.zone)
        net_money = currency(line, "net currency")
        net = _difference(line, "net credit (nc)", "net debit (nc)", net_money)
        reading.days.add(on)
        if kind == "merchantpayout":
            payouts.moved(batch, on, net_money, -net)
            return None
        is_refund = kind in REFUNDS
        payouts.add(batch, on, net_money, net, refund=-net if is_refund else Decimal(0))
        if not is_refund:
            return None
        money = currency(line, "gross currency")
        value = -_difference(line, "gross credit (gc)", "gross debit (gc)", money)
        if value <= 0 and kind != "refundedreversed":
            raise MalformedPayloadError(f"gross debit (gc): a refund of {value} must be a debit")
        psp, modification = required(line, "psp reference"), line.get("modification reference", "")
        refs = (psp, modification, line.get("modification merchant reference", ""))
        name = numbers.name(psp, modification, name_of_amount(value), money)
        order = line.get("merchant reference", "")
        return payout_leg(NAME, name, on, money, value, order=order_key(order), payout_id=batch, refs=refs[1:])

    reading.rows, reading.payouts = taken(lines, take), payouts
    return reading


def _difference(line: Mapping[str, str], plus: str, minus: str, money: str) -> Decimal:
    if not line.get(plus) and not line.get(minus):
        raise MalformedPayloadError(f"{plus}, {minus}: both are empty")
    up, down = amount(line, plus, money, empty=Decimal(0)), amount(line, minus, money, empty=Decimal(0))
    if up < 0 or down < 0:
        raise MalformedPayloadError(f"{plus}, {minus}: must not be negative")
    return up - down
