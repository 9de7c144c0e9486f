"""Whether a credit can be made now, and exactly which: the checks, in the order they are asked. Pure.

The first check that has something to say decides. The list is the decision table: `python -m statemachine.credit.table`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from statemachine.credit import about_credits, about_money, about_orders, about_rows, about_sums
from statemachine.credit.case import Case
from statemachine.credit.verdicts import Adopt, CreditLaterDated, CreditNow, NeedsPerson, Refuse, Verdict, Wait

Look = Callable[[Case], Verdict | None]


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the decision table: what is asked, and every (verdict, cause) the answer may be."""

    asks: str
    look: Look
    answers: tuple[tuple[type[Verdict], str], ...]


def preflight(case: Case) -> Verdict:
    """Judge one return against its order as just read."""
    for check in CHECKS:
        verdict = check.look(case)
        if verdict is not None:
            return verdict
    raise AssertionError("the last check answers always")


CHECKS: tuple[Check, ...] = (
    Check("Is the order's currency none that anybody can be paid in?", about_money.currency,
          ((NeedsPerson, "currency-unknown"),)),
    Check("Does Brightpearl state an amount that cannot be paid or kept?", about_money.amounts,
          ((NeedsPerson, "amount-unusable"),)),
    Check("Does a credit with this return's own key exist?", about_credits.own_credit,
          ((Adopt, "credit-exists"), (NeedsPerson, "rival-credit"), (Wait, "awaits-authorisation"))),
    Check("Has a person written this return's code on a credit?", about_credits.named_by_hand,
          ((Adopt, "credit-exists"), (NeedsPerson, "credit-differs"), (NeedsPerson, "rival-credit"),
           (NeedsPerson, "credit-not-adoptable"))),
    Check("Was our own credit cancelled?", about_credits.own_was_cancelled, ((NeedsPerson, "credit-cancelled"),)),
    Check("Is it more than is decided by itself?", about_orders.too_large, ((NeedsPerson, "too-large"),)),
    Check("Is the order cancelled?", about_orders.cancelled, ((Refuse, "order-cancelled"),)),
    Check("Is its invoice still pending?", about_orders.invoice_pending, ((Wait, "invoice-pending"),)),
    Check("Has nothing of it been shipped?", about_orders.not_shipped, ((Refuse, "order-not-shipped"),)),
    Check("Is it invoiced, and does policy hold such orders?", about_orders.held_when_invoiced,
          ((NeedsPerson, "order-locked"),)),
    Check("Has it no customer?", about_orders.no_customer, ((NeedsPerson, "customer-missing"),)),
    Check("Is it older than policy credits by itself?", about_orders.too_old, ((NeedsPerson, "order-too-old"),)),
    Check("Were its rows edited since an earlier return of it was credited?", about_orders.edited,
          ((NeedsPerson, "order-edited"),)),
    Check("Is the outcome unknown, mixed, or an exchange that is held?", about_orders.outcomes,
          ((NeedsPerson, "mixed-outcomes"), (NeedsPerson, "refund-type-unknown"), (NeedsPerson, "exchange"))),
    Check("Does Happy Returns name another currency?", about_orders.currency, ((NeedsPerson, "currency-differs"),)),
    Check("Does Happy Returns state an amount that cannot be read?", about_money.announced,
          ((NeedsPerson, "announcement-unreadable"),)),
    Check("Was the shopper charged a fee that no rule books?", about_orders.fee, ((NeedsPerson, "fee-unmapped"),)),
    Check("Is a return reason missing from the map?", about_orders.reason, ((NeedsPerson, "reason-unmapped"),)),
    Check("Did somebody else credit what is now missing?", about_credits.rival_before_match,
          ((NeedsPerson, "rival-credit"),)),
    Check("Is there a unit without a row that has room for it?", about_rows.match,
          ((Refuse, "over-return"), (NeedsPerson, "sku-unknown-to-order"), (NeedsPerson, "sku-ambiguous"),
           (NeedsPerson, "substitution-suspected"), (NeedsPerson, "bundle-incomplete"), (NeedsPerson, "order-edited"))),
    Check("Does a discount's own tax fit no goods of the order?", about_rows.discounts,
          ((NeedsPerson, "discount-unclear"),)),
    Check("Is a tax code missing, unknown, or of another rate than the row's?", about_rows.tax,
          ((NeedsPerson, "tax-code-missing"), (NeedsPerson, "tax-code-unknown"), (NeedsPerson, "tax-rate-differs"))),
    Check("Is a nominal code unknown?", about_rows.nominal, ((NeedsPerson, "nominal-unknown"),)),
    Check("Has somebody else credited these goods?", about_credits.rival, ((NeedsPerson, "rival-credit"),)),
    Check("Is nothing of the value left, or nothing after fees?", about_rows.value,
          ((NeedsPerson, "nothing-to-refund"), (Refuse, "value-above-row"), (NeedsPerson, "fee-above-credit"))),
    Check("Does Happy Returns announce another sum, and does policy mind?", about_sums.announced,
          ((NeedsPerson, "amount-differs"),)),
    Check("Is it worth more than policy credits by itself?", about_sums.ceiling, ((NeedsPerson, "value-ceiling"),)),
    Check("Is today in a locked period?", about_sums.period, ((CreditLaterDated, "period-locked"), (Wait, "period-locked"))),
    Check("Then:", about_sums.in_order, ((CreditNow, "in-order"),)),
)  # fmt: skip
