"""Where the decision must doubt: broken bundles, credits of others in every disguise, articles that fit twice."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from statemachine.credit.maps import Component, CreditMap, FeeRule
from statemachine.credit.snapshot import CreditRow, ExistingCredit
from statemachine.credit.verdicts import CreditNow, NeedsPerson, Refuse, Verdict
from statemachine.units import Unit
from tests.unit.orders import TEE, an_order, bundle_rows, by_hand, coming_back, credited, judge, row
from tests.unit.returns import NOON

SHARES = CreditMap(bundles={"BOX": {"CUP": Component(1, Decimal("0.25")), "POT": Component(1, Decimal("0.75"))}})
BOX = bundle_rows(10, "BOX", 2, "60.00", "12.00", CUP=1, POT=1)
BEGUN = replace(TEE, started_at=NOON - timedelta(days=1))


def plan_of(verdict: Verdict) -> Any:
    assert isinstance(verdict, CreditNow), verdict
    return verdict.plan


@pytest.mark.parametrize("rest", [(Unit("b", sku="BOX"),), (Unit("b", sku="CUP"), Unit("c", sku="POT"))])
def test_a_bundle_of_which_a_piece_was_credited_keeps_its_worth(rest: tuple[Unit, ...]) -> None:
    order = an_order(*BOX, row(20))
    first = plan_of(judge(coming_back(Unit("a", sku="CUP")), order, maps=SHARES))
    made = [credited(first, 700)]

    second = plan_of(judge(coming_back(*rest, TEE), order, *made, maps=SHARES, known=frozenset({700})))
    made.append(credited(second, 701))
    last = plan_of(judge(coming_back(Unit("d", sku="POT")), order, *made, maps=SHARES, known=frozenset({700, 701})))

    assert [each.net for each in (first, last)] == [Decimal("7.50"), Decimal("22.50")]
    assert second.net == Decimal("50.00")


def test_a_broken_bundle_without_shares_is_asked_about_not_given_away() -> None:
    order = an_order(*BOX, row(20))
    first = plan_of(judge(coming_back(Unit("a", sku="CUP")), order, maps=SHARES))

    verdict = judge(coming_back(Unit("b", sku="BOX"), TEE), order, credited(first, 700), known=frozenset({700}))

    assert verdict.cause == "bundle-incomplete"


OWN_ROW = CreditRow(9, 1001, Decimal(1), Decimal("20.00"), Decimal("4.00"), "1")
PAIR = an_order(row(1, quantity=2, net="40.00", tax="8.00"))


def own(credit_id: int = 700) -> ExistingCredit:
    return replace(by_hand(credit_id, OWN_ROW), external_ref=coming_back(TEE).credit_ref)


@pytest.mark.parametrize(
    "beside",
    [
        by_hand(701, replace(OWN_ROW, external_ref=""), reference="return HRK7Q2MX"),
        own(701),
        by_hand(701, replace(OWN_ROW, external_ref="")),
        by_hand(701, CreditRow(9, None, Decimal(1), Decimal("20.00"), Decimal("4.00"), name="Refund TEE")),
    ],
)
def test_another_credit_for_the_same_goods_beside_ours_is_never_passed_over(beside: ExistingCredit) -> None:
    verdict = judge(coming_back(BEGUN), PAIR, own(), beside)

    assert isinstance(verdict, NeedsPerson)
    assert verdict.cause == "rival-credit"


def test_free_text_money_is_a_rival_and_a_delivery_refund_is_not() -> None:
    delivery = row(2, "", 1, "3.95", "0.79", product_id=None, name="Delivery")
    order = an_order(row(1), delivery)
    text = CreditRow(9, None, Decimal(1), Decimal("20.00"), Decimal("4.00"), name="Refund TEE")
    postage = CreditRow(9, None, Decimal(1), Decimal("3.95"), Decimal("0.79"), name="delivery")

    assert judge(coming_back(BEGUN), order, by_hand(701, text)).cause == "rival-credit"
    assert judge(coming_back(BEGUN), order, by_hand(701, postage)).cause == "in-order"


def test_a_hand_credit_counts_for_the_row_of_its_own_price() -> None:
    order = an_order(row(1, net="23.00", tax="4.60"), row(2, net="2.00", tax="0.10", tax_code="T5", product_id=1001))
    early = by_hand(
        701,
        CreditRow(9, 1001, Decimal(1), Decimal("2.00"), Decimal("0.10"), tax_code="T5"),
        created_at=NOON - timedelta(9),
    )

    verdict = judge(coming_back(BEGUN), order, early)

    assert plan_of(verdict).net == Decimal("23.00")


def test_pieces_credited_by_hand_beyond_the_single_rows_count_against_the_bundle() -> None:
    cup = row(5, "CUP", 1, "10.00", "2.00", product_id=BOX[1].product_id)
    order = an_order(cup, *bundle_rows(10, "BOX", 1, "40.00", "8.00", CUP=1, POT=1))
    early = by_hand(
        701, CreditRow(9, cup.product_id, Decimal(2), Decimal("28.00"), Decimal("5.60")), created_at=NOON - timedelta(9)
    )

    verdict = judge(coming_back(replace(BEGUN, sku="BOX")), order, early)

    assert isinstance(verdict, Refuse)


def test_a_restocking_fee_is_of_what_the_bearing_units_are_worth() -> None:
    order = an_order(row(1, "TEE", net="100.00", tax="20.00"), row(2, "HAT", net="10.00", tax="2.00"))
    units = (Unit("a", sku="TEE", reason_id="damaged"), Unit("b", sku="HAT", reason_id="changed-mind"))
    fee = FeeRule("4091", "T20", percent=Decimal(10), reasons=("changed-mind",))

    plan = plan_of(judge(coming_back(*units), order, maps=CreditMap(fees={"restocking": fee})))

    assert (plan.rows[-1].net, plan.rows[-1].tax) == (Decimal("-1.00"), Decimal("-0.20"))


def test_an_article_sold_singly_and_in_a_bundle_is_not_guessed_without_a_line_id() -> None:
    order = an_order(row(5, "CUP", 1, "10.00", "2.00", external_ref="880"), *BOX)

    assert judge(coming_back(Unit("a", sku="CUP")), order).cause == "sku-ambiguous"
    assert judge(coming_back(Unit("a", sku="CUP", line_item_id="880")), order).cause == "in-order"


def test_the_unit_that_names_its_line_is_placed_before_one_that_only_names_its_article() -> None:
    order = an_order(row(1, external_ref="881"), row(2, net="30.00", tax="6.00", external_ref="882"))
    units = (Unit("a", sku="TEE"), Unit("b", sku="TEE", line_item_id="881"))

    plan = plan_of(judge(coming_back(*units), order))

    assert {key: places[0].ref for key, places in plan.places.items()} == {"a": "2", "b": "1"}


def test_an_equal_row_takes_what_the_named_row_has_no_room_for() -> None:
    order = an_order(row(1, external_ref="881"), row(2, external_ref="882"))
    first = plan_of(judge(coming_back(Unit("a", sku="TEE")), order))

    verdict = judge(
        coming_back(Unit("b", sku="TEE", line_item_id="881")), order, credited(first, 700), known=frozenset({700})
    )

    assert plan_of(verdict).places["b"][0].ref == "2"


def test_an_emptied_bundle_and_an_orphan_component_do_not_disturb_other_goods() -> None:
    emptied = [replace(each, quantity=Decimal(0)) for each in BOX]
    orphan = row(30, "LID", bundle_child=True, net="0.00", tax="0.00")

    assert judge(coming_back(TEE), an_order(row(1), *emptied, orphan)).cause == "in-order"
    assert judge(coming_back(Unit("a", sku="LID")), an_order(row(1), orphan)).cause == "sku-unknown-to-order"


def test_goods_that_cost_nothing_are_not_called_credited_already() -> None:
    voucher = row(99, "", net="-20.00", tax="-4.00", product_id=None)

    assert judge(coming_back(TEE), an_order(row(1), voucher)).cause == "nothing-to-refund"


def test_a_discount_its_own_tax_code_cannot_bear_is_spread_over_all_goods() -> None:
    hat = row(2, "HAT", net="10.00", tax="0.00", tax_code="T0")
    order = an_order(
        row(1, net="90.00", tax="18.00"), hat, row(99, "", net="-20.00", tax="0.00", tax_code="T0", product_id=None)
    )

    assert plan_of(judge(coming_back(Unit("a", sku="HAT")), order)).net == Decimal("8.00")
