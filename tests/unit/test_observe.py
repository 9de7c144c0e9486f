"""One look at Happy Returns: which units it shows, once each, under the keys they are known by."""

from dataclasses import replace
from typing import Any

import pytest

from daemon.clients.happy_returns_wire import Item, read_items
from daemon.loops.observe import KnownUnit, Seen, understand
from statemachine.events import DroppedOff, Started
from tests.samples import FULL_ITEM
from tests.unit.returns import NOON

RETURN = FULL_ITEM["happyReturnsReturnID"]


def items(*told: dict[str, Any]) -> tuple[Item, ...]:
    return read_items([{**FULL_ITEM, **each} for each in told])[0]


def look(*shown: Item, confirmed: bool = True) -> Seen:
    return Seen(tuple(shown), confirmed, "poll", NOON, None, "digest")


def keys_of(seen: Seen, *known: KnownUnit) -> list[str]:
    arrivals = understand(seen, {RETURN: known}).arrivals
    (started,) = [arrival.event for arrival in arrivals if isinstance(arrival.event, Started)]
    return [unit.key for unit in started.units]


def test_an_item_that_is_listed_twice_is_one_unit() -> None:
    shown = items({}, {}, {"happyReturnsItemID": str(FULL_ITEM["happyReturnsItemID"]).upper()})

    assert keys_of(look(*shown)) == [FULL_ITEM["happyReturnsItemID"]]


def test_of_an_item_listed_twice_the_further_progress_counts() -> None:
    behind, ahead = items({"droppedOffAt": None}, {})

    for order in ((behind, ahead), (ahead, behind)):
        arrivals = understand(look(*order), {}).arrivals
        (dropped,) = [arrival.event for arrival in arrivals if isinstance(arrival.event, DroppedOff)]
        assert len(dropped.units) == 1
        assert dropped.units[0].dropped_off_at is not None


def test_equal_lines_without_item_ids_are_as_many_units_as_there_are() -> None:
    shown = items(*[{"happyReturnsItemID": "", "orderLineItemID": "12345"}] * 2)

    assert keys_of(look(*shown)) == ["12345", "12345#1"]


def test_item_ids_that_come_later_are_those_of_the_units_known_by_their_line() -> None:
    known = [KnownUnit("10422", key, "", "12345") for key in ("12345", "12345#1")]
    shown = items(
        {"happyReturnsItemID": "b", "orderLineItemID": "12345"}, {"happyReturnsItemID": "a", "orderLineItemID": "12345"}
    )

    assert sorted(keys_of(look(*shown), *known)) == ["12345", "12345#1"]
    assert sorted(keys_of(look(*reversed(shown)), *known)) == ["12345", "12345#1"]


def test_once_one_of_them_has_its_id_the_other_item_is_the_other_unit() -> None:
    known = [KnownUnit("10422", "12345", "", "12345"), KnownUnit("10422", "12345#1", "b", "12345")]
    shown = items(
        {"happyReturnsItemID": "a", "orderLineItemID": "12345"}, {"happyReturnsItemID": "b", "orderLineItemID": "12345"}
    )

    assert keys_of(look(*shown), *known) == ["12345", "12345#1"]


@pytest.mark.parametrize("line", ["12345-0-2", "12345"])
def test_a_unit_that_gets_another_item_id_under_its_own_line_stays_itself(line: str) -> None:
    known = KnownUnit("10422", "old", "old", line)
    (shown,) = items({"happyReturnsItemID": "new", "orderLineItemID": line})

    assert keys_of(look(shown), known) == ["old"]
    assert keys_of(look(shown), replace(known, order_key="another")) == ["new"]


def test_units_beyond_those_known_by_a_line_are_new() -> None:
    known = [KnownUnit("10422", "12345", "", "12345")]
    shown = items(*[{"happyReturnsItemID": name, "orderLineItemID": "12345"} for name in ("a", "b")])

    assert keys_of(look(*shown), *known) == ["12345", "b"]


ITEM, LINE, SKU, UPC = "happyReturnsItemID", "orderLineItemID", "sku", "upc"


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (KnownUnit("10422", "u", "", "line-ab", "TEE"), {ITEM: "", LINE: "LINE-ab"}),
        (KnownUnit("10422", "u", "", "77", "TEE"), {ITEM: "", LINE: "\uff17\uff17"}),
        (KnownUnit("10422", "u", "", "77", "TEE"), {ITEM: "", LINE: ""}),
        (KnownUnit("10422", "u", "a", "77", "TEE"), {ITEM: "", LINE: ""}),
        (KnownUnit("10422", "u", "", "", "TEE"), {ITEM: "", LINE: "", SKU: "tee"}),
        (KnownUnit("10422", "u", "a", "", "TEE"), {ITEM: "", LINE: "77"}),
        (KnownUnit("10422", "u", "", "77", "TEE"), {ITEM: "", LINE: "77-0-4"}),
        (KnownUnit("10422", "u", "", "77-0-4", "TEE"), {ITEM: "a", LINE: "77"}),
        (KnownUnit("10422", "u", "a", "77-0-4", "TEE"), {ITEM: "", LINE: "77"}),
        (KnownUnit("10422", "u", "a", "77", "TEE"), {ITEM: "", LINE: "", SKU: "", UPC: "012"}),
        (KnownUnit("10422", "u", "", "", "TEE", "012"), {ITEM: "", LINE: "", SKU: "", UPC: "012"}),
        (KnownUnit("10422", "u", "", "", "", "012"), {ITEM: "", LINE: "", UPC: "", "labelBarcode": ""}),
    ],
)
def test_an_item_that_names_its_unit_otherwise_is_no_second_unit(known: KnownUnit, told: dict[str, Any]) -> None:
    (shown,) = items({SKU: "TEE", **told})

    assert keys_of(look(shown), known) == ["u"]


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (KnownUnit("10422", "u", "a", "77-0-4", "TEE"), {ITEM: "b", LINE: "77-1-4"}),
        (KnownUnit("10422", "u", "", "77-0-4", "TEE"), {ITEM: "", LINE: "77-1-4"}),
        (KnownUnit("10422", "u", "a", "", "TEE"), {ITEM: "b", LINE: ""}),
        (KnownUnit("10422", "u", "", "77", "TEE"), {ITEM: "", LINE: "78"}),
        (KnownUnit("10422", "u", "a", "77", "TEE"), {ITEM: "", LINE: "", SKU: "CAP"}),
        (KnownUnit("10422", "u", "", "77", "TEE", "012"), {ITEM: "", LINE: "", SKU: "", UPC: "013"}),
    ],
)
def test_an_item_whose_names_contradict_the_units_is_another_unit(known: KnownUnit, told: dict[str, Any]) -> None:
    (shown,) = items({SKU: "TEE", **told})

    assert keys_of(look(shown), known) != ["u"]


def test_the_surest_names_of_all_items_go_first() -> None:
    known = [KnownUnit("10422", "u", "a", "77", "TEE")]
    told = ({ITEM: "", LINE: "", SKU: "TEE"}, {ITEM: "b", LINE: "77"}, {ITEM: "a", LINE: "77"})

    assert keys_of(look(*items(*told)), *known) == ["TEE", "b", "u"]
