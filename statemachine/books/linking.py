"""Linking: what shares no identifier but names the same order, or the same payout, with the same money."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from itertools import combinations

from statemachine.books.groups import Group
from statemachine.books.legs import Kind, Leg
from statemachine.books.terms import Terms

SUM_MAX = 6
"""So many leftovers of one order are tried in sums; more is a person's work."""
_CONFIDENCE_STEP = Decimal("0.01")
_CERTAIN = Decimal("0.95")


def link(groups: list[Group], *, terms: Terms) -> list[Group]:
    """The groups that are left once everything that names the same order with the same money was joined."""
    by_order: dict[str, list[Group]] = {}
    gone: set[int] = set()
    for group in groups:  # what shares an id with a refund is compared with it in its money
        money = group.of(Kind.REFUND) or group.of(Kind.CREDIT)
        if money and Kind.PAYOUT in group.by_kind:
            group.in_customers_money(money[0].currency)
    _link_claims(groups, gone)
    for group in groups:
        for order in group.orders if id(group) not in gone else ():
            by_order.setdefault(order, []).append(group)
    for order in sorted(by_order):
        mine = [group for group in by_order[order] if id(group) not in gone and not group.is_closed]
        if len(mine) > 1:
            _link_order(mine, gone, terms)
    left = [group for group in groups if id(group) not in gone]
    _link_transfers(left, gone, terms)
    return [group for group in left if id(group) not in gone]


def _link_order(mine: list[Group], gone: set[int], terms: Terms) -> None:
    def alone(kind: Kind) -> list[Group]:
        found = [group for group in mine if id(group) not in gone and group.is_one_kind and kind in group.by_kind]
        return sorted(found, key=lambda group: (group.first_on(kind), group.key))

    def holding(kind: Kind, *, without: Kind) -> list[Group]:
        found = [
            group for group in mine
            if id(group) not in gone and kind in group.by_kind and without not in group.by_kind
        ]  # fmt: skip
        return sorted(found, key=lambda group: (group.first_on(kind), group.key))

    _in_customers_money(mine, alone(Kind.PAYOUT))
    _pair(holding(Kind.CREDIT, without=Kind.REFUND), alone(Kind.REFUND), Kind.CREDIT, Kind.REFUND, gone, terms)
    _pair(holding(Kind.REFUND, without=Kind.PAYOUT), alone(Kind.PAYOUT), Kind.REFUND, Kind.PAYOUT, gone, terms)
    _pair(holding(Kind.CREDIT, without=Kind.PAYOUT), alone(Kind.PAYOUT), Kind.CREDIT, Kind.PAYOUT, gone, terms)
    _link_fees(holding(Kind.UNIT, without=Kind.TRANSFER), alone(Kind.FEE), gone)


def _in_customers_money(mine: list[Group], payouts: list[Group]) -> None:
    """Payout lines in the money of the order's refunds, where the customer got that and nothing is in the payout's own."""
    awaited = {leg.currency for group in mine for kind in (Kind.REFUND, Kind.CREDIT) for leg in group.of(kind)}
    for group in payouts:
        if group.currency not in awaited:
            for currency in sorted(awaited):
                group.in_customers_money(currency)


def _link_claims(groups: list[Group], gone: set[int]) -> None:
    """A credit that names a return in words, and the one return of that name: rather one that has no credit yet.

    Of several returns with the name, those of the credit's own order are meant.
    """
    by_code: dict[str, list[Group]] = {}
    for group in groups:
        for code in {str(leg.facts["code"]) for leg in group.of(Kind.UNIT) if leg.facts.get("code")}:
            by_code.setdefault(code, []).append(group)
    for group in groups:
        claims = {claim for leg in group.of(Kind.CREDIT) for claim in leg.facts.get("claims", ())}
        if not claims or Kind.UNIT in group.by_kind or group.is_closed:
            continue
        every = {
            id(other): other for claim in sorted(claims) for other in by_code.get(claim, ()) if not other.is_closed
        }
        named = [other for other in every.values() if id(other) not in gone]
        named = [other for other in named if not group.orders or other.orders & group.orders]
        fits = [other for other in named if Kind.CREDIT not in other.by_kind] or named
        if len(fits) == 1:
            fits[0].take(group, "order")
            gone.add(id(group))


def _pair(hosts: list[Group], lines: list[Group], kind: Kind, other: Kind, gone: set[int], terms: Terms) -> None:
    """Equal amounts, then amounts within tolerance, then sums of several."""
    if not hosts or not lines:
        return

    def near(host: Group, line: Group) -> bool:
        days = (line.first_on(other) - host.first_on(kind)).days
        is_near = -terms.link_days_before <= days <= terms.link_days_after
        return is_near and _money(host, kind) == _money(line, other)

    def join(host: Group, line: Group, how: str) -> None:
        host.take(line, how)
        gone.add(id(line))

    tests: tuple[Callable[[Decimal, Decimal, str], bool], ...] = (
        lambda expected, found, _: expected == found,
        lambda expected, found, currency: terms.tolerance(currency).holds(expected, found, currency),
    )
    for fits in tests:
        for host in hosts:
            if other in host.by_kind:
                continue
            for line in lines:
                if id(line) in gone or not near(host, line):
                    continue
                if fits(host.total(kind), line.total(other), host.currency):
                    join(host, line, "order")
                    break
    _take_failures(hosts, lines, kind, other, gone)
    rest = [host for host in hosts if other not in host.by_kind]
    left = [line for line in lines if id(line) not in gone]
    if 1 < len(rest) + len(left) <= SUM_MAX and rest and left:
        _sums(rest, left, kind, other, gone, near)


def _take_failures(hosts: list[Group], lines: list[Group], kind: Kind, other: Kind, gone: set[int]) -> None:
    """A refund that failed: its money came back, with its own line or in one that was joined to it already."""
    for line in lines:
        backs = [leg.value for leg in line.of(other) if leg.value < 0]
        if id(line) in gone or not backs:
            continue
        paid = -sum(backs) if line.total(other) < 0 else line.total(other) - sum(backs)
        host = next(
            (h for h in hosts if h.total(kind) == paid and (other in h.by_kind) == (line.total(other) < 0)), None
        )
        if host is not None:
            host.take(line, "order")
            gone.add(id(line))


def _money(group: Group, kind: Kind) -> set[str]:
    return {leg.currency for leg in group.of(kind)}


def _sums(
    hosts: list[Group], lines: list[Group], kind: Kind, other: Kind, gone: set[int],
    near: Callable[[Group, Group], bool],
) -> None:  # fmt: skip
    """Several lines that make up one host, several hosts that make up one line, or all of both."""
    for host in hosts:
        free = [line for line in lines if id(line) not in gone and near(host, line)]
        for some in _subsets(free):
            if sum(line.total(other) for line in some) == host.total(kind):
                for line in some:
                    host.take(line, "sum")
                    gone.add(id(line))
                break
    for line in lines:
        free = [host for host in hosts if other not in host.by_kind and id(host) not in gone and near(host, line)]
        if id(line) in gone:
            continue
        for some in _subsets(free):
            if sum(host.total(kind) for host in some) == line.total(other):
                for each in some[1:]:
                    some[0].take(each, "sum")
                    gone.add(id(each))
                some[0].take(line, "sum")
                gone.add(id(line))
                break


def _subsets(groups: list[Group]) -> Iterable[tuple[Group, ...]]:
    for size in range(2, len(groups) + 1):
        yield from combinations(groups, size)


def _link_fees(hosts: list[Group], fees: list[Group], gone: set[int]) -> None:
    """A fee to the unit it names by code and article, else to one of the order with that article, one each."""
    for group in fees:
        (fee, *_) = group.of(Kind.FEE)
        wanted = fee.facts.get("code") or ""
        for exact in (True, False):
            host = next((h for h in hosts if id(h) not in gone and _takes_fee(h, fee, wanted, exact=exact)), None)
            if host is not None:
                host.take(group, "order")
                gone.add(id(group))
                break


def _takes_fee(host: Group, fee: Leg, code: str, *, exact: bool) -> bool:
    units = [
        u for u in host.of(Kind.UNIT) if (not code or u.facts.get("code") == code) and u.facts.get("stage") != "over"
    ]
    if exact:
        units = [unit for unit in units if fee.sku and unit.sku == fee.sku]
    if fee.facts.get("item") and not code:
        return False  # it names a unit, and not this one
    taken = sum(leg.facts.get("type") == fee.facts.get("type") for leg in host.of(Kind.FEE))
    return len(units) > 0 and (taken < len(host.of(Kind.UNIT)) if exact else bool(code) or not fee.sku)


def _link_transfers(groups: list[Group], gone: set[int], terms: Terms) -> None:
    """Payouts to bank lines: by the payout's name in the line's words, else by the only equal sum near its day."""
    transfers = [
        g for g in groups
        if g.is_one_kind and Kind.TRANSFER in g.by_kind and not g.is_closed
        and not any(leg.facts.get("refused") for leg in g.of(Kind.TRANSFER))  # what it comes to is not known
    ]  # fmt: skip
    banks = [g for g in groups if g.is_one_kind and Kind.BANK in g.by_kind and not g.is_closed]
    by_sum: dict[tuple[str, Decimal], list[Group]] = {}
    for bank in banks:
        by_sum.setdefault((bank.currency, bank.total(Kind.BANK)), []).append(bank)
    for named in (True, False):
        for transfer in sorted(transfers, key=lambda g: (g.first_on(Kind.TRANSFER), g.key)):
            if Kind.BANK in transfer.by_kind:
                continue
            equal = by_sum.get((transfer.currency, transfer.total(Kind.TRANSFER)), ())
            fits = [b for b in equal if id(b) not in gone and _near(transfer, b, terms, named=named)]
            if fits and (named or len(fits) == 1 or _are_like(fits)):
                transfer.take(fits[0], "order")
                gone.add(id(fits[0]))


def _are_like(banks: list[Group]) -> bool:
    """Whether it makes no difference which is taken."""
    return len({(b.of(Kind.BANK)[0].on, b.of(Kind.BANK)[0].facts.get("text")) for b in banks}) == 1


def _near(transfer: Group, bank: Group, terms: Terms, *, named: bool) -> bool:
    (told, *_), (line, *_) = transfer.of(Kind.TRANSFER), bank.of(Kind.BANK)
    days = (line.on - told.on).days
    is_near = -terms.link_days_before <= days <= terms.link_days_after
    name = str(told.facts.get("payout_id") or "").casefold()
    return is_near and (not named or (len(name) > 3 and name in str(line.facts.get("text") or "").casefold()))


def suggest(groups: list[Group], *, terms: Terms) -> dict[str, tuple[str, Decimal, tuple[str, ...]]]:
    """For matches of one kind: the other match they may belong to, how sure, and why."""
    awaiting: dict[tuple[str, Decimal], list[Group]] = {}
    by_order: dict[str, list[Group]] = {}
    for group in groups:
        if Kind.CREDIT in group.by_kind or Kind.REFUND in group.by_kind:
            kind = Kind.REFUND if Kind.REFUND in group.by_kind else Kind.CREDIT
            if Kind.PAYOUT not in group.by_kind:
                awaiting.setdefault((group.currency, group.total(kind)), []).append(group)
        if Kind.UNIT in group.by_kind and Kind.CREDIT not in group.by_kind:
            for order in group.orders:
                by_order.setdefault(order, []).append(group)
    found: dict[str, tuple[str, Decimal, tuple[str, ...]]] = {}
    for group in groups:
        if not group.is_one_kind or group.is_closed:
            continue
        told = None
        if Kind.PAYOUT in group.by_kind:
            told = _by_sum(group, awaiting.get((group.currency, group.total(Kind.PAYOUT)), []), terms)
        elif Kind.CREDIT in group.by_kind:
            told = _by_order(group, [each for order in sorted(group.orders) for each in by_order.get(order, [])], terms)
        if told is not None:
            found[group.key] = told
    return found


def _by_sum(group: Group, others: list[Group], terms: Terms) -> tuple[str, Decimal, tuple[str, ...]] | None:
    on = group.first_on(Kind.PAYOUT)
    near = [o for o in others if -terms.link_days_after <= (_money_on(o) - on).days <= terms.link_days_before]
    if not near:
        return None
    best = min(near, key=lambda o: (not _alike(group.orders, o.orders), abs((_money_on(o) - on).days), o.key))
    reasons = [f"the same amount, {abs((_money_on(best) - on).days)} day(s) apart"]
    confidence = Decimal("0.6") / len(near)
    if _alike(group.orders, best.orders):
        reasons.append("its order number differs only in how it is written")
        confidence = _CERTAIN
    elif len(near) == 1:
        reasons.append("nothing else has this amount")
    return best.key, confidence.quantize(_CONFIDENCE_STEP), tuple(reasons)


def _money_on(group: Group) -> date:
    return group.first_on(Kind.REFUND if Kind.REFUND in group.by_kind else Kind.CREDIT)


def _by_order(group: Group, others: list[Group], terms: Terms) -> tuple[str, Decimal, tuple[str, ...]] | None:
    """A credit nobody's return names, and a return of the same order without one."""
    skus = {leg.sku for leg in group.of(Kind.CREDIT)}
    fits = [o for o in others if o.currency in ("", group.currency)]
    if not fits:
        return None
    best = min(fits, key=lambda o: (not skus & {u.sku for u in o.of(Kind.UNIT)}, o.key))
    reasons, confidence = ["the same order"], Decimal("0.5")
    if skus & {unit.sku for unit in best.of(Kind.UNIT)}:
        reasons.append("the same article")
        confidence += Decimal("0.25")
    if terms.tolerance(group.currency).holds(best.total(Kind.UNIT), group.total(Kind.CREDIT), group.currency):
        reasons.append("the same value")
        confidence += Decimal("0.2")
    return best.key, confidence / len(fits), tuple(reasons)


def _alike(one: set[str], other: set[str]) -> bool:
    """Whether two sets of order numbers share one but for what is no digit."""

    def digits(orders: set[str]) -> set[str]:
        return {told for order in orders if len(told := "".join(c for c in order if c.isdigit())) >= 3}

    return bool(digits(one) & digits(other))
