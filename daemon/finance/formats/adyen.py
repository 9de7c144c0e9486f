"""Adyen: the settlement details report.

Columns: docs.adyen.com/reporting/settlement-reconciliation/transaction-level/settlement-details-report. A batch is a payout:
its MerchantPayout line is what was moved to the bank. Debit and credit are columns of their own; gross is what the customer
paid or got, net what it adds to the payout, in the payout's currency.
"""

from collections.abc import Mapping
from decimal import Decimal

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.notation import Amounts, seen_amounts
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
    name_of_amount,
    need_columns,
    payout_leg,
    required,
    taken,
)  # fmt: skip
from daemon.tables import csv_rows
from statemachine.books.payouts import Part, Says
from statemachine.refs import order_key

NAME = "adyen"
COLUMNS = (
    "psp reference", "merchant reference", "creation date", "type", "modification reference", "gross currency",
    "gross debit (gc)", "gross credit (gc)", "net currency", "net debit (nc)", "net credit (nc)", "batch number",
)  # fmt: skip
REFUNDS = ("refunded", "refundedbulk", "refundedreversed")
PAYOUT, CAME_BACK = "merchantpayout", "bankinstructionreturned"
TYPES = frozenset({
    "settled", "refunded", "refundedreversed", "chargeback", "chargebackreversed", "secondchargeback", "fee",
    "miscadjustment", "merchantpayout", "depositcorrection", "invoicededuction", "matchedstatement",
    "manualcorrected", "balancetransfer", "reserveadjustment", "settledexternally", "refundedexternally", "paidout",
    "paymentcost", "advancement", "advancementcommissionreturn", "bankinstructionreturned", "epaid", "internalcompanypayout",
    "authorisedpending", "settledininstallments", "settledbulk", "refundedbulk", "cashout", "bppaidout",
})  # fmt: skip


def is_it(columns: frozenset[str]) -> bool:
    return {"psp reference", "gross debit (gc)"} <= columns


def read(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    reading, lines_seen, names = Reading(NAME, "payouts", NAME), Numbers(), Numbers()
    columns, lines = begun(csv_rows(raw))
    need_columns(columns, COLUMNS, "settlement details report of Adyen")
    cells = ("gross debit (gc)", "gross credit (gc)", "net debit (nc)", "net credit (nc)")
    written = seen_amounts((n, line.get(name, "")) for n, line in csv_rows(raw) for name in cells)

    def take(row: int, line: Mapping[str, str]) -> Row:
        kind = required(line, "type").lower()
        number = required(line, "batch number")
        if not number.isdigit():
            raise MalformedPayloadError(f"batch number: '{number[:20]}' is no number")
        batch = _batch(line)
        on = day_of(line, "creation date")
        net_money = currency(line, "net currency")
        net = _difference(line, "net credit (nc)", "net debit (nc)", net_money, written)
        reading.days.add(on)
        if kind == PAYOUT:
            return Row(row, part=Part(batch, net_money, Says.MOVED, "payout", on, -net))
        if kind == CAME_BACK:
            return Row(row, part=Part(batch, net_money, Says.FAILED, "failed"))
        psp, modification = line.get("psp reference", ""), line.get("modification reference", "")
        is_refund = kind in REFUNDS
        own = lines_seen.name(batch, kind, psp, modification, str(net), net_money, line["creation date"])
        part = Part(batch, net_money, Says.COUNTS, own, on, net, -net if is_refund else Decimal(0))
        note = "" if kind in TYPES else f"type: '{line['type'][:40]}' is not documented; it counts into its payout"
        if not is_refund:
            return Row(row, part=part, note=note)
        money = currency(line, "gross currency")
        value = -_difference(line, "gross credit (gc)", "gross debit (gc)", money, written)
        if value <= 0 and kind != "refundedreversed":
            raise MalformedPayloadError(f"gross debit (gc): a refund of {value} must be a debit")
        psp = required(line, "psp reference")
        refs = (modification, line.get("modification merchant reference", ""))
        name = names.name(psp, modification, name_of_amount(value), money)
        order = line.get("merchant reference", "")
        leg = payout_leg(
            NAME, name, on, money, value, order=order_key(order), payout_id=batch, refs=refs, took=(-net, net_money)
        )  # fmt: skip
        return Row(row, leg, part=part)

    def payout_of(line: Mapping[str, str]) -> Part:
        batch = _batch(line) if line.get("batch number", "").isdigit() else ""
        return Part(batch, line.get("net currency", "").upper()[:3], Says.REFUSED, content_of(line))

    reading.rows = taken(lines, take, payout_of)
    return reading


def _batch(line: Mapping[str, str]) -> str:
    """Each merchant account counts its own batches."""
    return f"{line.get('merchant account', '')}/{line['batch number']}"


def _difference(line: Mapping[str, str], plus: str, minus: str, money: str, written: Amounts) -> Decimal:
    if not line.get(plus) and not line.get(minus):
        raise MalformedPayloadError(f"{plus}, {minus}: both are empty")
    up = amount(line, plus, money, written, empty=Decimal(0))
    down = amount(line, minus, money, written, empty=Decimal(0))
    if up < 0 or down < 0:
        raise MalformedPayloadError(f"{plus}, {minus}: must not be negative")
    return up - down
