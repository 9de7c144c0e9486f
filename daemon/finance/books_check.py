"""The books check: named invariants over both systems, each runnable alone, silent when they hold."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from daemon.errors import NotFoundError
from daemon.finance.known import Books, books_at
from daemon.finance.periods import events_of
from daemon.settings_merchant import MerchantSettings
from daemon.store import chain, legs, matches, periods
from daemon.store import merchant as merchants
from daemon.store.database import Database
from daemon.store.sql import Record
from statemachine.books.checking import quantity_due, rows_over_credited, stock_due
from statemachine.books.groups import Group
from statemachine.books.legs import Kind, Leg, Stage
from statemachine.books.matching import Match, Status
from statemachine.books.orphans import OrphanClass
from statemachine.books.periods import Closes, period_of
from statemachine.books.things import one_each, thing_of
from statemachine.causes import CAUSES, TEAMS


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not be. `subject` names it so that it can be found."""

    subject: str
    detail: str
    value: Decimal = Decimal(0)
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """One invariant and what breaks it."""

    name: str
    says: str
    owner: str
    violations: Sequence[Violation]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the checks look at, gathered once."""

    books: Books
    closes: Closes
    chain_faults: Sequence[str] = ()
    without_result: Sequence[Record] = ()
    not_read_back: Sequence[Record] = ()
    without_owner: Sequence[Record] = ()
    locked_until: date | None = None
    lock_seen_at: datetime | None = None
    by_kind: dict[Kind, list[Leg]] = field(default_factory=dict)
    first_known: Mapping[str, datetime] = field(default_factory=dict)
    """When each money leg was first known, whatever it said then."""

    def of(self, kind: Kind) -> list[Leg]:
        return self.by_kind.get(kind, [])


Test = Callable[[Facts], Iterable[Violation]]


def credited_within_sold(facts: Facts) -> Iterable[Violation]:
    """Over all credits of an order row: no more units and no more money than were sold."""
    over = rows_over_credited(facts.of(Kind.CREDIT))
    for row in sorted(over):
        mine = [leg for leg in facts.of(Kind.CREDIT) if leg.facts.get("order_row") == row]
        sold, count = mine[0].facts["sold"], sum(leg.quantity for leg in mine)
        worth, value = Decimal(sold["net"]) + Decimal(sold["tax"]), sum((leg.value for leg in mine), Decimal(0))
        words = f"{count} units for {value} are credited, {Decimal(sold['quantity']):.0f} for {worth} were sold"
        yield Violation(f"order {mine[0].order}, row {row}", words, max(value - worth, Decimal(0)), mine[0].currency)


def stock_is_credited(facts: Facts) -> Iterable[Violation]:
    for orphan in facts.books.orphans:
        if orphan.name in (OrphanClass.CREDIT_WITHOUT_STOCK, OrphanClass.STOCK_WITHOUT_CREDIT):
            yield Violation(f"match {orphan.match}", orphan.detail, orphan.value, orphan.currency)
    for each in _returns(facts):
        came, due = sum(leg.quantity for leg in each.of(Kind.STOCK)), stock_due(Group(each.legs))
        if each.of(Kind.CREDIT) and came > due:
            yield Violation(f"match {each.key}", f"{came} units came into stock, {due} are credited", each.value,
                            each.currency)  # fmt: skip


def refund_lines_make_the_payout(facts: Facts) -> Iterable[Violation]:
    """A platform's lines sum to what it says it moved, and its refund lines are all in the books."""
    paid: dict[tuple[str, str, str], Decimal] = {}
    for leg in facts.of(Kind.PAYOUT):
        money = str(leg.facts.get("took_currency") or leg.currency)
        key = str(leg.facts.get("provider")), str(leg.facts.get("payout_id")), money
        paid[key] = paid.get(key, Decimal(0)) + Decimal(leg.facts.get("took") or leg.value)
    for leg in facts.of(Kind.TRANSFER):
        told, summed = leg.facts.get("told"), Decimal(leg.facts["sum"])
        name = f"{leg.facts['provider']} payout {leg.facts['payout_id']}"
        if told and leg.facts["lines"] and Decimal(told) != summed:
            yield Violation(name, f"its lines sum to {summed}, it moved {told}", Decimal(told) - summed, leg.currency)
        refunds = Decimal(leg.facts["refunds"])
        known = paid.get((str(leg.facts["provider"]), str(leg.facts["payout_id"]), leg.currency), Decimal(0))
        if refunds != known:
            yield Violation(
                name, f"its refunds are {refunds}, the lines we hold {known}", refunds - known, leg.currency
            )


def payouts_are_whole(facts: Facts) -> Iterable[Violation]:
    """No line of a payout was refused when its file was read."""
    for leg in facts.of(Kind.TRANSFER):
        if refused := int(leg.facts.get("refused") or 0):
            name = f"{leg.facts['provider']} payout {leg.facts['payout_id']}"
            words = f"{refused} of its lines could not be read; import its file again once they can"
            yield Violation(name, words, leg.value, leg.currency)


def writes_are_read_back(facts: Facts) -> Iterable[Violation]:
    for row in facts.without_result:
        yield Violation(
            f"effect {row['id']} ({row['kind']} {row['key']})", "done, and what it made was never read back"
        )
    for row in facts.not_read_back:
        yield Violation(f"return {row['id']}", f"its {row['what']} {row['thing']} is not in Brightpearl's books")


def causes_have_owners(facts: Facts) -> Iterable[Violation]:
    for code, cause in CAUSES.items():
        if cause.owner not in TEAMS:
            yield Violation(f"cause {code}", f"its owner '{cause.owner}' is no team")
    for row in facts.without_owner:
        yield Violation(f"return {row['id']}", f"cause {row['cause']} has the owner '{row['owner']}', which is no team")


def journal_is_intact(facts: Facts) -> Iterable[Violation]:
    for fault in facts.chain_faults:
        yield Violation("journal", fault)


def nothing_in_a_locked_period(facts: Facts) -> Iterable[Violation]:
    """Nothing we made is dated into a month that was closed, or under Brightpearl's lock, by then."""
    for leg in (*facts.of(Kind.CREDIT), *facts.of(Kind.REFUND)):
        is_ours = leg.facts.get("is_ours") or str(leg.facts.get("reference", "")).startswith("HW-")
        first_known = facts.first_known.get(leg.key, leg.known_from)
        if not is_ours or first_known is None:
            continue
        through = facts.closes.through(first_known)
        if through and period_of(leg.on) <= through:
            yield Violation(leg.key, f"dated {leg.on}, and {through} was closed by then", leg.value, leg.currency)
        elif _is_under_lock(leg, first_known, facts):
            words = f"dated {leg.on}, and Brightpearl is locked until {facts.locked_until}"
            yield Violation(leg.key, words, leg.value, leg.currency)


def _is_under_lock(leg: Leg, first_known: datetime, facts: Facts) -> bool:
    """Dated under Brightpearl's lock, and first seen after the lock was."""
    if facts.locked_until is None or facts.lock_seen_at is None:
        return False
    return leg.on <= facts.locked_until and first_known > facts.lock_seen_at


def one_credit_a_unit(facts: Facts) -> Iterable[Violation]:
    """By physical thing over all matches, and by number within each."""
    for doubled in facts.books.twice.of("credited"):
        yield Violation(doubled.thing, doubled.words, doubled.value, doubled.currency)
    named = {doubled.thing for doubled in facts.books.twice.of("credited")}
    for each in _returns(facts):
        units = [leg for leg in one_each(each.of(Kind.UNIT)) if leg.facts.get("stage") != Stage.OVER]
        if any(thing_of(leg) in named for leg in units):
            continue
        credits = [leg for leg in each.of(Kind.CREDIT) if not leg.facts.get("is_fee")]
        count = sum(leg.quantity for leg in credits)
        ids = sorted({int(leg.facts["credit_id"]) for leg in credits})
        if units and count > quantity_due(units):
            words = f"{quantity_due(units)} unit(s) came back, {count} are credited on {', '.join(map(str, ids))}"
            yield Violation(f"match {each.key}", words, each.value, each.currency)


def refunded_within_credited(facts: Facts) -> Iterable[Violation]:
    """What is recorded as refunded on a credit comes to no more than the credit."""
    credited, refunded = _sums(facts.of(Kind.CREDIT), "credit_id"), _sums(facts.of(Kind.REFUND), "order_id")
    for number in sorted(credited.keys() & refunded.keys()):
        (worth, currency), (paid, _) = credited[number], refunded[number]
        if paid > worth:
            yield Violation(f"credit {number}", f"{paid} are refunded, {worth} are credited", paid - worth, currency)


def one_refund_a_reference(facts: Facts) -> Iterable[Violation]:
    """No payment reference is recorded twice on the same credit or order."""
    recorded: dict[tuple[int, str], list[Leg]] = {}
    for leg in facts.of(Kind.REFUND):
        reference = str(leg.facts.get("reference") or "").casefold()
        if reference:
            recorded.setdefault((int(leg.facts["order_id"]), reference), []).append(leg)
    for (number, _), same in sorted(recorded.items()):
        if len(same) > 1:
            ids = ", ".join(sorted(str(leg.facts["payment_id"]) for leg in same))
            value = sum((leg.value for leg in same[1:]), Decimal(0))
            words = f"payments {ids} on {number} carry the same reference {same[0].facts['reference']}"
            yield Violation(f"reference {same[0].facts['reference']}", words, value, same[0].currency)


def _sums(legs: Iterable[Leg], name: str) -> dict[int, tuple[Decimal, str]]:
    """The value of these legs by the number that each holds under this name."""
    sums: dict[int, tuple[Decimal, str]] = {}
    for leg in legs:
        number = int(leg.facts[name])
        sums[number] = sums.get(number, (Decimal(0), ""))[0] + leg.value, leg.currency
    return sums


def one_refund_a_unit(facts: Facts) -> Iterable[Violation]:
    """No physical thing is refunded on two credits, or by two payments beyond one."""
    for doubled in facts.books.twice.of("refunded"):
        yield Violation(doubled.thing, doubled.words, doubled.value, doubled.currency)


def credits_are_posted(facts: Facts) -> Iterable[Violation]:
    """What accounting posted for an invoiced credit is the credit's own total."""
    sums: dict[int, tuple[Decimal, Leg]] = {}
    for leg in facts.of(Kind.CREDIT):
        key = int(leg.facts["credit_id"])
        sums[key] = sums.get(key, (Decimal(0), leg))[0] + leg.value, leg
    for credit, (total, leg) in sorted(sums.items()):
        posted = leg.facts.get("posted")
        if posted and Decimal(posted) != total:
            yield Violation(f"credit {credit}", f"its journal says {posted}, its rows {total}", Decimal(posted) - total,
                            leg.currency)  # fmt: skip


def every_leg_is_in_one_match(facts: Facts) -> Iterable[Violation]:
    seen: set[str] = set()
    for each in facts.books.matches:
        for leg in each.legs:
            if leg.key in seen:
                yield Violation(leg.key, "is in more than one match", leg.value, leg.currency)
            seen.add(leg.key)
    for leg in facts.books.legs:
        if leg.key not in seen:
            yield Violation(leg.key, "is in no match", leg.value, leg.currency)


CHECKS: dict[str, tuple[str, str, Test]] = {
    "credited-within-sold": ("Credited is at most what was sold, row by row.", "finance", credited_within_sold),
    "stock-is-credited": ("What came into stock is what was credited, within the clock.", "warehouse", stock_is_credited),
    "refund-lines-make-the-payout": ("A payout's lines sum to the payout.", "finance", refund_lines_make_the_payout),
    "payouts-are-whole": ("Every line of a payout was read.", "finance", payouts_are_whole),
    "writes-are-read-back": ("Every write has a read-back.", "operations", writes_are_read_back),
    "causes-have-owners": ("Every cause has an owner.", "operations", causes_have_owners),
    "journal-is-intact": ("The journal's chain is intact.", "operations", journal_is_intact),
    "nothing-in-a-locked-period": ("Nothing was posted into a locked period.", "finance", nothing_in_a_locked_period),
    "one-credit-a-unit": ("No unit has two credits.", "finance", one_credit_a_unit),
    "refunded-within-credited": ("Refunds come to at most their credit.", "finance", refunded_within_credited),
    "one-refund-a-reference": ("No payment is recorded twice under one reference.", "finance", one_refund_a_reference),
    "one-refund-a-unit": ("No unit is refunded twice.", "finance", one_refund_a_unit),
    "credits-are-posted": ("Accounting posted what the credit says.", "finance", credits_are_posted),
    "every-leg-is-in-one-match": ("Every leg is in exactly one match.", "operations", every_leg_is_in_one_match),
}  # fmt: skip
"""Name → what must hold, who owns it, how it is tested."""


def _returns(facts: Facts) -> Iterable[Match]:
    return (m for m in facts.books.matches if m.is_return and m.status not in (Status.WRITTEN_OFF, Status.OUT_OF_SCOPE))


def check(facts: Facts, names: Sequence[str] = ()) -> list[Checked]:
    """The named checks, or all. Raises NotFoundError for a name there is not."""
    if unknown := sorted(set(names) - set(CHECKS)):
        raise NotFoundError(f"there is no check {', '.join(unknown)}; there are: {', '.join(CHECKS)}")
    wanted = {name: told for name, told in CHECKS.items() if not names or name in names}
    return [Checked(name, says, owner, list(test(facts))) for name, (says, owner, test) in wanted.items()]


async def gather(database: Database, merchant: str, settings: MerchantSettings, at: datetime) -> Facts:
    async with database.snapshot() as connection:
        books = await books_at(connection, merchant, settings, at)
        events = events_of(await periods.events(connection, merchant, at))
        lock = await merchants.read_cursor(connection, merchant, "period-lock") or {}
        collected = await merchants.read_cursor(connection, merchant, "collect") or {}
        broken = await chain.verify(connection, merchant)
        first_known: dict[str, datetime] = {}
        for row in await legs.versions_at(connection, merchant, at):
            first_known.setdefault(row["key"], row["known_from"])
        by_kind: dict[Kind, list[Leg]] = {}
        for leg in books.legs:
            by_kind.setdefault(leg.kind, []).append(leg)
        return Facts(
            books, Closes(events), _faults_of(broken), await matches.effects_without_result(connection, merchant),
            await matches.not_read_back(connection, merchant, _moment(collected.get("books_at"))),
            await matches.without_owner(connection, merchant, sorted(TEAMS)),
            date.fromisoformat(lock["until"]) if lock.get("until") else None, _moment(lock.get("seen_at")),
            by_kind, first_known,
        )  # fmt: skip


def _faults_of(walked: chain.Checked) -> Sequence[str]:
    if walked.broken_at is None:
        return ()
    return (f"broken at position {walked.broken_at}, return {walked.return_id} version {walked.version}: {walked.why}",)


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told).astimezone(UTC) if told else None


async def run_checks(
    database: Database,
    merchant: str,
    settings: MerchantSettings,
    *,
    now: datetime,
    actor: str,
    names: Sequence[str] = (),
) -> list[Checked]:
    """Run checks and keep their results."""
    async with database.transaction("check") as connection:
        read_at = await legs.tick(connection, merchant, now)
    done = check(await gather(database, merchant, settings, read_at), names)
    async with database.transaction("check") as connection:
        at = await legs.tick(connection, merchant, now)
        for each in done:
            await periods.put_check(
                connection, merchant, name=each.name, violations=len(each.violations),
                detail=[asdict(violation) for violation in each.violations[:100]], actor=actor, at=at,
            )  # fmt: skip
    return done
