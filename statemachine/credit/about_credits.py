"""Checks on credits that exist: our own, those that name this return, and rivals."""

from typing import Any

from statemachine.credit.amounts import ZERO
from statemachine.credit.case import Case
from statemachine.credit.reading import Unmatched
from statemachine.credit.snapshot import CreditRow, ExistingCredit, Order
from statemachine.credit.verdicts import Adopt, NeedsPerson, Verdict, Wait
from statemachine.credit.watching import order_fact


def own_credit(case: Case) -> Verdict | None:
    own = case.own
    if own is None:
        return None
    if (beside := rival_beside_own(case)) is not None:
        return beside
    facts: dict[str, Any] = {"credit_id": own.id, "external_ref": own.external_ref, "net": str(own.net)}
    if case.policy.authorised_status_id not in (None, own.status_id):
        facts |= {"status_id": own.status_id, "authorised_status_id": case.policy.authorised_status_id}
        return Wait(
            cause="awaits-authorisation", waits_for=f"credit {own.id} to be authorised in Brightpearl",
            explanation=f"Credit {own.id} exists; it has not been given status {case.policy.authorised_status_id} yet.",
            evidence=facts, key=f"credit={own.id}", watches=(order_fact(own.id),),
        )  # fmt: skip
    return Adopt(
        cause="credit-exists", explanation=f"Credit {own.id} carries this return's key.", evidence=facts, credit=own,
        places=case.places_on(own), order_digest=case.order.digest,
    )  # fmt: skip


def rival_beside_own(case: Case) -> NeedsPerson | None:
    """Credits of others beside our own that may be for its goods: by the same question that is asked before it is made.

    Besides, whatever takes of a row, or of the order, more than was sold. What a person accepted is not told of again.
    """
    own = case.own
    if own is None:
        return None
    rivals = [*case.twins, *case.claimed, *_rivals(case, _products_of(own, case.order)), *case.overdrawing]
    is_overdrawn = bool(case.over_credited or case.is_order_overdrawn)
    others = sorted({credit.id for credit in rivals} - {own.id})
    if not others and not is_overdrawn:
        return None
    if all(case.has_accepted_rival(number) for number in others or [own.id]):
        return None
    facts: dict[str, Any] = {"credit_id": own.id, "external_ref": own.external_ref, "net": str(own.net)}
    facts |= {"rows": [row.id for row in case.over_credited], "other_credits": others or [own.id]}
    explanation = f"Credit {own.id} is ours, and is more than the order sold."
    if others:
        explanation = f"Credit {own.id} is ours; credit {', '.join(map(str, others))} beside it is for the same goods."
    return NeedsPerson(
        cause="rival-credit", explanation=explanation, evidence=facts, key=case.order_key, watches=case.on_credits
    )


def _products_of(own: ExistingCredit, order: Order) -> set[int]:
    """What our credit is for, with the bundles it is part of and what they are made of."""
    products = {row.product_id for row in own.rows if row.product_id is not None}
    rows = [row for row in order.rows if row.product_id in products]
    by_id = order.lookup.by_id
    rows += [by_id[row.parent_row_id] for row in rows if row.bundle_child and row.parent_row_id in by_id]
    concerned = [*rows, *(child for row in rows for child in order.children_of(row))]
    return products | {row.product_id for row in concerned if row.product_id is not None}


def named_by_hand(case: Case) -> Verdict | None:
    """A person wrote this return's code on a credit: that is the answer, whatever else we could not decide."""
    if not case.claimed:
        return _not_adoptable(case)
    ids = [credit.id for credit in case.claimed]
    facts: dict[str, Any] = {"credits": ids} | ({"other_credits": ids} if len(ids) > 1 else {})
    if len(ids) > 1:
        return NeedsPerson(
            cause="rival-credit", explanation=f"{len(ids)} credits name this return.", evidence=facts, key=case.order_key,
            watches=case.on_credits,
        )  # fmt: skip
    credit = case.claimed[0]
    if isinstance(case.matched, Unmatched):
        facts |= {"reference": credit.reference, "instead_of": case.matched.cause}
        places, differs = case.places_on(credit), credit.currency != case.order.currency
    else:
        plan = case.plan
        facts |= {"planned_net": str(plan.net), "planned_tax": str(plan.tax)}
        places = plan.places
        differs = (credit.net, credit.tax, credit.currency) != (plan.net, plan.tax, plan.currency)
    if differs and not case.is_accepted("credit-differs"):
        facts |= {"found_net": str(credit.net), "found_tax": str(credit.tax), "found_currency": credit.currency}
        return NeedsPerson(
            cause="credit-differs", explanation=f"Credit {credit.id} names this return but has other sums.",
            evidence=facts, key=f"credit={credit.id}", watches=case.on_credits,
        )  # fmt: skip
    return Adopt(
        cause="credit-exists", explanation=f"Credit {credit.id} was made by hand and names this return.", evidence=facts,
        credit=credit, places=places, order_digest=case.order.digest,
    )  # fmt: skip


def _not_adoptable(case: Case) -> Verdict | None:
    """The credit a person named is not there to be taken over: then none is made either."""
    wanted = case.instance.adopts
    if wanted is None:
        return None
    facts = {"wanted": wanted, "credits_of_the_order": sorted(credit.id for credit in case.standing)}
    return NeedsPerson(
        cause="credit-not-adoptable", evidence=facts, key=f"credit={wanted}", watches=case.on_credits,
        explanation=f"Credit {wanted} is no credit against order {case.order.reference} that is free to be taken over.",
    )  # fmt: skip


def own_was_cancelled(case: Case) -> Verdict | None:
    """Our key is spent, and whoever cancelled the credit meant something by it."""
    gone = case.cancelled_own
    if gone is None:
        return None
    return NeedsPerson(
        cause="credit-cancelled", evidence={"credit_id": gone.id, "external_ref": gone.external_ref},
        explanation=f"Credit {gone.id} of this return was cancelled in Brightpearl.", key=f"credit={gone.id}",
        watches=(*case.on_credits, order_fact(gone.id)),
    )  # fmt: skip


def rival_before_match(case: Case) -> Verdict | None:
    """What others took since the return began may be why nothing is left: then that is the cause people must see."""
    if not isinstance(case.matched, Unmatched) or case.matched.cause != "over-return":
        return None
    rivals = [credit for credit in case.foreign if case.is_since_it_began(credit)]
    return _rival_verdict(case, rivals, accepting_helps=False)


def rival(case: Case) -> Verdict | None:
    by_id = case.order.lookup.by_id
    parents = {by_id[child].parent_row_id for child in case.match.pieces}
    rows = [by_id[row_id] for row_id in {*case.match.whole, *case.match.pieces, *parents}]
    concerned = [*rows, *(child for row in rows for child in case.order.children_of(row))]
    return _rival_verdict(case, _rivals(case, {row.product_id for row in concerned if row.product_id is not None}))


def _rivals(case: Case, products: set[int]) -> list[ExistingCredit]:
    """Credits of others, made while this return was under way, that may be for its goods."""
    claimed = {credit.id for credit in case.claimed}
    return [
        credit for credit in case.foreign
        if credit.id not in claimed and case.is_since_it_began(credit)
        and any(_may_be_for(row, case.order, products) for row in credit.rows)
    ]  # fmt: skip


def _may_be_for(row: CreditRow, order: Order, products: set[int]) -> bool:
    """The same product; or money that names no product of the order and is no other row of it, such as delivery."""
    if row.product_id in products:
        return True
    if row.bundle_child or row.net <= 0 or row.product_id in order.lookup.products_sold:
        return False
    highest, sums = order.lookup.charges
    return row.net not in sums and row.net > highest.get(row.name.casefold(), ZERO)


def _rival_verdict(case: Case, rivals: list[ExistingCredit], *, accepting_helps: bool = True) -> Verdict | None:
    """None where a person has accepted every one of them."""
    rival = next((credit for credit in rivals if not case.has_accepted_rival(credit.id)), None)
    if rival is None:
        return None
    return NeedsPerson(
        cause="rival-credit", key=case.order_key, watches=case.on_credits,
        evidence={
            "credit_id": rival.id, "reference": rival.reference, "external_ref": rival.external_ref, "net": str(rival.net),
            "tax": str(rival.tax), "created_at": rival.created_at.isoformat() if rival.created_at else None,
            "accepting_helps": accepting_helps, "other_credits": sorted(credit.id for credit in rivals),
        },
        explanation=f"Credit {rival.id} was made by others, or forgotten by us, for goods of this order.",
    )  # fmt: skip
