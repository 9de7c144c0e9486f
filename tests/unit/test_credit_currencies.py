"""Every part of a credit is whole minor units of the order's currency, whatever that currency has for decimals."""

from dataclasses import replace
from decimal import Decimal

import pytest

from statemachine.credit.maps import Component, CreditMap, FeeRule
from statemachine.credit.snapshot import Order, Plan
from statemachine.credit.verdicts import CreditNow, NeedsPerson
from statemachine.money import in_minor_units
from statemachine.units import Unit
from tests.unit.orders import REFERENCE, an_order, bundle_rows, coming_back, credited, judge, row

TENTH = replace(REFERENCE, tax_rates={"T10": Decimal(10), "T20": Decimal(20), "T0": Decimal(0)})
SET = CreditMap(bundles={"SET": {"CUP": Component(1, Decimal("0.333")), "SAUCER": Component(1, Decimal("0.667"))}})


def planned(order: Order, *units: Unit, **told: object) -> Plan:
    verdict = judge(coming_back(*units), order, reference=TENTH, **told)
    assert isinstance(verdict, CreditNow), verdict
    return verdict.plan


def is_whole(plan: Plan) -> bool:
    return all(in_minor_units(amount, plan.currency) == amount for row in plan.rows for amount in (row.net, row.tax))


@pytest.mark.parametrize(
    ("currency", "net", "tax", "third"),
    [
        ("JPY", "1000", "100", ("333", "33")),
        ("GBP", "10.00", "1.00", ("3.33", "0.33")),
        ("KWD", "10.000", "1.000", ("3.333", "0.333")),
        ("CLF", "1.0000", "0.1000", ("0.3333", "0.0333")),
    ],
)
@pytest.mark.parametrize("mode", ["EXC", "INC"])
def test_a_third_of_a_row_is_whole_in_the_currency_it_was_sold_in(
    currency: str, net: str, tax: str, third: tuple[str, str], mode: str
) -> None:
    order = an_order(row(1, "MUG", 3, net, tax, tax_code="T10"), currency=currency, price_mode=mode)

    plan = planned(order, Unit("a", sku="MUG"))

    tax_part = Decimal(third[1])
    gross_part = in_minor_units((Decimal(net) + Decimal(tax)) / 3, currency)
    assert plan.tax == tax_part
    assert plan.net == (Decimal(third[0]) if mode == "EXC" else gross_part - tax_part)
    assert is_whole(plan)


def test_three_thirds_of_a_yen_row_are_the_row() -> None:
    order = an_order(row(1, "MUG", 3, "1000", "100", tax_code="T10"), currency="JPY")
    plans: list[Plan] = []

    for key in "abc":
        made = [credited(plan, 700 + n) for n, plan in enumerate(plans)]
        verdict = judge(
            coming_back(Unit(key, sku="MUG")), order, *made, reference=TENTH, known=frozenset(c.id for c in made)
        )
        assert isinstance(verdict, CreditNow)
        plans.append(verdict.plan)

    assert all(is_whole(plan) for plan in plans)
    assert (sum(p.net for p in plans), sum(p.tax for p in plans)) == (1000, 100)


def test_a_sum_of_thousandths_is_credited_to_the_thousandth() -> None:
    order = an_order(row(1, "MUG", 1, "10.125", "0.000", tax_code="T0"), currency="KWD")

    plan = planned(order, Unit("a", sku="MUG"))

    assert str(plan.gross) == "10.125"


@pytest.mark.parametrize(("currency", "net", "tax"), [("JPY", "1000", "100"), ("KWD", "1.000", "0.100")])
def test_a_piece_of_a_bundle_is_worth_whole_minor_units(currency: str, net: str, tax: str) -> None:
    order = an_order(*bundle_rows(1, "SET", 1, net, tax, CUP=1, SAUCER=1), currency=currency)
    order = replace(order, rows=tuple(replace(each, tax_code="T10") for each in order.rows))

    cup = planned(order, Unit("a", sku="CUP"), maps=SET)
    both = planned(order, Unit("a", sku="CUP"), Unit("b", sku="SAUCER"), maps=SET)

    assert is_whole(cup)
    assert cup.gross == in_minor_units(Decimal(net) * Decimal("0.3663"), currency)
    assert (both.net, both.tax) == (Decimal(net), Decimal(tax))


@pytest.mark.parametrize(
    ("rule", "fee"),
    [
        (FeeRule("4090", "T10", percent=Decimal("12.5")), "137.5"),
        (FeeRule("4090", "T10", percent=Decimal("0.01")), "0.11"),
        (FeeRule("4090", "T10", amount=Decimal(250)), "250"),
        (FeeRule("4090", "T10", amount=Decimal("250.50")), "250.50"),
    ],
)
def test_a_fee_in_yen_is_whole_yen_in_net_and_in_tax(rule: FeeRule, fee: str) -> None:
    order = an_order(row(1, "MUG", 1, "1000", "100", tax_code="T10"), currency="JPY")

    plan = planned(order, Unit("a", sku="MUG"), maps=CreditMap(fees={"restocking": rule}))

    assert is_whole(plan)
    assert plan.gross == 1100 - in_minor_units(Decimal(fee), "JPY")


def test_the_share_of_a_voucher_is_whole_yen() -> None:
    goods = row(1, "MUG", 3, "1000", "100", tax_code="T10")
    voucher = row(9, "", 1, "-100", "-10", tax_code="T10", product_id=None, name="Voucher")

    plan = planned(an_order(goods, voucher, currency="JPY"), Unit("a", sku="MUG"))

    assert is_whole(plan)
    assert len(plan.rows) == 2


def test_a_ceiling_is_compared_in_the_accounts_currency_whatever_decimals_the_order_has() -> None:
    order = an_order(
        row(1, "MUG", 1, "20000", "2000", tax_code="T10"),
        currency="JPY",
        accounting_currency="GBP",
        exchange_rate="200",
    )

    above = judge(coming_back(Unit("a", sku="MUG")), order, reference=TENTH, value_ceiling=Decimal(100))
    below = judge(coming_back(Unit("a", sku="MUG")), order, reference=TENTH, value_ceiling=Decimal(110))

    assert isinstance(above, NeedsPerson)
    assert above.evidence["value"] == "110.00"
    assert "110.00 GBP" in above.explanation
    assert isinstance(below, CreditNow)


def test_a_ceiling_in_yen_is_told_in_whole_yen() -> None:
    order = an_order(row(1), currency="GBP", accounting_currency="JPY", exchange_rate="0.005")

    verdict = judge(coming_back(Unit("a", sku="TEE")), order, value_ceiling=Decimal(100))

    assert isinstance(verdict, NeedsPerson)
    assert (verdict.evidence["value"], verdict.evidence["ceiling"]) == ("4800", "100")


def test_the_digest_of_an_order_stays_what_it_was_and_sees_a_thousandth() -> None:
    pounds, dinars = an_order(row(1)), an_order(row(1, net="10.125"), currency="KWD")

    assert pounds.digest == "93fd5622f1c327f3"
    assert dinars.digest != replace(dinars, rows=(row(1, net="10.126"),)).digest
