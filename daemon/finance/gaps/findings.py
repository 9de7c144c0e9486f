"""Findings: what of the facts is a gap, what it is worth, who mends it and how to see that it is mended. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from daemon.clients.happy_returns_wire import Item
from daemon.finance.gaps.facts import GapFacts
from statemachine.books.fees import SHOPPER_TYPES
from statemachine.causes import CUSTOMER_SERVICE, FINANCE, OPERATIONS, WAREHOUSE
from statemachine.credit.snapshot import Order
from statemachine.refs import order_key
from statemachine.units import Progress

EXAMPLES_MAX = 5
SKEW_MAX = timedelta(seconds=60)
SHIPPED = ("ASS", "")
"""Shipping statuses of an order that went out whole; empty where the account tells none. Source: Brightpearl sheet 5."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of gap. `recheck` is the command that says whether it is mended."""

    name: str
    says: str
    severity: str
    owner: str
    count: int
    examples: tuple[str, ...]
    fix: str
    recheck: str
    value: dict[str, Decimal] = field(default_factory=dict)


def find(facts: GapFacts) -> list[Finding]:
    """Every gap there is, the gravest first."""
    order = {"blocks": 0, "costs": 1, "warns": 2}
    found = [each for test in TESTS for each in test(facts)]
    return sorted(found, key=lambda each: (order[each.severity], each.name))


def _finding(
    name: str, says: str, severity: str, owner: str, examples: Iterable[str], fix: str, *,
    items: Iterable[Item] = (), count: int | None = None,
) -> list[Finding]:  # fmt: skip
    told = list(dict.fromkeys(examples))
    if not told:
        return []
    value: dict[str, Decimal] = {}
    for item in items:
        if item.unit.refund_amount is not None:
            currency = item.unit.refund_currency
            value[currency] = value.get(currency, Decimal(0)) + item.unit.refund_amount
    recheck = f"homeward audit gaps --only {name}"
    return [Finding(name, says, severity, owner, count or len(told), tuple(told[:EXAMPLES_MAX]), fix, recheck, value)]


def _reasons(facts: GapFacts) -> list[Finding]:
    stuck = [item for item in facts.items if item.unit.reason_id and facts.maps.reason(item.unit.reason_id) is None]
    return _finding(
        "reason-unmapped", "Return reasons that the maps say nothing of.", "blocks", CUSTOMER_SERVICE,
        (item.unit.reason_id for item in stuck), "add [reasons.SLUG] to the map file; homeward map lint", items=stuck,
    )  # fmt: skip


def _codes(facts: GapFacts) -> list[Finding]:
    if facts.account is None:
        return []
    account, stuck, named = facts.account, [], []
    for item, order in _with_orders(facts):
        for row in order.rows:
            if row.sku.casefold() != item.unit.sku.casefold() or not row.sku:
                continue
            tax = facts.maps.tax.get(row.tax_code, row.tax_code)
            nominal = facts.maps.nominal.get(row.nominal_code, row.nominal_code)
            if tax not in account.tax_codes:
                named.append(f"tax code {row.tax_code}")
                stuck.append(item)
            if nominal and account.nominal_codes and not account.nominal_codes.get(nominal, False):
                named.append(f"nominal code {row.nominal_code}")
                stuck.append(item)
    return _finding(
        "code-unmapped", "Codes of sold rows that the account no longer takes.", "blocks", FINANCE, named,
        "map them to live codes: [tax] and [nominal] of the map file; homeward map lint", items=stuck,
    )  # fmt: skip


def _articles(facts: GapFacts) -> list[Finding]:
    stuck = [item for item in facts.items if item.unit.sku in facts.unknown_skus]
    return _finding(
        "sku-absent", "Articles that came back and that Brightpearl does not know.", "blocks", WAREHOUSE, facts.unknown_skus,
        "create or correct the SKU in Brightpearl, or map it: [substitutions] of the map file", items=stuck,
    )  # fmt: skip


def _absent_orders(facts: GapFacts) -> list[Finding]:
    stuck = [
        item for item in facts.items if item.order_number and facts.orders.get(order_key(item.order_number)) is None
    ]
    return _finding(
        "order-absent", "Orders of returns that Brightpearl does not have.", "blocks", OPERATIONS,
        (item.order_number for item in stuck), "check brightpearl.order_number_field, and that the shop's orders are synced",
        items=stuck,
    )  # fmt: skip


def _dispatch(facts: GapFacts) -> list[Finding]:
    stuck, named = [], []
    unknown = {sku.casefold() for sku in facts.unknown_skus}
    for item, order in _with_orders(facts):
        sku = item.unit.sku.casefold()
        sold = {row.sku.casefold() for row in order.rows if row.sku}
        stands_for = {each.casefold() for each in facts.maps.sold_skus(item.unit.sku)}
        is_other = bool(sku) and sku not in sold and sku not in unknown and not stands_for & sold
        if order.shipping_status not in SHIPPED:
            named.append(f"order {item.order_number}: a return, and it is not shipped whole ({order.shipping_status})")
        elif is_other:
            named.append(f"order {item.order_number}: {item.unit.sku} came back, {', '.join(sorted(sold))} were sold")
        else:
            continue
        stuck.append(item)
    return _finding(
        "dispatch-differs", "Orders that do not say what was dispatched.", "costs", WAREHOUSE, named,
        "correct the order in Brightpearl, or map what stands for what: [substitutions] of the map file", items=stuck,
    )  # fmt: skip


def _rivals(facts: GapFacts) -> list[Finding]:
    stuck, named = [], []
    for item, order in _with_orders(facts):
        others = [credit for credit in facts.credits.get(order.id, ()) if not credit.is_ours]
        if others:
            stuck.append(item)
            who = others[0].external_ref or others[0].reference or "by hand"
            named.append(f"order {item.order_number}: credit {others[0].id} ({who})")
    return _finding(
        "rival-creator", "Somebody else makes credits for returned orders too.", "costs", FINANCE, named,
        "switch the other connector's credits off before going live; Homeward adopts or stops where it finds one",
        items=stuck,
    )  # fmt: skip


def _permissions(facts: GapFacts) -> list[Finding]:
    return _finding(
        "permission-missing", "Rights that the tokens lack.", "blocks", OPERATIONS,
        (f"{name}: {why[:120]}" for name, why in facts.refused),
        "grant the app these resources in Brightpearl, or the key at Happy Returns",
    )  # fmt: skip


def _clocks(facts: GapFacts) -> list[Finding]:
    skewed = [
        f"{name}: {abs(told - facts.machine_now).total_seconds():.0f} s apart"
        for name, told in facts.vendor_times.items() if abs(told - facts.machine_now) > SKEW_MAX
    ]  # fmt: skip
    return _finding(
        "clock-skew", "This machine's clock and a vendor's differ.", "warns", OPERATIONS, skewed,
        "run an NTP service on this machine",
    )  # fmt: skip


def _webhooks(facts: GapFacts) -> list[Finding]:
    gaps = []
    if facts.settings.happy_returns.webhook_secret_file is None:
        gaps.append("happy_returns.webhook_secret_file is not set: every webhook is refused")
    path = f"/webhooks/happy-returns/{facts.merchant}"
    if facts.webhook_urls is not None and not any(url.rstrip("/").endswith(path) for url in facts.webhook_urls):
        gaps.append(f"Happy Returns posts to {', '.join(facts.webhook_urls) or 'nobody'}, not to …{path}")
    return _finding(
        "webhook-gap", "Webhooks do not reach Homeward: returns are found by polling only, hours later.", "warns", OPERATIONS,
        gaps, "subscribe …/webhooks/happy-returns/MERCHANT in Happy Returns' dashboard and set the secret",
    )  # fmt: skip


def _locked(facts: GapFacts) -> list[Finding]:
    if facts.account is None or facts.account.locked_until is None:
        return []
    until = facts.account.locked_until
    stuck = [item for item in _uncredited(facts) if (at := item.unit.approved_at or item.unit.dropped_off_at) is not None
             and at.astimezone(facts.account.zone).date() <= until]  # fmt: skip
    named = [f"return {item.express_code} of order {item.order_number}" for item in stuck]
    if until >= facts.now.astimezone(facts.account.zone).date():
        named.insert(0, f"today lies under the lock until {until}")
    return _finding(
        "period-locked", f"Returns without a credit lie in periods that are locked until {until}.", "costs", FINANCE, named,
        "decide how they are dated: policy.on_locked_period; or open the period in Brightpearl", items=stuck,
    )  # fmt: skip


def _missing_credits(facts: GapFacts) -> list[Finding]:
    stuck = _uncredited(facts)
    return _finding(
        "credit-missing", "Approved returns whose order has no credit.", "costs", FINANCE,
        (f"return {item.express_code} of order {item.order_number}" for item in stuck),
        "homeward audit backfill --dry-run shows what would be taken in, and what it is worth", items=stuck,
        count=len(stuck),
    )  # fmt: skip


def _uncredited(facts: GapFacts) -> list[Item]:
    return [
        item for item, order in _with_orders(facts)
        if item.progress >= Progress.APPROVED and not facts.credits.get(order.id)
    ]  # fmt: skip


def _fees(facts: GapFacts) -> list[Finding]:
    terms, named = facts.settings.finance.terms(), []
    over: dict[str, Decimal] = {}
    for leg in facts.fees:
        rate = terms.rate_for(str(leg.facts.get("method") or ""), leg.on)
        if leg.facts.get("type") in SHOPPER_TYPES or rate is None or rate.currency != leg.currency:
            continue
        if leg.facts.get("type") == rate.type and leg.value != rate.amount:
            line = f"{leg.facts.get('invoice', '')} {leg.facts.get('code') or leg.order}"
            named.append(f"{line}: charged {leg.value}, agreed {rate.amount}")
            over[leg.currency] = over.get(leg.currency, Decimal(0)) + leg.value - rate.amount
    found = _finding(
        "fee-anomaly", "Invoice lines that the rate card does not explain.", "costs", FINANCE, named,
        "dispute them with Happy Returns: homeward fee list --finding overcharged",
    )  # fmt: skip
    return [replace(each, value=over) for each in found]


def _with_orders(facts: GapFacts) -> list[tuple[Item, Order]]:
    told = [(item, facts.orders.get(order_key(item.order_number))) for item in facts.items]
    return [(item, order) for item, order in told if order is not None]


TESTS: tuple[Callable[[GapFacts], list[Finding]], ...] = (
    _reasons, _codes, _articles, _absent_orders, _dispatch, _rivals, _permissions, _clocks, _webhooks, _locked,
    _missing_credits, _fees,
)  # fmt: skip
NAMES = (
    "reason-unmapped", "code-unmapped", "sku-absent", "order-absent", "dispatch-differs", "rival-creator",
    "permission-missing", "clock-skew", "webhook-gap", "period-locked", "credit-missing", "fee-anomaly",
)  # fmt: skip
