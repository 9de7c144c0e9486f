"""Identifiers compare equal however they are spelled, and what is spelled as usual stays as it is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.clients import happy_returns_wire
from statemachine.refs import credit_ref, fold_code, fold_id
from statemachine.units import Return, Unit
from tests.samples import FULL_ITEM, WEBHOOK

UUID = "0d5f4c1e-7c1b-4c55-9a51-3f0f8d1b7a10"
WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in UUID)
SPELLINGS = [UUID.upper(), f"  {UUID}\t", f"\u00a0{UUID}\u3000", WIDE, f"\ufeff{UUID}\u200b", WIDE.upper()]


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_every_spelling_of_an_id_is_the_same_id(spelled: str) -> None:
    assert fold_id(spelled) == UUID


def test_what_is_spelled_as_usual_stays_as_it_is() -> None:
    assert (fold_id(UUID), fold_code("HRK7Q2MX"), fold_code("HRABCDEF-1234-1")) == (UUID, "HRK7Q2MX", "HRABCDEF-1234-1")
    assert credit_ref("acme", UUID, "10422", 1) == "HW-2b27568e3f9161f48e70-1"
    assert credit_ref("acme", UUID.upper(), "#10422", 1) == credit_ref("acme", UUID, "10422", 1)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold_id(fold_id(text)) == fold_id(text)
    assert fold_code(fold_code(text)) == fold_code(text)


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Z"))))
def test_capitals_and_small_letters_fold_alike(text: str) -> None:
    assert fold_id(text.upper()) == fold_id(text.lower())
    assert fold_code(text.upper()) == fold_code(text.lower())


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_nobody_can_hold_an_id_in_another_form(spelled: str) -> None:
    unit, instance = (
        Unit("key", happy_item_id=spelled, bag="hr2x"),
        Return("acme", spelled, "1", express_code="hrk7q2mx"),
    )

    assert (unit.happy_item_id, unit.bag) == (UUID, "HR2X")
    assert (instance.happy_return_id, instance.express_code) == (UUID, "HRK7Q2MX")
    assert replace(unit, happy_item_id=spelled).happy_item_id == UUID


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_an_item_is_read_alike_however_its_ids_are_spelled(spelled: str) -> None:
    usual = {**FULL_ITEM, "happyReturnsReturnID": UUID, "happyReturnsItemID": UUID}
    unusual = {
        **usual,
        "happyReturnsReturnID": spelled,
        "happyReturnsItemID": spelled,
        "happyReturnsExpressCode": "hrk7q2mx ",
    }

    item, other = (happy_returns_wire.read_item(told, "item", []) for told in (usual, unusual))

    assert other.unit == item.unit
    assert (other.happy_return_id, other.express_code) == (item.happy_return_id, item.express_code)
    assert other.item_id_as_sent == spelled.strip()


@pytest.mark.parametrize("blank", ["", "  ", "\u200b", "\ufeff \u00a0"])
def test_an_id_of_nothing_that_can_be_seen_is_no_id(blank: str) -> None:
    items, faults = happy_returns_wire.read_items([{**FULL_ITEM, "happyReturnsReturnID": blank}])

    assert items == ()
    assert faults == ("items[0].happyReturnsReturnID: is required",)


def test_a_label_names_its_return_in_any_spelling() -> None:
    notice = happy_returns_wire.read_notice(
        {**WEBHOOK, "event": "return_label_update", "labelID": "x", "happyReturnsExpressCode": "ＨＲk7q2mx"}
    )

    assert notice.label_code == "HRK7Q2MX"
