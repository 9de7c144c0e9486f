"""Matches, orphans and legs as lists show them: flat rows with stable columns, the same for command, pages and API."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from daemon.store.sql import Record
from statemachine.books.orphans import MEANS, OrphanClass
from statemachine.books.terms import AGE_BOUNDS, age_bucket

MATCH_COLUMNS = ("key", "status", "reason", "order", "currency", "value", "opened_on", "cleared_on", "legs")
ORPHAN_COLUMNS = (
    "class", "owner", "order", "codes", "currency", "value", "units", "since", "age_days", "bucket", "next_step", "match",
)  # fmt: skip
FEE_COLUMNS = ("finding", "on", "invoice", "type", "method", "code", "order", "currency", "expected", "charged", "difference",
               "match")  # fmt: skip
FILE_COLUMNS = (
    "id", "format", "covers", "provider", "name", "accepted", "replaced", "repeated", "rejected", "first_on", "last_on",
    "actor", "at", "undone_at", "undone_by",
)  # fmt: skip
PERIOD_COLUMNS = ("period", "state", "prepared_by", "closed_by", "closed_at", "reopened_by", "locked_in_brightpearl",
                  "pack_sha256")  # fmt: skip
KIND_WORDS = {
    "unit": "returned unit", "mention": "on a hub's shipment", "credit": "sales credit row", "stock": "goods-in line",
    "refund": "refund in Brightpearl", "payout": "refund paid out", "transfer": "payout", "bank": "bank statement line",
    "fee": "fee charged",
}  # fmt: skip


def match_view(row: Record) -> dict[str, Any]:
    """One line of a list of matches."""
    return {
        "key": row["key"], "status": row["status"], "reason": row["reason"], "order": row["order_key"],
        "currency": row["currency"], "value": row["value"], "opened_on": _iso(row["opened_on"]),
        "cleared_on": _iso(row["cleared_on"]), "legs": len(row["legs"]),
    }  # fmt: skip


def leg_view(row: Record) -> dict[str, Any]:
    """One leg of a match, as it is known."""
    facts: Mapping[str, Any] = row["facts"]
    return {
        "key": row["key"], "kind": row["kind"], "on": _iso(row["business_on"]), "currency": row["currency"],
        "amount": row["amount"], "tax": row["tax"], "tax_code": row["tax_code"], "quantity": row["quantity"],
        "order": row["order_key"], "sku": row["sku"], "ids": list(row["ids"] or ()), "facts": dict(facts),
        "known_from": row["known_from"], "known_until": row["known_until"],
    }  # fmt: skip


def match_detail(row: Record, legs: list[Record]) -> dict[str, Any]:
    """A match with its checks, its suggestion and every leg."""
    content = row["content"]
    return {
        **match_view(row), "checks": content["checks"], "passes": content["passes"], "suggestion": content["suggestion"],
        "decided_by": content["decided_by"], "legs": [leg_view(leg) for leg in legs],
    }  # fmt: skip


def orphan_view(row: Record, today: date, bounds: tuple[int, ...] = AGE_BOUNDS) -> dict[str, Any]:
    """One open orphan. Age counts from the first leg's business date."""
    meaning, content = MEANS[OrphanClass(row["class"])], row["content"]
    days = (today - row["since"]).days
    return {
        "key": row["key"], "class": row["class"], "owner": meaning.owner, "order": content["order"],
        "codes": " ".join(content["codes"]), "currency": row["currency"], "value": row["value"],
        "units": content["quantity"], "since": _iso(row["since"]), "due_on": _iso(row["due_on"]), "age_days": days,
        "bucket": age_bucket(days, bounds), "means": meaning.means, "next_step": meaning.next_step,
        "match": row["match_key"], "opened_at": row["at"],
    }  # fmt: skip


def file_view(row: Record) -> dict[str, Any]:
    return {**dict(row), "first_on": _iso(row["first_on"]), "last_on": _iso(row["last_on"])}


def totals(rows: list[dict[str, Any]], column: str = "value") -> dict[str, Decimal]:
    """The sum of a column by currency, from the rows themselves; rows of no value say nothing."""
    told: dict[str, Decimal] = {}
    for row in rows:
        if row.get(column):
            told[row["currency"]] = told.get(row["currency"], Decimal(0)) + Decimal(row[column])
    return dict(sorted(told.items()))


def _iso(told: date | None) -> str | None:
    return told.isoformat() if told is not None else None
