"""Standing: where the books stand after a run, as boards and lists show it. Plain data, kept with the run."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from daemon.finance.known import Books
from statemachine.books.fees import FeeLine, Finding, fee_lines, proposed_journal, shopper_fees
from statemachine.books.movement import Posting, accrual, ageing, exposure, movements
from statemachine.books.periods import first_day, last_day, period_of, preceding

MONTHS = 3
FEE_LINES_MAX = 2_000


def standing(books: Books, postings: Sequence[Posting]) -> dict[str, Any]:
    """Movement of the last months, ageing, exposure, accrual, fees; money as text."""
    month, months = period_of(books.today), []
    for _ in range(MONTHS):
        months.append(month)
        month = preceding(month)
    fees = fee_lines(books.matches, terms=books.terms, coverage=books.coverage)
    return {
        "periods": {period: _movement(books, postings, period) for period in months},
        "ageing": [
            {"currency": r.currency, "bucket": r.bucket, "count": r.count, "value": str(r.value)}
            for r in ageing(books.matches, terms=books.terms, last=books.today)
        ],
        "exposure": [
            {"currency": r.currency, "bucket": r.bucket, "units": r.count, "value": str(r.value)}
            for r in exposure(books.matches, terms=books.terms, last=books.today)
        ],
        "accrual": [
            {"stage": r.stage, "currency": r.currency, "units": r.units, "value": str(r.value)}
            for r in accrual(books.matches, last=books.today)
        ],
        "fees": _fees(fees),
        "fee_lines": [fee_row(line) for line in fees if line.finding is not Finding.AS_AGREED][:FEE_LINES_MAX],
        "fee_journal": [
            {"nominal": j.nominal, "text": j.text, "debit": str(j.debit), "credit": str(j.credit), "currency": j.currency}
            for j in proposed_journal(fees, terms=books.terms)
        ],
        "shopper_fees": {currency: str(value) for currency, value in sorted(shopper_fees(books.matches).items())},
    }  # fmt: skip


def _movement(books: Books, postings: Sequence[Posting], period: str) -> list[dict[str, str]]:
    return [
        {
            "account": str(each.account), "currency": each.currency, "opening": str(each.opening), "new": str(each.new),
            "cleared": str(each.cleared), "settled": str(each.settled), "closing": str(each.closing),
            "awaiting": str(each.awaiting), "difference": str(each.difference),
        }
        for each in movements(books.matches, postings, terms=books.terms, first=first_day(period), last=last_day(period))
    ]  # fmt: skip


def fee_row(line: FeeLine) -> dict[str, Any]:
    return {
        "finding": str(line.finding), "on": line.on.isoformat(), "invoice": line.invoice, "type": line.type,
        "method": line.method, "code": line.code, "order": line.order, "currency": line.currency,
        "expected": str(line.expected), "charged": str(line.charged), "difference": str(line.difference),
        "match": line.match, "leg": line.leg,
    }  # fmt: skip


def _fees(lines: Iterable[FeeLine]) -> list[dict[str, Any]]:
    sums: dict[tuple[str, str, str], tuple[int, Decimal, Decimal]] = {}
    for line in lines:
        key = period_of(line.on), str(line.finding), line.currency
        count, expected, charged = sums.get(key, (0, Decimal(0), Decimal(0)))
        sums[key] = count + 1, expected + line.expected, charged + line.charged
    return [
        {"period": period, "finding": finding, "currency": currency, "count": count, "expected": str(expected),
         "charged": str(charged), "difference": str(charged - expected)}
        for (period, finding, currency), (count, expected, charged) in sorted(sums.items())
    ]  # fmt: skip
