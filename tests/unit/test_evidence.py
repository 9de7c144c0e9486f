"""What a vendor's answer proves: whole answers only, refusals only in its own words, and lags only once measured."""

import json
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.clients import brightpearl_wire as bp
from daemon.clients.brightpearl_credits import is_created, unfinished
from daemon.clients.brightpearl_transport import is_throttled, judge_write
from daemon.clients.results import ById, Complete, Partial, ReadResult, grouped, joined, require_whole
from daemon.errors import IncompleteReadError, NotPermittedError, OutcomeUnknownError, RejectedError
from daemon.loops.index_lag import SAMPLES_NEEDED, IndexLag
from daemon.settings_merchant import BrightpearlSettings
from statemachine.credit.snapshot import CreditRow, ExistingCredit

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
COLUMNS = ("orderId", "orderTypeId", "parentOrderId")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


def a_page(*rows: list[Any]) -> dict[str, Any]:
    return {
        "metaData": {
            "columns": [{"name": name} for name in COLUMNS], "resultsReturned": len(rows), "resultsAvailable": len(rows),
            "firstResult": 1, "morePagesAvailable": False,
        },
        "results": list(rows),
    }  # fmt: skip


def paths_in(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, each in inner for path in paths_in(each, (*at, key)))]


def changed(page: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The page with another value, or none at all, at this place."""
    if not path:
        return new
    page = deepcopy(page)
    holder = page
    for key in path[:-1]:
        holder = holder[key]
    if new is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = new
    return page


# -- searches ---------------------------------------------------------------------------------------------------------------


def test_a_whole_page_has_no_fault() -> None:
    page = bp.read_search(a_page([7, 3, 5], [8, 3, 5]))

    assert not page.fault
    assert [row["orderId"] for row in page.rows] == [7, 8]


@given(st.data())
def test_a_page_spoiled_at_any_place_never_shows_fewer_rows_in_silence(data: st.DataObject) -> None:
    whole = a_page([7, 3, 5], [8, 3, 5])
    path = data.draw(st.sampled_from(paths_in(whole)))
    new = data.draw(st.just(...) | JSON) if path else data.draw(JSON)

    page = bp.read_search(changed(whole, path, new))

    assert page.fault or page.more or len(page.rows) == 2


@pytest.mark.parametrize("told", [None, {}, [], "", 7, {"results": []}, {"results": None, "metaData": {}}])
def test_a_hollow_answer_is_not_an_empty_one(told: Any) -> None:
    assert bp.read_search(told).fault


# -- results ----------------------------------------------------------------------------------------------------------------


def test_what_is_joined_or_grouped_is_as_complete_as_its_worst_part() -> None:
    parts: list[ReadResult[list[int]]] = [Complete([1]), Partial([2], "page 2"), Partial([3], "page 2")]

    both = joined(parts)

    assert both == Partial([1, 2, 3], "page 2")
    assert grouped(both, [1, 9], int) == {1: Partial([1], "page 2"), 9: Partial([], "page 2")}
    with pytest.raises(IncompleteReadError, match="page 2"):
        require_whole(both)


def test_an_id_that_nobody_asked_for_is_not_known_to_be_gone() -> None:
    read: ById[str] = ById({1: "one"}, gone={2}, unread={3: "left out"})

    assert read.of([1, 2]) == Complete(["one"])
    assert read.of([1, 3]) == Partial(["one"], "left out")
    assert read.of([1, 4]) == Partial(["one"], "4 was not asked for")


# -- credits that are being written -----------------------------------------------------------------------------------------


def written_by_hand(at: datetime, reference: str = "") -> ExistingCredit:
    row = CreditRow(1, 7, Decimal(1), Decimal("10.00"), Decimal("2.00"))
    return ExistingCredit(77, 5, reference, "", "GBP", at, False, (row,))


@pytest.mark.parametrize("apart", [-119, -3, 0, 3, 119])
def test_a_credit_written_a_moment_ago_is_not_taken_for_whole_whichever_clock_is_behind(apart: int) -> None:
    credit = written_by_hand(NOON - timedelta(seconds=apart))

    assert "a moment ago" in unfinished(credit, NOON, is_ours=False)
    assert unfinished(credit, NOON, is_ours=True) == ""


@pytest.mark.parametrize("apart", [-120, 120, 3600])
def test_a_credit_that_was_left_alone_for_two_minutes_is_whole(apart: int) -> None:
    assert unfinished(written_by_hand(NOON - timedelta(seconds=apart)), NOON, is_ours=False) == ""


KEY = "HW-0123456789abcdef0123-1"


@pytest.mark.parametrize("reference", ["", KEY, KEY.lower(), f" {KEY} ", KEY[:12]])
@pytest.mark.parametrize("parent", [5, 0])
def test_a_credit_under_the_number_that_was_answered_is_ours_where_nothing_on_it_is_anothers(
    reference: str, parent: int
) -> None:
    credit = replace(written_by_hand(NOON, reference), parent_order_id=parent)

    assert is_created(credit, 5, KEY)


@pytest.mark.parametrize(
    ("parent", "reference"), [(6, ""), (6, KEY), (5, "goodwill"), (0, "H"), (5, "HW-ffff"), (5, f"{KEY}-1")]
)
def test_the_number_that_was_answered_makes_no_credit_ours_that_is_anothers(parent: int, reference: str) -> None:
    credit = replace(written_by_hand(NOON, reference), parent_order_id=parent)

    assert not is_created(credit, 5, KEY)
    assert not is_created(credit, 5, None)


# -- answers to writes ------------------------------------------------------------------------------------------------------

OWN = {"errors": [{"code": "ORDC-012", "message": "The order cannot be credited"}]}


@pytest.mark.parametrize("status", [400, 404, 409, 422, 200])
def test_brightpearls_own_code_is_a_refusal(status: int) -> None:
    with pytest.raises(RejectedError):
        judge_write(status, json.dumps(OWN).encode(), "create-credit")


@pytest.mark.parametrize("status", [401, 403])
def test_its_gateways_words_about_the_token_are_a_refusal(status: int) -> None:
    with pytest.raises(NotPermittedError):
        judge_write(status, b'{"response": "Not authenticated"}', "create-credit")


@pytest.mark.parametrize("status", [*range(300, 309), *range(400, 432), 451, 499, *range(500, 512), 520, 599])
@pytest.mark.parametrize(
    "raw",
    [b"", b"<html>no</html>", b"{}", b"[]", b"null", b'{"errors": []}', b'{"errors": [{"message": "no"}]}', b'{"error": 1}',
     b'{"errors": [{"code": "unavailable"}]}', b'{"errors": [{"code": "ORDC-012"}], "response": 7}', b'{"errors": [{"co',
     b'{"errors": {"code": "ORDC-012"}}'],
)  # fmt: skip
def test_every_other_answer_that_is_no_success_leaves_the_outcome_open(status: int, raw: bytes) -> None:
    with pytest.raises(OutcomeUnknownError):
        judge_write(status, raw, "create-credit")


@pytest.mark.parametrize("raw", [b"<html>ok</html>", b"[]", b'{"errors": []}', b'{"response": 7', b"null"])
def test_a_success_that_cannot_be_read_leaves_it_open_too(raw: bytes) -> None:
    with pytest.raises(OutcomeUnknownError):
        judge_write(200, raw, "create-credit")


OVER_THE_LIMIT = "You have sent too many requests. Please wait before sending another request"


@pytest.mark.parametrize(
    "content",
    [{"response": OVER_THE_LIMIT}, {"errors": [{"code": "CMNC-503", "message": OVER_THE_LIMIT}]},
     {"errors": [{"message": OVER_THE_LIMIT.upper()}]}],
)  # fmt: skip
def test_brightpearls_own_sentence_in_its_envelope_says_that_it_was_over_the_limit(content: Any) -> None:
    assert is_throttled(json.dumps(content).encode())


@pytest.mark.parametrize(
    "raw",
    [b"", b"too many requests", b"<html><title>429 Too Many Requests</title></html>", b'"You have sent too many requests"',
     b'{"response": "429 Too Many Requests"}', b'{"message": "You have sent too many requests"}', b'{"response": 7}',
     b'{"response": {"message": "You have sent too many requests"}}', b'{"errors": ["You have sent too many requests"]}',
     b'{"errors": [{"message": "You have sent too many requests"}], "response": 7}',
     b'{"errors": [{"code": "ORDC-012"}, {"message": "You have sent too many requests"}]}'],
)  # fmt: skip
def test_a_limit_in_any_other_form_is_not_brightpearls_own(raw: bytes) -> None:
    assert not is_throttled(raw)


# -- how long a lost write is looked for ------------------------------------------------------------------------------------


SETTINGS = BrightpearlSettings(
    base_url="https://brightpearl.test/public-api/acme", app_ref="acme_homeward", account_token_file=Path("token")
)


def lag_of(*seconds: float) -> IndexLag:
    lag = IndexLag()
    for each in seconds:
        lag.shown("credit", timedelta(0), timedelta(seconds=each))
    return lag


def test_an_unmeasured_lag_is_waited_out_for_ten_minutes() -> None:
    assert lag_of(*[1.0] * (SAMPLES_NEEDED - 1)).patience("credit", SETTINGS) == timedelta(minutes=10)


def test_a_measured_lag_is_waited_out_three_times_and_never_less_than_the_floor() -> None:
    slow, fast = lag_of(*[1.0] * 150, 900.0, 900.0), lag_of(*[1.0] * SAMPLES_NEEDED)

    assert slow.patience("credit", SETTINGS) == timedelta(minutes=45)
    assert fast.patience("credit", SETTINGS) == timedelta(seconds=60)
    assert fast.patience("payment", SETTINGS) == timedelta(minutes=10)


def test_a_lag_survives_a_restart() -> None:
    restored = IndexLag()

    restored.restore(json.loads(json.dumps(lag_of(*[30.0] * SAMPLES_NEEDED).as_json())))

    assert restored.p99("credit") == timedelta(seconds=30)
