"""Which legs belong together, how they compare, and what a person's word changes. Pure: no database, no clock."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statemachine.books.fees import Finding, fee_lines, proposed_journal, shopper_fees
from statemachine.books.legs import Kind, Leg, Stage
from statemachine.books.matching import Action, Decision, Match, Status, match
from statemachine.books.movement import Account, Posting, accrual, ageing, exposure, movements
from statemachine.books.orphans import OrphanClass, find_orphans
from statemachine.books.periods import Closes, PeriodEvent
from statemachine.books.terms import Coverage, Rate, Terms, Tolerance, age_bucket, buckets, joined
from tests.world import NOON

DAY = date(2026, 1, 5)
LATER = DAY + timedelta(days=90)
CENTS = Terms(tolerances={"": Tolerance(Decimal("0.05"), Decimal("0.02"))})


def leg(kind: Kind, name: str, amount: str | None = "24.00", *, ids: tuple[str, ...] = (), **more: Any) -> Leg:
    facts = {
        key: more.pop(key)
        for key in tuple(more)
        if key not in ("order", "sku", "on", "currency", "quantity", "tax_code")
    }
    return Leg(
        f"{kind}:{name}", kind, more.pop("on", DAY), more.pop("currency", "GBP"), Decimal(amount) if amount else None,
        ids=ids, order=more.pop("order", "1042"), facts=facts, **more,
    )  # fmt: skip


def unit(name: str = "a", credit: str = "1", **more: Any) -> Leg:
    told = {"stage": Stage.APPROVED, "credit_due": True, "due_from": DAY.isoformat(), "code": "HRAAAAAA", **more}
    return leg(Kind.UNIT, name, ids=(f"item:{name}", f"credit:{credit}"), **told)


def credit(name: str = "1", amount: str = "24.00", **more: Any) -> Leg:
    told = {"credit_id": int(name), "claims": ["HW-1"], "row": 9, **more}
    return leg(Kind.CREDIT, name, amount, ids=(f"credit:{name}",), **told)


def stock(name: str = "1", **more: Any) -> Leg:
    return leg(Kind.STOCK, name, ids=(f"credit:{name}",), **more)


def refund(name: str = "1", amount: str = "24.00", **more: Any) -> Leg:
    return leg(Kind.REFUND, name, amount, ids=(f"credit:{name}",), method="SHOPIFY", **more)


def payout(name: str = "1", amount: str = "24.00", **more: Any) -> Leg:
    return leg(Kind.PAYOUT, name, amount, ids=(f"line:{name}",), **more)


def matched(*legs: Leg, terms: Terms = CENTS, today: date = LATER, decisions: tuple[Decision, ...] = ()) -> list[Match]:
    return match(legs, terms=terms, coverage=Coverage(), today=today, decisions=decisions)


WHOLE = (unit(), credit(), stock(), refund(), payout())


def test_a_return_with_every_leg_is_matched_to_the_penny() -> None:
    (found,) = matched(*WHOLE)

    assert found.status is Status.MATCHED
    assert [each.kind for each in found.legs] == [Kind.UNIT, Kind.CREDIT, Kind.STOCK, Kind.REFUND, Kind.PAYOUT]
    assert found.passes == ("exact", "order")
    assert found.opened_on == found.cleared_on == DAY


@pytest.mark.parametrize(
    ("amount", "status"),
    [
        ("24.05", Status.WITHIN_TOLERANCE),
        ("24.06", Status.PARTIAL),
        ("23.98", Status.WITHIN_TOLERANCE),
        ("23.97", Status.PARTIAL),
    ],
)
def test_tolerance_is_asymmetric(amount: str, status: Status) -> None:
    (found,) = matched(unit(), credit(), stock(), refund(amount=amount))

    assert found.status is status
    assert amount in found.reason


def test_of_amount_and_share_the_smaller_holds() -> None:
    tight = Tolerance(Decimal("1.00"), Decimal("1.00"), over_percent=Decimal(1))

    assert tight.holds(Decimal("50.00"), Decimal("50.50"), "GBP")
    assert not tight.holds(Decimal("50.00"), Decimal("50.51"), "GBP")
    assert tight.holds(Decimal("50.00"), Decimal("49.00"), "GBP")


def test_a_tolerance_belongs_to_its_currency() -> None:
    terms = Terms(tolerances={"JPY": Tolerance(Decimal(5), Decimal(5)), "": Tolerance()})

    assert terms.tolerance("JPY").holds(Decimal(100), Decimal(105), "JPY")
    assert not terms.tolerance("GBP").holds(Decimal(100), Decimal(101), "GBP")


def test_a_tax_code_is_never_tolerated() -> None:
    sold = {"quantity": "1", "net": "20.00", "tax": "4.00", "tax_code": "T20"}

    (found,) = matched(unit(), credit(sold=sold, tax_code="T0"), stock(), refund())

    assert found.status is Status.PARTIAL
    assert "credited with tax code T0, sold with T20" in found.reason


def test_more_than_was_paid_is_a_difference() -> None:
    sold = {"quantity": "2", "net": "40.00", "tax": "8.00", "tax_code": "T20"}

    (found,) = matched(unit(), credit(amount="30.00", sold=sold), stock(), refund(amount="30.00"))

    assert found.status is Status.PARTIAL
    assert "credited 30.00 GBP, the order's rows say 24.00" in found.reason


@pytest.mark.parametrize(
    ("amounts", "passes"), [(("24.00",), "order"), (("10.00", "14.00"), "sum"), (("23.99",), "order")]
)
def test_a_refund_line_is_found_by_order_and_amount_or_in_parts(amounts: tuple[str, ...], passes: str) -> None:
    lines = [payout(str(n), amount) for n, amount in enumerate(amounts)]

    (found,) = matched(unit(), credit(), stock(), refund(), *lines)

    assert passes in found.passes
    assert len(found.of(Kind.PAYOUT)) == len(amounts)


def test_one_refund_line_may_pay_two_credits_of_an_order() -> None:
    legs = (
        unit(),
        credit(),
        stock(),
        refund(),
        unit("b", "2"),
        credit("2"),
        stock("2"),
        refund("2"),
        payout(amount="48.00"),
    )

    (found,) = matched(*legs)

    assert found.status is Status.MATCHED
    assert found.value == Decimal("48.00")


def test_a_refund_line_of_another_time_is_not_taken() -> None:
    alone, paid = matched(unit(), credit(), stock(), refund(), payout(on=DAY + timedelta(days=31)))

    assert {alone.status, paid.status} == {Status.UNMATCHED, Status.MATCHED}


def test_a_line_without_order_is_suggested_with_reasons_and_not_taken() -> None:
    found = {each.legs[0].kind: each for each in matched(unit(), credit(), stock(), payout(order=""))}

    line = found[Kind.PAYOUT]
    assert line.status is Status.SUGGESTED
    assert line.suggestion is not None
    assert line.suggestion.other == "unit:a"
    assert line.suggestion.confidence == Decimal("0.60")
    assert "nothing else has this amount" in line.suggestion.reasons


def test_a_misspelt_order_is_nearly_certain() -> None:
    found = [each for each in matched(unit(), credit(), stock(), payout(order="web-1042")) if each.suggestion]

    assert [each.suggestion.confidence for each in found if each.suggestion] == [Decimal("0.95")]


def test_what_a_person_puts_together_and_takes_apart_holds() -> None:
    together = Decision(Action.MATCH, ("unit:a", "payout:1"), LATER, "user:a", "same")
    apart = Decision(Action.UNMATCH, ("payout:1",), LATER, "user:a", "no")

    (one,) = matched(unit(), credit(), stock(), payout(order=""), decisions=(together,))
    two = matched(*WHOLE, decisions=(apart,))
    three = matched(unit(), credit(), stock(), payout(order=""), decisions=(together, apart))

    assert "person" in one.passes
    assert one.status is Status.MATCHED
    assert [len(each.legs) for each in two] == [1, 4]
    assert [len(each.legs) for each in three] == [1, 3]


@pytest.mark.parametrize(
    ("action", "status"),
    [
        (Action.DISPUTE, Status.DISPUTED),
        (Action.WRITE_OFF, Status.WRITTEN_OFF),
        (Action.OUT_OF_SCOPE, Status.OUT_OF_SCOPE),
    ],
)
def test_a_decision_marks_a_match_until_it_is_reopened(action: Action, status: Status) -> None:
    mark = Decision(action, ("unit:a", "credit:1"), LATER, "user:a", "agreed")
    reopen = Decision(Action.REOPEN, ("unit:a", "credit:1"), LATER, "user:a", "not agreed")

    (marked,) = matched(unit(), credit(), decisions=(mark,))
    (again,) = matched(unit(), credit(), decisions=(mark, reopen))

    assert (marked.status, marked.reason) == (status, "agreed")
    assert marked.cleared_on == (None if action is Action.DISPUTE else LATER)
    assert again.status is Status.PARTIAL


def test_what_still_has_time_is_no_orphan() -> None:
    legs = (unit(), credit(), refund())

    early = find_orphans(matched(*legs, today=DAY + timedelta(days=28)), terms=CENTS, today=DAY + timedelta(days=28))
    (late,) = find_orphans(matched(*legs), terms=CENTS, today=DAY + timedelta(days=29))

    assert early == []
    assert late.name is OrphanClass.CREDIT_WITHOUT_STOCK
    assert (late.value, late.due_on) == (Decimal("24.00"), DAY + timedelta(days=28))


@pytest.mark.parametrize(
    ("legs", "name"),
    [
        ((unit(received_on=DAY.isoformat()),), OrphanClass.STOCK_WITHOUT_CREDIT),
        ((unit(), credit(), refund()), OrphanClass.CREDIT_WITHOUT_STOCK),
        ((unit(),), OrphanClass.REFUNDED_WITHOUT_CREDIT),
        ((unit(stage=Stage.HANDED_OVER), payout()), None),
        ((unit(), credit(), stock()), OrphanClass.CREDIT_WITHOUT_REFUND),
        ((payout(),), OrphanClass.REFUND_WITHOUT_RETURN),
        ((leg(Kind.FEE, "1", "1.50", type="item_fee"),), OrphanClass.FEE_WITHOUT_RETURN),
        ((leg(Kind.MENTION, "1", None, ids=("item:x",)),), OrphanClass.RETURN_UNKNOWN),
        ((credit(), stock(), refund()), OrphanClass.CREDIT_CLAIMS_UNKNOWN_RETURN),
        ((credit(claims=[]), stock(), refund()), None),
        ((unit(stage=Stage.STARTED, credit_due=False),), None),
        ((unit(returnless=True), credit(), refund()), None),
        ((unit(refund_due=False), credit(), stock()), None),
    ],
)
def test_each_missing_partner_has_its_class(legs: tuple[Leg, ...], name: OrphanClass | None) -> None:
    found = [each.name for each in find_orphans(matched(*legs), terms=CENTS, today=LATER)]

    assert name is None or found == [name]
    assert name is not None or OrphanClass.CREDIT_WITHOUT_STOCK not in found


def test_fees_are_priced_by_method_and_day() -> None:
    terms = Terms(rates=(
        Rate("return-bar", date(2025, 1, 1), Decimal("1.20"), "GBP"),
        Rate("return-bar", date(2026, 1, 1), Decimal("1.50"), "GBP"),
        Rate("", date(2025, 1, 1), Decimal("3.00"), "GBP"),
    ))  # fmt: skip

    def fee(name: str, amount: str, **more: Any) -> Leg:
        told = {"type": "item_fee", "method": "return-bar", **more}
        return leg(Kind.FEE, name, amount, ids=(f"item:{name}",), **told)

    units = [unit(name, name, method="return-bar") for name in ("a", "b", "c", "d")]
    legs = [*units, fee("a", "1.50"), fee("b", "2.00"), fee("c", "1.20"), fee("x", "1.50", order="9")]
    found = fee_lines(matched(*legs), terms=terms, coverage=Coverage(fees=((DAY, DAY),)))

    told = {each.leg: (each.finding, each.difference) for each in found}
    assert told["fee:a"] == (Finding.AS_AGREED, Decimal("0.00"))
    assert told["fee:b"] == (Finding.OVERCHARGED, Decimal("0.50"))
    assert told["fee:c"] == (Finding.UNDERCHARGED, Decimal("-0.30"))
    assert told["unit:d"] == (Finding.UNCHARGED, Decimal("-1.50"))
    assert told["fee:x"] == (Finding.UNKNOWN_RETURN, Decimal("1.50"))
    assert terms.rate_for("return-bar", date(2025, 6, 1)) == terms.rates[0]
    assert terms.rate_for("mail-nolabel", DAY) == terms.rates[2]
    journal = proposed_journal(found, terms=terms)
    assert sum(each.debit for each in journal) == sum(each.credit for each in journal) > 0


def test_what_comes_after_a_close_counts_in_the_open_month() -> None:
    closes = Closes([
        PeriodEvent("2026-01", "closed", "user:a", NOON),
        PeriodEvent("2026-01", "reopened", "user:a", NOON + timedelta(days=2)),
    ])  # fmt: skip

    assert closes.counts_on(DAY, NOON - timedelta(hours=1)) == DAY
    assert closes.counts_on(DAY, NOON + timedelta(hours=1)) == date(2026, 2, 1)
    assert closes.counts_on(DAY, NOON + timedelta(days=3)) == DAY


def test_ages_fall_into_their_buckets() -> None:
    assert buckets() == ("0–1", "2–3", "4–7", "8–14", "15–30", "31–60", "61–90", "90+")
    assert [age_bucket(days) for days in (0, 1, 2, 7, 8, 90, 91)] == [
        "0–1",
        "0–1",
        "2–3",
        "4–7",
        "8–14",
        "61–90",
        "90+",
    ]
    assert age_bucket(9, (5, 10)) == "6–10"


def orphans_of(*legs: Leg) -> list[tuple[OrphanClass, Decimal]]:
    return [(each.name, each.value) for each in find_orphans(matched(*legs), terms=CENTS, today=LATER)]


def test_money_for_a_return_that_came_to_nothing_is_no_match() -> None:
    over = unit(stage=Stage.OVER, credit_due=False)

    (found,) = matched(over, refund())

    assert found.status is Status.PARTIAL
    assert orphans_of(over, refund()) == [(OrphanClass.REFUNDED_WITHOUT_CREDIT, Decimal("24.00"))]


def test_a_fee_for_a_return_that_came_to_nothing_is_not_due() -> None:
    terms = Terms(rates=(Rate("", DAY, Decimal("1.50"), "GBP"),))
    legs = (unit(stage=Stage.OVER, credit_due=False), leg(Kind.FEE, "1", "1.50", ids=("item:a",), type="item_fee"))

    (found,) = matched(*legs, terms=terms)
    (line,) = fee_lines([found], terms=terms, coverage=Coverage())

    assert found.status is Status.OUT_OF_SCOPE
    assert (line.finding, line.difference) == (Finding.NOT_DUE, Decimal("1.50"))


def test_the_unit_without_a_credit_is_the_one_of_the_other_article() -> None:
    cheap = unit("a", "7", sku="A", received_on=DAY.isoformat())
    dear = replace(unit("b", "7", sku="B", received_on=DAY.isoformat()), amount=Decimal("100.00"))
    credited = (replace(credit("7", "100.00"), sku="B"), stock("7"), refund("7", "100.00"))

    assert orphans_of(cheap, dear, *credited) == [(OrphanClass.STOCK_WITHOUT_CREDIT, Decimal("24.00"))]


def test_what_was_not_refunded_of_a_credit_is_an_orphan_of_that_value() -> None:
    assert orphans_of(unit(), credit(), stock(), refund(amount="14.00")) == [
        (OrphanClass.CREDIT_WITHOUT_REFUND, Decimal("10.00"))
    ]


def test_a_refund_that_failed_counts_against_itself() -> None:
    legs = (
        *WHOLE[:-1],
        leg(Kind.PAYOUT, "1", "24.00", ids=("txn:re_1",)),
        leg(Kind.PAYOUT, "2", "-24.00", ids=("txn:re_1",)),
    )
    by_order = (*WHOLE, payout("2", "-24.00"))

    for each in (legs, by_order):
        found = [one for one in matched(*each) if one.of(Kind.UNIT)]
        assert [one.status for one in found] == [Status.PARTIAL]
        assert "paid out 0.00 GBP" in found[0].reason


def test_a_mark_on_one_leg_does_not_settle_what_comes_to_it_later() -> None:
    mark = Decision(Action.OUT_OF_SCOPE, ("payout:1",), DAY, "user:a", "not ours")

    (alone,) = matched(payout(), decisions=(mark,))
    (later,) = matched(unit(), credit(), stock(), payout(), decisions=(mark,))

    assert alone.status is Status.OUT_OF_SCOPE
    assert later.status is Status.MATCHED


def test_a_leg_that_a_person_moved_stays_where_it_was_put() -> None:
    own = leg(Kind.PAYOUT, "1", "24.00", ids=("credit:1",))
    other = (unit("b", "8", order="9"), credit("8", order="9"), stock("8", order="9"))
    moved = (
        Decision(Action.UNMATCH, ("payout:1",), DAY, "user:a", "x"),
        Decision(Action.MATCH, ("payout:1", "credit:8"), DAY, "user:a", "y"),
    )

    found = {
        each.key: {leg.key for leg in each.legs}
        for each in matched(unit(), credit(), stock(), own, *other, decisions=moved)
    }

    assert found == {
        "unit:a": {"unit:a", "credit:1", "stock:1"},
        "unit:b": {"unit:b", "credit:8", "stock:8", "payout:1"},
    }


def test_a_credit_of_no_order_finds_the_return_it_names() -> None:
    legs = (unit(credit="99"), credit(claims=["HRAAAAAA"], order=""), stock(order=""), refund(order=""))

    (found,) = matched(*legs)

    assert found.status is Status.MATCHED


def test_a_refund_in_the_credits_own_currency_is_not_needed_to_find_its_payout() -> None:
    legs = (unit(), credit(), stock(), refund(amount="30.00", currency="USD"), payout(amount="30.00", currency="USD"))

    (found,) = matched(*legs)

    assert "refunded in USD, credited in GBP" in found.reason


def test_files_with_a_month_between_them_do_not_cover_it() -> None:
    months = joined([(date(2026, 3, 1), date(2026, 3, 31)), (date(2026, 1, 1), date(2026, 1, 31))])
    coverage = Coverage(payouts={"shopify": months})

    assert len(months) == 2
    assert coverage.needs_payout("shopify", date(2026, 1, 10), 7)
    assert not coverage.needs_payout("shopify", date(2026, 1, 28), 7)
    assert not coverage.needs_payout("shopify", date(2026, 2, 10), 7)
    assert joined([(DAY, DAY), (DAY + timedelta(days=3), LATER)]) == ((DAY, LATER),)


def test_ageing_accrual_and_exposure_are_told_as_of_the_months_end() -> None:
    month_end = DAY + timedelta(days=10)
    late = matched(unit(), credit(), stock(on=LATER), refund(on=LATER))
    half = matched(unit(sku="A"), unit("b", sku="B"), replace(credit(), sku="A"))
    lost = matched(unit(written_off=True, credit_due=False), credit(), refund())

    assert [(row.bucket, row.value) for row in ageing(late, terms=CENTS, last=month_end)] == [
        ("8–14", Decimal("24.00"))
    ]
    assert [(row.units, row.value) for row in accrual(half, last=month_end)] == [(1, Decimal("24.00"))]
    assert exposure(late, terms=CENTS, last=month_end)[0].value == Decimal("24.00")
    assert exposure(lost, terms=CENTS, last=month_end) == []


def test_what_shoppers_bore_is_told_once_and_for_its_month() -> None:
    legs = (unit(fee="3.95"), leg(Kind.FEE, "1", "3.95", ids=("item:a",), type="return_fee"))

    assert shopper_fees(matched(*legs)) == {"GBP": Decimal("3.95")}
    assert shopper_fees(matched(*legs), first=LATER) == {}
    assert shopper_fees(matched(legs[0])) == {"GBP": Decimal("3.95")}


@st.composite
def many_legs(draw: st.DrawFn) -> list[Leg]:
    """Legs of a few orders with few amounts, so that much fits and much does not."""
    made = []
    for number in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from([Kind.UNIT, Kind.CREDIT, Kind.STOCK, Kind.REFUND, Kind.PAYOUT, Kind.FEE]))
        name = str(draw(st.integers(1, 4)))
        ids = (f"credit:{name}",) if kind not in (Kind.PAYOUT, Kind.FEE) else ()
        facts = (
            {"stage": "approved", "credit_due": True}
            if kind is Kind.UNIT
            else {"credit_id": int(name), "claims": ["x"]}
        )
        made.append(Leg(
            f"{kind}:{number}", kind, DAY + timedelta(days=draw(st.integers(0, 40))), draw(st.sampled_from(["GBP", "EUR"])),
            Decimal(draw(st.integers(1, 4))), ids=ids, order=draw(st.sampled_from(["1", "2", ""])), facts=facts,
        ))  # fmt: skip
    return made


@settings(deadline=None)
@given(many_legs(), st.randoms())
def test_every_leg_is_in_exactly_one_match_whatever_the_order(legs: list[Leg], random: Any) -> None:
    found = matched(*legs)
    shuffled = list(legs)
    random.shuffle(shuffled)

    assert sorted(each.key for one in found for each in one.legs) == sorted(each.key for each in legs)
    assert matched(*shuffled) == found


def test_a_refund_in_the_customers_money_matches_a_payout_in_the_shops_and_says_the_rate() -> None:
    got = {"customer_amount": "24.00", "customer_currency": "EUR"}
    legs = (unit(currency="EUR"), credit(currency="EUR"), stock(currency="EUR"), refund(currency="EUR"))

    (one,) = matched(*legs, payout(amount="20.40", **got))

    assert one.status is Status.MATCHED, one.reason
    (paid,) = one.of(Kind.PAYOUT)
    assert (paid.amount, paid.currency, paid.facts["paid_out"]) == (Decimal("24.00"), "EUR", "20.40")
    assert "20.40 GBP of the payout, at a rate of 0.8500" in next(
        each.detail for each in one.checks if each.name == "payout"
    )


def test_a_payout_in_the_shops_money_stays_so_where_the_refund_is_in_it() -> None:
    got = {"customer_amount": "28.20", "customer_currency": "EUR"}

    (one,) = matched(unit(), credit(), stock(), refund(), payout(**got))

    assert one.status is Status.MATCHED, one.reason
    assert one.of(Kind.PAYOUT)[0].currency == "GBP"


def test_a_payout_line_counts_in_the_money_it_was_matched_in() -> None:
    got = {"customer_amount": "24.00", "customer_currency": "EUR"}
    legs = (unit(currency="EUR"), credit(currency="EUR"), stock(currency="EUR"), refund(currency="EUR"))
    paid = payout(amount="20.40", **got)
    postings = [
        Posting(leg.key, leg.kind, leg.currency, leg.value, DAY, DAY)
        for leg in (*legs[1:], paid)
        if leg.amount is not None
    ]

    found = movements(matched(*legs, paid), postings, terms=CENTS, first=DAY, last=DAY)

    account = [each for each in found if each.account is Account.PAYOUTS]
    assert [(each.currency, each.new, each.cleared, each.closing) for each in account] == [
        ("EUR", Decimal("24.00"), Decimal("24.00"), Decimal("0.00"))
    ]


def test_goods_of_a_return_that_was_ended_by_hand_have_no_place_until_somebody_says_what_became_of_them() -> None:
    ended = unit(written_off=True, credit_due=False, received_on=DAY.isoformat(), credit="")

    (one,) = matched(ended)
    (orphan,) = find_orphans([one], terms=CENTS, today=LATER)
    said = Decision(Action.WRITE_OFF, (ended.key,), LATER, "user:wim", "sent to the charity shop")
    (settled,) = matched(ended, decisions=(said,))

    assert (one.status, orphan.name) == (Status.UNMATCHED, OrphanClass.GOODS_WITHOUT_PLACE)
    assert "nobody said what became of them" in one.reason
    assert find_orphans([settled], terms=CENTS, today=LATER) == []


def test_goods_of_a_return_that_was_ended_by_hand_stand_under_a_credit_that_was_made_for_them() -> None:
    ended = unit(written_off=True, credit_due=False, received_on=DAY.isoformat())

    (one,) = matched(ended, credit(), stock(), refund())

    assert find_orphans([one], terms=CENTS, today=LATER) == []


def test_a_return_that_was_ended_by_hand_before_its_goods_came_has_nothing_open() -> None:
    (one,) = matched(unit(written_off=True, credit_due=False))

    assert one.status is Status.OUT_OF_SCOPE


@pytest.mark.parametrize(("method", "closing"), [("SHOPIFY", "24.00"), ("CHEQUE", "0.00")])
def test_a_refund_that_a_platform_must_show_stays_open_until_its_file_comes(method: str, closing: str) -> None:
    terms = Terms(payout_methods={"SHOPIFY": "shopify"})
    paid = replace(refund(), facts={"method": method})
    postings = [Posting(leg.key, leg.kind, "GBP", leg.value, DAY, DAY) for leg in (credit(), paid)]

    found = movements(
        matched(unit(), credit(), stock(), paid, terms=terms), postings, terms=terms, first=DAY, last=DAY
    )  # fmt: skip
    later = payout(on=LATER)
    cleared = movements(
        matched(unit(), credit(), stock(), paid, later, terms=terms),
        [*postings, Posting(later.key, later.kind, "GBP", later.value, LATER, DAY)],
        terms=terms, first=LATER, last=LATER,
    )  # fmt: skip

    (one,) = (each for each in found if each.account is Account.PAYOUTS)
    assert (str(one.closing), str(one.awaiting), str(one.difference)) == (closing, closing, "0.00")
    (then,) = (each for each in cleared if each.account is Account.PAYOUTS)
    if method == "SHOPIFY":
        assert (str(then.opening), str(then.cleared), str(then.closing)) == ("24.00", "24.00", "0.00")
