"""A CSV of any other making, by what the settings say of its columns; and Happy Returns' invoice, as it is proposed.

The invoice's columns are UNCONFIRMED (U-17): another layout is a mapped file of its own.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.reading import (
    Context,
    Numbers,
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
from daemon.settings_finance import MappedFileSettings
from daemon.tables import csv_rows
from statemachine.books.legs import Kind, Leg
from statemachine.refs import fold_code, fold_id, order_key

Value = Callable[[Mapping[str, str], str], str]
INVOICE = "happy-returns-invoice"
INVOICE_COLUMNS = ("invoice_number", "service_date", "fee_type", "amount", "currency")
FEE_TYPES = frozenset({"item_fee", "return_fee", "mail_label", "packaging", "adjustment"})
INVOICE_MAP = MappedFileSettings(
    covers="fees",
    columns={
        "date": "service_date", "amount": "amount", "currency": "currency", "type": "fee_type", "order": "order_number",
        "code": "express_code", "item": "happy_returns_item_id", "sku": "sku", "method": "dropoff_method",
        "invoice": "invoice_number",
    },
)  # fmt: skip


def is_invoice(columns: set[str]) -> bool:
    return {"invoice_number", "fee_type"} <= columns


def read_invoice(raw: bytes, context: Context) -> Reading:
    """Raises MalformedPayloadError when it is no such file."""
    there, _ = begun(csv_rows(raw))
    need_columns(there, INVOICE_COLUMNS, "invoice of Happy Returns")
    return read(raw, context, INVOICE, INVOICE_MAP, fee_types=FEE_TYPES)


def read(
    raw: bytes, context: Context, name: str, told: MappedFileSettings, *, fee_types: frozenset[str] = frozenset()
) -> Reading:
    """Raises MalformedPayloadError when the mapped columns are not there."""
    reading = Reading(name, told.covers, "" if told.covers == "bank" else told.provider or name)
    there, lines = begun(csv_rows(raw))
    columns = {field: column.strip().lower() for field, column in told.columns.items()}
    if not fee_types:
        need_columns(there, columns.values(), f"'{name}' file")
    shape = "" if told.date_format == "%Y-%m-%d" else told.date_format
    numbers, unique, payouts = Numbers(), Unique(columns.get("id", "id")), Payouts(reading.provider)

    def value(line: Mapping[str, str], field: str) -> str:
        return line.get(columns[field], "") if field in columns else ""

    def take(number: int, line: Mapping[str, str]) -> Leg | None:
        on = day_of(line, columns["date"], context.zone, shape=shape)
        money = currency(line, columns.get("currency", "currency"), otherwise=told.currency)
        worth = amount(line, columns["amount"], money, decimal_comma=told.decimal_comma)
        if "id" in columns:
            own = required(line, columns["id"])
            unique.check(own, number)
        else:
            own = numbers.name(*(line.get(column, "") for column in sorted(columns.values())))
        reading.days.add(on)
        match told.covers:
            case "fees":
                return _fee(line, value, own, on, worth, money, fee_types)
            case "bank":
                return Leg(
                    f"bank:{name}/{own}", Kind.BANK, on, money, worth, 1,
                    facts={"text": value(line, "text") or value(line, "reference")},
                )  # fmt: skip
            case "payouts":
                kind = value(line, "type").lower()
                is_refund = kind in {each.lower() for each in told.refund_types} if "type" in columns else True
                payout_id = value(line, "payout")
                if payout_id:
                    payouts.add(payout_id, on, money, worth, refund=abs(worth) if is_refund else Decimal(0))
                if not is_refund:
                    return None
                return payout_leg(
                    reading.provider, own, on, money, abs(worth), order=order_key(value(line, "order")),
                    payout_id=payout_id, refs=(value(line, "reference"),),
                )  # fmt: skip

    reading.rows, reading.payouts = taken(lines, take), payouts
    return reading


def _fee(
    line: Mapping[str, str], value: Value, own: str, on: date, worth: Decimal, money: str, types: frozenset[str]
) -> Leg:
    kind = value(line, "type").lower() or "item_fee"
    if types and kind not in types:
        raise MalformedPayloadError(f"fee_type: '{kind[:40]}' is none of {', '.join(sorted(types))}")
    if worth < 0 and kind != "adjustment":
        raise MalformedPayloadError(f"amount: {worth} is negative, and only an adjustment may be")
    code, item, order = fold_code(value(line, "code")), fold_id(value(line, "item")), value(line, "order")
    if kind != "adjustment" and not (code or item or order):
        raise MalformedPayloadError("names neither an express code, an item nor an order")
    invoice = value(line, "invoice")
    if types and not invoice:
        raise MalformedPayloadError("invoice_number: is empty")
    ids = [f"fee:{invoice}/{own}"] + ([f"item:{item}"] if item else [])
    return Leg(
        f"fee:{invoice}/{own}", Kind.FEE, on, money, worth, 1, tuple(ids), order_key(order), value(line, "sku"),
        facts={name: told for name, told in {
            "type": kind, "method": value(line, "method"), "invoice": invoice, "code": code, "item": item,
        }.items() if told},
    )  # fmt: skip
