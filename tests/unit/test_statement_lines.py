"""Statements written in each format are read back as they were written; and issued again, or split, each line is one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.catalogue import detect, read_file
from daemon.finance.formats.notation import Amounts, Days, Mark, seen_amounts, seen_days
from daemon.finance.formats.reading import Context
from statemachine.books.legs import Leg
from statemachine.books.lines import Lines, account_of, ref_of
from tests import statement_files as files
from tests.statement_files import Booked

CONTEXT = Context(ZoneInfo("America/Los_Angeles"))
AMOUNTS = st.decimals(Decimal("0.01"), Decimal("99999.99"), places=2).map(lambda each: each) | st.just(Decimal("10.00"))
LINES = st.lists(
    st.builds(
        lambda on, value, sign, word, ref: Booked(on, value * sign, word, ref), st.dates(date(2026, 1, 1), date(2026, 1, 5)),
        AMOUNTS, st.sampled_from((1, -1)), st.sampled_from(("CARD FEE", "SHOPIFY PAYOUT 9001", "Zo\u00eb M\u00fcller")),
        st.just(""),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def told(legs: Sequence[Leg]) -> list[tuple[date, Decimal, str]]:
    return sorted((leg.on, leg.value, str(leg.facts["text"])) for leg in legs)


def read(raw: bytes) -> list[Leg]:
    """Every line of a file of which none may be refused."""
    reading = read_file(raw, CONTEXT)
    rows = list(reading.rows)
    assert [row.rejected for row in rows if row.rejected] == []
    assert reading.warnings == []
    return [row.leg for row in rows if row.leg is not None]


class Store:
    """The lines that are known, as an import keeps them."""

    def __init__(self) -> None:
        self.legs: dict[str, Leg] = {}

    def bring(self, raw: bytes) -> None:
        legs = read(raw)
        refs = [f"{account_of(leg)}/{ref_of(leg)}" for leg in legs if ref_of(leg)]
        lines = Lines(frozenset(ref for ref in refs if refs.count(ref) > 1))
        before = list(self.legs.values())
        for judged in lines.judge([(leg, "") for leg in legs], before):
            if not judged.is_known:
                assert judged.leg.key not in self.legs
            if not judged.is_known or judged.is_changed:
                self.legs[judged.leg.key] = judged.leg


@pytest.mark.parametrize("name", files.WRITERS)
@settings(max_examples=15, deadline=None)
@given(lines=LINES)
def test_what_was_written_is_what_is_read(name: str, lines: list[Booked]) -> None:
    raw = files.WRITERS[name](lines)

    assert detect(raw) == name.split(",")[0]
    assert told(read(raw)) == sorted((line.on, line.amount, line.text) for line in lines)


@settings(max_examples=30, deadline=None)
@given(lines=LINES, first=st.sampled_from(sorted(files.WRITERS)), cut=st.integers(0, 6))
def test_a_file_that_comes_again_or_goes_further_adds_only_what_is_new(
    lines: list[Booked], first: str, cut: int
) -> None:
    lines = sorted(lines, key=lambda line: line.on)
    store, write = Store(), files.WRITERS[first]

    for part in (lines[: cut or 1], lines, lines):
        store.bring(write(part))

    assert told(list(store.legs.values())) == sorted((line.on, line.amount, line.text) for line in lines)


@settings(max_examples=30, deadline=None)
@given(lines=LINES)
def test_one_accounts_lines_are_the_same_by_camt_and_by_ofx(lines: list[Booked]) -> None:
    store = Store()

    store.bring(files.camt(lines))
    store.bring(files.ofx([replace(line, ref=f"F{n}") for n, line in enumerate(lines)]))

    assert told(list(store.legs.values())) == sorted((line.on, line.amount, line.text) for line in lines)


@settings(max_examples=30, deadline=None)
@given(lines=LINES)
def test_lines_of_two_statements_are_two_and_of_one_issued_again_one(lines: list[Booked]) -> None:
    store = Store()

    store.bring(files.camt(lines, statement="S1"))
    store.bring(files.camt(lines, statement="S2", opening=Decimal(7)))
    store.bring(
        files.camt([replace(line, text=f"{line.text} LTD") for line in lines], statement="S2", opening=Decimal(7))
    )

    assert len(store.legs) == 2 * len(lines)


def test_a_line_issued_again_under_its_reference_says_what_it_says_last() -> None:
    store, line = Store(), Booked(date(2026, 1, 2), Decimal("210.00"), "SHOP PAYOUT", "REF9")

    store.bring(files.camt([line]))
    store.bring(files.camt([replace(line, amount=Decimal("211.00"), text="SHOP PAYOUT 9001")]))

    assert told(list(store.legs.values())) == [(line.on, Decimal("211.00"), "SHOP PAYOUT 9001")]


def test_references_that_differ_in_one_format_are_two_lines_and_no_reference_is_none() -> None:
    store, line = Store(), Booked(date(2026, 1, 2), Decimal("50.00"), "STANDING ORDER", "F1")

    store.bring(files.ofx([line]))
    store.bring(files.ofx([replace(line, ref="F2")]))
    store.bring(files.camt([replace(line, ref="NOTPROVIDED")]))

    assert len(store.legs) == 2


@pytest.mark.parametrize(
    ("cells", "text", "value"),
    [
        (["1,234.56"], "1,000", "1000"), (["1.234,56"], "1.000", "1000"), (["12,50"], "1,50", "1.50"),
        (["1 234,50", "12,5"], "1 000", "1000"), (["(12.50)"], "(1,000.00)", "-1000"), (["12.50-"], "1,000-", "-1000"),
        (["£3.00"], "£1,000", "1000"), (["3.00 DR"], "4.00 DR", "-4"), (["3.00 CR"], "4.00 CR", "4"),
        (["1'234.50"], "\u22121'000", "-1000"),
    ],
)  # fmt: skip
def test_the_other_cells_of_a_file_say_how_it_writes_amounts(cells: list[str], text: str, value: str) -> None:
    written = seen_amounts([*enumerate(cells), (9, text)])

    assert written.read(text, "GBP") == Decimal(value)


@pytest.mark.parametrize("text", ["1,000", "1.000", "12,345", "-1,000", "(1.234)"])
def test_a_cell_alone_that_may_be_thousands_or_decimals_is_refused(text: str) -> None:
    with pytest.raises(MalformedPayloadError, match="may be thousands or decimals"):
        seen_amounts([(2, text)]).read(text, "GBP")


@pytest.mark.parametrize(
    "text",
    ["", "-", "fifty", "NaN", "1,23.45", "12.5.3", "1..2", "(3", "3-4", "€3.00", "--3", "1 23", "0,123", "3.00 X"],
)
@pytest.mark.parametrize("mark", ["", ".", ","])
def test_what_is_no_amount_is_refused(mark: Mark, text: str) -> None:
    with pytest.raises(MalformedPayloadError):
        Amounts(mark).read(text, "GBP")


def test_two_notations_in_one_file_refuse_it() -> None:
    with pytest.raises(MalformedPayloadError, match=r"line 3.*line 2"):
        seen_amounts([(2, "12.34"), (3, "1.234,56")])
    with pytest.raises(MalformedPayloadError, match=r"line 3.*line 2"):
        seen_days([(2, "31/01/2026"), (3, "01/31/2026")])


@pytest.mark.parametrize(
    ("cells", "text", "on"),
    [
        (["31/01/2026"], "03/02/2026", date(2026, 2, 3)), (["01/31/2026"], "03/02/2026", date(2026, 3, 2)),
        ([], "03.02.26", date(2026, 2, 3)), ([], "3 Feb 2026", date(2026, 2, 3)), ([], "Feb 3, 2026", date(2026, 2, 3)),
        ([], "2026-02-03T23:59:00-08:00", date(2026, 2, 3)), ([], "20260203", date(2026, 2, 3)),
        ([], "04/04/2026", date(2026, 4, 4)),
    ],
)  # fmt: skip
def test_a_day_is_read_as_the_file_writes_days(cells: list[str], text: str, on: date) -> None:
    if text == "04/04/2026":
        cells = ["31/01/2026"]
    assert seen_days([*enumerate(cells), (9, text)]).read(text) == on


@pytest.mark.parametrize("text", ["03/02/2026", "2026-02-30", "3 Fob 2026", "yesterday", "1926-01-01", "13/13/2026"])
def test_a_day_that_may_be_two_or_none_is_refused(text: str) -> None:
    with pytest.raises(MalformedPayloadError):
        Days().read(text)
