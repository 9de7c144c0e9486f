"""The rounds of customer service (daily) and finance (weekly): each item with its figure, why it matters, what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

CS_DAILY, FINANCE_WEEKLY = "customer-service-daily", "finance-weekly"


@dataclass(frozen=True, slots=True)
class Item:
    key: str
    figure: str
    """Its name among the figures."""
    title: str
    why: str
    do: str
    """The command that shows it."""
    page: str
    """The page that does."""


CHECKLISTS: dict[str, tuple[Item, ...]] = {
    CS_DAILY: (
        Item("overdue", "overdue", "Exceptions whose time has run out", "A customer has waited longer than promised.",
             "homeward exception list --where overdue=yes", "/exceptions?where=overdue%3Dyes"),
        Item("unassigned", "unassigned", "Exceptions nobody has taken", "What is everybody's is nobody's.",
             "homeward exception list --group-by cause", "/exceptions?where=assignee%3D%22%22"),
        Item("without-credit", "without_credit", "Handed over more than a day ago, and no credit due yet",
             "A scan that makes no credit looks like a refund to the customer.",
             "homeward return list --where 'state=scanned and age>1d'", "/returns?state=scanned&where=age%3E1d"),
        Item("unpaid", "unpaid", "Credited and not yet refunded", "The customer may have been told more than is true.",
             "homeward return list --where unpaid=yes", "/returns?where=unpaid%3Dyes"),
        Item("waking", "waking", "Snoozes that end within a day", "Somebody promised to look again.",
             "homeward return list --where 'state=exception'", "/exceptions"),
        Item("parked-receipts", "parked_receipts", "Goods received that belong to no known return",
             "They stand in the warehouse without an owner.", "homeward receipt list", "/warehouse"),
    ),
    FINANCE_WEEKLY: (
        Item("sync", "old_effects", "Effects that have been tried in vain for more than a day",
             "Brightpearl and Homeward tell different stories until they are done.", "homeward effect list --state ready",
             "/returns?where=attempts%3E%3D3"),
        Item("refused", "refused", "Events that contradict what is known", "One of the two systems is wrong about a return.",
             "homeward event list --state refused", "/home/operator"),
        Item("books", "violations", "Invariants of the books that do not hold",
             "No month should close before they are explained.", "homeward audit books", "/books/checks"),
        Item("orphans", "orphans", "Legs without their partner", "Stock, credit, refund or fee without the other half.",
             "homeward orphan list", "/books/orphans"),
        Item("decisions", "to_decide", "Matches that wait for a person", "Suggested, or disputed.",
             "homeward match list --status suggested", "/books/matches?status=suggested"),
        Item("money", "open_money", "Payout and bank lines without a return", "Money that nobody can explain yet.",
             "homeward match list --status unmatched", "/books/matches?status=unmatched"),
        Item("fees", "fees", "Happy Returns' fees of the last month, against the rate card",
             "Fees are nobody's unless finance looks.", "homeward fee summary", "/books/fees"),
    ),
}  # fmt: skip


def period_of(checklist: str, today: date) -> date:
    """The day, or the Monday of the week."""
    return today if checklist == CS_DAILY else today - timedelta(days=today.weekday())


def item_of(checklist: str, key: str) -> Item | None:
    return next((item for item in CHECKLISTS.get(checklist, ()) if item.key == key), None)


def rows(checklist: str, figures: Mapping[str, int], done: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row an item: its figure now, and who did it in this period, last."""
    last: dict[str, Mapping[str, Any]] = {}
    for row in done:  # newest first
        last.setdefault(row["item"], row)
    return [
        {
            "item": item.key, "title": item.title, "count": figures[item.figure],
            "done_by": last[item.key]["actor"] if item.key in last else None,
            "done_at": last[item.key]["at"] if item.key in last else None,
            "note": last[item.key]["note"] if item.key in last else "", "why": item.why, "do": item.do,
            "page": item.page,
        }
        for item in CHECKLISTS[checklist]
    ]  # fmt: skip
