"""The decision on a credit: rows that match, causes that stop, credits of others that are never doubled."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from statemachine.credit.maps import Component, CreditMap, FeeRule, ReasonRule
from statemachine.credit.reading import base_line_id
from statemachine.credit.snapshot import CreditRow, ExistingCredit, Product
from statemachine.credit.verdicts import Adopt, CreditLaterDated, CreditNow, NeedsPerson, Refuse, Verdict, Wait
from statemachine.units import Place, Unit
from tests.unit.orders import REFERENCE, TEE, TODAY, an_order, bundle_rows, by_hand, coming_back, judge, row
from tests.unit.returns import NOON


def test_a_unit_takes_its_rows_own_net_tax_and_codes() -> None:
    verdict = judge(coming_back(Unit("a", sku="TEE")), an_order(row(1, quantity=3, net="50.00", tax="10.00")))

    assert isinstance(verdict, CreditNow)
    (planned,) = verdict.plan.rows
    assert (planned.net, planned.tax, planned.tax_code) == (Decimal("16.67"), Decimal("3.33"), "T20")
    assert verdict.plan.places == {"a": (Place("1"),)}


def test_a_pending_invoice_is_waited_for() -> None:
    verdict = judge(coming_back(Unit("a", sku="TEE")), an_order(row(1), invoice_reference="pending"))

    assert isinstance(verdict, Wait)


def test_a_locked_period_dates_the_credit_after_it() -> None:
    locked = replace(REFERENCE, locked_until=TODAY + timedelta(days=3))

    verdict = judge(coming_back(Unit("a", sku="TEE")), an_order(row(1)), reference=locked)

    assert isinstance(verdict, CreditLaterDated)
    assert verdict.plan.tax_on == TODAY + timedelta(days=4)


def test_our_own_credit_found_again_is_adopted_not_repeated() -> None:
    instance = coming_back(Unit("a", sku="TEE"))
    rows = (CreditRow(9, 1001, Decimal(1), Decimal("20.00"), Decimal("4.00"), "1"),)
    own = ExistingCredit(700, 55, instance.credit_ref, "", "GBP", NOON, False, rows)

    verdict = judge(instance, an_order(row(1)), own)

    assert isinstance(verdict, Adopt)
    assert (verdict.credit.id, dict(verdict.places)) == (700, {"a": (Place("1"),)})


@pytest.mark.parametrize(
    ("reference", "net", "expected"),
    [("for HRK7Q2MX", "20.00", Adopt), ("for HRK7Q2MX", "19.00", NeedsPerson), ("goodwill", "20.00", NeedsPerson)],
)
def test_a_credit_made_by_others_is_adopted_or_asked_about_never_doubled(
    reference: str, net: str, expected: type[Verdict]
) -> None:
    rows = (CreditRow(9, 1001, Decimal(1), Decimal(net), Decimal("4.00")),)
    rival = ExistingCredit(700, 55, "", reference, "GBP", NOON, False, rows)
    began = replace(Unit("a", sku="TEE"), started_at=NOON - timedelta(days=1))

    assert isinstance(judge(coming_back(began), an_order(row(1)), rival), expected)


def test_a_credit_of_ours_that_the_database_forgot_is_asked_about_never_doubled() -> None:
    rows = (CreditRow(9, 1001, Decimal(1), Decimal("20.00"), Decimal("4.00"), "1"),)
    forgotten = ExistingCredit(700, 55, "HW-before-the-restore-2", "", "GBP", NOON, False, rows)
    order = an_order(row(1, quantity=2, net="40.00", tax="8.00"))

    doubted = judge(coming_back(Unit("a", sku="TEE")), order, forgotten)
    known = judge(coming_back(Unit("a", sku="TEE")), order, forgotten, known=frozenset({700}))

    assert isinstance(doubted, NeedsPerson)
    assert doubted.cause == "rival-credit"
    assert isinstance(known, CreditNow)


def test_a_rival_is_noticed_for_a_unit_without_a_sku() -> None:
    rows = (CreditRow(9, 1001, Decimal(1), Decimal("20.00"), Decimal("4.00")),)
    rival = ExistingCredit(700, 55, "", "goodwill", "GBP", NOON, False, rows)
    order = an_order(row(1, quantity=2, net="40.00", tax="8.00", external_ref="88120045"))
    bare = Unit("a", line_item_id="88120045-0-2", started_at=NOON - timedelta(days=1))

    verdict = judge(coming_back(bare), order, rival)

    assert isinstance(verdict, NeedsPerson)
    assert verdict.cause == "rival-credit"


def test_a_discount_that_others_credited_already_is_not_charged_again() -> None:
    goods = row(1, quantity=2, net="20.00", tax="0.00", tax_code="T0")
    order = an_order(goods, row(99, "", net="-4.00", tax="0.00", tax_code="T0", product_id=None))
    rows = (
        CreditRow(1, 1001, Decimal(1), Decimal("10.00"), Decimal(0)),
        CreditRow(2, None, Decimal(1), Decimal("-2.00"), Decimal(0)),
    )
    earlier = ExistingCredit(700, 55, "", "phone", "GBP", NOON - timedelta(days=9), False, rows)
    began = Unit("a", sku="TEE", started_at=NOON)

    verdict = judge(coming_back(began), order, earlier)

    assert isinstance(verdict, CreditNow)
    assert verdict.plan.net == Decimal("8.00")


def test_refund_and_store_credit_in_one_return_need_a_person() -> None:
    units = (Unit("a", sku="TEE"), Unit("b", sku="TEE", refund_type="gift-card"))

    verdict = judge(coming_back(*units), an_order(row(1, quantity=2)))

    assert isinstance(verdict, NeedsPerson)
    assert verdict.cause == "mixed-outcomes"


@pytest.mark.parametrize(
    ("line", "base"),
    [
        ("12345-0-2", "12345"), ("12345-1-2", "12345"), ("12345-0-5", "12345"), ("12345", "12345"),
        ("a-b-c", "a-b-c"), ("gid-7-1-2", "gid-7"), ("12345-2-2", "12345-2-2"), ("12345-0-0", "12345-0-0"), ("", ""),
    ],
)  # fmt: skip
def test_the_line_ids_suffix_is_parsed_from_the_right(line: str, base: str) -> None:
    assert base_line_id(line) == base


def test_a_units_gross_is_kept_whole_where_prices_include_tax() -> None:
    order = an_order(row(1, quantity=2, net="16.67", tax="3.33"))

    including = judge(coming_back(TEE), order)
    excluding = judge(coming_back(TEE), replace(order, price_mode="EXC"))

    assert isinstance(including, CreditNow)
    assert including.plan.gross == Decimal("10.00")
    assert isinstance(excluding, CreditNow)
    assert excluding.plan.net == Decimal("8.34")


SET = bundle_rows(1, "SET", 2, "80.00", "16.00", CUP=1, SAUCER=2)


def test_the_free_one_of_two_is_said_to_be_free_once_the_other_is_credited() -> None:
    order = an_order(row(1, "TEE"), row(2, "TEE", net="0.00", tax="0.00"))
    paid = by_hand(700, CreditRow(9, 1001, Decimal(1), Decimal("20.00"), Decimal("4.00")))

    verdict = judge(coming_back(TEE), order, paid, known=frozenset({700}))

    assert isinstance(verdict, NeedsPerson)
    assert verdict.cause == "nothing-to-refund"


@pytest.mark.parametrize("left_of_components", [0, 1, 3], ids=["emptied", "too few for two", "too many for two"])
def test_a_bundle_is_never_credited_for_what_nobody_returned(left_of_components: int) -> None:
    bundle = bundle_rows(1, "SET", 2, "80.00", "16.00", CUP=1)
    edited = (bundle[0], replace(bundle[1], quantity=Decimal(left_of_components)))
    order = an_order(*edited, row(9, "TEE"))

    other = judge(coming_back(TEE), order)
    piece = judge(coming_back(Unit("c", sku="CUP")), order)

    assert isinstance(other, CreditNow)
    assert [planned.external_ref for planned in other.plan.rows] == ["9"]
    assert isinstance(piece, NeedsPerson | Refuse)  # nobody can say how much of a bundle one cup is


def test_all_components_of_a_bundle_are_the_bundle() -> None:
    units = (Unit("a", sku="CUP"), Unit("b", sku="SAUCER"), Unit("c", sku="saucer "))

    verdict = judge(coming_back(*units), an_order(*SET))

    assert isinstance(verdict, CreditNow)
    (planned,) = verdict.plan.rows
    assert (planned.external_ref, planned.quantity, planned.net) == ("1", Decimal(1), Decimal("40.00"))
    assert verdict.plan.places["b"] == (Place("1", product_id=1003),)
    assert verdict.evidence["match"]["a"] == "bundle complete → row 1"


def test_part_of_a_bundle_is_worth_its_mapped_share() -> None:
    shares = {"CUP": Component(1, Decimal("0.5")), "SAUCER": Component(2, Decimal("0.5"))}

    held = judge(coming_back(Unit("a", sku="SAUCER")), an_order(*SET))
    shared = judge(coming_back(Unit("a", sku="SAUCER")), an_order(*SET), maps=CreditMap(bundles={"SET": shares}))
    by_cost = judge(coming_back(Unit("a", sku="SAUCER")), an_order(*SET), on_bundle_part="cost")

    assert isinstance(held, NeedsPerson)
    assert held.cause == "bundle-incomplete"
    assert isinstance(shared, CreditNow)
    assert (shared.plan.net, shared.plan.rows[0].product_id) == (Decimal("10.00"), 1003)
    assert isinstance(by_cost, CreditNow)
    assert by_cost.plan.net == Decimal("16.00")


def test_a_bundle_that_was_sold_as_its_components_stands_on_all_their_rows() -> None:
    order = an_order(row(1, "CUP", 2, "40.00", "8.00"), row(2, "SAUCER", 4, "20.00", "4.00"))
    mapped = CreditMap(bundles={"SET": {"CUP": Component(1), "SAUCER": Component(2)}})
    catalogue = replace(order, products={9: Product(9, "SET", components={1001: 1, 1002: 2})})

    for verdict in (
        judge(coming_back(Unit("a", sku="SET")), order, maps=mapped), judge(coming_back(Unit("a", sku="SET")), catalogue)
    ):  # fmt: skip
        assert isinstance(verdict, CreditNow)
        assert verdict.plan.net == Decimal("30.00")
        assert verdict.plan.places["a"] == (Place("1", 1), Place("2", 2))


def test_a_configured_substitution_takes_the_sold_row() -> None:
    maps = CreditMap(substitutions={"TEE-NEW": ("TEE",)})

    verdict = judge(coming_back(Unit("a", sku="TEE-NEW")), an_order(row(1)), maps=maps)

    assert isinstance(verdict, CreditNow)
    assert verdict.evidence["match"] == {"a": "substitution → row 1"}


def test_a_line_id_that_names_another_article_is_doubted_until_something_agrees() -> None:
    order = an_order(row(1, external_ref="880"))
    odd = Unit("a", sku="JUMPER", line_item_id="880-0-1", barcode="501")
    barcodes = {1001: Product(1001, "TEE", frozenset({"501"}))}

    assert judge(coming_back(odd), order).cause == "substitution-suspected"
    assert judge(coming_back(odd), order, on_sku_difference="trust-line").cause == "in-order"
    assert judge(coming_back(odd), replace(order, products=barcodes)).cause == "in-order"


def test_a_suggested_reading_is_taken_for_the_return_a_person_accepted_it_for() -> None:
    order = an_order(row(1, external_ref="880"))
    odd = Unit("a", sku="JUMPER", line_item_id="880-0-1")

    accepted = judge(coming_back(odd, accepted=("substitution-suspected",)), order)

    assert isinstance(accepted, CreditNow)
    assert accepted.evidence["match"] == {"a": "suggestion accepted → row 1"}


def test_several_rows_at_different_prices_are_no_question_when_all_of_them_come_back() -> None:
    order = an_order(row(1, net="20.00"), row(2, net="30.00", tax="6.00"))

    one = judge(coming_back(TEE), order)
    both = judge(coming_back(TEE, Unit("b", sku="TEE")), order)

    assert one.cause == "sku-ambiguous"
    assert isinstance(both, CreditNow)
    assert both.plan.net == Decimal("50.00")


def test_fees_are_negative_rows_with_their_own_codes() -> None:
    fees: dict[Any, FeeRule] = {
        "processing": FeeRule("4090", "T20", "Return fee"),
        "restocking": FeeRule("4091", "T0", percent=Decimal(10)),
    }
    unit = replace(TEE, fee=Decimal("3.00"))

    verdict = judge(coming_back(unit), an_order(row(1)), maps=CreditMap(fees=fees), on_processing_fee="deduct")

    assert isinstance(verdict, CreditNow)
    assert [(r.external_ref, str(r.net), str(r.tax), r.nominal_code) for r in verdict.plan.rows[1:]] == [
        ("fee-processing", "-2.50", "-0.50", "4090"), ("fee-restocking", "-2.40", "0.00", "4091"),
    ]  # fmt: skip


@pytest.mark.parametrize("told", [{"refund_type": "gift-card"}, {"dropoff_method": "returnless"}])
def test_only_refunds_to_the_original_payment_bear_the_shoppers_fee(told: dict[str, str]) -> None:
    unit = replace(TEE, fee=Decimal("3.00"), **told)  # type: ignore[arg-type]

    assert judge(coming_back(unit), an_order(row(1))).cause == "in-order"


def test_maps_decide_codes_status_channel_warehouse_and_what_is_written_on_the_credit() -> None:
    maps = CreditMap(
        reasons={"too-small": ReasonRule(12, "Size", custom_fields={"PCF_WHY": "size"})}, tax={"T20": "T5"},
        nominal={"4000": "4900"}, channels={1: 7}, warehouses={"wh-east": 3},
    )  # fmt: skip
    unit = replace(TEE, reason_id="too-small", destination="wh-east")
    order = an_order(row(1, net="20.00", tax="1.00"), copied={"channelId": 1})

    verdict = judge(coming_back(unit), order, maps=maps, done_status_id=11)

    assert isinstance(verdict, CreditNow)
    header, planned = verdict.plan.header, verdict.plan.rows[0]
    assert (planned.tax_code, planned.nominal_code) == ("T5", "4900")
    assert (header.status_id, header.channel_id, header.warehouse_id) == (12, 7, 3)
    assert header.marks["status_id"] == 11
    assert header.marks["note"].startswith("Size (return HRK7Q2MX")
    assert header.marks["custom_fields"] == {"PCF_WHY": "size"}


def test_a_credit_made_by_hand_answers_what_we_could_not_match() -> None:
    order = an_order(row(1, net="20.00"), row(2, net="30.00", tax="6.00"))
    hand = by_hand(700, CreditRow(9, 1002, Decimal(1), Decimal("30.00"), Decimal("6.00")), reference="for HRK7Q2MX")

    verdict = judge(coming_back(TEE), order, hand)

    assert isinstance(verdict, Adopt)
    assert dict(verdict.places) == {"a": (Place("2"),)}


def test_our_credit_beside_a_quicker_rival_is_not_paid_out() -> None:
    instance = coming_back(TEE)
    mine = by_hand(700, CreditRow(9, 1001, Decimal(1), Decimal("20.00"), Decimal("4.00"), "1"))
    own = replace(mine, external_ref=instance.credit_ref)
    rival = by_hand(701, CreditRow(10, 1001, Decimal(1), Decimal("20.00"), Decimal("4.00")))

    beside = judge(instance, an_order(row(1)), own, rival)
    undone = judge(instance, an_order(row(1)), own, replace(rival, is_cancelled=True))

    assert isinstance(beside, NeedsPerson)
    assert beside.cause == "rival-credit"
    assert "order:701" in beside.watches
    assert isinstance(undone, Adopt)


def test_a_credit_nobody_authorised_is_waited_for() -> None:
    instance = coming_back(TEE)
    rows = (CreditRow(9, 1001, Decimal(1), Decimal("20.00"), Decimal("4.00"), "1"),)
    own = replace(by_hand(700, *rows), external_ref=instance.credit_ref, status_id=10)

    waiting = judge(instance, an_order(row(1)), own, authorised_status_id=11)
    given = judge(instance, an_order(row(1)), replace(own, status_id=11), authorised_status_id=11)

    assert isinstance(waiting, Wait)
    assert waiting.watches == ("order:700",)
    assert isinstance(given, Adopt)


def test_a_lock_that_reaches_too_far_ahead_is_waited_for() -> None:
    locked = replace(REFERENCE, locked_until=TODAY + timedelta(days=40))

    assert isinstance(judge(coming_back(TEE), an_order(row(1)), reference=locked), Wait)


def test_an_order_edited_after_an_earlier_credit_is_noticed() -> None:
    before = an_order(row(1, quantity=3, net="60.00", tax="12.00"))
    after = an_order(row(1, quantity=3, net="45.00", tax="9.00"))

    assert judge(coming_back(TEE), before, digests=frozenset({before.digest})).cause == "in-order"
    assert judge(coming_back(TEE), after, digests=frozenset({before.digest})).cause == "order-edited"
    waved = coming_back(TEE, accepted=("order-edited",))
    assert judge(waved, after, digests=frozenset({before.digest})).cause == "in-order"


def test_a_historic_order_without_shipping_is_credited() -> None:
    order = an_order(row(1), shipping_status="NST")

    assert isinstance(judge(coming_back(TEE), order), Refuse)
    assert judge(coming_back(TEE), replace(order, is_historical=True)).cause == "in-order"


def test_tax_of_another_service_is_not_measured_by_the_codes_rate() -> None:
    order = an_order(row(1, tax="1.65"))

    assert judge(coming_back(TEE), order).cause == "tax-rate-differs"
    assert judge(coming_back(TEE), an_order(row(1, tax="1.65", taxed_elsewhere=True))).cause == "in-order"
