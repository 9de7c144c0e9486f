"""What people are shown: steps without commands, bodies without people, sheets without formulas, charts with every value."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import openpyxl
import orjson
import pytest

from daemon.filters import FilterError, compile_filter, parse, term
from daemon.store.reports import plain_name
from daemon.views.both_sides import _announced, legs
from daemon.views.masking import COVER, body_text
from daemon.views.moments import age
from daemon.views.pack import Pack, Sheet, as_workbook
from daemon.views.sheets import separated
from daemon.views.steps import on_a_page
from daemon.web.charts import Series, stacked
from statemachine.causes import CAUSES

BEYOND = ("age>9999999w", "since>0001-01-01", "not " * 60 + "state=closed", "(" * 60 + "a=1" + ")" * 60)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_no_step_on_a_page_names_a_command_that_has_a_button() -> None:
    told = {cause.code: on_a_page(cause.next_step) for cause in CAUSES.values()}

    assert [code for code, words in told.items() if "homeward " in words] == []
    assert told["value-ceiling"].endswith("then “Accept”")


@pytest.mark.parametrize(
    ("body", "shown", "covered"),
    [
        ({"email": "a@b.example", "sku": "TEE"}, ["TEE"], ["a@b.example"]),
        ({"customer": {"id": 7, "state": "NY"}}, [], ["7", "NY"]),
        ({"shippingAddress": {"countryCode": "GB", "provinceCode": "ENG"}}, [], ["GB", "ENG"]),
        ({"birthDate": "1990-01-01", "lat": 51.5, "startedAt": "2026-03-02"}, ["2026-03-02"], ["1990", "51.5"]),
        ({"productName": "Crew Tee", "orderNumber": "10422", "unknown": "Smith"}, ["10422"], ["Smith"]),
        ({"reason": "mail me: a@b.example"}, [], ["a@b.example"]),
    ],
)
def test_what_may_be_personal_is_covered(body: dict[str, object], shown: list[str], covered: list[str]) -> None:
    raw = orjson.dumps(body)

    told, asked_for = body_text(raw, reveals=False), body_text(raw, reveals=True)

    assert all(each in told for each in shown)
    assert not any(each in told for each in covered)
    assert all(each in asked_for for each in (*shown, *covered))
    assert COVER not in asked_for


def test_a_body_that_is_no_json_is_covered_whole() -> None:
    assert "Smith" not in body_text(b"Smith, 1 Some Street", reveals=False)
    assert "Smith" in body_text(b"Smith, 1 Some Street", reveals=True)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-cmd", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_is_never_a_formula(cell: str) -> None:
    ((_,), (told,)) = csv.reader(io.StringIO(separated(["x"], [{"x": cell}]), newline=""))

    assert told == f"'{cell}"


def test_a_negative_number_stays_one() -> None:
    assert separated(["x"], [{"x": "-12.50"}]).splitlines() == ["x", "-12.50"]


@pytest.mark.parametrize(
    ("scanned", "meant"),
    [
        (" HRK7Q2MX\r\n", "HRK7Q2MX"), ("https://example.test/r/HRK7Q2MX?x=1", "HRK7Q2MX"), ("1Z 999 AA1", "1Z999AA1"),
        ("x" * 500, "x" * 120), ("\x00HR1", "HR1"),
    ],
)  # fmt: skip
def test_what_scanners_put_around_a_code_is_left_out(scanned: str, meant: str) -> None:
    assert plain_name(scanned) == meant


@pytest.mark.parametrize("value", ["plain", 'a "quoted" word', "back\\slash", "a b\\", "x=1 or y=2", "ÄÖ", "'"])
def test_a_value_comes_out_of_a_filter_as_it_went_in(value: str) -> None:
    assert parse(term("sku", value)).values == (value,)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["age>9999999w", "since>0001-01-01", "not " * 60 + "state=closed", "(" * 60 + "a=1" + ")" * 60]
)
def test_a_filter_beyond_all_measure_is_refused_with_words(text: str) -> None:
    with pytest.raises(FilterError):
        compile_filter(text, NOON)


def test_times_are_told_as_people_say_them() -> None:
    assert age(NOON - timedelta(hours=3), NOON) == "3 h ago"
    assert age(NOON + timedelta(days=2), NOON) == "in 2 d"


def test_a_chart_draws_what_is_there_and_keeps_every_value_for_its_table() -> None:
    drawn = stacked(["Mon", "Tue"], [Series("stuck", (3, 0)), Series("done", (1, 4))], title="Returns")

    assert drawn is not None
    assert [(bar.series, bar.tells) for bar in drawn.bars] == [
        (1, "Mon: 3 stuck"),
        (2, "Mon: 1 done"),
        (2, "Tue: 4 done"),
    ]
    assert [each.values for each in drawn.series] == [(3, 0), (1, 4)]
    assert stacked([], [], title="Nothing") is None


@pytest.mark.parametrize(
    ("amount", "shape"), [("1234", "#,##0"), ("12.34", "#,##0.00"), ("10.125", "#,##0.000"), ("0.00", "#,##0.00")]
)
def test_a_workbooks_sum_shows_the_decimals_it_has(amount: str, shape: str) -> None:
    pack = Pack("p", "Pack", "", NOON, [Sheet("s", "Sheet", ("value",), [{"value": Decimal(amount)}])])

    cell = openpyxl.load_workbook(io.BytesIO(as_workbook(pack)))["s"]["A2"]

    assert (cell.value, cell.number_format) == (float(amount), shape)


def test_both_sides_tell_yen_in_yen_and_dinars_to_the_thousandth() -> None:
    credit = {
        "id": 7,
        "net": Decimal(333),
        "tax": Decimal("33.00"),
        "currency": "JPY",
        "invoice_reference": "",
        "adopted": False,
    }
    unit = {"goods_in_id": None, "dropoff_method": "mail", "announced": Decimal("10.125"), "announced_currency": "KWD"}
    found = {
        "credit": credit,
        "payment": None,
        "units": [unit],
        "state": "credited",
        "refund_due": True,
        "close_due": True,
    }

    (leg, *_) = legs({**found, "goods_in": []})

    assert leg["told"] == "7 over 366 JPY"
    assert _announced([unit, unit]) == "20.250 KWD"
