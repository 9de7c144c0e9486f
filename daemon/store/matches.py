"""Matches as they stood from run to run, what people decided about them, and the orphans among them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from daemon.store.sql import Connection, Record, statements
from statemachine.books.checking import Check
from statemachine.books.matching import SETTLED, Action, Decision, Match, Status
from statemachine.books.orphans import Orphan

SQL = statements(__file__)
_SEPARATOR = "\x1f"
GROUPS_TOGETHER = 5_000
_OPEN = frozenset(Status) - SETTLED


@dataclass(frozen=True, slots=True)
class Change:
    """What a run changed against the one before."""

    run_id: int
    newly_matched: int
    newly_broken: int
    changed: int
    opened_orphans: int
    closed_orphans: int


async def put_run(
    connection: Connection, merchant: str, found: Sequence[Match], orphans: Sequence[Orphan], *, at: datetime,
    actor: str, terms: Mapping[str, Any], legs: int, figures: Mapping[str, Any], since: date,
) -> Change:  # fmt: skip
    """Keep a run: only what differs from the run before is written."""
    known = {row["key"]: row for row in await SQL.rows(connection, "current_digests", merchant=merchant)}
    told = {each.key: (each, _content(each)) for each in found}
    digests = {key: _digest(each, content) for key, (each, content) in told.items()}
    changed = [key for key, digest in digests.items() if key not in known or known[key]["digest"] != digest]
    gone = [key for key, row in known.items() if key not in told and not _is_old(row, since)]
    newly_matched = sum(told[k][0].is_settled and (k not in known or known[k]["status"] in _OPEN) for k in changed)
    newly_broken = sum(not told[k][0].is_settled and k in known and known[k]["status"] not in _OPEN for k in changed)
    before = {
        row["key"]: row for row in await SQL.rows(connection, "orphans", merchant=merchant, at=at, orphan_class=None)
    }
    events = _orphan_events(orphans, before)
    numbers = {
        "newly_matched": newly_matched, "newly_broken": newly_broken,
        "opened_orphans": sum(event == "opened" for event, _ in events),
        "closed_orphans": sum(event == "closed" for event, _ in events),
    }  # fmt: skip
    run_id = await SQL.value(
        connection, "put_run", merchant=merchant, at=at, actor=actor, terms=dict(terms), legs=legs,
        figures={**figures, **numbers},
    )  # fmt: skip
    await SQL.run(connection, "end_groups", merchant=merchant, run_id=run_id, keys=changed + gone)
    for first in range(0, len(changed), GROUPS_TOGETHER):
        some = changed[first : first + GROUPS_TOGETHER]
        await _put_groups(connection, merchant, run_id, [(*told[key], digests[key]) for key in some])
    if events:
        await _put_orphans(connection, merchant, run_id, events, at)
    return Change(run_id, newly_matched, newly_broken, len(changed) + len(gone), numbers["opened_orphans"],
                  numbers["closed_orphans"])  # fmt: skip


def _is_old(row: Record, since: date) -> bool:
    """Settled so long ago that it is not matched again: it stands as it is."""
    return row["status"] not in _OPEN and row["cleared_on"] is not None and row["cleared_on"] < since


async def old_legs(connection: Connection, merchant: str, *, run_id: int, since: date) -> set[str]:
    """Legs of matches that stood settled at a run, and had been so before a day."""
    return {row["key"] for row in await SQL.rows(connection, "old_legs", merchant=merchant, run_id=run_id, since=since)}


async def _put_groups(
    connection: Connection, merchant: str, run_id: int, rows: list[tuple[Match, dict[str, Any], bytes]]
) -> None:
    await SQL.run(
        connection, "put_groups", merchant=merchant, run_id=run_id, keys=[m.key for m, _, _ in rows],
        statuses=[str(m.status) for m, _, _ in rows], reasons=[m.reason for m, _, _ in rows],
        currencies=[m.currency for m, _, _ in rows], values=[m.value for m, _, _ in rows],
        opened=[m.opened_on for m, _, _ in rows], cleared=[m.cleared_on for m, _, _ in rows],
        order_keys=[next((leg.order for leg in m.legs if leg.order), "") for m, _, _ in rows],
        is_returns=[m.is_return for m, _, _ in rows],
        legs=[_SEPARATOR.join(leg.key for leg in m.legs) for m, _, _ in rows], contents=[c for _, c, _ in rows],
        digests=[d for _, _, d in rows],
    )  # fmt: skip


def _content(each: Match) -> dict[str, Any]:
    return {
        "checks": [check_view(check) for check in each.checks], "passes": list(each.passes),
        "suggestion": asdict(each.suggestion) if each.suggestion else None,
        "decided_by": each.decision.actor if each.decision else "",
    }  # fmt: skip


def check_view(check: Check) -> dict[str, Any]:
    return {
        "name": check.name, "result": str(check.result), "detail": check.detail, "expected": str(check.expected),
        "found": str(check.found), "due_on": check.due_on.isoformat() if check.due_on else None,
    }  # fmt: skip


def _digest(each: Match, content: dict[str, Any]) -> bytes:
    told = [
        each.status, each.reason, each.currency, str(each.value), each.opened_on, each.cleared_on,
        [leg.key for leg in each.legs], content,
    ]  # fmt: skip
    return hashlib.sha256(orjson.dumps(told, default=str, option=orjson.OPT_SORT_KEYS)).digest()[:16]


def _orphan_events(orphans: Iterable[Orphan], before: Mapping[str, Record]) -> list[tuple[str, dict[str, Any]]]:
    """(event, row) of what opened, changed its value or legs, or closed."""
    events: list[tuple[str, dict[str, Any]]] = []
    now = {each.key: orphan_row(each) for each in orphans}
    for key, row in now.items():
        if key not in before:
            events.append(("opened", row))
        elif before[key]["value"] != row["value"] or before[key]["content"]["legs"] != row["content"]["legs"]:
            events.append(("changed", row))
    events += [("closed", dict(row)) for key, row in before.items() if key not in now]
    return events


def orphan_row(each: Orphan) -> dict[str, Any]:
    return {
        "key": each.key, "class": str(each.name), "match_key": each.match, "value": each.value, "currency": each.currency,
        "since": each.since, "due_on": each.due_on,
        "content": {"legs": list(each.legs), "order": each.order, "codes": list(each.codes), "quantity": each.quantity},
    }  # fmt: skip


async def _put_orphans(
    connection: Connection, merchant: str, run_id: int, events: list[tuple[str, dict[str, Any]]], at: datetime
) -> None:
    rows = [row for _, row in events]
    await SQL.run(
        connection, "put_orphans", merchant=merchant, run_id=run_id, at=at, events=[event for event, _ in events],
        keys=[r["key"] for r in rows], classes=[r["class"] for r in rows], match_keys=[r["match_key"] for r in rows],
        values=[r["value"] for r in rows], currencies=[r["currency"] for r in rows], since=[r["since"] for r in rows],
        due=[r["due_on"] for r in rows], contents=[r["content"] for r in rows],
    )  # fmt: skip


async def runs(connection: Connection, merchant: str, rows_max: int = 100) -> list[Record]:
    return await SQL.rows(connection, "runs", merchant=merchant, rows_max=rows_max)


async def run_at(connection: Connection, merchant: str, at: datetime | None) -> Record | None:
    """The newest run at a moment."""
    return await SQL.row(connection, "run_at", merchant=merchant, at=at)


async def run_of_id(connection: Connection, merchant: str, run_id: int) -> Record | None:
    return await SQL.row(connection, "run_of_id", merchant=merchant, id=run_id)


async def differences(connection: Connection, merchant: str, *, first: int, last: int, rows_max: int) -> list[Record]:
    """How matches stood at the run `first` and at `last`, where that differs."""
    return await SQL.rows(connection, "differences", merchant=merchant, first=first, last=last, rows_max=rows_max)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which matches; what is None is not asked for."""

    statuses: Sequence[str] | None = None
    currency: str | None = None
    order_key: str | None = None
    from_on: date | None = None
    until_on: date | None = None
    is_return: bool | None = None


async def listing(
    connection: Connection, merchant: str, wanted: Wanted, *, skip: int = 0, rows_max: int = 100
) -> list[Record]:
    """Matches as they stand, the dearest first."""
    return await SQL.rows(connection, "listing", merchant=merchant, **_asked(wanted), skip=skip, rows_max=rows_max)


async def counted(connection: Connection, merchant: str, wanted: Wanted) -> int:
    return int(await SQL.value(connection, "counted", merchant=merchant, **_asked(wanted)))


def _asked(wanted: Wanted) -> dict[str, Any]:
    return {**asdict(wanted), "statuses": list(wanted.statuses) if wanted.statuses else None}


async def payout_lines(
    connection: Connection, merchant: str, provider: str, payout_id: str, *, rows_max: int = 2000
) -> list[Record]:
    """The refund lines of one payout, each with the match it is in."""
    return await SQL.rows(
        connection, "payout_lines", merchant=merchant, provider=provider, payout_id=payout_id, rows_max=rows_max
    )


async def counts(connection: Connection, merchant: str) -> list[Record]:
    return await SQL.rows(connection, "counts", merchant=merchant)


async def of_key(connection: Connection, merchant: str, key: str) -> Record | None:
    """The match of this key, or the one that holds a leg of this key."""
    return await SQL.row(connection, "of_key", merchant=merchant, key=key)


async def history(connection: Connection, merchant: str, key: str) -> list[Record]:
    return await SQL.rows(connection, "history", merchant=merchant, key=key)


async def put_decision(
    connection: Connection, merchant: str, *, action: Action, legs: Sequence[str], on: date, actor: str, reason: str,
    note: str, at: datetime,
) -> int:  # fmt: skip
    return int(
        await SQL.value(
            connection,
            "put_decision",
            merchant=merchant,
            action=str(action),
            legs=list(legs),
            decided_on=on,
            actor=actor,
            reason=reason,
            note=note,
            at=at,
        )
    )


async def decisions(connection: Connection, merchant: str, at: datetime | None) -> list[Decision]:
    """Everything decided until a moment, in order."""
    rows = await SQL.rows(connection, "decisions", merchant=merchant, at=at)
    return [
        Decision(Action(row["action"]), tuple(row["legs"]), row["decided_on"], row["actor"], row["reason"], row["at"])
        for row in rows
    ]


async def orphans(connection: Connection, merchant: str, at: datetime | None, name: str | None = None) -> list[Record]:
    """Orphans open at a moment, the dearest first."""
    return await SQL.rows(connection, "orphans", merchant=merchant, at=at, orphan_class=name)


async def orphan_history(connection: Connection, merchant: str, key: str) -> list[Record]:
    return await SQL.rows(connection, "orphan_history", merchant=merchant, key=key)


async def overrides(
    connection: Connection, merchant: str, *, seq: int, from_at: datetime, until_at: datetime
) -> list[Record]:
    return await SQL.rows(connection, "overrides", merchant=merchant, seq=seq, from_at=from_at, until_at=until_at)


async def effects_without_result(connection: Connection, merchant: str) -> list[Record]:
    return await SQL.rows(connection, "effects_without_result", merchant=merchant)


async def not_read_back(connection: Connection, merchant: str, collected_at: datetime | None) -> list[Record]:
    """Credits and payments of returns that stood still since the books were read, and were not among them."""
    if collected_at is None:
        return []
    return await SQL.rows(connection, "not_read_back", merchant=merchant, collected_at=collected_at)


async def without_owner(connection: Connection, merchant: str, teams: Sequence[str]) -> list[Record]:
    return await SQL.rows(connection, "without_owner", merchant=merchant, teams=list(teams))


def value_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    """The sum by currency."""
    told: dict[str, Decimal] = {}
    for row in rows:
        if row["value"]:
            told[row["currency"]] = told.get(row["currency"], Decimal(0)) + row["value"]
    return told
