"""What others state as money or as an identifier: read exactly, or stopped with a cause before any money moves."""

import copy
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daemon.clients import brightpearl_bodies, brightpearl_wire, happy_returns_wire, wire
from daemon.errors import MalformedPayloadError
from daemon.loops.outcome import would
from statemachine.credit.snapshot import Order
from statemachine.credit.verdicts import CreditNow, NeedsPerson, Verdict
from statemachine.effects import RecordRefund
from statemachine.facts import merge_unit
from statemachine.money import FractionError, Money
from statemachine.units import Unit
from tests.samples import FULL_ITEM, ORDER
from tests.unit.orders import REFERENCE, coming_back, judge
from tests.unit.returns import NOON

TAXED = replace(REFERENCE, tax_rates={"T": Decimal(10)})
BIGINT = 2**63 - 1


def an_order_of(currency: str, net: Any, tax: Any = "0.00", **told: Any) -> Order:
    """The vendor's own sample with another currency and other sums on its row."""
    stated = copy.deepcopy(ORDER)
    stated["currency"] |= {"orderCurrencyCode": currency, "accountingCurrencyCode": "USD", **told}
    (row,) = stated["orderRows"].values()
    row["rowValue"] |= {"rowNet": {"value": net}, "rowTax": {"value": tax}}
    return brightpearl_wire.read_order(stated)


def decided(order: Order, **told: Any) -> Verdict:
    return judge(coming_back(Unit("a", sku="TEST001", **told)), order, reference=TAXED)


@pytest.mark.parametrize(
    ("currency", "net", "tax", "read"),
    [
        ("JPY", "1000.00", "100.00", ("1000", "100")),
        ("JPY", "318.1818", "31.82", ("318", "32")),
        ("jpy", "27.5000", "5.50", ("27", "6")),
        ("KWD", "10.1250", "0.00", ("10.125", "0.000")),
        ("GBP", "9.0909", "0.91", ("9.09", "0.91")),
        ("gbp", "9.0909", "0.91", ("9.09", "0.91")),
        ("GBP", "-0.00", "-0", ("0.00", "0.00")),
        ("CLF", "1.00005", "0", ("1.0001", "0.0000")),
        ("GBP", 1e3, 2, ("1000.00", "2.00")),
    ],
)
def test_a_row_is_read_in_whole_minor_units_and_what_was_paid_for_it_stays_whole(
    currency: str, net: Any, tax: Any, read: tuple[str, str]
) -> None:
    order = an_order_of(currency, net, tax)

    (row,) = order.rows
    assert (str(row.net), str(row.tax)) == read
    assert order.unusable == ()
    assert order.currency == currency.upper()


@pytest.mark.parametrize(
    ("currency", "net", "tax"),
    [
        ("JPY", "366.67", "0.00"),
        ("JPY", "1005", "100.50"),
        ("KRW", "0.5", "0"),
        ("GBP", "1e15", "0"),
        ("JPY", "1e12", "0"),
        ("GBP", "-1e30", "0"),
        ("GBP", "0", "999999999999999999"),
        ("VND", "1e400", "0"),
    ],
)
def test_a_row_nobody_could_have_paid_stops_the_return_before_money(currency: str, net: str, tax: str) -> None:
    verdict = decided(an_order_of(currency, net, tax))

    assert isinstance(verdict, NeedsPerson)
    assert verdict.cause == "amount-unusable"
    assert verdict.about.owner == "finance"
    assert "row" in verdict.evidence["faults"][0]


@pytest.mark.parametrize("code", ["XXX", "XAU", "XTS", "DEM", "", "QQ", "US$", "BITCOIN"])
def test_an_order_in_no_currency_anybody_can_be_paid_in_stops(code: str) -> None:
    verdict = decided(an_order_of(code, "10.00", "1.00"))

    assert isinstance(verdict, NeedsPerson)
    assert verdict.cause == "currency-unknown"
    assert verdict.watches == ("order:1",)


@pytest.mark.parametrize("rate", ["0", "-1", "abc", "NaN", "1e999", "1e-30", "1e11"])
def test_an_exchange_rate_that_is_none_stops_the_return(rate: str) -> None:
    verdict = decided(an_order_of("GBP", "10.00", "1.00", exchangeRate=rate))

    assert isinstance(verdict, NeedsPerson)
    assert (verdict.cause, rate in verdict.explanation) == ("amount-unusable", True)


def test_a_credit_that_stands_with_half_a_yen_stops_the_next_of_its_order() -> None:
    order = an_order_of("JPY", "1000", "100")
    row = {"id": 9, "productId": 1007, "quantity": "1", "net": "366.67", "tax": "0.00"}
    told = {"id": 700, "parentId": 1, "ref": "phone", "currency": {"code": "JPY"}, "rows": [row]}
    credit = brightpearl_wire.read_credit(told)

    verdict = judge(coming_back(Unit("a", sku="TEST001")), order, credit, reference=TAXED)

    assert isinstance(verdict, NeedsPerson)
    assert verdict.cause == "amount-unusable"


def item(**told: Any) -> Unit:
    return happy_returns_wire.read_item({**FULL_ITEM, "sku": "TEST001", "orderLineItemID": "", **told}, "item", []).unit


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"processingFee": "some USD"}, "fee"),
        ({"processingFee": "1e15 USD"}, "fee"),
        ({"processingFee": "1,50 USD"}, "fee"),
        ({"processingFee": "4.95 GBP"}, "fee"),
        ({"processingFee": {"amount": "NaN", "currency": "USD"}}, "fee"),
        ({"refundAmount": "1e12 USD"}, "refund_amount"),
        ({"refundAmount": "$24.00"}, "refund_amount"),
    ],
)
def test_an_amount_of_happy_returns_that_cannot_be_read_is_remembered_as_that(told: Any, field: str) -> None:
    unit = item(**told)

    assert [each.field for each in unit.unreadable] == [field]
    assert getattr(unit, field) is None


@pytest.mark.parametrize("fee", ["some USD", "4.955 USD", "1e15 USD", "4.95 GBP"])
def test_a_fee_that_cannot_be_read_is_not_credited_away_as_if_there_were_none(fee: str) -> None:
    order, unit = an_order_of("USD", "9.09", "0.91"), item(processingFee=fee, refundAmount="10.00 USD")

    asked = judge(coming_back(unit), order, reference=TAXED)
    accepted = judge(coming_back(unit, accepted=("announcement-unreadable",)), order, reference=TAXED)
    ignored = judge(coming_back(unit), order, reference=TAXED, on_processing_fee="ignore")

    assert isinstance(asked, NeedsPerson)
    assert asked.cause == "announcement-unreadable"
    assert "processingFee" in str(asked.evidence) or "4.955" in str(asked.evidence)
    assert isinstance(accepted, CreditNow)
    assert isinstance(ignored, CreditNow)


def test_an_announced_amount_with_a_fraction_of_a_yen_is_asked_about() -> None:
    order, unit = an_order_of("JPY", "1000", "100"), item(refundAmount="1100.5", processingFee="", currency=None)

    verdict = judge(coming_back(unit), order, reference=TAXED, amount_check="hold")

    assert isinstance(verdict, NeedsPerson)
    assert verdict.cause == "announcement-unreadable"


def test_an_amount_is_readable_once_any_snapshot_had_it_so() -> None:
    broken, whole = item(processingFee="some USD"), item(processingFee="4.95 USD")

    assert merge_unit(broken, whole).fee == Decimal("4.95")
    assert merge_unit(broken, whole).unreadable == ()
    assert merge_unit(whole, broken).unreadable == ()
    assert merge_unit(broken, broken) == broken


@pytest.mark.parametrize("number", [BIGINT + 1, str(10**40), "0", -7, "1_000", "١٢", "12.0", None, "", "²"])
def test_what_the_schema_cannot_hold_as_an_identifier_is_refused_at_the_border(number: Any) -> None:
    assert wire.answered_id(number) is None
    with pytest.raises(MalformedPayloadError, match="orderId"):
        wire.identifier(number, "orderId")


def test_the_largest_identifier_is_one() -> None:
    assert wire.answered_id(str(BIGINT)) == BIGINT


@pytest.mark.parametrize("key", ["id", "warehouseId", "productId"])
def test_an_order_with_a_number_that_cannot_be_kept_is_not_read(key: str) -> None:
    stated = copy.deepcopy(ORDER)
    holder = next(iter(stated["orderRows"].values())) if key == "productId" else stated
    holder[key] = BIGINT + 1

    with pytest.raises(MalformedPayloadError, match="larger than any number"):
        brightpearl_wire.read_order(stated)


def test_a_refund_that_is_only_observed_is_said_with_its_currency() -> None:
    intent = {"body": {"amountPaid": "1100", "currencyIsoCode": "JPY"}}

    assert would(RecordRefund.kind, intent) == "record a refund of 1100 JPY"


@pytest.mark.parametrize(
    ("amount", "currency", "text"), [("366.00", "JPY", "366"), ("49", "GBP", "49.00"), ("10.125", "KWD", "10.125")]
)
def test_a_refund_leaves_with_its_currencys_decimals(amount: str, currency: str, text: str) -> None:
    body = brightpearl_bodies.payment_body(
        transaction_ref="HW-1-pay",
        method="CARD",
        credit_id=7,
        amount=Money(Decimal(amount), currency),
        paid_at=NOON,
        exchange_rate="1",
        journal_ref="Refund",
    )

    assert (body["amountPaid"], body["currencyIsoCode"]) == (text, currency)


def test_no_row_with_a_fraction_of_a_coin_can_leave() -> None:
    order = an_order_of("JPY", "1000", "100")
    verdict = decided(order)
    assert isinstance(verdict, CreditNow)
    plan = replace(verdict.plan, rows=(replace(verdict.plan.rows[0], net=Decimal("366.67")),))
    told = {"reference": "HR1", "zone": ZoneInfo("Europe/London"), "instance_id": None}

    whole = brightpearl_bodies.credit_body(verdict.plan, order, **told)  # type: ignore[arg-type]

    assert [(row["net"], row["tax"]) for row in whole["rows"]] == [("1000", "100")]
    with pytest.raises(FractionError, match=r"366\.67 JPY"):
        brightpearl_bodies.credit_body(plan, order, **told)  # type: ignore[arg-type]
