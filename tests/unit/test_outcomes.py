"""What a shopper chose is read by whole words: what no table has is asked about, and what is not refunded is never paid."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.clients import happy_returns_wire
from daemon.errors import SettingsError
from daemon.maps import NO_MAPS, from_content, read_map, to_content
from statemachine.credit.case import Case
from statemachine.credit.maps import CreditMap
from statemachine.credit.outcomes import NEVER_PAID, refund_kind
from statemachine.credit.snapshot import CreditRow
from statemachine.credit.verdicts import Adopt, CreditNow, NeedsPerson
from tests.samples import FULL_ITEM
from tests.unit.orders import TEE, a_case, an_order, by_hand, coming_back, judge, row


@pytest.mark.parametrize(
    ("refund_type", "kind"),
    [
        ("", "original"),
        ("refund", "original"),
        ("Refund", "original"),
        ("REFUND", "original"),
        ("credit-card", "original"),
        ("Credit Card", "original"),
        ("refund to original payment method", "original"),
        ("originalPayment", "original"),
        ("exchange", "exchange"),
        ("even_exchange", "exchange"),
        ("Exchange ", "exchange"),
        ("gift-card", "store-credit"),
        ("giftCard", "store-credit"),
        ("GIFT_CARD", "store-credit"),
        ("Store credit", "store-credit"),
        ("no-refund", "unknown"),
        ("noRefund", "unknown"),
        ("No refund", "unknown"),
        ("non-refundable", "unknown"),
        ("none", "unknown"),
        ("keep-item", "unknown"),
        ("Keep the item", "unknown"),
        ("refund-denied", "unknown"),
        ("store-credit-or-refund", "unknown"),
        ("partial-refund", "unknown"),
        ("exchange-denied", "unknown"),
        ("credit", "unknown"),
        ("credit-note", "unknown"),
        ("gift", "unknown"),
        ("gift-return", "unknown"),
        ("refund-pending", "unknown"),
        ("barter", "unknown"),
        ("-", "unknown"),
        ("返金", "unknown"),
    ],
)
def test_a_type_is_read_by_the_whole_word_or_not_at_all(refund_type: str, kind: str) -> None:
    assert refund_kind(refund_type) == kind


@pytest.mark.parametrize("refund_type", [*sorted(NEVER_PAID), "barter", "partial-refund"])
def test_what_is_unknown_or_not_refunded_stops_with_its_cause(refund_type: str) -> None:
    verdict = judge(coming_back(replace(TEE, refund_type=refund_type)), an_order(row(1)))

    assert isinstance(verdict, NeedsPerson)
    assert verdict.cause == "refund-type-unknown"
    assert refund_type in verdict.explanation
    assert verdict.watches == ("order:55", "map")


def test_a_merchants_own_word_means_what_its_map_says() -> None:
    maps = CreditMap(refund_types={"Loyalty points": "store-credit", "barter": "original", "swap": "exchange"})

    kinds = [maps.refund_kind(each) for each in ("loyalty_points", "BARTER", "swap", "loyalty", "no-refund")]
    verdict = judge(coming_back(replace(TEE, refund_type="barter")), an_order(row(1)), maps=maps)

    assert kinds == ["store-credit", "original", "exchange", "unknown", "unknown"]
    assert isinstance(verdict, CreditNow)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('"no-refund" = "original"', "says that nothing is refunded"),
        ('keepItem = "store-credit"', "says that nothing is refunded"),
        ('barter = "cash"', "refund_types.barter"),
        ('barter = "original"\nBarter = "exchange"', "is the same word as"),
    ],
)
def test_no_map_makes_a_refund_of_what_is_none(line: str, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "maps.toml"
    file.write_text(f"[refund_types]\n{line}\n")

    with pytest.raises(SettingsError, match=fault):
        read_map(file)


def test_a_map_without_such_words_keeps_its_version_and_reads_as_before() -> None:
    """The versions are those release 0.3 gave: another would have every stuck return decided again."""
    assert "refund_types" not in to_content(NO_MAPS)
    assert from_content(to_content(NO_MAPS)).version == "6b4e1804d62f"
    assert from_content({"tax": {"T17": "T20"}}).version == "905a03360553"


def test_a_map_with_such_words_is_another_version_and_is_read_back_whole() -> None:
    maps = from_content({"refund_types": {"barter": "original"}})

    assert maps.version != from_content({}).version
    assert from_content(to_content(maps)) == maps


@pytest.mark.parametrize(
    ("refund_type", "is_one_click", "kind"),
    [
        ("", True, "exchange"),
        ("exchange", True, "exchange"),
        ("refund", True, "unknown"),
        ("gift-card", True, "unknown"),
        ("refund", False, "original"),
    ],
)
def test_an_exchange_flag_beside_another_outcome_is_asked_about(
    refund_type: str, is_one_click: bool, kind: str
) -> None:
    stated = {**FULL_ITEM, "refundType": refund_type, "oneClickExchange": is_one_click}

    unit = happy_returns_wire.read_item(stated, "item", []).unit

    assert refund_kind(unit.refund_type) == kind


@pytest.mark.parametrize(
    ("reference", "is_claimed"),
    [
        ("return HRK7Q2MX", True),
        ("hrk7q2mx", True),
        ("(HRK7Q2MX)", True),
        ("HRK7Q2MXX", False),
        ("order 1012", False),
        ("RMA 12", True),
        ("12-A", True),
        ("#12", True),
        ("2012", False),
    ],
)
def test_a_credit_names_a_return_only_by_a_word_of_its_own(reference: str, is_claimed: bool) -> None:
    case: Case = a_case(coming_back(TEE, rma_id="12"), an_order(row(1)), by_hand(700, reference=reference))

    assert bool(case.claimed) is is_claimed


def test_a_credit_by_hand_for_what_is_not_refunded_is_taken_over() -> None:
    line = CreditRow(9, 1001, Decimal(1), Decimal("20.00"), Decimal("4.00"))
    unit = replace(TEE, refund_type="no-refund")

    verdict = judge(coming_back(unit), an_order(row(1)), by_hand(700, line, reference="HRK7Q2MX"))

    assert isinstance(verdict, Adopt)
