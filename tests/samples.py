"""The sheets' own samples, and forty ways to damage each."""

import copy
import json
from collections.abc import Callable
from typing import Any

# Happy Returns sheet section 3: the confirmed fields, in the order of the vendor's sample, then the proposals.
CONFIRMED_ITEM: dict[str, Any] = {
    "happyReturnsReturnID": "0d5f4c1e-7c1b-4c55-9a51-3f0f8d1b7a10",
    "purchasedAt": "2026-02-11T09:14:02-08:00",
    "email": "shopper@example.test",
    "orderNumber": "10422",
    "externalRMAID": "",
    "orderID": "7700123",
    "orderLineItemID": "88120045-0-2",
    "sku": "TEE-BLK-M",
    "upc": "0400000000017",
    "productVariantID": "5512",
    "labelBarcode": "0400000000017",
    "productName": "Crew Tee",
}
FULL_ITEM: dict[str, Any] = {
    **CONFIRMED_ITEM,
    "_below_is_UNCONFIRMED": True,
    "happyReturnsItemID": "b1c7c8c2-51c9-4c1c-8d0e-0d8f0d3a9f01",
    "happyReturnsExpressCode": "HRK7Q2MX",
    "returnReasonID": "too-small",
    "returnReason": "Too small",
    "comment": "",
    "refundType": "refund",
    "oneClickExchange": False,
    "dropoffMethod": "return-bar",
    "location": "Example Store #12",
    "startedAt": "2026-03-02T18:00:41-08:00",
    "droppedOffAt": "2026-03-04T12:31:10-08:00",
    "approvedAt": None,
    "refundAmount": "24.00 USD",
    "processingFee": "0.00 USD",
    "carrier": None,
    "tracking": None,
    "labelURL": None,
    "destinationAddressID": None,
}
WEBHOOK: dict[str, Any] = {
    "event": "return_status_updated",
    "typeID": "dropped-off",
    "retailerID": "acme-apparel",
    "otherEvents": [{"event": "return_dropoff_method_created", "typeID": "return-bar"}],
    "items": [FULL_ITEM],
}
# Brightpearl sheet section 5.1, abridged from live recordings there.
ORDER: dict[str, Any] = {
    "id": 1,
    "parentOrderId": 0,
    "orderTypeCode": "SO",
    "reference": "10422",
    "version": 7,
    "externalRef": "7700123",
    "installedIntegrationInstanceId": 11,
    "state": {"tax": "INVOICED"},
    "orderStatus": {"orderStatusId": 4, "name": "Invoiced"},
    "tax": {"errors": []},
    "orderPaymentStatus": "UNPAID",
    "stockStatusCode": "SOA",
    "allocationStatusCode": "AAA",
    "shippingStatusCode": "ASS",
    "placedOn": "2020-03-31T15:02:44.000-06:00",
    "createdOn": "2020-03-31T15:02:44.000-06:00",
    "closedOn": "2020-03-31T15:57:20.000-06:00",
    "createdById": 206,
    "priceListId": 1,
    "priceModeCode": "INC",
    "delivery": {"deliveryDate": "2020-04-02T00:00:00.000-06:00", "shippingMethodId": 0},
    "invoices": [{"invoiceReference": "SI-1001", "taxDate": "2020-03-31T00:00:00.000-06:00"}],
    "currency": {
        "accountingCurrencyCode": "USD",
        "orderCurrencyCode": "USD",
        "exchangeRate": "1.000000",
        "fixedExchangeRate": False,
    },
    "totalValue": {"net": "9.09", "taxAmount": "0.91", "total": "10.00"},
    "assignment": {"current": {"staffOwnerContactId": 0, "projectId": 0, "channelId": 1, "leadSourceId": 0}},
    "parties": {"customer": {"contactId": 200, "countryIsoCode": "GB"}, "billing": {"contactId": 200}},
    "orderRows": {
        "1": {
            "orderRowSequence": "10",
            "productId": 1007,
            "productName": "Nice Shirt",
            "productSku": "TEST001",
            "quantity": {"magnitude": "1.0000"},
            "itemCost": {"currencyCode": "USD", "value": "5.0000"},
            "productPrice": {"currencyCode": "USD", "value": "10.0000"},
            "discountPercentage": "0.00",
            "rowValue": {
                "taxRate": "10.0000",
                "taxCode": "T",
                "taxCalculator": "brightpearl",
                "rowNet": {"currencyCode": "USD", "value": "9.0909"},
                "rowTax": {"currencyCode": "USD", "value": "0.91"},
                "taxClassId": 2,
            },
            "nominalCode": "4000",
            "composition": {"bundleParent": False, "bundleChild": False, "parentOrderRowId": 0},
            "externalRef": "88120045",
            "clonedFromId": 0,
        }
    },
    "warehouseId": 2,
    "historicalOrder": False,
    "customFields": {"PCF_X": "anything"},
}

Damage = Callable[[Any], Any]


def _at(path: str, value: Any) -> Damage:
    """Set what lies at a dotted path; a value that is callable is applied to what was there."""

    def damage(sample: Any) -> Any:
        damaged = copy.deepcopy(sample)
        *way, last = path.split(".")
        place = damaged
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        key: Any = int(last) if isinstance(place, list) else last
        place[key] = value
        return damaged

    return damage


def _without(path: str) -> Damage:
    def damage(sample: Any) -> Any:
        damaged = copy.deepcopy(sample)
        *way, last = path.split(".")
        place = damaged
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        del place[last]
        return damaged

    return damage


_WRONG: tuple[Any, ...] = (12, -1.5, True, "", "x" * 10_000, "nul\x00", [], {}, [[]], {"a": {"b": 1}})


def damaged_webhooks() -> dict[str, bytes]:
    """Bodies with a good signature and something wrong inside; none may be lost."""
    told: dict[str, bytes] = {
        f"{path} is {str(value)[:12]!r}": json.dumps(_at(path, value)(WEBHOOK)).encode()
        for path in ("items", "items.0", "items.0.orderNumber", "items.0.startedAt", "typeID", "otherEvents")
        for value in _WRONG
        if not (path in ("items.0.startedAt", "otherEvents") and value in ("", [], True))
    }
    told |= {
        f"without {path}": json.dumps(_without(path)(WEBHOOK)).encode()
        for path in ("items", "event", "typeID", "items.0.happyReturnsReturnID", "items.0.orderNumber")
    }
    whole = json.dumps(WEBHOOK).encode()
    told |= {
        "cut in the middle": whole[: len(whole) // 2],
        "not JSON": b"<html>no</html>",
        "empty": b"",
        "null": b"null",
        "a number": b"42",
        "wrong encoding": whole.replace(b"Crew", "Crêw".encode("latin-1")),
        "utf-16": json.dumps(WEBHOOK).encode("utf-16"),
        "lone surrogate": whole.replace(b"Crew Tee", b"\\ud800"),
        "not a number": whole.replace(b'"Crew Tee"', b"NaN"),
        "beyond every float": whole.replace(b'"Crew Tee"', b"1e400"),
        "nested very deep": b'{"items":' + b"[" * 5000 + b"]" * 5000 + b"}",
        "unknown event": json.dumps({**WEBHOOK, "event": "return_exploded"}).encode(),
        "unknown status": json.dumps({**WEBHOOK, "typeID": "in-limbo"}).encode(),
        "another retailer": json.dumps({**WEBHOOK, "retailerID": "somebody-else"}).encode(),
        "markup": json.dumps(_at("items.0.orderNumber", "<script>alert(1)</script>")(WEBHOOK)).encode(),
        "sql": json.dumps(_at("items.0.sku", "'; DROP TABLE returns; --")(WEBHOOK)).encode(),
        "year 9999": json.dumps(_at("items.0.droppedOffAt", "9999-01-01T00:00:00Z")(WEBHOOK)).encode(),
        "money without a number": json.dumps(_at("items.0.refundAmount", "twelve")(WEBHOOK)).encode(),
        "too many items": json.dumps({**WEBHOOK, "items": [CONFIRMED_ITEM] * 1500}).encode(),
    }
    return told


def damaged_orders() -> dict[str, Any]:
    """Orders in shapes Brightpearl never documented; none may crash a loop."""
    paths = ("id", "orderRows", "orderRows.1", "orderRows.1.rowValue", "orderRows.1.quantity", "currency", "invoices")
    told = {f"{path} is {str(value)[:12]!r}": _at(path, value)(ORDER) for path in paths for value in _WRONG}
    told |= {
        f"without {path}": _without(path)(ORDER)
        for path in ("id", "orderRows", "currency", "parties", "assignment", "invoices", "orderRows.1.rowValue")
    }
    told |= {
        "row key is a word": {**ORDER, "orderRows": {"one": ORDER["orderRows"]["1"]}},
        "net is a word": _at("orderRows.1.rowValue.rowNet.value", "lots")(ORDER),
        "net is infinite": _at("orderRows.1.rowValue.rowNet.value", "1e400")(ORDER),
        "quantity is NaN": _at("orderRows.1.quantity.magnitude", "NaN")(ORDER),
        "rate is a word": _at("currency.exchangeRate", "par")(ORDER),
    }
    return told
