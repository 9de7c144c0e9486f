"""The decision table: every verdict and cause has an example that really comes out, an owner, a clock and words."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from statemachine.causes import CAUSES, TEAMS
from statemachine.credit.edges import never_seen, no_order, refused_credit, several_orders
from statemachine.credit.maps import CreditMap, FeeRule, ReasonRule
from statemachine.credit.snapshot import CreditRow
from statemachine.credit.table import lines, markdown
from statemachine.credit.verdicts import (
    VERDICTS,
    Adopt,
    CreditLaterDated,
    CreditNow,
    NeedsPerson,
    Refuse,
    Verdict,
    Wait,
)
from statemachine.units import Unit, Unreadable
from tests.unit.orders import REFERENCE, TEE, TODAY, an_order, bundle_rows, by_hand, coming_back, judge, row
from tests.unit.returns import NOON

DAY = timedelta(days=1)
LOCKED = replace(REFERENCE, locked_until=TODAY + DAY)
ROW = CreditRow(9, 1001, Decimal(1), Decimal("20.00"), Decimal("4.00"))
OWN = replace(by_hand(700, replace(ROW, external_ref="1")), external_ref=coming_back(TEE).credit_ref, status_id=10)
BEGUN = replace(TEE, started_at=NOON - DAY)
PAIR = an_order(row(1, quantity=2, net="40.00", tax="8.00"))
LINE = replace(TEE, line_item_id="880-0-3")
UNCLEAR = row(9, "", net="-10.00", tax="-0.70", product_id=None, name="Voucher")
UNREADABLE = replace(TEE, unreadable=(Unreadable("fee", "processingFee: 'some' is no amount"),))


def of(unit: Unit = TEE, **told: object) -> Unit:
    return replace(unit, **told)  # type: ignore[arg-type]


def refusal(message: str) -> Verdict:
    return refused_credit(order_id=55, reference="10422", is_invoiced=True, status=400, code="X-1", message=message)


def examples() -> list[tuple[type[Verdict], str, Verdict]]:
    """One of each, produced by the decision itself."""
    one, tee = an_order(row(1)), coming_back(TEE)
    split = an_order(row(1), row(2, net="30.00", tax="6.00"))
    return [
        (Wait, "order-not-found", no_order("10422", since=NOON, now=NOON + DAY / 2, wait=DAY)),
        (NeedsPerson, "order-not-found", no_order("10422", since=NOON, now=NOON + 2 * DAY, wait=DAY)),
        (NeedsPerson, "order-ambiguous", several_orders("10422", [55, 56])),
        (NeedsPerson, "currency-unknown", judge(tee, replace(one, currency="XXX"))),
        (NeedsPerson, "amount-unusable", judge(tee, replace(one, unusable=("row 1: 0.5 net is no whole sum of JPY",)))),
        (Adopt, "credit-exists", judge(tee, one, OWN)),
        (NeedsPerson, "rival-credit", judge(tee, one, OWN, by_hand(701, ROW))),
        (Wait, "awaits-authorisation", judge(tee, one, OWN, authorised_status_id=11)),
        (Adopt, "credit-exists", judge(tee, one, by_hand(700, ROW, reference="HRK7Q2MX"))),
        (NeedsPerson, "credit-differs",
         judge(tee, one, by_hand(700, replace(ROW, net=Decimal("19.00")), reference="HRK7Q2MX"))),
        (NeedsPerson, "rival-credit",
         judge(tee, one, by_hand(700, ROW, reference="HRK7Q2MX"), by_hand(701, ROW, reference="HRK7Q2MX"))),
        (NeedsPerson, "credit-not-adoptable", judge(coming_back(TEE, adopts=700), one)),
        (NeedsPerson, "credit-cancelled", judge(tee, one, replace(OWN, is_cancelled=True))),
        (NeedsPerson, "too-large", judge(tee, PAIR, decision_size_max=1)),
        (Refuse, "order-cancelled", judge(tee, replace(one, status_id=5))),
        (Wait, "invoice-pending", judge(tee, replace(one, invoice_reference="pending"))),
        (Refuse, "order-not-shipped", judge(tee, replace(one, shipping_status="SNS"))),
        (NeedsPerson, "order-locked", judge(tee, one, on_invoiced_order="hold")),
        (NeedsPerson, "customer-missing", judge(tee, replace(one, contact_id=None))),
        (NeedsPerson, "order-too-old", judge(tee, replace(one, placed_at=NOON - 90 * DAY), order_age_days_max=60)),
        (NeedsPerson, "order-edited", judge(tee, one, digests=frozenset({"other"}))),
        (NeedsPerson, "mixed-outcomes", judge(coming_back(TEE, of(key="b", refund_type="gift-card")), one)),
        (NeedsPerson, "refund-type-unknown", judge(coming_back(of(refund_type="magic")), one)),
        (NeedsPerson, "exchange", judge(coming_back(of(refund_type="exchange")), one)),
        (NeedsPerson, "currency-differs", judge(coming_back(of(refund_currency="USD")), one)),
        (NeedsPerson, "announcement-unreadable", judge(coming_back(UNREADABLE), one)),
        (NeedsPerson, "fee-unmapped", judge(coming_back(of(fee=Decimal("4.95"))), one)),
        (NeedsPerson, "reason-unmapped",
         judge(coming_back(of(reason_id="odd")), one, maps=CreditMap(reasons={"too-big": ReasonRule()}))),
        (NeedsPerson, "rival-credit", judge(coming_back(BEGUN), one, by_hand(701, ROW))),
        (Refuse, "over-return", judge(coming_back(TEE, of(key="b")), one)),
        (NeedsPerson, "sku-unknown-to-order", judge(coming_back(of(sku="X")), one)),
        (NeedsPerson, "sku-ambiguous", judge(tee, split)),
        (NeedsPerson, "substitution-suspected", judge(coming_back(of(sku="X", name="product tee")), one)),
        (NeedsPerson, "bundle-incomplete",
         judge(coming_back(of(sku="CUP")), an_order(*bundle_rows(1, "SET", 1, "20.00", "4.00", CUP=1, SAUCER=1)))),
        (NeedsPerson, "order-edited", judge(coming_back(LINE), an_order(row(1, quantity=2, external_ref="880")))),
        (NeedsPerson, "discount-unclear", judge(tee, an_order(row(1), UNCLEAR))),
        (NeedsPerson, "tax-code-missing", judge(tee, an_order(row(1, tax_code="")))),
        (NeedsPerson, "tax-code-unknown", judge(tee, an_order(row(1, tax_code="T17")))),
        (NeedsPerson, "tax-rate-differs", judge(tee, an_order(row(1, tax="3.50", tax_rate=Decimal("17.5"))))),
        (NeedsPerson, "nominal-unknown", judge(tee, one, reference=replace(REFERENCE, nominal_codes=frozenset({"4001"})))),
        (NeedsPerson, "rival-credit", judge(coming_back(BEGUN), PAIR, by_hand(701, ROW))),
        (NeedsPerson, "nothing-to-refund", judge(tee, an_order(row(1, net="0.00", tax="0.00")))),
        (Refuse, "value-above-row",
         judge(coming_back(BEGUN), an_order(row(1, quantity=2)),
               by_hand(701, replace(ROW, net=Decimal("25.00")), created_at=NOON - 2 * DAY))),
        (NeedsPerson, "fee-above-credit",
         judge(tee, one, maps=CreditMap(fees={"restocking": FeeRule("4090", "T20", amount=Decimal(24))}))),
        (NeedsPerson, "amount-differs", judge(coming_back(of(refund_amount=Decimal(99))), one, amount_check="hold")),
        (NeedsPerson, "value-ceiling", judge(tee, one, value_ceiling=Decimal(20))),
        (CreditLaterDated, "period-locked", judge(tee, one, reference=LOCKED)),
        (Wait, "period-locked", judge(tee, one, reference=LOCKED, on_locked_period="wait")),
        (CreditNow, "in-order", judge(tee, one)),
        (NeedsPerson, "order-locked", refusal("The order is invoiced and locked")),
        (Wait, "period-locked", refusal("The accounting period is locked")),
        (NeedsPerson, "credit-refused", refusal("Something else")),
        (NeedsPerson, "outcome-unknown", never_seen("HW-1-1", "The credit", {"credit_id": 7})),
    ]  # fmt: skip


def test_the_table_and_the_examples_name_the_same_answers_in_the_same_order() -> None:
    table = [(line.verdict, line.about.code) for line in lines()]

    assert [(verdict, cause) for verdict, cause, _ in examples()] == table


@pytest.mark.parametrize(
    ("kind", "cause", "verdict"), examples(), ids=lambda each: each if isinstance(each, str) else ""
)
def test_every_answer_has_an_owner_a_clock_evidence_and_words(
    kind: type[Verdict], cause: str, verdict: Verdict
) -> None:
    assert (type(verdict), verdict.cause) == (kind, cause)
    assert verdict.about.owner in TEAMS
    assert verdict.about.clock > timedelta(0)
    assert verdict.about.means.endswith(".")
    assert verdict.about.next_step
    assert verdict.explanation
    assert verdict.evidence
    if isinstance(verdict, NeedsPerson | Refuse):
        assert verdict.trouble.fingerprint == f"{cause}:{verdict.key}"
        assert "=" in verdict.key


def test_every_verdict_occurs_and_every_wait_names_what_it_watches() -> None:
    found = [verdict for _, _, verdict in examples()]

    assert {type(each) for each in found} == set(VERDICTS)
    assert all(each.watches and each.waits_for for each in found if isinstance(each, Wait))


def test_what_a_person_may_accept_is_no_longer_a_stop() -> None:
    for _, cause, verdict in examples():
        if not CAUSES[cause].is_waivable or not isinstance(verdict, NeedsPerson):
            continue
        again = {
            "order-too-old": judge(
                coming_back(TEE, accepted=(cause,)), an_order(row(1), placed_at=NOON - 90 * DAY), order_age_days_max=60
            ),
            "substitution-suspected": judge(
                coming_back(of(sku="X", name="product tee"), accepted=(cause,)), an_order(row(1))
            ),
            "value-ceiling": judge(coming_back(TEE, accepted=(cause,)), an_order(row(1)), value_ceiling=Decimal(20)),
            "amount-differs": judge(
                coming_back(of(refund_amount=Decimal(99)), accepted=(cause,)), an_order(row(1)), amount_check="hold"
            ),
            "discount-unclear": judge(coming_back(TEE, accepted=(cause,)), an_order(row(1), UNCLEAR)),
            "announcement-unreadable": judge(coming_back(UNREADABLE, accepted=(cause,)), an_order(row(1))),
            "order-edited": judge(
                coming_back(LINE, accepted=(cause,)), replace(PAIR, rows=(replace(PAIR.rows[0], external_ref="880"),))
            ),
            "tax-rate-differs": judge(coming_back(TEE, accepted=(cause,)), an_order(row(1, tax="3.50"))),
            "rival-credit": judge(coming_back(TEE, accepted=(cause,)), an_order(row(1)), OWN, by_hand(701, ROW)),
            "order-locked": judge(coming_back(TEE, accepted=(cause,)), an_order(row(1)), on_invoiced_order="hold"),
            "nothing-to-refund": judge(coming_back(TEE, accepted=(cause,)), an_order(row(1, net="0.00", tax="0.00"))),
            "credit-differs": judge(
                coming_back(TEE, accepted=(cause,)), an_order(row(1)),
                by_hand(700, replace(ROW, net=Decimal("19.00")), reference="HRK7Q2MX"),
            ),
        }[cause]  # fmt: skip
        assert isinstance(again, CreditNow | Adopt), (cause, again)


def test_the_table_prints() -> None:
    printed = markdown()

    assert all(f"`{cause}`" in printed for _, cause, _ in examples())


def test_a_date_in_the_evidence_is_one_that_was_used() -> None:
    verdict = judge(coming_back(TEE), an_order(row(1)))

    assert datetime.fromisoformat(verdict.evidence["tax_on"]).date() == TODAY
