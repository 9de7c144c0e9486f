"""Checking: how the legs of one match compare, leg by leg, in the order people ask for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from statemachine.books.groups import Group
from statemachine.books.legs import Kind, Leg, Stage
from statemachine.books.terms import Coverage, Terms
from statemachine.books.things import Twice, one_each, thing_of
from statemachine.money import in_minor_units, minor_unit, zero

NONE_TWICE = Twice()
_NOTHING = Decimal("0.00")  # of a check that compares no amounts


class Result(StrEnum):
    AGREES = "agrees"
    WITHIN = "within"
    """Differs by no more than the terms allow."""
    DIFFERS = "differs"
    MISSING = "missing"
    """Due, not there, and its time is over."""
    WAITING = "waiting"
    """Due and not there yet."""


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison. `expected` and `found` are money, or quantities for stock and units."""

    name: str
    result: Result
    detail: str
    expected: Decimal = _NOTHING
    found: Decimal = _NOTHING
    due_on: date | None = None


def check(
    group: Group,
    terms: Terms,
    coverage: Coverage,
    today: date,
    over: frozenset[int] = frozenset(),
    twice: Twice = NONE_TWICE,
) -> tuple[tuple[Check, ...], str]:
    """All that can be said of a match, and why nothing is due where nothing is; empty where something is.

    `over`: order rows of which all credits together take too much; `twice`: things paid for more than once, in whatever
    matches their credits lie.
    """
    if doubled := _twice(group, twice):
        checks, _ = _check(group, terms, coverage, today, over)
        return (*doubled, *checks), ""
    return _check(group, terms, coverage, today, over)


def _twice(group: Group, twice: Twice) -> list[Check]:
    """One thing, several credits or refunds: never within tolerance, whatever the sums."""
    if not twice.things:
        return []
    mine = [each for leg in group.of(Kind.UNIT) for each in twice.things.get(thing_of(leg), ())]
    mine += [each for leg in group.of(Kind.CREDIT) for each in twice.credits.get(int(leg.facts["credit_id"]), ())]
    return [
        Check("twice", Result.DIFFERS, each.words, Decimal(1), Decimal(max(len(each.by), 2)))
        for each in dict.fromkeys(mine)
    ]


def _check(
    group: Group, terms: Terms, coverage: Coverage, today: date, over: frozenset[int]
) -> tuple[tuple[Check, ...], str]:
    if Kind.TRANSFER in group.by_kind or Kind.BANK in group.by_kind:
        return _transfer(group, terms, coverage, today)
    credits = group.of(Kind.CREDIT)
    due = due_units(group)
    has_money = any(kind in group.by_kind for kind in (Kind.REFUND, Kind.PAYOUT))
    if not credits and not due and not has_money and not group.of(Kind.STOCK) and group.of(Kind.UNIT):
        goods = _goods(group, credits, terms, today)
        return (tuple(goods), "") if goods else ((), _nothing_due(group))
    if (
        not group.of(Kind.UNIT)
        and not group.of(Kind.MENTION)
        and credits
        and not any(leg.facts.get("claims") for leg in credits)
    ):
        return (), "a credit that names no return"
    checks = [
        *_return(group, credits, terms, today), *_credited(group, credits, due, terms, today),
        *_over(credits, over), *_tax(credits), *_goods(group, credits, terms, today),
        *_stock(group, credits, terms, today), *_refund(group, credits, terms, today),
        *_payout(group, terms, coverage, today), *_fee(group, terms, coverage),
    ]  # fmt: skip
    return tuple(checks), ""


def due_units(group: Group) -> list[Leg]:
    """The units a credit is due for, each thing once."""
    return [leg for leg in one_each(group.of(Kind.UNIT)) if leg.facts.get("credit_due")]


def _nothing_due(group: Group) -> str:
    stages = {leg.facts.get("stage") for leg in group.of(Kind.UNIT)}
    if stages <= {Stage.OVER}:
        return "expired or cancelled before anything was due"
    return "started: no credit is due yet"


def _return(group: Group, credits: list[Leg], terms: Terms, today: date) -> list[Check]:
    """Whether the return itself is known to us."""
    if group.of(Kind.UNIT):
        return []
    kind = next(
        k for k in (Kind.MENTION, Kind.CREDIT, Kind.REFUND, Kind.PAYOUT, Kind.FEE, Kind.STOCK) if k in group.by_kind
    )
    due_on = group.first_on(kind) + timedelta(days=terms.return_days)
    words = {
        Kind.MENTION: "Happy Returns has this return and Homeward does not",
        Kind.CREDIT: "a credit names a return that is not known",
        Kind.REFUND: "a refund without a return", Kind.PAYOUT: "a refund was paid out and no return is known",
        Kind.FEE: "a fee was charged and no return is known", Kind.STOCK: "goods came in and no return is known",
    }  # fmt: skip
    return [Check("return", _late(today, due_on), words[kind], due_on=due_on)]


def _late(today: date, due_on: date) -> Result:
    return Result.MISSING if today > due_on else Result.WAITING


def quantity_due(units: list[Leg]) -> int:
    """How many of credit rows these units stand for: the parts of one bundle are one."""
    bundles = {leg.facts["bundle_row"] for leg in units if leg.facts.get("bundle_row")}
    return sum(leg.quantity for leg in units if not leg.facts.get("bundle_row")) + len(bundles)


def _credited(group: Group, credits: list[Leg], due: list[Leg], terms: Terms, today: date) -> list[Check]:
    """Units against the credit's rows: quantity, then value by the order's own rows."""
    if not due and not credits:
        if group.of(Kind.UNIT) and (group.of(Kind.REFUND) or group.of(Kind.PAYOUT)):
            return [Check("credit", Result.DIFFERS, "money went to the customer, and no credit is due or made")]
        return []
    found = sum(leg.quantity for leg in credits if not leg.facts.get("is_fee"))
    expected = quantity_due(due)
    if not credits or (group.of(Kind.UNIT) and found < expected):
        due_on = max(credit_clock(leg) for leg in due) + timedelta(days=terms.credit_days)
        words = "no credit" if not credits else f"{found} of {expected} units are credited"
        return [Check("credit", _late(today, due_on), words, Decimal(expected), Decimal(found), due_on)]
    if group.of(Kind.UNIT) and found > quantity_due(
        [u for u in one_each(group.of(Kind.UNIT)) if u.facts.get("stage") != Stage.OVER]
    ):
        words = f"{found} units are credited, {expected} came back"
        return [Check("credit", Result.DIFFERS, words, Decimal(expected), Decimal(found))]
    return [
        Check("credit", Result.AGREES, f"{found} unit(s)", Decimal(expected), Decimal(found)),
        *_value(credits, terms),
    ]


def goods_without_place(group: Group, credits: list[Leg]) -> list[Leg]:
    """Units that came in although a person had ended their return, or ended it after they had, and no credit stands for."""
    ended = [
        leg for leg in one_each(group.of(Kind.UNIT)) if leg.facts.get("written_off") and leg.facts.get("received_on")
    ]
    return uncredited(ended, credits)


def _goods(group: Group, credits: list[Leg], terms: Terms, today: date) -> list[Check]:
    """That a return was ended by hand says nothing of its goods: somebody must."""
    left = goods_without_place(group, credits)
    if not left:
        return []
    due_on = max(credit_clock(leg) for leg in left) + timedelta(days=terms.credit_days)
    count = Decimal(sum(leg.quantity for leg in left))
    words = f"{count} unit(s) came in and the return was ended by hand: nobody said what became of them"
    return [Check("goods", _late(today, due_on), words, count, Decimal(0), due_on)]


def uncredited(units: list[Leg], credits: list[Leg]) -> list[Leg]:
    """The units that no credit row stands for: struck off by article, then whatever is left, what is not here first.

    The parts of one bundle are one.
    """
    left: dict[str, int] = {}
    for row in credits:
        if not row.facts.get("is_fee"):
            left[row.sku] = left.get(row.sku, 0) + row.quantity
    waiting: list[Leg] = []
    bundles: set[str] = set()
    for unit in units:
        bundle = str(unit.facts.get("bundle_row") or "")
        if bundle and bundle in bundles:
            continue
        bundles |= {bundle} if bundle else set()
        if not bundle and unit.sku and left.get(unit.sku, 0) >= unit.quantity:
            left[unit.sku] -= unit.quantity
        else:
            waiting.append(unit)
    others = sum(left.values())
    rest = []
    for unit in sorted(waiting, key=lambda leg: bool(leg.facts.get("received_on"))):
        if others >= unit.quantity:
            others -= unit.quantity
        else:
            rest.append(unit)
    return sorted(rest, key=lambda leg: leg.key)


def credit_clock(unit: Leg) -> date:
    """From when a unit's credit is awaited: its arrival, else its approval or hand-over."""
    told = unit.facts.get("received_on") or unit.facts.get("due_from")
    return date.fromisoformat(told) if told else unit.on


def _value(credits: list[Leg], terms: Terms) -> list[Check]:
    """Each credit row against its share of the order's row; more than was paid is never within tolerance."""
    currency = credits[0].currency if credits else ""
    unit = minor_unit(currency)
    expected = found = zero(currency)
    for leg in credits:
        sold = leg.facts.get("sold")
        if not sold or Decimal(sold["quantity"]) <= 0:
            continue
        whole = Decimal(sold["net"]) + Decimal(sold["tax"])
        share = whole * leg.quantity / Decimal(sold["quantity"])
        own = leg.value
        expected += own if abs(own - share) <= unit * leg.quantity else in_minor_units(share, currency)
        found += own
    if expected == found:
        return []
    is_within = terms.tolerance(currency).holds(expected, found, currency)
    words = f"credited {found} {currency}, the order's rows say {expected}"
    return [Check("value", Result.WITHIN if is_within else Result.DIFFERS, words, expected, found)]


def rows_over_credited(legs: Iterable[Leg]) -> frozenset[int]:
    """Order rows of which all credits together take more units, or more money, than were sold."""
    sums: dict[tuple[int, str], tuple[int, Decimal, Leg]] = {}
    for leg in legs:
        if leg.kind is Kind.CREDIT and leg.facts.get("order_row") and leg.facts.get("sold"):
            key = int(leg.facts["order_row"]), leg.currency
            count, value, _ = sums.get(key, (0, zero(leg.currency), leg))
            sums[key] = count + leg.quantity, value + leg.value, leg
    return frozenset(
        row
        for (row, currency), (count, value, leg) in sums.items()
        if _is_over(leg.facts["sold"], count, value, minor_unit(currency))
    )


def _is_over(sold: Mapping[str, str], count: int, value: Decimal, unit: Decimal) -> bool:
    """Each unit may be a smallest coin dearer than its exact share."""
    return count > Decimal(sold["quantity"]) or value > Decimal(sold["net"]) + Decimal(sold["tax"]) + unit * count


def _over(credits: list[Leg], over: frozenset[int]) -> list[Check]:
    rows = sorted({int(leg.facts["order_row"]) for leg in credits if leg.facts.get("order_row")} & over) if over else []
    if not rows:
        return []
    words = f"row {rows[0]} of the order is credited beyond what was sold, by all its credits together"
    return [Check("sold", Result.DIFFERS, words)]


def _tax(credits: list[Leg]) -> list[Check]:
    """A tax code other than the sale's is never tolerated, whatever the amount."""
    for leg in credits:
        sold = leg.facts.get("sold")
        if sold and leg.tax_code and sold.get("tax_code") and leg.tax_code != sold["tax_code"]:
            words = f"row {leg.facts.get('row')} is credited with tax code {leg.tax_code}, sold with {sold['tax_code']}"
            return [Check("tax", Result.DIFFERS, words, Decimal(sold["tax"]), leg.tax or zero(leg.currency))]
    return []


def stock_due(group: Group) -> int:
    """How many units must come into stock for this credit."""
    units = one_each(group.of(Kind.UNIT))
    if units and all(leg.facts.get("returnless") for leg in units):
        return 0
    away = sum(leg.quantity for leg in units if leg.facts.get("returnless") or leg.facts.get("written_off"))
    due = sum(int(leg.facts.get("stock_quantity", leg.quantity)) for leg in group.of(Kind.CREDIT))
    return max(due - away, 0)


def _stock(group: Group, credits: list[Leg], terms: Terms, today: date) -> list[Check]:
    if not credits:
        return []
    due, found = stock_due(group), sum(leg.quantity for leg in group.of(Kind.STOCK))
    told = (Decimal(due), Decimal(found))
    if found > due:
        return [Check("stock", Result.DIFFERS, f"{found} units came into stock, {due} are credited", *told)]
    if found == due:
        return [Check("stock", Result.AGREES, f"{found} unit(s)", *told)] if due else []
    due_on = group.first_on(Kind.CREDIT) + timedelta(days=terms.stock_days)
    words = f"{found} of {due} units are in stock" if found else "no goods in stock"
    return [Check("stock", _late(today, due_on), words, *told, due_on)]


def refund_due(group: Group) -> bool:
    units = one_each(group.of(Kind.UNIT))
    return not units or any(leg.facts.get("refund_due", True) for leg in units)


def _refund(group: Group, credits: list[Leg], terms: Terms, today: date) -> list[Check]:
    if not credits:
        return []
    currency = group.currency
    expected = sum((leg.value for leg in credits), zero(currency))
    kind = Kind.REFUND if group.of(Kind.REFUND) else Kind.PAYOUT
    legs = group.of(kind)
    if not legs:
        if not refund_due(group) or expected == 0:
            return []
        due_on = group.first_on(Kind.CREDIT) + timedelta(days=terms.refund_days)
        return [Check("refund", _late(today, due_on), "no refund", expected, zero(currency), due_on)]
    found = group.total(kind)
    others = {leg.currency for leg in legs} - {currency}
    if others:
        words = f"refunded in {', '.join(sorted(others))}, credited in {currency}"
        return [Check("refund", Result.DIFFERS, words, expected, found)]
    return [_compare("refund", expected, found, currency, terms, ("refunded", "credited"))]


def _compare(
    name: str, expected: Decimal, found: Decimal, currency: str, terms: Terms, words: tuple[str, str]
) -> Check:
    if expected == found:
        return Check(name, Result.AGREES, f"{found} {currency}", expected, found)
    is_within = terms.tolerance(currency).holds(expected, found, currency)
    detail = f"{words[0]} {found} {currency}, {words[1]} {expected}"
    return Check(name, Result.WITHIN if is_within else Result.DIFFERS, detail, expected, found)


def _payout(group: Group, terms: Terms, coverage: Coverage, today: date) -> list[Check]:
    """Recorded refunds against what the platform really paid out, where its files tell of those days."""
    refunds, paid = group.of(Kind.REFUND), group.of(Kind.PAYOUT)
    if not refunds:
        return []
    if paid:
        currency = refunds[0].currency
        check = _compare("payout", group.total(Kind.REFUND), group.total(Kind.PAYOUT), currency, terms,
                         ("paid out", "recorded as refunded"))  # fmt: skip
        return [replace(check, detail=f"{check.detail}{_in_own_money(paid)}")]
    missing = [
        leg for leg in refunds
        if (provider := terms.payout_methods.get(str(leg.facts.get("method"))))
        and coverage.needs_payout(provider, leg.on, terms.payout_days)
    ]  # fmt: skip
    if not missing:
        return []
    nothing = zero(missing[0].currency)
    expected = sum((leg.value for leg in missing), nothing)
    due_on = max(leg.on for leg in missing) + timedelta(days=terms.payout_days)
    return [Check("payout", Result.MISSING, "recorded as refunded, and in no payout", expected, nothing, due_on)]


def _in_own_money(paid: list[Leg]) -> str:
    """What it was in the payout's money, and at which rate."""
    taken = [
        (Decimal(leg.facts["paid_out"]), str(leg.facts["paid_out_currency"]))
        for leg in paid
        if leg.facts.get("paid_out")
    ]
    got = sum((leg.value for leg in paid if leg.facts.get("paid_out")), Decimal(0))
    if not taken or not got:
        return ""
    total = sum((amount for amount, _ in taken), Decimal(0))
    return f"; {total} {taken[0][1]} of the payout, at a rate of {(total / got).quantize(Decimal('0.0001'))}"


def _fee(group: Group, terms: Terms, coverage: Coverage) -> list[Check]:
    """Only what was charged is compared here; what was not charged is the fee list's matter."""
    units, fees = group.of(Kind.UNIT), group.of(Kind.FEE)
    if not units or not fees or not terms.rates:
        return []
    methods = {str(leg.facts.get("method") or "") for leg in units}
    expected = zero(fees[0].currency)
    for fee in fees:
        rate = terms.rate_for(str(fee.facts.get("method") or next(iter(sorted(methods)))), fee.on)
        if rate is None or rate.currency != fee.currency or fee.facts.get("type") != rate.type:
            return []
        expected += rate.amount
    return [
        _compare("fee", expected, group.total(Kind.FEE), fees[0].currency, terms, ("charged", "the rate card says"))
    ]


def _transfer(group: Group, terms: Terms, coverage: Coverage, today: date) -> tuple[tuple[Check, ...], str]:
    """A payout against the bank. A bank line that is no payout is not ours to explain."""
    transfers, banks = group.of(Kind.TRANSFER), group.of(Kind.BANK)
    if not transfers:
        return (), "a bank line that is no payout"
    if banks:
        return (_compare("bank", group.total(Kind.TRANSFER), group.total(Kind.BANK), group.currency, terms,
                         ("the bank shows", "the payout says")),), ""  # fmt: skip
    if refused := sum(int(leg.facts.get("refused") or 0) for leg in transfers):
        words = f"{refused} of its lines could not be read: what it comes to is not known"
        return (Check("whole", Result.DIFFERS, words),), ""
    if group.total(Kind.TRANSFER) == 0:
        return (), "a payout of nothing"
    due_on = transfers[0].on + timedelta(days=terms.payout_days)
    covered = coverage.needs_bank(group.currency, transfers[0].on, terms.payout_days)
    result = Result.MISSING if covered else Result.WAITING
    words = "not on the bank statement" if covered else "no bank statement of these days yet"
    return (Check("bank", result, words, group.total(Kind.TRANSFER), zero(group.currency), due_on),), ""
