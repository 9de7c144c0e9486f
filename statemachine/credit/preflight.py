"""Whether a credit can be made now, and exactly which: the checks, in the order they are asked. Pure.

The first check that has something to say decides. The list is the decision table: `python -m statemachine.credit.table`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from statemachine.credit.amounts import ZERO
from statemachine.credit.case import Case, places_on, reason_of, refund_kind
from statemachine.credit.matching import Unmatched
from statemachine.credit.snapshot import CreditRow, ExistingCredit, Order, OrderRow
from statemachine.credit.verdicts import Adopt, CreditLaterDated, CreditNow, NeedsPerson, Refuse, Verdict, Wait
from statemachine.credit.watching import CODES, MAP, PERIOD, order_fact

_NOT_SHIPPED = {"NST", "SNS"}  # nothing shipped yet; Brightpearl sheet 5.1
_PENNY = Decimal("0.01")

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


# -- what exists, and the order's own state -----------------------------------------------------------------------------


def _own_credit(case: Case) -> Verdict | None:
    own = case.own
    if own is None:
        return None
    facts: dict[str, Any] = {"credit_id": own.id, "external_ref": own.external_ref, "net": str(own.net)}
    rivals = [*case.twins, *case.claimed, *_rivals(case, {row.product_id for row in own.rows if row.product_id})]
    if (rivals or case.has_rival_beside_own) and not case.is_accepted("rival-credit"):
        others = sorted({credit.id for credit in rivals or case.others})
        facts |= {"rows": [row.id for row in case.over_credited], "other_credits": others}
        explanation = f"Credit {own.id} is ours; credit {', '.join(map(str, others))} beside it is for the same goods."
        return NeedsPerson(
            cause="rival-credit", explanation=explanation, evidence=facts, key=_order(case), watches=case.on_credits
        )
    if case.policy.authorised_status_id not in (None, own.status_id):
        facts |= {"status_id": own.status_id, "authorised_status_id": case.policy.authorised_status_id}
        return Wait(
            cause="awaits-authorisation", waits_for=f"credit {own.id} to be authorised in Brightpearl",
            explanation=f"Credit {own.id} exists; it has not been given status {case.policy.authorised_status_id} yet.",
            evidence=facts, key=f"credit={own.id}", watches=(order_fact(own.id),),
        )  # fmt: skip
    return Adopt(
        cause="credit-exists", explanation=f"Credit {own.id} carries this return's key.", evidence=facts, credit=own,
        places=places_on(case.instance, case.order, own, case.maps), order_digest=case.order.digest,
    )  # fmt: skip


def _named_by_hand(case: Case) -> Verdict | None:
    """A person wrote this return's code on a credit: that is the answer, whatever else we could not decide."""
    if not case.claimed:
        return None
    ids = [credit.id for credit in case.claimed]
    facts: dict[str, Any] = {"credits": ids}
    if len(ids) > 1:
        return NeedsPerson(
            cause="rival-credit", explanation=f"{len(ids)} credits name this return.", evidence=facts, key=_order(case),
            watches=case.on_credits,
        )  # fmt: skip
    credit = case.claimed[0]
    if isinstance(case.matched, Unmatched):
        facts |= {"reference": credit.reference, "instead_of": case.matched.cause}
        places, differs = (
            places_on(case.instance, case.order, credit, case.maps),
            credit.currency != case.order.currency,
        )
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


def _own_was_cancelled(case: Case) -> Verdict | None:
    """Our key is spent, and whoever cancelled the credit meant something by it."""
    gone = case.cancelled_own
    if gone is None:
        return None
    return NeedsPerson(
        cause="credit-cancelled", evidence={"credit_id": gone.id, "external_ref": gone.external_ref},
        explanation=f"Credit {gone.id} of this return was cancelled in Brightpearl.", key=f"credit={gone.id}",
        watches=(*case.on_credits, order_fact(gone.id)),
    )  # fmt: skip


def _cancelled(case: Case) -> Verdict | None:
    cancelled = case.reference.cancelled_status_id
    if cancelled is None or case.order.status_id != cancelled:
        return None
    return Refuse(
        cause="order-cancelled", explanation=f"Order {case.order.reference} is cancelled in Brightpearl.",
        evidence=_order_facts(case), key=_order(case), watches=case.on_order,
    )  # fmt: skip


def _invoice_pending(case: Case) -> Verdict | None:
    if case.order.invoice_reference != "pending":
        return None
    return Wait(
        cause="invoice-pending", waits_for=f"the invoice of order {case.order.reference} to leave 'pending'",
        explanation=f"Accounting has not finished the invoice of order {case.order.reference}.",
        evidence=_order_facts(case), key=_order(case), watches=case.on_order,
    )  # fmt: skip


def _not_shipped(case: Case) -> Verdict | None:
    if case.order.is_historical or case.order.shipping_status not in _NOT_SHIPPED:
        return None
    return Refuse(
        cause="order-not-shipped", explanation=f"Order {case.order.reference} has not been shipped.",
        evidence=_order_facts(case), key=_order(case), watches=case.on_order,
    )  # fmt: skip


def _held_when_invoiced(case: Case) -> Verdict | None:
    if not case.order.invoice_reference or case.policy.on_invoiced_order == "credit":
        return None
    return NeedsPerson(
        cause="order-locked", evidence=_order_facts(case), key=_order(case), watches=case.on_order,
        explanation=f"Order {case.order.reference} is invoiced ({case.order.invoice_reference}); policy holds it.",
    )  # fmt: skip


def _no_customer(case: Case) -> Verdict | None:
    if case.order.contact_id:
        return None
    return NeedsPerson(
        cause="customer-missing", explanation=f"Order {case.order.reference} has no customer contact.",
        evidence=_order_facts(case), key=_order(case), watches=case.on_order,
    )  # fmt: skip


def _too_old(case: Case) -> Verdict | None:
    limit, placed = case.policy.order_age_days_max, case.order.placed_at
    if limit is None or placed is None or case.is_accepted("order-too-old"):
        return None
    age = (case.today - placed.date()).days
    if age <= limit:
        return None
    facts = {**_order_facts(case), "placed_on": placed.date().isoformat(), "age_days": age, "limit_days": limit}
    return NeedsPerson(
        cause="order-too-old", explanation=f"Order {case.order.reference} is {age} days old; the limit is {limit}.",
        evidence=facts, key=_order(case),
    )  # fmt: skip


def _edited(case: Case) -> Verdict | None:
    if not case.known_digests or case.order.digest in case.known_digests or case.is_accepted("order-edited"):
        return None
    facts = {**_order_facts(case), "digest_now": case.order.digest, "digests_credited": sorted(case.known_digests)}
    return NeedsPerson(
        cause="order-edited", evidence=facts, key=_order(case), watches=case.on_order,
        explanation=f"The rows of order {case.order.reference} were edited since an earlier return of it was credited.",
    )  # fmt: skip


# -- what the shopper and Happy Returns say -----------------------------------------------------------------------------


def _outcomes(case: Case) -> Verdict | None:
    kinds = sorted({refund_kind(unit.refund_type) for unit in case.instance.units})
    facts: dict[str, Any] = {"refund_types": sorted({unit.refund_type for unit in case.instance.units}), "kinds": kinds}
    if len(kinds) > 1:
        return NeedsPerson(
            cause="mixed-outcomes",
            explanation=f"One return asks for {' and '.join(kinds)}.",
            evidence=facts,
            key=_own(case),
        )
    if kinds == ["unknown"]:
        told = case.instance.units[0].refund_type
        return NeedsPerson(
            cause="refund-type-unknown", explanation=f"Refund type '{told}' is not known.", evidence=facts,
            key=f"refund_type={told}",
        )  # fmt: skip
    if kinds == ["exchange"] and case.policy.on_exchange == "hold":
        return NeedsPerson(
            cause="exchange", explanation="The shopper chose an exchange.", evidence=facts, key=_own(case)
        )
    return None


def _currency(case: Case) -> Verdict | None:
    told = next(
        (u for u in case.instance.units if u.refund_currency and u.refund_currency != case.order.currency), None
    )
    if told is None:
        return None
    return NeedsPerson(
        cause="currency-differs", key=_order(case), watches=case.on_order,
        evidence={"unit": told.key, "happy_returns": told.refund_currency, "order": case.order.currency},
        explanation=f"Happy Returns speaks of {told.refund_currency}, the order is in {case.order.currency}.",
    )  # fmt: skip


def _fee(case: Case) -> Verdict | None:
    if not case.shopper_fee or case.policy.on_processing_fee == "ignore":
        return None
    if case.policy.on_processing_fee == "deduct" and "processing" in case.maps.fees:
        return None
    return NeedsPerson(
        cause="fee-unmapped", evidence={"fee": str(case.shopper_fee)}, key="fee=processing", watches=(MAP,),
        explanation=f"Happy Returns charged the shopper a fee of {case.shopper_fee}, and no rule says how it is booked.",
    )  # fmt: skip


def _reason(case: Case) -> Verdict | None:
    told = next((reason_of(u) for u in case.instance.units if case.maps.reason(reason_of(u)) is None), None)
    if told is None:
        return None
    return NeedsPerson(
        cause="reason-unmapped", explanation=f"Return reason '{told}' is not in the map, and the map has no default.",
        evidence={"reason": told, "map_version": case.maps.version}, key=f"reason={told}", watches=(MAP,),
    )  # fmt: skip


# -- rows and codes -----------------------------------------------------------------------------------------------------


def _match(case: Case) -> Verdict | None:
    found = case.matched
    if not isinstance(found, Unmatched):
        return None
    kind = Refuse if found.cause == "over-return" else NeedsPerson
    watches = case.on_credits + ((MAP,) if found.by_map else ())
    return kind(
        cause=found.cause, explanation=found.explanation, evidence=dict(found.evidence), key=found.key, watches=watches
    )


def _tax(case: Case) -> Verdict | None:
    fees = [(rule.tax_code, f"fee '{name}'") for name, rule in case.maps.fees.items() if _applies(case, name)]
    for row in case.rows_concerned:
        if not row.tax_code:
            return NeedsPerson(
                cause="tax-code-missing", explanation=f"Row {row.id} ({row.sku or row.name}) carries no tax code.",
                evidence=_row_facts(row), key=_order(case), watches=case.on_order,
            )  # fmt: skip
    named = [(case.tax_code(row), f"row {row.id} ({row.sku or row.name})") for row in case.rows_concerned] + fees
    for code, where in named:
        if code not in case.reference.tax_rates:
            return NeedsPerson(
                cause="tax-code-unknown", explanation=f"Tax code '{code}' of {where} is not active in Brightpearl.",
                evidence={"tax_code": code, "of": where, "known": sorted(case.reference.tax_rates)},
                key=f"tax_code={code}", watches=(*case.on_map, CODES),
            )  # fmt: skip
    for row in case.rows_concerned:
        rate = case.reference.tax_rates[case.tax_code(row)]
        if _rate_differs(row, rate) and not case.is_accepted("tax-rate-differs"):
            facts = {**_row_facts(row), "rate_of_code": f"{rate.normalize():f}", "posted_code": case.tax_code(row)}
            return NeedsPerson(
                cause="tax-rate-differs", evidence=facts, key=f"tax_code={row.tax_code}", watches=(*case.on_map, CODES),
                explanation=f"Row {row.id} holds tax of {row.tax} on {row.net}; code '{case.tax_code(row)}' stands for "
                f"{rate.normalize():f} %.",
            )  # fmt: skip
    return None


def _rate_differs(row: OrderRow, rate: Decimal) -> bool:
    """Beyond rounding: the row names another rate than its code has, and its tax is another sum."""
    if row.taxed_elsewhere or not row.net or (row.tax_rate is not None and abs(row.tax_rate - rate) < _PENNY):
        return False
    return abs(row.tax - row.net * rate / 100) > max(2 * _PENNY, _PENNY * row.quantity)


def _nominal(case: Case) -> Verdict | None:
    known = case.reference.nominal_codes
    if known is None:
        return None
    named = [(case.nominal_code(row), f"row {row.id} ({row.sku or row.name})") for row in case.rows_concerned]
    named += [(rule.nominal_code, f"fee '{name}'") for name, rule in case.maps.fees.items() if _applies(case, name)]
    for code, where in named:
        if code and code not in known:  # no code at all: Brightpearl takes the product's or the account's (sheet 6.1)
            return NeedsPerson(
                cause="nominal-unknown", explanation=f"Nominal code '{code}' of {where} is not active in Brightpearl.",
                evidence={"nominal_code": code, "of": where}, key=f"nominal_code={code}", watches=(*case.on_map, CODES),
            )  # fmt: skip
    return None


def _applies(case: Case, fee: str) -> bool:
    return any(row.external_ref.endswith(fee) for row in case.fee_rows)


# -- sums and rivals ----------------------------------------------------------------------------------------------------


def _value(case: Case) -> Verdict | None:
    by_id = {row.id: row for row in case.order.rows}
    bad = [
        row for row in case.goods_rows
        if row.external_ref.isdigit()
        and (min(row.net, row.tax) < 0 or (not row.net and by_id[row.order_row_id].net > 0))
    ]  # fmt: skip
    facts: dict[str, Any] = {
        "rows": [{"ref": row.external_ref, "net": str(row.net), "tax": str(row.tax)} for row in case.goods_rows]
    }
    if not bad and case.goods_gross <= 0 and replace(case, credits_made=()).goods_gross <= 0:
        if case.is_accepted("nothing-to-refund"):
            return None
        return NeedsPerson(
            cause="nothing-to-refund", evidence=facts, key=_own(case), watches=case.on_order,
            explanation="The goods were free, or a discount took all they cost.",
        )  # fmt: skip
    sold = sum((row.net for row in case.order.rows if not row.bundle_child), ZERO)
    credited = sum((credit.net for credit in case.others), ZERO)
    if bad or case.goods_gross <= 0 or credited + case.plan.net > sold:
        facts |= {"order_net": str(sold), "credited_net": str(credited)}
        return Refuse(
            cause="value-above-row", evidence=facts, key=_order(case), watches=case.on_credits,
            explanation="Nothing, or too little, of the value of these rows is left to credit.",
        )  # fmt: skip
    if case.plan.gross <= 0:
        facts = {"goods": str(case.goods_gross), "fees": str(-sum((r.net + r.tax for r in case.fee_rows), ZERO))}
        return NeedsPerson(
            cause="fee-above-credit",
            explanation=f"The fees take all of {case.goods_gross}.",
            evidence=facts,
            key=_own(case),
        )
    return None


def _rival(case: Case) -> Verdict | None:
    if case.is_accepted("rival-credit"):
        return None
    by_id = {row.id: row for row in case.order.rows}
    concerned = [by_id[row_id] for row_id in case.match.whole] + [by_id[child] for child in case.match.pieces]
    concerned += [by_id[by_id[child].parent_row_id] for child in case.match.pieces]
    concerned += [child for row in concerned for child in case.order.children_of(row)]
    rivals = _rivals(case, {row.product_id for row in concerned if row.product_id is not None})
    return _rival_verdict(case, rivals[0]) if rivals else None


def _rival_before_match(case: Case) -> Verdict | None:
    """What others took since the return began may be why nothing is left: then that is the cause people must see."""
    if (
        not isinstance(case.matched, Unmatched)
        or case.matched.cause != "over-return"
        or case.is_accepted("rival-credit")
    ):
        return None
    rival = next((credit for credit in case.foreign if case.is_since_it_began(credit)), None)
    return _rival_verdict(case, rival) if rival is not None else None


def _rivals(case: Case, products: set[int]) -> list[ExistingCredit]:
    """Credits of others, made while this return was under way, that may be for its goods."""
    return [
        credit for credit in case.foreign
        if credit not in case.claimed and case.is_since_it_began(credit)
        and any(_may_be_for(row, case.order, products) for row in credit.rows)
    ]  # fmt: skip


def _may_be_for(row: CreditRow, order: Order, products: set[int]) -> bool:
    """The same product; or money that names no product of the order and is no other row of it, such as delivery."""
    if row.product_id in products:
        return True
    if row.bundle_child or row.net <= 0 or any(each.product_id == row.product_id for each in order.rows if each.sku):
        return False
    others = [each for each in order.rows if not each.sku and each.net > 0]
    return not any(
        row.net <= each.net and (row.name.casefold() == each.name.casefold() or row.net == each.net) for each in others
    )


def _rival_verdict(case: Case, rival: ExistingCredit) -> Verdict:
    return NeedsPerson(
        cause="rival-credit", key=_order(case), watches=case.on_credits,
        evidence={"credit_id": rival.id, "external_ref": rival.external_ref, "net": str(rival.net)},
        explanation=f"Credit {rival.id} was made by others, or forgotten by us, for goods of this order.",
    )  # fmt: skip


def _announced(case: Case) -> Verdict | None:
    if case.policy.amount_check == "note" or case.is_accepted("amount-differs") or not amount_differs(case):
        return None
    return NeedsPerson(
        cause="amount-differs", key=_own(case), watches=case.on_order,
        evidence={"happy_returns": str(case.announced), "order_rows": str(case.goods_gross), "credit": str(case.plan.gross)},
        explanation=f"Happy Returns announced {case.announced}, the order rows give {case.plan.gross}.",
    )  # fmt: skip


def amount_differs(case: Case) -> bool:
    """Whether Happy Returns' figure is neither the goods' value nor what is left of it after fees (U-09)."""
    told, tolerance = case.announced, case.policy.amount_tolerance
    return told is not None and all(abs(told - ours) > tolerance for ours in (case.goods_gross, case.plan.gross))


def _ceiling(case: Case) -> Verdict | None:
    ceiling = case.policy.value_ceiling
    if ceiling is None or case.is_accepted("value-ceiling"):
        return None
    value = case.plan.gross / _rate(case.order.exchange_rate)
    if value <= ceiling:
        return None
    return NeedsPerson(
        cause="value-ceiling", key=_own(case), evidence={"value": f"{value:.2f}", "ceiling": str(ceiling)},
        explanation=f"The credit is worth {value:.2f} in base currency; from {ceiling} on a person decides.",
    )  # fmt: skip


def _rate(told: str) -> Decimal:
    try:
        rate = Decimal(told)
    except InvalidOperation:
        return Decimal(1)
    return rate if rate > 0 else Decimal(1)


def _period(case: Case) -> Verdict | None:
    days = (case.earliest_open_day - case.today).days
    if days <= 0:
        return None
    locked = case.reference.locked_until
    facts = {"locked_until": locked.isoformat() if locked else "", "today": case.today.isoformat()}
    if case.policy.on_locked_period == "wait" or days > case.policy.lock_ahead_days_max:
        return Wait(
            cause="period-locked", waits_for="the accounting period to open", evidence=facts, key="period",
            explanation=f"The accounting period is locked until {locked}.", watches=(PERIOD,),
        )  # fmt: skip
    return CreditLaterDated(
        cause="period-locked", evidence={**_evidence(case), **facts}, plan=case.plan,
        explanation=f"The period is locked until {locked}: the credit is dated {case.earliest_open_day}.",
    )  # fmt: skip


def _in_order(case: Case) -> Verdict:
    return CreditNow(
        cause="in-order", explanation="Nothing stands in the way.", evidence=_evidence(case), plan=case.plan
    )


def _evidence(case: Case) -> dict[str, Any]:
    """The facts a credit was decided on, as they are kept with it."""
    told: dict[str, Any] = {
        "order_id": case.order.id, "order_digest": case.order.digest, "match": dict(case.match.steps),
        "tax_on": case.earliest_open_day.isoformat(), "credits_before": [credit.id for credit in case.others],
        "map_version": case.maps.version, "accepted": list(case.instance.accepted),
    }  # fmt: skip
    if amount_differs(case):
        told["happy_returns_amount"] = str(case.announced)
    return {key: value for key, value in told.items() if value not in ("", [], {})}


def _order(case: Case) -> str:
    return f"order={case.order.reference}"


def _own(case: Case) -> str:
    return f"return={case.instance.express_code or case.instance.credit_ref}"


def _order_facts(case: Case) -> dict[str, Any]:
    order = case.order
    return {
        "order_id": order.id, "reference": order.reference, "status_id": order.status_id,
        "invoice_reference": order.invoice_reference, "shipping_status": order.shipping_status,
    }  # fmt: skip


def _row_facts(row: OrderRow) -> dict[str, Any]:
    return {"row": row.id, "sku": row.sku, "net": str(row.net), "tax": str(row.tax), "tax_code": row.tax_code}


CHECKS: tuple[Check, ...] = (
    Check("Does a credit with this return's own key exist?", _own_credit,
          ((Adopt, "credit-exists"), (NeedsPerson, "rival-credit"), (Wait, "awaits-authorisation"))),
    Check("Has a person written this return's code on a credit?", _named_by_hand,
          ((Adopt, "credit-exists"), (NeedsPerson, "credit-differs"), (NeedsPerson, "rival-credit"))),
    Check("Was our own credit cancelled?", _own_was_cancelled, ((NeedsPerson, "credit-cancelled"),)),
    Check("Is the order cancelled?", _cancelled, ((Refuse, "order-cancelled"),)),
    Check("Is its invoice still pending?", _invoice_pending, ((Wait, "invoice-pending"),)),
    Check("Has nothing of it been shipped?", _not_shipped, ((Refuse, "order-not-shipped"),)),
    Check("Is it invoiced, and does policy hold such orders?", _held_when_invoiced, ((NeedsPerson, "order-locked"),)),
    Check("Has it no customer?", _no_customer, ((NeedsPerson, "customer-missing"),)),
    Check("Is it older than policy credits by itself?", _too_old, ((NeedsPerson, "order-too-old"),)),
    Check("Were its rows edited since an earlier return of it was credited?", _edited, ((NeedsPerson, "order-edited"),)),
    Check("Is the outcome unknown, mixed, or an exchange that is held?", _outcomes,
          ((NeedsPerson, "mixed-outcomes"), (NeedsPerson, "refund-type-unknown"), (NeedsPerson, "exchange"))),
    Check("Does Happy Returns name another currency?", _currency, ((NeedsPerson, "currency-differs"),)),
    Check("Was the shopper charged a fee that no rule books?", _fee, ((NeedsPerson, "fee-unmapped"),)),
    Check("Is a return reason missing from the map?", _reason, ((NeedsPerson, "reason-unmapped"),)),
    Check("Did somebody else credit what is now missing?", _rival_before_match, ((NeedsPerson, "rival-credit"),)),
    Check("Is there a unit without a row that has room for it?", _match,
          ((Refuse, "over-return"), (NeedsPerson, "sku-unknown-to-order"), (NeedsPerson, "sku-ambiguous"),
           (NeedsPerson, "substitution-suspected"), (NeedsPerson, "bundle-incomplete"), (NeedsPerson, "order-edited"))),
    Check("Is a tax code missing, unknown, or of another rate than the row's?", _tax,
          ((NeedsPerson, "tax-code-missing"), (NeedsPerson, "tax-code-unknown"), (NeedsPerson, "tax-rate-differs"))),
    Check("Is a nominal code unknown?", _nominal, ((NeedsPerson, "nominal-unknown"),)),
    Check("Has somebody else credited these goods?", _rival, ((NeedsPerson, "rival-credit"),)),
    Check("Is nothing of the value left, or nothing after fees?", _value,
          ((NeedsPerson, "nothing-to-refund"), (Refuse, "value-above-row"), (NeedsPerson, "fee-above-credit"))),
    Check("Does Happy Returns announce another sum, and does policy mind?", _announced, ((NeedsPerson, "amount-differs"),)),
    Check("Is it worth more than policy credits by itself?", _ceiling, ((NeedsPerson, "value-ceiling"),)),
    Check("Is today in a locked period?", _period, ((CreditLaterDated, "period-locked"), (Wait, "period-locked"))),
    Check("Then:", _in_order, ((CreditNow, "in-order"),)),
)  # fmt: skip
