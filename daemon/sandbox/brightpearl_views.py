"""How a Brightpearl account's state looks on the wire: orders, credits, searches, products (sheet sections 5, 6, 10)."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from daemon.sandbox.books import Books, Order, Product, Row
from daemon.sandbox.clock import iso

ORDER_COLUMNS = (
    ("orderId", "IDSET"), ("orderTypeId", "IDSET"), ("contactId", "INTEGER"), ("orderStatusId", "INTEGER"),
    ("orderStockStatusId", "INTEGER"), ("createdOn", "PERIOD"), ("createdById", "INTEGER"), ("customerRef", "STRING"),
    ("orderPaymentStatusId", "INTEGER"), ("updatedOn", "PERIOD"), ("parentOrderId", "IDSET"),
    ("orderShippingStatusId", "INTEGER"), ("externalRef", "STRING"), ("installedIntegrationInstanceId", "INTEGER"),
    ("warehouseId", "IDSET"), ("staffOwnerContactId", "INTEGER"), ("taxDate", "PERIOD"), ("departmentId", "INTEGER"),
    ("deliveryDate", "PERIOD"),
)  # fmt: skip
PAYMENT_COLUMNS = (
    ("paymentId", "INTEGER"), ("transactionRef", "STRING"), ("transactionCode", "STRING"),
    ("paymentMethodCode", "STRING"), ("paymentType", "STRING"), ("orderId", "IDSET"), ("currencyId", "INTEGER"),
    ("currencyCode", "STRING"), ("amountAuthorized", "STRING"), ("amountPaid", "STRING"), ("expires", "PERIOD"),
    ("paymentDate", "PERIOD"), ("createdOn", "PERIOD"), ("journalId", "INTEGER"),
)  # fmt: skip
JOURNAL_COLUMNS = (
    ("journalId", "INTEGER"), ("journalType", "STRING"), ("orderId", "IDSET"), ("invoiceReference", "STRING"),
    ("nominalCode", "STRING"), ("journalDate", "PERIOD"), ("journalDebit", "STRING"), ("journalCredit", "STRING"),
    ("transactionDebit", "STRING"), ("transactionCredit", "STRING"), ("journalRowId", "INTEGER"),
)  # fmt: skip
PRODUCT_COLUMNS = (("productId", "INTEGER"), ("productName", "STRING"), ("SKU", "STRING"), ("barcode", "STRING"))
NOMINAL_COLUMNS = (
    ("code", "STRING"), ("name", "STRING"), ("type", "STRING"), ("bank", "BOOLEAN"), ("currencyId", "INTEGER"),
    ("active", "BOOLEAN"),
)  # fmt: skip
NOTE_COLUMNS = (("orderId", "IDSET"), ("noteId", "INTEGER"), ("noteText", "STRING"), ("dateAdded", "PERIOD"))

_TYPE_IDS = {"SO": 1, "PO": 2, "SC": 3, "PC": 4}
_SHIPPING_IDS = {"NST": 1, "SNS": 2, "SPS": 3, "ASS": 4}
_FREE_TEXT_PRODUCT = 1000


def local(books: Books, moment: datetime | None) -> str | None:
    return iso(moment.astimezone(books.zone)) if moment else None


def order_view(books: Books, order: Order) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": order.id, "parentOrderId": order.parent_id, "orderTypeCode": order.type_code,
        "reference": order.reference, "version": 3,
        "state": {"tax": "INVOICED" if order.invoice_reference not in ("", "pending") else "READY"},
        "orderStatus": {"orderStatusId": order.status_id, "name": "Invoiced" if order.status_id == 4 else "Status"},
        "orderPaymentStatus": books.payment_status(order), "stockStatusCode": books.stock_status(order),
        "allocationStatusCode": "AAA", "shippingStatusCode": order.shipping,
        "placedOn": local(books, order.created_at), "createdOn": local(books, order.created_at), "createdById": 206,
        "priceListId": 1, "priceModeCode": order.price_mode,
        "invoices": [{"invoiceReference": order.invoice_reference, "taxDate": order.tax_date or None}],
        "currency": {
            "accountingCurrencyCode": books.base_currency, "orderCurrencyCode": order.currency,
            "exchangeRate": f"{order.exchange_rate:.6f}", "fixedExchangeRate": order.exchange_rate != 1,
        },
        "totalValue": _total(books, order),
        "assignment": {"current": {"staffOwnerContactId": 0, "projectId": 0, "channelId": order.channel_id,
                                   "leadSourceId": 0, "teamId": 0}},
        "parties": {"customer": {"contactId": order.contact_id, "addressFullName": "A Shopper",
                                 "countryIsoCode": "GB"}, "billing": {"contactId": order.contact_id}},
        "orderRows": {str(row.id): _row_view(books, order, row) for row in shown_rows(books, order)},
        "warehouseId": order.warehouse_id, "historicalOrder": False,
    }  # fmt: skip
    if order.external_ref:
        view["externalRef"] = order.external_ref
    if order.instance_id is not None:
        view["installedIntegrationInstanceId"] = order.instance_id
    if order.updated_at:
        view["updatedOn"] = local(books, order.updated_at)
    return view


def shown_rows(books: Books, order: Order) -> list[Row]:
    """None while only the header is there."""
    return [] if order.rows_at is not None and order.rows_at > books.clock.now() else order.rows


def _total(books: Books, order: Order) -> dict[str, str]:
    net, tax = (order.net, order.tax) if shown_rows(books, order) else (Decimal(0), Decimal(0))
    return {"net": str(net), "taxAmount": str(tax), "total": str(net + tax)}


def _amount(books: Books, amount: Decimal) -> str:
    """As the account keeps taxes and payments, whatever the currency has."""
    return f"{amount:.{books.assumptions.money_decimals}f}"


def _row_view(books: Books, order: Order, row: Row) -> dict[str, Any]:
    rate = f"{row.tax_rate if row.tax_rate is not None else books.tax_codes.get(row.tax_code, Decimal(0)):.4f}"
    view: dict[str, Any] = {
        "orderRowSequence": "10", "productId": row.product_id or _FREE_TEXT_PRODUCT, "productName": row.name,
        "quantity": {"magnitude": f"{row.quantity:.4f}"},
        "itemCost": {"currencyCode": "GBP", "value": f"{row.cost:.4f}"},
        "rowValue": {
            "taxRate": rate, "taxCode": row.tax_code, "taxCalculator": "brightpearl",
            "rowNet": {"currencyCode": order.currency, "value": f"{row.net:.4f}"},
            "rowTax": {"currencyCode": order.currency, "value": _amount(books, row.tax)}, "taxClassId": 2,
        },
        "nominalCode": row.nominal,
        "composition": {"bundleParent": row.bundle_parent, "bundleChild": row.bundle_child,
                        "parentOrderRowId": row.parent_row_id},
        "clonedFromId": 0,
    }  # fmt: skip
    if row.product_id is not None:
        view["productSku"] = row.sku
    if row.external_ref:
        view["externalRef"] = row.external_ref
    return view


def credit_view(books: Books, order: Order) -> dict[str, Any]:
    total = _total(books, order)
    view: dict[str, Any] = {
        "id": order.id, "customer": {"id": order.contact_id}, "ref": order.reference, "parentId": order.parent_id,
        "placedOn": local(books, order.created_at), "taxDate": order.tax_date, "statusId": order.status_id,
        "warehouseId": order.warehouse_id, "channelId": order.channel_id, "priceModeCode": order.price_mode,
        "currency": {"code": order.currency, "exchangeRate": f"{order.exchange_rate:.6f}",
                     "fixedExchangeRate": order.exchange_rate != 1},
        "createdOn": local(books, order.created_at), "createdBy": 206,
        "total": {"net": total["net"], "tax": total["taxAmount"], "gross": total["total"]},
        "stockStatusCode": books.stock_status(order), "orderPaymentStatus": books.payment_status(order),
        "isCanceled": order.is_cancelled,
        "rows": [
            {
                "id": row.id, "productId": row.product_id or _FREE_TEXT_PRODUCT, "name": row.name, "sku": row.sku,
                "quantity": str(row.quantity), "taxCode": row.tax_code, "net": str(row.net), "tax": str(row.tax),
                "nominalCode": row.nominal,
                "externalRef": row.external_ref if books.assumptions.echoes_row_references else "",
                "bundleParent": row.bundle_parent,
                "bundleChild": row.bundle_child, "parentRowId": row.parent_row_id,
            }
            for row in reversed(shown_rows(books, order))
        ],
    }  # fmt: skip
    if order.external_ref:
        view["externalRef"] = order.external_ref
    return view


def order_search_row(books: Books, order: Order) -> list[Any]:
    stock_ids = {"SOA": 3, "SCN": 7, "SCP": 8, "SCA": 9, "NON": 13}
    return [
        order.id, _TYPE_IDS[order.type_code], order.contact_id, order.status_id,
        stock_ids.get(books.stock_status(order), 13), local(books, order.created_at), 206, order.reference, 1,
        local(books, order.updated_at), order.parent_id or None, _SHIPPING_IDS[order.shipping],
        order.external_ref or None, order.instance_id, order.warehouse_id, 0, order.tax_date or None,
        order.channel_id, None,
    ]  # fmt: skip


def payment_search_row(payment: dict[str, Any]) -> list[Any]:
    return [payment[name] for name, _ in PAYMENT_COLUMNS]


def journal_search_rows(books: Books, order: Order) -> list[list[Any]]:
    """What closing a credit and paying it out posted: sales and tax against debtors, debtors against the bank."""
    rows: list[list[Any]] = []

    def post(journal: int, kind: str, nominal: str, day: str, debit: Decimal, credit: Decimal) -> None:
        told = [_amount(books, debit), _amount(books, credit)]
        rows.append([journal, kind, order.id, order.invoice_reference, nominal, day, *told, *told, len(rows) + 1])

    if order.type_code == "SC" and order.invoice_reference not in ("", "pending"):
        journal = order.id + 700_000
        net = order.net + books.posted_beside.get(order.id, Decimal(0))
        post(journal, "SC", "4000", order.tax_date, net, Decimal(0))
        post(journal, "SC", "2200", order.tax_date, order.tax, Decimal(0))
        post(journal, "SC", "1100", order.tax_date, Decimal(0), net + order.tax)
    for payment in books.payments_of([order.id]):
        if payment["journalId"]:
            amount = Decimal(payment["amountPaid"])
            post(payment["journalId"], "SR", "1100", payment["paymentDate"], amount, Decimal(0))
            post(payment["journalId"], "SR", "1200", payment["paymentDate"], Decimal(0), amount)
    return rows


def product_view(product: Product) -> dict[str, Any]:
    return {
        "id": product.id, "brandId": 74, "productTypeId": 1,
        "identity": {"sku": product.sku, "barcode": product.barcode, "ean": product.barcode},
        "stock": {"stockTracked": product.stock_tracked, "weight": {"magnitude": 0.4}},
        "financialDetails": {"taxable": True, "taxCode": {"id": 2, "code": product.tax_code}},
        "salesChannels": [{"salesChannelName": "Brightpearl", "productName": product.name, "productCondition": "new"}],
        "composition": {
            "bundle": bool(product.components),
            "bundleComponents": [{"productId": c, "productQuantity": n} for c, n in product.components],
        },
        "variations": [], "nominalCodeSales": "4000", "status": "LIVE", "version": 1,
    }  # fmt: skip


def search_view(
    columns: Iterable[tuple[str, str]], rows: list[list[Any]], *, first: int, size: int, reference: Any = None
) -> dict[str, Any]:
    """The envelope of every search; firstResult and lastResult are absent without results."""
    page = rows[first - 1 : first - 1 + size]
    meta: dict[str, Any] = {
        "morePagesAvailable": first - 1 + size < len(rows), "resultsAvailable": len(rows),
        "resultsReturned": len(page),
        "columns": [
            {"name": name, "sortable": True, "filterable": True, "reportDataType": kind, "referenceData": [],
             "isFreeTextSearchable": False, "required": False}
            for name, kind in columns
        ],
        "sorting": [],
    }  # fmt: skip
    if page:
        meta |= {"firstResult": first, "lastResult": first + len(page) - 1}
    return {"response": {"results": page, "metaData": meta}, "reference": reference or {}}
