"""Payouts, invoices and statements in the formats they really come in; and thirty ways to damage them, each told by row."""

import gc
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

import pytest

from daemon.errors import MalformedPayloadError
from daemon.finance.formats.catalogue import detect, read_file
from daemon.finance.formats.reading import Context, Reading, Row
from daemon.settings_finance import MappedFileSettings
from statemachine.books.legs import Kind, Leg
from statemachine.books.payouts import Part, Says
from tests import finance_files as files

GERMAN = MappedFileSettings(
    covers="payouts", provider="klarna", date_format="%d.%m.%Y", decimal_comma=True, currency="EUR",
    columns={"id": "Ref", "date": "Tag", "amount": "Betrag", "type": "Art", "order": "Bestellung", "payout": "Auszahlung"},
    refund_types=("Erstattung",),
)  # fmt: skip
CONTEXT = Context(ZoneInfo("Europe/London"), {"klarna-de": GERMAN})


@dataclass(frozen=True)
class Whole:
    """A file that was read to its end."""

    reading: Reading
    rows: list[Row]

    @property
    def payouts(self) -> list[tuple[str, str, str]]:
        """Number, what it comes to, and currency."""
        parts: dict[tuple[str, str], list[Part]] = {}
        for row in self.rows:
            if row.part is not None and row.part.payout_id:
                parts.setdefault((row.part.payout_id, row.part.currency), []).append(row.part)
        found = []
        for (number, money), mine in parts.items():
            moved = [each.net - each.fee for each in mine if each.says is Says.MOVED]
            counts = [each.net for each in mine if each.says is Says.COUNTS]
            found.append((number, str(sum(moved or counts)), money))
        return found


def read(text: str, given: str = "") -> Whole:
    reading = read_file(text.encode(), CONTEXT, given=given)
    return Whole(reading, list(reading.rows))


def legs(reading: Whole) -> list[Leg]:
    return [row.leg for row in reading.rows if row.leg is not None]


@pytest.mark.parametrize(
    ("text", "name", "kind", "told"),
    [
        (files.SHOPIFY, "shopify", Kind.PAYOUT, [("24.00", "GBP", date(2026, 1, 6), "1042")] * 2),
        (files.STRIPE, "stripe", Kind.PAYOUT, [("30.50", "EUR", date(2026, 1, 6), "2042")]),
        (files.PAYPAL, "paypal", Kind.PAYOUT, [("25.50", "USD", date(2026, 1, 7), "3042")]),
        (files.ADYEN, "adyen", Kind.PAYOUT, [("20.25", "USD", date(2026, 1, 6), "4042")]),
        (files.INVOICE, "happy-returns-invoice", Kind.FEE, [
            ("1.50", "USD", date(2026, 1, 6), "1042"), ("3.95", "USD", date(2026, 1, 7), "1042"),
            ("-2.00", "USD", date(2026, 1, 31), ""),
        ]),
        (files.CAMT, "camt.053", Kind.BANK, [
            ("24.55", "GBP", date(2026, 1, 9), ""), ("-10.00", "GBP", date(2026, 1, 10), ""),
        ]),
        (files.OFX, "ofx", Kind.BANK, [
            ("48.25", "USD", date(2026, 1, 9), ""), ("-5.00", "USD", date(2026, 1, 10), ""),
        ]),
        (files.BANK_CSV, "bank-csv", Kind.BANK, [
            ("24.55", "GBP", date(2026, 1, 9), ""), ("-10.00", "GBP", date(2026, 1, 10), ""),
        ]),
    ],
)  # fmt: skip
def test_a_file_is_recognised_and_read(
    text: str, name: str, kind: Kind, told: list[tuple[str, str, date, str]]
) -> None:
    assert detect(text.encode()) == name

    found = read(text)

    assert [row.rejected for row in found.rows if row.rejected] == []
    assert {leg.kind for leg in legs(found)} == {kind}
    assert [(str(leg.amount), leg.currency, leg.on, leg.order) for leg in legs(found)] == told
    assert len({leg.key for leg in legs(found)}) == len(told)
    assert [leg.key for leg in legs(read(text))] == [leg.key for leg in legs(found)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (files.SHOPIFY, [("99001", "0.55", "GBP")]), (files.STRIPE, [("po_1", "47.40", "EUR")]),
        (files.PAYPAL, [("7PO11111AA222222B", "32.46", "USD")]), (files.ADYEN, [("AcmeUS/17", "48.25", "USD")]),
    ],
)  # fmt: skip
def test_the_lines_of_a_payout_make_the_transfer_to_the_bank(text: str, told: list[tuple[str, str, str]]) -> None:
    found = read(text)

    assert found.payouts == told


def test_a_file_of_any_other_making_is_read_by_its_map() -> None:
    found = read(files.MAPPED, "klarna-de")

    (refund,) = legs(found)
    assert (refund.amount, refund.currency, refund.order) == (Decimal("24.50"), "EUR", "5042")
    assert refund.facts["provider"] == "klarna"
    assert found.payouts == [("A1", "999.50", "EUR")]


BROKEN: dict[str, tuple[str, str, str, str, str]] = {
    "shopify: no amount": (files.SHOPIFY, "-24.00,0.00,-24.00,c2", ",0.00,-24.00,c2", "", "amount: is empty"),
    "shopify: words for an amount": (files.SHOPIFY, "50.00,1.45", "fifty,1.45", "", "'fifty' is no amount"),
    "shopify: three decimals": (files.SHOPIFY, "50.00,1.45", "50.005,1.45", "", "more decimals than GBP has"),
    "shopify: not a number": (files.SHOPIFY, "50.00,1.45", "NaN,1.45", "", "is no amount"),
    "shopify: a net that does not add up": (files.SHOPIFY, "48.55", "48.50", "", "is not amount 50.00 less fee 1.45"),
    "shopify: a refund that pays us": (files.SHOPIFY, "-24.00,0.00,-24.00", "24.00,0.00,24.00", "", "must be negative"),
    "shopify: a status nobody names": (files.SHOPIFY, "online,paid", "online,payed", "", "none that Shopify names"),
    "shopify: a refund of no order": (files.SHOPIFY, "refund,#1042", "refund,", "", "order: is empty"),
    "shopify: a day that is none": (files.SHOPIFY, "2026-01-05 10:12", "2026-02-31 10:12", "", "is not a day as 2026-01-31"),
    "shopify: an American day": (files.SHOPIFY, "2026-01-05 10:12:00 +0000", "01/05/2026", "", "transaction date"),
    "shopify: a year that cannot be": (files.SHOPIFY, "2026-01-05 10", "1926-01-05 10", "", "the year 1926 cannot be"),
    "shopify: a currency in words": (files.SHOPIFY, "c1,card,,,GBP", "c1,card,,,Pound", "", "no currency of ISO 4217"),
    "shopify: a comma too many": (files.SHOPIFY, "c1,card,,,GBP", "c1,card,,,GBP,more", "", "more cells than the heading"),
    "shopify: a huge cell": (files.SHOPIFY, "c1,card", f"{'c' * 600},card", "", "longer than 500 characters"),
    "stripe: the same transaction twice": (files.STRIPE, "txn_2", "txn_1", "", "is on line 2 already"),
    "stripe: no category": (files.STRIPE, ",charge,", ",,", "", "reporting_category: is empty"),
    "stripe: a refund without a minus": (files.STRIPE, "-30.50,0.00,-30.50", "30.50,0.00,30.50", "", "must be negative"),
    "stripe: gross and net apart": (files.STRIPE, "77.90", "70.90", "", "is not gross 80.00 less fee 2.10"),
    "paypal: neither debit nor credit": (files.PAYPAL, '"DR",\\\n"2550"', '"XX","2550"', "", "neither DR nor CR"),
    "paypal: an amount with a point": (files.PAYPAL, '"2550"', '"25.50"', "", "not a count of the smallest unit"),
    "paypal: an event code of words": (files.PAYPAL, '"T1107"', '"REFUND"', "", "not T and four digits"),
    "paypal: a line of no known kind": (files.PAYPAL, '"SF","USD"', '"ZZ","USD"', "", "begins with 'ZZ'"),
    "adyen: a batch of words": (files.ADYEN, ",R-77,17", ",R-77,seventeen", "", "is no number"),
    "adyen: neither debit nor credit": (files.ADYEN, "USD,20.25,,1,USD,20.25,,", "USD,20.25,,1,USD,,,", "", "both are empty"),
    "adyen: a minus in a debit": (files.ADYEN, "USD,20.25,,1,USD,20.25", "USD,20.25,,1,USD,-20.25", "", "must not be negative"),
    "invoice: an unknown kind of fee": (files.INVOICE, "item_fee", "handling", "", "fee_type: 'handling' is none of"),
    "invoice: a fee of nothing": (files.INVOICE, "HRK7Q2MX,1042,,", ",,,", "", "names neither an express code"),
    "invoice: a negative fee": (files.INVOICE, "item_fee,1.50", "item_fee,-1.50", "", "only an adjustment may be"),
    "camt: neither in nor out": (files.CAMT, "DBIT", "BOTH", "", "neither CRDT nor DBIT"),
    "camt: an amount in words": (files.CAMT, ">24.55<", ">much<", "", "'much' is no amount"),
    "camt: a negative amount": (files.CAMT, ">24.55<", ">-24.55<", "", "CdtDbtInd says the direction"),
    "camt: no day": (files.CAMT, "<Dt>2026-01-09</Dt>", "", "", "BookgDt: is empty"),
    "bank: a bracketed word": (files.BANK_CSV, "24.55", "(none)", "", "is no amount"),
    "mapped: a day of another country": (files.MAPPED, "06.01.2026", "2026-01-06", "klarna-de", "is not a day as %d.%m.%Y"),
    "mapped: no number of its own": (files.MAPPED, "K2;", ";", "klarna-de", "ref: is empty"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_damaged_row_is_refused_with_its_reason_and_the_others_are_kept(name: str) -> None:
    text, old, new, given, reason = BROKEN[name]
    old = old.replace("\\\n", "")
    assert old in text
    sound = read(text, given)

    found = read(text.replace(old, new, 1), given)

    rejected = [row for row in found.rows if row.rejected]
    assert len(rejected) == 1
    assert reason in rejected[0].rejected
    assert rejected[0].number > 0
    assert len(found.rows) >= len(sound.rows)
    assert len([row for row in found.rows if not row.rejected]) == len(sound.rows) - (
        len(found.rows) == len(sound.rows)
    )


WHOLE: dict[str, str] = {
    "": "the file is empty",
    "hello": "looks like none of",
    "a,b\n1,2\n": "looks like none of",
    files.CAMT[:400]: "the XML is broken",
    files.SHOPIFY.replace("Net,", "N,", 1): "lacks",
    '<!DOCTYPE x [<!ENTITY a "b">]><Document><BkToCstmrStmt/></Document>': "defines entities",
    "OFXHEADER:100\n<OFX></OFX>": "no account",
}


@pytest.mark.parametrize("text", WHOLE)
def test_what_is_no_such_file_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(MalformedPayloadError, match=r"line \d+") as refused:
        read(text)
    assert WHOLE[text] in str(refused.value)


def test_an_unknown_format_names_those_there_are() -> None:
    with pytest.raises(MalformedPayloadError, match="shopify, stripe, paypal"):
        read(files.SHOPIFY, "worldpay")


def many_rows(name: str, count: int) -> str:
    """A file of so many rows: its example, with its first row over and over, each with an amount of its own."""
    if name == "camt.053":
        head, entry, tail = re.split(r"(<Ntry>.*?</Ntry>)", files.CAMT, maxsplit=1, flags=re.DOTALL)
        return head + "".join(entry.replace("24.55", f"{n}.55") for n in range(1, count + 1)) + tail
    head, row = files.BANK_CSV.splitlines()[:2]
    return "\n".join([head, *(row.replace("24.55", f"{n}.55") for n in range(1, count + 1)), ""])


@pytest.mark.parametrize("name", ["bank-csv", "camt.053"])
def test_no_more_of_a_long_file_is_held_than_the_piece_in_hand(name: str) -> None:
    reading = read_file(many_rows(name, 2000).encode(), CONTEXT)
    assert reading.format == name

    def alive() -> int:
        return sum(type(thing) in (Row, Element) for thing in gc.get_objects())

    before, held, count = alive(), 0, 0
    for row in reading.rows:
        count += 1
        assert row.rejected == ""
        if count % 200 == 0:
            held = max(held, alive() - before)

    assert count >= 2000
    assert held < 1000  # XML is parsed a piece at a time, of some entries of several elements each


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_table_reads_the_same_in_every_encoding_and_with_every_line_ending(ending: str, encoding: str) -> None:
    text = (
        files.BANK_CSV.replace("\n", ending).replace("24.55", "23.55")
        + f'2026-01-11,1.00,GBP,"Zoë {ending}Größe"{ending}'
    )

    reading = read_file(text.encode(encoding), CONTEXT)
    rows = [row.leg for row in reading.rows if row.leg is not None]

    assert [str(leg.amount) for leg in rows] == ["23.55", "-10.00", "1.00"]
    assert "Zoë" in str(rows[-1].facts["text"])
    assert "Größe" in str(rows[-1].facts["text"])
