"""Checks on rows: does every unit have one, are its codes good, is there value left."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from statemachine.credit.amounts import ZERO
from statemachine.credit.case import Case
from statemachine.credit.matching import Matched
from statemachine.credit.reading import Unmatched
from statemachine.credit.snapshot import OrderRow
from statemachine.credit.verdicts import NeedsPerson, Refuse, Verdict
from statemachine.credit.watching import CODES, MAP
from statemachine.money import minor_unit

_RATE_STEP = Decimal("0.01")  # percent: rates that differ by less are one rate, written differently


def match(case: Case) -> Verdict | None:
    found = case.matched
    if not isinstance(found, Unmatched):
        return None
    kind = Refuse if found.cause == "over-return" else NeedsPerson
    watches = case.on_credits + ((MAP,) if found.by_map else ())
    return kind(
        cause=found.cause, explanation=found.explanation, evidence=dict(found.evidence), key=found.key, watches=watches
    )


def discounts(case: Case) -> Verdict | None:
    """Whether each order-level discount tells which goods it is spread over: else nobody knows what a unit did cost."""
    if not case.unclear_discounts or case.is_accepted("discount-unclear"):
        return None
    row = case.unclear_discounts[0]
    goods = [each for each in case.order.rows if each.is_goods]
    return NeedsPerson(
        cause="discount-unclear",
        key=case.order_key,
        watches=case.on_order,
        evidence={**row_facts(row), "goods": [row_facts(each) for each in goods]},
        explanation=f"Row {row.id} ({row.name}) takes {row.net} with tax of {row.tax}: that fits neither the goods of code "
        f"'{row.tax_code}' nor all goods of order {case.order.reference}.",
    )


def tax(case: Case) -> Verdict | None:
    fees = [(rule.tax_code, f"fee '{name}'") for name, rule in case.maps.fees.items() if _applies(case, name)]
    for row in case.rows_concerned:
        if not row.tax_code:
            return NeedsPerson(
                cause="tax-code-missing", explanation=f"Row {row.id} ({row.sku or row.name}) carries no tax code.",
                evidence=row_facts(row), key=case.order_key, watches=case.on_order,
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
        if row.is_discount:  # its tax is that of the goods it is spread over, whatever its code: `discounts` asked
            continue
        rate = case.reference.tax_rates[case.tax_code(row)]
        if _rate_differs(row, rate, case.order.currency) and not case.is_accepted("tax-rate-differs"):
            facts = {**row_facts(row), "rate_of_code": f"{rate.normalize():f}", "posted_code": case.tax_code(row)}
            return NeedsPerson(
                cause="tax-rate-differs", evidence=facts, key=f"tax_code={row.tax_code}", watches=(*case.on_map, CODES),
                explanation=f"Row {row.id} holds tax of {row.tax} on {row.net}; code '{case.tax_code(row)}' stands for "
                f"{rate.normalize():f} %.",
            )  # fmt: skip
    return None


def _rate_differs(row: OrderRow, rate: Decimal, currency: str) -> bool:
    """Beyond rounding: the row names another rate than its code has, and its tax is another sum."""
    if row.taxed_elsewhere or not row.net or (row.tax_rate is not None and abs(row.tax_rate - rate) < _RATE_STEP):
        return False
    return abs(row.tax - row.net * rate / 100) > minor_unit(currency) * max(Decimal(2), row.quantity)


def nominal(case: Case) -> Verdict | None:
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


def value(case: Case) -> Verdict | None:
    by_id = case.order.lookup.by_id
    bad = [
        row for row in case.goods_rows
        if row.external_ref.isdigit()
        and (min(row.net, row.tax) < 0 or (not row.net and by_id[row.order_row_id].net > 0))
    ]  # fmt: skip
    facts: dict[str, Any] = {
        "rows": [{"ref": row.external_ref, "net": str(row.net), "tax": str(row.tax)} for row in case.goods_rows]
    }
    if not bad and case.goods_gross <= 0 and _cost_nothing(case):
        if case.is_accepted("nothing-to-refund"):
            return None
        return NeedsPerson(
            cause="nothing-to-refund", evidence=facts, key=case.return_key, watches=case.on_order,
            explanation="The goods were free, or a discount took all they cost.",
        )  # fmt: skip
    credited_net = sum((credit.net for credit in case.others), ZERO)
    credited_tax = sum((credit.tax for credit in case.others), ZERO)
    goods_net, goods_tax = (sum((getattr(r, kind) for r in case.goods_rows), ZERO) for kind in ("net", "tax"))
    too_much = case.exceeds_order(credited_net + goods_net, credited_tax + goods_tax)
    if bad or case.goods_gross <= 0 or too_much:
        facts |= {"credited_net": str(credited_net), "credited_tax": str(credited_tax)}
        return Refuse(
            cause="value-above-row", evidence=facts, key=case.order_key, watches=case.on_credits,
            explanation="Nothing, or too little, of the value of these rows is left to credit.",
        )  # fmt: skip
    if case.plan.gross <= 0:
        facts = {"goods": str(case.goods_gross), "fees": str(-sum((r.net + r.tax for r in case.fee_rows), ZERO))}
        return NeedsPerson(
            cause="fee-above-credit",
            explanation=f"The fees take all of {case.goods_gross}.",
            evidence=facts,
            key=case.return_key,
            watches=case.on_credits,
        )
    return None


def _cost_nothing(case: Case) -> bool:
    """Whether the goods were worth nothing to begin with, whatever was credited of them since."""
    before = replace(case, credits_made=())
    if isinstance(before.matched, Matched):
        return before.goods_gross <= 0
    # With room on more rows nobody could say which were meant: those that are meant now, then.
    rows = [case.order.lookup.by_id[row_id] for row_id in case.match.whole]
    return not case.match.pieces and sum((row.net + row.tax for row in rows), ZERO) <= 0


def row_facts(row: OrderRow) -> dict[str, Any]:
    return {"row": row.id, "sku": row.sku, "net": str(row.net), "tax": str(row.tax), "tax_code": row.tax_code}
