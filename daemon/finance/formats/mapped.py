"""A CSV of any other making, by what the settings say of its columns; and Happy Returns' invoice, as it is proposed.

The invoice's columns are UNCONFIRMED (U-17): another layout is a mapped file of its own.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from daemon.errors import MalformedPayloadError
from daemon.finance.formats import banks
from daemon.finance.formats.bank import bank_leg
from daemon.finance.formats.bank_csv import directed, paired
from daemon.finance.formats.notation import COMMA, POINT, Amounts, seen_amounts
from daemon.finance.formats.reading import (
    Context,
    Numbers,
    Reading,
    Row,
    Unique,
    amount,
    begun,
    content_of,
    currency,
    day_of,
    need_columns,
    payout_leg,
    required,
    taken,
)  # fmt: skip
from daemon.settings_finance import MappedFileSettings
from daemon.tables import Heading, csv_rows
from statemachine.books.legs import Kind, Leg
from statemachine.books.payouts import Part, Says
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


def is_invoice(columns: frozenset[str]) -> bool:
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
    columns = {field: " ".join(column.split()).lower() for field, column in told.columns.items()}
    mapped = frozenset(columns.values())

    def heading(cells: frozenset[str]) -> bool:
        return mapped <= cells

    reading = Reading(name, told.covers, "" if told.covers == "bank" else told.provider or name)
    there, lines = begun(csv_rows(raw, None if fee_types else heading))
    if not fee_types:
        need_columns(there, columns.values(), f"'{name}' file")
    sums = [columns[field] for field in ("amount", "debit", "credit") if field in columns]
    written = _notation(told, raw, None if fee_types else heading, sums)
    shape = "" if told.date_format == "%Y-%m-%d" else told.date_format
    numbers, unique = Numbers(), Unique(columns.get("id", "id"))
    plus_is_refund = told.covers == "payouts" and not _has_minus(told, raw, heading, columns)

    def value(line: Mapping[str, str], field: str) -> str:
        return line.get(columns[field], "") if field in columns else ""

    def worth_of(line: Mapping[str, str], money: str) -> Decimal:
        if "amount" in columns:
            worth = amount(line, columns["amount"], money, written)
            return directed(worth, value(line, "direction"), columns["direction"]) if "direction" in columns else worth
        out, into = (
            amount(line, columns[field], money, written, empty=Decimal(0)) for field in ("debit", "credit")
        )  # fmt: skip
        return paired(out, into, columns["debit"], columns["credit"])

    def take(number: int, line: Mapping[str, str]) -> Row:
        on = day_of(line, columns["date"], shape=shape)
        money = currency(line, columns.get("currency", "currency"), otherwise=told.currency)
        worth = worth_of(line, money)
        own = required(line, columns["id"]) if "id" in columns else ""
        if own:
            unique.check(own, number)
        else:
            own = numbers.name(*(line.get(column, "") for column in sorted(columns.values())))
        reading.days.add(on)
        match told.covers:
            case "fees":
                return Row(number, _fee(line, value, own, on, worth, money, fee_types))
            case "bank":
                text = value(line, "text") or value(line, "reference")
                leg = bank_leg(
                    name, on, money, worth, text=text, account=value(line, "account") or told.account,
                    ref=own if "id" in columns else "",
                )  # fmt: skip
                return Row(number, leg, former=f"bank:{name}/{own}")
            case "payouts":
                kind = value(line, "type").lower()
                is_refund = kind in {each.lower() for each in told.refund_types} if "type" in columns else True
                payout_id = value(line, "payout")
                back = worth if plus_is_refund else -worth  # negative where a refund was taken back
                part = None
                if payout_id:
                    net = -back if is_refund else worth
                    part = Part(payout_id, money, Says.COUNTS, own, on, net, back if is_refund else Decimal(0))
                if not is_refund:
                    return Row(number, part=part)
                leg = payout_leg(
                    reading.provider, own, on, money, back, order=order_key(value(line, "order")),
                    payout_id=payout_id, refs=(value(line, "reference"),),
                )  # fmt: skip
                return Row(number, leg, part=part)

    def payout_of(line: Mapping[str, str]) -> Part:
        return Part(value(line, "payout"), value(line, "currency").upper()[:3], Says.REFUSED, content_of(line))

    reading.rows = taken(lines, take, payout_of if told.covers == "payouts" else None)
    return reading


def _notation(told: MappedFileSettings, raw: bytes, heading: Heading | None, sums: list[str]) -> Amounts:
    """As the settings say; where they do not, as the file's own cells do."""
    if "decimal_comma" in told.model_fields_set:
        return COMMA if told.decimal_comma else POINT
    return seen_amounts((number, line.get(name, "")) for number, line in csv_rows(raw, heading) for name in sums)


def _has_minus(told: MappedFileSettings, raw: bytes, heading: Heading, columns: Mapping[str, str]) -> bool:
    """Whether refunds of this file have a minus: then one without was taken back. In a list of refunds none may have."""
    kinds = {each.lower() for each in told.refund_types}
    for _, line in csv_rows(raw, heading):
        is_refund = "type" not in columns or line.get(columns["type"], "").lower() in kinds
        cell = line.get(columns.get("amount", ""), "")
        way = line.get(columns.get("direction", ""), "").lower()
        if is_refund and (cell.strip().startswith(("-", "(", "\N{MINUS SIGN}")) or cell.strip().endswith("-")):
            return True
        if is_refund and (way in banks.DEBIT_WORDS or line.get(columns.get("debit", ""), "")):
            return True
    return False


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
