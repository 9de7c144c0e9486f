"""Legs of our own returns: one a unit, from what Happy Returns and the warehouse told us. Pure."""

import re
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from statemachine.books.legs import Kind, Leg, Stage
from statemachine.policy import Policy
from statemachine.refs import order_key
from statemachine.states import CloseReason
from statemachine.units import Condition, Progress, Return, Unit

HERE = (Condition.SELLABLE, Condition.DAMAGED, None)
"""What was found of a unit that did arrive; None where nobody looked."""


def day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return moment.astimezone(zone).date() if moment is not None else None


def unit_scope(instance: Return) -> str:
    return f"return:{instance.id}"


def unit_legs(instance: Return, policy: Policy, zone: ZoneInfo) -> list[Leg]:
    """One leg a unit; a unit that moves to another part keeps its key."""
    return [_leg(instance, unit, policy, zone) for unit in instance.units]


def _leg(instance: Return, unit: Unit, policy: Policy, zone: ZoneInfo) -> Leg:
    is_over = instance.close_reason in (CloseReason.EXPIRED, CloseReason.CANCELLED, CloseReason.SAME_GOODS)
    is_written_off = instance.close_reason is CloseReason.WRITTEN_OFF
    bundle = next((place.ref for place in unit.places if place.product_id is not None), "")
    pieces = sum(place.quantity for place in unit.places if place.product_id is None)
    key = order_key(instance.order_number)
    ids = [f"unit:{instance.happy_return_id}/{key}/{unit.key}", f"ref:{instance.credit_ref}"]
    thing = _thing(unit, key)
    if thing:
        ids.append(thing)
    if instance.credit is not None:
        ids.append(f"credit:{instance.credit.id}")
    handed_over = day(unit.dropped_off_at or unit.approved_at or unit.started_at or instance.entered_at, zone)
    assert handed_over is not None
    is_here = (unit.received_at is not None and unit.condition in HERE) or unit.goods_in_id is not None
    received = day(unit.received_at, zone) if is_here else None
    facts: dict[str, Any] = {
        "return_id": instance.id, "code": instance.express_code, "stage": str(_stage(unit, is_over=is_over)),
        "credit_due": ((policy.credit_is_due_for(unit) and not is_over) or received is not None) and not is_written_off,
        "due_from": _iso(_due_from(unit, policy, zone)), "received_on": _iso(received),
        "departed_on": _iso(day(unit.departed_at, zone)), "method": unit.dropoff_method, "item": unit.happy_item_id,
        "returnless": unit.dropoff_method == "returnless" or instance.close_reason is CloseReason.RETURNLESS,
        "written_off": is_written_off, "refund_due": instance.refund_due, "bundle_row": bundle, "state": str(instance.state),
    }  # fmt: skip
    if thing and thing != f"item:{unit.happy_item_id}":
        facts["thing"] = thing
    if unit.fee:
        facts["fee"] = str(unit.fee)
    currency = unit.refund_currency or (instance.credit.currency if instance.credit else "")
    return Leg(
        f"unit:{instance.happy_return_id}/{key}/{unit.key}", Kind.UNIT, handed_over, currency, unit.refund_amount,
        pieces or 1, tuple(ids), key, unit.sku, facts={name: told for name, told in facts.items() if told not in ("", None)},
    )  # fmt: skip


def _thing(unit: Unit, key: str) -> str:
    """What names the physical thing: as the claim on it does (schema.sql, goods_of), with its number where told apart."""
    apart = f"~{unit.occurrence}" if unit.occurrence > 1 else ""
    if unit.happy_item_id:
        return f"item:{unit.happy_item_id}{apart}"
    of_several = re.search(r"#[0-9]+$", unit.key)
    line = f"{unit.line_item_id}{of_several[0] if of_several else ''}"
    return f"line:{key}/{line}{apart}" if unit.line_item_id else ""


def _stage(unit: Unit, *, is_over: bool) -> Stage:
    if is_over:
        return Stage.OVER
    if unit.confirmed >= Progress.APPROVED:
        return Stage.APPROVED
    return Stage.HANDED_OVER if unit.confirmed >= Progress.DROPPED_OFF else Stage.STARTED


def _due_from(unit: Unit, policy: Policy, zone: ZoneInfo) -> date | None:
    """From when its credit is due, by the merchant's trigger."""
    told = {
        Progress.STARTED: (unit.started_at, unit.dropped_off_at, unit.approved_at),
        Progress.DROPPED_OFF: (unit.dropped_off_at, unit.approved_at, unit.started_at),
        Progress.APPROVED: (unit.approved_at, unit.dropped_off_at, unit.started_at),
    }[policy.trigger_for(unit)]  # fmt: skip
    return day(next((moment for moment in told if moment is not None), None), zone)


def _iso(told: date | None) -> str:
    return told.isoformat() if told else ""
