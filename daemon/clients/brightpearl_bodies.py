"""The bodies Brightpearl takes: sales credit, customer payment, goods-in note. Money leaves as strings with its currency's
decimals; what is no whole sum of it cannot leave.

Source: Brightpearl sheet sections 6.1, 8.1, 9.1 and 12.
"""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from statemachine.credit.snapshot import Order, Plan, PlannedRow
from statemachine.money import Money


def local_midnight(day: date, zone: ZoneInfo) -> str:
    """A tax date as Brightpearl keeps it: midnight of the account's zone, offset explicit (sheet section 12)."""
    return datetime.combine(day, time(), zone).isoformat(timespec="milliseconds")


def credit_body(plan: Plan, order: Order, *, reference: str, zone: ZoneInfo, instance_id: int | None) -> dict[str, Any]:
    """POST sales-credit: header and rows in one atomic call (sheet 6.1). Addresses default from the contact."""
    tax_date = local_midnight(plan.tax_on, zone)
    body: dict[str, Any] = {
        "customer": {"id": order.contact_id},
        "ref": reference,
        "externalRef": plan.external_ref,
        "parentId": order.id,
        "placedOn": tax_date,
        "taxDate": tax_date,
        "currency": {
            "code": order.currency,
            "fixedExchangeRate": Decimal(order.exchange_rate) != 1,
            "exchangeRate": order.exchange_rate,
        },
        "rows": [_planned_row(row, plan.currency) for row in plan.rows],
        **order.copied,
    }
    optional = {
        "installedIntegrationInstanceId": instance_id, "statusId": plan.header.status_id,
        "warehouseId": plan.header.warehouse_id, "channelId": plan.header.channel_id,
    }  # fmt: skip
    return body | {key: value for key, value in optional.items() if value is not None}


def _planned_row(row: PlannedRow, currency: str) -> dict[str, Any]:
    what: dict[str, Any] = {"productId": row.product_id} if row.product_id is not None else {}
    if row.nominal_code:
        what["nominalCode"] = row.nominal_code
    return {
        **what,
        "name": row.name,
        "quantity": str(row.quantity.normalize().to_integral_value()),
        "taxCode": row.tax_code,
        "net": Money(row.net, currency).text,
        "tax": Money(row.tax, currency).text,
        "externalRef": row.external_ref,
    }


def payment_body(
    *,
    transaction_ref: str,
    method: str,
    credit_id: int,
    amount: Money,
    paid_at: datetime,
    exchange_rate: str,
    journal_ref: str,
) -> dict[str, Any]:
    """POST customer-payment. There is no REFUND type: PAYMENT is money to the customer (sheet 9.1)."""
    return {
        "transactionRef": transaction_ref,
        "paymentMethodCode": method,
        "paymentType": "PAYMENT",
        "orderId": credit_id,
        "currencyIsoCode": amount.currency,
        "exchangeRate": exchange_rate,
        "amountPaid": amount.text,
        "paymentDate": paid_at.isoformat(timespec="milliseconds"),
        "journalRef": journal_ref[:255],
    }


def goods_in_body(
    *, reference: str, warehouse_id: int, received_at: datetime, lines: list[dict[str, Any]]
) -> dict[str, Any]:
    """POST goods-in: one product row a note, so that the reference names exactly one note (sheet 8.1, 13)."""
    return {
        "transfer": False,
        "warehouseId": warehouse_id,
        "receivedOn": received_at.isoformat(timespec="milliseconds"),
        "userBatchReference": reference,
        "goodsMoved": lines,
    }
