"""Legs of Brightpearl's books: credit rows, goods-in lines, payments to customers. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from daemon.clients import wire
from daemon.clients.brightpearl_wire import CustomerPayment, GoodsInNote
from daemon.finance.unit_legs import day
from statemachine.books.legs import Kind, Leg
from statemachine.credit.snapshot import OWN_PREFIX, CreditRow, ExistingCredit, Order, OrderRow
from statemachine.money import as_stated, in_minor_units
from statemachine.refs import fold_code

_CODE = re.compile(r"\bHR[A-Z0-9]{6}\b")
"""An express code in words. Source: Happy Returns sheet 0."""


def credit_legs(
    credit: ExistingCredit, order: Order | None, zone: ZoneInfo, *, order_key: str, posted: str = ""
) -> list[Leg]:
    """One leg a row; the component rows of a bundle count into their parent. None of a cancelled credit."""
    if credit.is_cancelled:
        return []
    on = day(credit.taxed_at or credit.created_at, zone) or date(1970, 1, 1)
    claims = sorted(
        set(_CODE.findall(fold_code(f"{credit.external_ref} {credit.reference}")))
        | ({credit.external_ref} if credit.external_ref.startswith(OWN_PREFIX) else set())
    )
    ids = [f"credit:{credit.id}"] + ([f"ref:{credit.external_ref}"] if credit.is_ours else [])
    legs = []
    for row in credit.rows:
        if row.bundle_child:
            continue
        children = [each for each in credit.rows if each.bundle_child and each.parent_row_id == row.id]
        is_goods = bool(row.sku) and row.net >= 0
        stock = sum((int(each.quantity) for each in children), 0) if children else int(row.quantity)
        sold = _sold(row, order)
        facts: dict[str, Any] = {
            "credit_id": credit.id, "row": row.id, "is_fee": not is_goods, "is_ours": credit.is_ours, "claims": claims,
            "stock_quantity": stock if is_goods and credit.stock_status != "NON" else 0, "reference": credit.reference,
            "invoice": credit.invoice_reference, "order_id": credit.parent_order_id, "posted": posted,
            "order_row": sold.id if sold else None,
            "sold": {"quantity": str(sold.quantity), "net": str(sold.net), "tax": str(sold.tax), "tax_code": sold.tax_code}
            if sold
            else None,
        }  # fmt: skip
        legs.append(
            Leg(
                f"credit:{credit.id}/{row.id}", Kind.CREDIT, on, credit.currency, row.net + row.tax, int(row.quantity),
                tuple(ids), order_key, row.sku, row.tax, row.tax_code,
                {name: told for name, told in facts.items() if told not in ("", None, [])},
            )
        )  # fmt: skip
    return legs


def _sold(row: CreditRow, order: Order | None) -> OrderRow | None:
    """The order's row that is credited: by the reference we gave it, else the only one of the product."""
    if order is None:
        return None
    told = [each for each in order.rows if str(each.id) == row.external_ref]
    if not told and row.product_id is not None:
        told = [each for each in order.rows if each.product_id == row.product_id and not each.bundle_child]
    return told[0] if len(told) == 1 else None


def stock_legs(notes: Iterable[GoodsInNote], credit: ExistingCredit, zone: ZoneInfo, *, order_key: str) -> list[Leg]:
    """One leg a line, worth its share of the credit's row."""
    rows = {row.id: row for row in credit.rows}
    on_credit = day(credit.taxed_at or credit.created_at, zone) or date(1970, 1, 1)
    legs = []
    given: dict[int, tuple[int, Decimal]] = {}
    for note in sorted(notes, key=lambda each: each.id):
        for number, (row_id, quantity) in enumerate(note.moved):
            row = rows.get(row_id)
            value = _share(row, rows, credit, quantity, given) if row is not None else Decimal(0)
            legs.append(
                Leg(
                    f"goods:{note.id}/{row_id}.{number}", Kind.STOCK, day(note.received_at, zone) or on_credit,
                    credit.currency, value, quantity, (f"credit:{credit.id}",), order_key, row.sku if row else "",
                    facts={"note": note.id, "row": row_id, "credit_id": credit.id},
                )
            )  # fmt: skip
    return legs


def _share(
    row: CreditRow, rows: Mapping[int, CreditRow], credit: ExistingCredit, quantity: int,
    given: dict[int, tuple[int, Decimal]],
) -> Decimal:  # fmt: skip
    """What these pieces are worth of their row, so that all pieces together are worth the row exactly."""
    paid = rows.get(row.parent_row_id, row) if row.bundle_child else row
    children = [each for each in credit.rows if each.bundle_child and each.parent_row_id == paid.id]
    whole = int(sum((each.quantity for each in children), Decimal(0))) if children else int(paid.quantity)
    count, value = given.get(paid.id, (0, Decimal(0)))
    worth = paid.net + paid.tax
    now = in_minor_units(worth * min(count + quantity, whole) / whole, credit.currency) if whole else Decimal(0)
    given[paid.id] = count + quantity, now
    return now - value


def refund_leg(payment: CustomerPayment, zone: ZoneInfo, *, order_key: str, is_on_credit: bool) -> Leg:
    """One payment to the customer."""
    ids = [f"payment:{payment.id}"]
    if is_on_credit:
        ids.append(f"credit:{payment.order_id}")
    if payment.reference:
        ids.append(f"txn:{payment.reference.casefold()}")
    paid_on = day(payment.paid_at, zone) or date(1970, 1, 1)
    return Leg(
        f"payment:{payment.id}", Kind.REFUND, paid_on, payment.currency, payment.amount, 1, tuple(ids), order_key,
        facts={
            "payment_id": payment.id, "order_id": payment.order_id, "reference": payment.reference,
            "journal": payment.journal_id, "method": payment.method,
        },
    )  # fmt: skip


def posted_by_credit(journals: Iterable[Mapping[str, Any]], currencies: Mapping[int, str]) -> dict[int, str]:
    """What each credit's own journal gave debtors: its gross, as accounting holds it. `currencies` by credit id.

    Debtors' is the largest row on the credit side: it holds what all the others come to (Brightpearl sheet 6.4).
    """
    told: dict[int, Decimal] = {}
    for row in journals:
        if str(row.get("journalType")) == "SC":
            credit = wire.integer(row.get("orderId"), "orderId") or 0
            given = wire.decimal(row.get("transactionCredit") or row.get("journalCredit") or 0, "journalCredit")
            told[credit] = max(told.get(credit, Decimal(0)), given)
    return {credit: f"{as_stated(total, currencies.get(credit, '')):f}" for credit, total in told.items()}
