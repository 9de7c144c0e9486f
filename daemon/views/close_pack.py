"""The close pack of a month: made from what was known at one moment, so that it can be made again, byte for byte."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from anyio import to_thread

from daemon.finance.known import Books, books_at
from daemon.finance.periods import events_of
from daemon.finance.postings import postings_of
from daemon.settings_merchant import MerchantSettings
from daemon.store import legs, matches, periods
from daemon.store.sql import Connection, Record
from daemon.views.pack import Pack, Sheet
from statemachine.books.fees import FeeLine, fee_lines, proposed_journal, shopper_fees
from statemachine.books.matching import Match
from statemachine.books.movement import Movement, Posting, accrual, ageing, exposure, movements
from statemachine.books.orphans import MEANS, Orphan
from statemachine.books.periods import Closes, first_day, last_day, period_of

MONEY = frozenset({
    "opening", "new", "cleared", "settled", "closing", "awaiting", "difference", "brought_forward", "restated", "value",
    "amount", "expected", "charged", "debit", "credit", "matches", "count", "units", "violations",
})  # fmt: skip
MATCH_COLUMNS = ("match", "status", "reason", "order", "codes", "currency", "value", "opened_on", "cleared_on", "legs")


async def period_pack(
    connection: Connection, merchant: str, settings: MerchantSettings, period: str, at: datetime
) -> tuple[Pack, dict[str, Any]]:
    """The pack of a month as of a moment, and the figures that a later close is compared with."""
    books = await books_at(connection, merchant, settings, at)
    run = await matches.run_at(connection, merchant, at)
    zone = books.zone
    first, last = first_day(period), last_day(period)
    done = await periods.events(connection, merchant, at)
    closes = Closes(events_of(done))
    versions = await legs.versions_at(connection, merchant, at)
    overrides = _kept_overrides(await periods.events(connection, merchant, None, period), at)
    overrides = overrides if overrides is not None else await matches.overrides(
        connection, merchant, seq=run["journal_seq"] if run else 0, from_at=datetime.combine(first, time(), zone),
        until_at=datetime.combine(last + timedelta(days=1), time(), zone),
    )  # fmt: skip
    decided = await matches.decisions(connection, merchant, at)
    checks = await periods.checks(connection, merchant, at)

    def build() -> tuple[Pack, dict[str, Any]]:
        postings = postings_of(versions, closes, left_out=books.left_out)
        moved = movements(books.matches, postings, terms=books.terms, first=first, last=last)
        sheets = [
            _movement_sheet(moved, _closing_before(done, period)), *_match_sheets(books.matches, first, last),
            *_money_sheets(books, last), _orphan_sheet(books.orphans, books), *_fee_sheets(books, first, last),
            _late_sheet(postings, first, last),
            _sheet("overrides", "Overrides taken", ("at", "actor", "event", "return_id", "express_code", "order_number",
                   "from_state", "to_state", "reason", "note"), _override_rows(overrides),
                   "States that people forced, held or resumed by hand in this month."),
            _sheet("decisions", "Decisions on matches", ("at", "on", "actor", "action", "reason", "legs"),
                   [{"at": d.at, "on": d.on, "actor": d.actor, "action": str(d.action), "reason": d.reason,
                     "legs": " ".join(d.legs)} for d in decided if first <= d.on <= last]),
            _sheet("checks", "Books checks", ("name", "violations", "at", "actor"), [dict(row) for row in checks],
                   "The newest result of each named check."),
            _sheet("sign_offs", "Sign-offs", ("period", "action", "actor", "at", "reason", "pack_sha256"),
                   [_sign_off(row) for row in done if row["period"] == period]),
        ]  # fmt: skip
        figures: dict[str, Any] = {
            "overrides": _override_rows(overrides),
            "closing": {f"{each.account}|{each.currency}": str(each.closing) for each in moved},
        }
        about = (
            f"{merchant}, {first} to {last}, as known at {at.isoformat()}; "
            f"matched by run {run['id'] if run else 'none'}. Amounts include tax and are in the order's currency."
        )
        summary = _summary(books, moved, overrides, checks)
        pack = Pack(f"{merchant}-{period}-close", f"Close pack {period}, {merchant}", about, at, [summary, *sheets])
        return pack, figures

    return await to_thread.run_sync(build)


def _sheet(name: str, title: str, columns: Sequence[str], rows: Sequence[dict[str, Any]], about: str = "") -> Sheet:
    told = [{column: _plain(row.get(column)) for column in columns} for row in rows]
    return Sheet(name, title, tuple(columns), told, about, MONEY & set(columns))


def _kept_overrides(done: Sequence[Record], at: datetime) -> Sequence[Record] | None:
    """What a close kept of this very pack: the journal it came from may have been pruned since."""
    return next((row["figures"]["overrides"] for row in done if row["figures"].get("as_of") == at.isoformat()), None)


def _override_rows(rows: Sequence[Record]) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """Times and days in ISO 8601: the same in every zone and spreadsheet."""
    return value.isoformat() if isinstance(value, date | datetime) else value


def _closing_before(done: Sequence[Record], period: str) -> dict[str, str]:
    """What the newest close of an earlier month told as its closing figures."""
    earlier = [row for row in done if row["period"] < period and row["action"] == "closed"]
    return dict(earlier[-1]["figures"].get("closing", {})) if earlier else {}


def _movement_sheet(moved: Sequence[Movement], before: dict[str, str]) -> Sheet:
    rows = []
    for each in moved:
        brought = before.get(f"{each.account}|{each.currency}")
        rows.append({
            "account": str(each.account), "currency": each.currency, "opening": each.opening, "new": each.new,
            "cleared": each.cleared, "settled": each.settled, "closing": each.closing, "awaiting": each.awaiting,
            "difference": each.difference,
            "brought_forward": Decimal(brought) if brought is not None else None,
            "restated": each.opening - Decimal(brought) if brought is not None else None,
        })  # fmt: skip
    columns = ("account", "currency", "opening", "new", "cleared", "settled", "closing", "awaiting", "difference",
               "brought_forward", "restated")  # fmt: skip
    about = (
        "opening + new − cleared − settled = closing. Settled is what was cleared without a partner: tolerated differences, "
        "written off, out of scope. Awaiting is what of the closing only waits for a payment platform's file. Brought "
        "forward is the closing figure of the month that was closed before."
    )
    return _sheet("movement", "Movement statement", columns, rows, about)


def match_row(each: Match) -> dict[str, Any]:
    codes = sorted({str(leg.facts["code"]) for leg in each.legs if leg.facts.get("code")})
    return {
        "match": each.key, "status": str(each.status), "reason": each.reason,
        "order": next((leg.order for leg in each.legs if leg.order), ""), "codes": " ".join(codes),
        "currency": each.currency, "value": each.value, "opened_on": each.opened_on, "cleared_on": each.cleared_on,
        "legs": " ".join(leg.key for leg in each.legs),
    }  # fmt: skip


def _match_sheets(found: Iterable[Match], first: date, last: date) -> list[Sheet]:
    mine = [each for each in found if each.opened_on <= last]
    settled = [
        e for e in mine if e.is_return and e.is_settled and e.cleared_on is not None and first <= e.cleared_on <= last
    ]
    open_ = [
        e for e in mine if e.is_return and (not e.is_settled or (e.cleared_on is not None and e.cleared_on > last))
    ]
    payouts = [e for e in mine if not e.is_return and first <= e.opened_on <= last]
    return [
        _sheet("matched", "Matched in this month", MATCH_COLUMNS, [match_row(each) for each in settled]),
        _sheet("unmatched", "Open at the end of this month", MATCH_COLUMNS, [match_row(each) for each in open_]),
        _sheet("payouts", "Payouts and the bank", MATCH_COLUMNS, [match_row(each) for each in payouts]),
    ]  # fmt: skip


def _money_sheets(books: Books, last: date) -> list[Sheet]:
    aged = [{"currency": r.currency, "bucket": r.bucket, "count": r.count, "value": r.value}
            for r in ageing(books.matches, terms=books.terms, last=last)]  # fmt: skip
    exposed = [{"currency": r.currency, "bucket": r.bucket, "units": r.count, "value": r.value}
               for r in exposure(books.matches, terms=books.terms, last=last)]  # fmt: skip
    accrued = [{"stage": r.stage, "currency": r.currency, "units": r.units, "value": r.value}
               for r in accrual(books.matches, last=last)]  # fmt: skip
    return [
        _sheet("ageing", "Ageing of what is open", ("currency", "bucket", "count", "value"), aged,
               "Days from the first leg's business date to the end of the month."),
        _sheet("exposure", "Credited, not arrived", ("currency", "bucket", "units", "value"), exposed),
        _sheet("accrual", "Accrual suggestion", ("stage", "currency", "units", "value"), accrued,
               "Returns that were promised, handed over, approved or arrived by the end of the month, and not credited."),
    ]  # fmt: skip


def orphan_rows(orphans: Iterable[Orphan], books: Books) -> list[dict[str, Any]]:
    return [
        {
            "class": str(each.name), "owner": MEANS[each.name].owner, "order": each.order, "codes": " ".join(each.codes),
            "currency": each.currency, "value": each.value, "units": each.quantity, "since": each.since,
            "age_days": each.age(books.today), "bucket": each.bucket(books.today, books.terms), "due_on": each.due_on,
            "means": MEANS[each.name].means, "next_step": MEANS[each.name].next_step, "match": each.match,
        }
        for each in orphans
    ]  # fmt: skip


ORPHAN_COLUMNS = ("class", "owner", "order", "codes", "currency", "value", "units", "since", "age_days", "bucket", "due_on",
                  "next_step", "match")  # fmt: skip


def _orphan_sheet(orphans: Sequence[Orphan], books: Books) -> Sheet:
    return _sheet("orphans", "Orphans", ORPHAN_COLUMNS, orphan_rows(orphans, books))


FEE_COLUMNS = ("finding", "on", "invoice", "type", "method", "code", "order", "currency", "expected", "charged",
               "difference", "match", "leg")  # fmt: skip


def fee_rows(lines: Iterable[FeeLine]) -> list[dict[str, Any]]:
    return [
        {
            "finding": str(each.finding), "on": each.on, "invoice": each.invoice, "type": each.type, "method": each.method,
            "code": each.code, "order": each.order, "currency": each.currency, "expected": each.expected,
            "charged": each.charged, "difference": each.difference, "match": each.match, "leg": each.leg,
        }
        for each in lines
    ]  # fmt: skip


def _fee_sheets(books: Books, first: date, last: date) -> list[Sheet]:
    lines = [
        each
        for each in fee_lines(books.matches, terms=books.terms, coverage=books.coverage)
        if first <= each.on <= last
    ]
    sums: dict[tuple[str, str], tuple[int, Decimal, Decimal]] = {}
    for line in lines:
        count, expected, charged = sums.get((str(line.finding), line.currency), (0, Decimal(0), Decimal(0)))
        sums[str(line.finding), line.currency] = count + 1, expected + line.expected, charged + line.charged
    summary = [
        {"finding": finding, "currency": currency, "count": count, "expected": expected, "charged": charged,
         "difference": charged - expected}
        for (finding, currency), (count, expected, charged) in sorted(sums.items())
    ]  # fmt: skip
    summary += [
        {"finding": "borne by shoppers", "currency": currency, "count": None, "expected": None, "charged": value,
         "difference": None}
        for currency, value in sorted(shopper_fees(books.matches, first=first, last=last).items())
    ]  # fmt: skip
    journal = [
        {"nominal": j.nominal, "text": j.text, "debit": j.debit, "credit": j.credit, "currency": j.currency}
        for j in proposed_journal(lines, terms=books.terms)
    ]
    return [
        _sheet("fees", "Fees of Happy Returns",
               ("finding", "currency", "count", "expected", "charged", "difference"), summary,
               "By the rate card. What shoppers bore lowered their refunds and is no cost of yours."),
        _sheet("fee_lines", "Fee lines", FEE_COLUMNS, fee_rows(lines)),
        _sheet("fee_journal", "Proposed journal for fees", ("nominal", "text", "debit", "credit", "currency"), journal,
               "Proposed, not posted: whoever books it decides."),
    ]  # fmt: skip


def _late_sheet(postings: Iterable[Posting], first: date, last: date) -> Sheet:
    rows = [
        {"leg": p.key, "kind": str(p.kind), "currency": p.currency, "amount": p.value, "counts_on": p.on,
         "business_on": p.business_on, "belongs_to": period_of(p.business_on)}
        for p in sorted(postings, key=lambda p: (p.business_on, p.key)) if p.is_late and first <= p.on <= last
    ]  # fmt: skip
    return _sheet(
        "late_items", "Came late", ("leg", "kind", "currency", "amount", "counts_on", "business_on", "belongs_to"), rows,
        "Business of a month that was closed before it became known. It counts here, and belongs there.",
    )  # fmt: skip


def _sign_off(row: Record) -> dict[str, Any]:
    digest = row["pack_sha256"]
    return {
        "period": row["period"], "action": row["action"], "actor": row["actor"], "at": row["at"], "reason": row["reason"],
        "pack_sha256": digest.hex() if digest else "",
    }  # fmt: skip


def _summary(books: Books, moved: Sequence[Movement], overrides: Sequence[Record], checks: Sequence[Record]) -> Sheet:
    counts: dict[str, int] = {}
    for each in books.matches:
        if each.is_return:
            counts[str(each.status)] = counts.get(str(each.status), 0) + 1
    rows = [{"what": f"matches: {status}", "value": count} for status, count in sorted(counts.items())]
    rows += [
        {"what": "movement statement", "value": "balances" if not any(m.difference for m in moved) else "DOES NOT BALANCE"},
        {"what": "orphans", "value": len(books.orphans)}, {"what": "overrides taken", "value": len(overrides)},
        {"what": "books checks that failed", "value": sum(row["violations"] > 0 for row in checks)},
    ]  # fmt: skip
    return Sheet("summary", "Summary", ("what", "value"), rows)
