"""One return as people and programs see it. The field names are a contract (README, "Programs")."""

from datetime import datetime
from typing import Any

from daemon.store.returns import unit_from_facts
from daemon.store.sql import Record
from daemon.views.health import held_up
from statemachine.causes import CAUSES
from statemachine.gate import may_be_told
from statemachine.money import as_stated
from statemachine.states import SENTENCES, State
from statemachine.units import Progress


def summary_view(row: Record) -> dict[str, Any]:
    """A line of `return list`."""
    credit = None
    if row["credit_id"] is not None:
        credit = {
            "id": row["credit_id"],
            "external_ref": row["credit_external_ref"],
            "net": as_stated(row["credit_net"], row["credit_currency"]),
            "tax": as_stated(row["credit_tax"], row["credit_currency"]),
            "currency": row["credit_currency"],
            "invoice_reference": row["invoice_reference"],
        }
    return {
        "id": row["id"], "merchant": row["merchant"], "happy_return_id": row["happy_return_id"],
        "express_code": row["express_code"], "order_number": row["order_number"], "part": row["part"],
        "state": row["state"], "since": row["since"], "units": row["units"], "credit_id": row["credit_id"],
        "credit": credit, "payment_id": row["payment_id"], "cause": row["cause"],
        "owner": row["owner"] or _owner_of(row["wait_cause"]), "waits_for": row["waits_for"],
        "explanation": row["explanation"], "fingerprint": row["fingerprint"], "assignee": row["assignee"],
        "snoozed_until": row["snoozed_until"], "close_reason": row["close_reason"], "due_at": row["due_at"],
        "value": row["value"], "currency": row["currency"], "level": row["escalation"],
    }  # fmt: skip


def _owner_of(cause: str) -> str | None:
    return CAUSES[cause].owner if cause in CAUSES else None


def passport_view(told: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Everything about one return. No personal data: Happy Returns' e-mail is not stored with it."""
    head = told["head"]
    units = [_unit_view(facts) for facts in told["units"]]
    notes: dict[int, list[str]] = {}
    for unit in units:
        if unit["goods_in_id"]:
            notes.setdefault(unit["goods_in_id"], []).append(unit["key"])
    return {
        "id": head["id"], "merchant": head["merchant"], "happy_return_id": head["happy_return_id"],
        "express_code": head["express_code"], "rma_id": head["rma_id"], "order_number": head["order_number"],
        "order_id": head["order_id"], "part": head["part"], "state": head["state"],
        "level": head["escalation"], "means": SENTENCES[State(head["state"])],
        "since": head["entered_at"], "due_at": head["due_at"],
        "waits_for": head["waits_for"], "wait_cause": head["wait_cause"], "wait_owner": _owner_of(head["wait_cause"]),
        "wait_next_step": CAUSES[head["wait_cause"]].next_step if head["wait_cause"] in CAUSES else None,
        "held_up": held_up(told["health"], head["merchant"], State(head["state"])),
        "close_reason": head["close_reason"], "assignee": head["assignee"], "snoozed_until": head["snoozed_until"],
        "adopts": head["adopts"],
        "map_version": head["map_version"], "accepted": list(head["accepted"]), "watches": list(head["watches"]),
        "units": units, **_customer_view(head, units, told["journal"]),
        "credit": _credit_view(head), "payment": _payment_view(head),
        "goods_in": [{"id": note_id, "units": keys} for note_id, keys in sorted(notes.items())],
        "exception": _exception_view(head),
        "journal": [
            {"version": row["version"], "from": row["from_state"], "to": row["to_state"], "event": row["event"],
             "actor": row["actor"], "at": row["at"], "facts": row["facts"]}
            for row in told["journal"]
        ],
        "created_at": head["created_at"], "updated_at": head["updated_at"], "refund_due": head["refund_due"],
        "close_due": head["close_due"], "version": head["version"], "trace": head["trace"], "as_of": now,
    }  # fmt: skip


def _unit_view(facts: dict[str, Any]) -> dict[str, Any]:
    unit = unit_from_facts(facts)
    return {
        "key": unit.key, "happy_item_id": unit.happy_item_id, "line_item_id": unit.line_item_id, "sku": unit.sku,
        "name": unit.name, "reason": unit.reason_id, "refund_type": unit.refund_type,
        "dropoff_method": unit.dropoff_method,
        "progress": Progress(max(unit.confirmed, unit.hinted)).name.lower().replace("_", "-"),
        "confirmed": Progress(unit.confirmed).name.lower().replace("_", "-"), "started_at": unit.started_at,
        "dropped_off_at": unit.dropped_off_at, "approved_at": unit.approved_at, "departed_at": unit.departed_at,
        "bag": unit.bag, "tracking": unit.tracking, "received_at": unit.received_at,
        "condition": unit.condition.value if unit.condition else None, "goods_in_id": unit.goods_in_id,
        "credited_on": [place.ref for place in unit.places], "announced": unit.refund_amount,
        "announced_currency": unit.refund_currency,
        "stands_for": unit.stands_for.happy_return_id if unit.stands_for is not None else None,
    }  # fmt: skip


def _customer_view(head: Record, units: list[dict[str, Any]], journal: list[Record]) -> dict[str, Any]:
    """What the customer may be told by us, and since when Happy Returns may have told more than is true."""
    paid = head["payment_id"] is not None or not head["refund_due"]
    invoiced = bool(head["invoice_reference"]) or not head["close_due"]
    is_settled = head["credit_id"] is not None and paid and invoiced
    approved = [unit["approved_at"] for unit in units if unit["approved_at"]]
    handed_over = any(unit["confirmed"] in ("dropped-off", "approved") for unit in units)
    return {
        "customer_may_be_told": may_be_told(
            state=State(head["state"]),
            is_settled=is_settled,
            refund_due=head["refund_due"],
            was_handed_over=handed_over,
            ended_because=_ended_because(journal),
        ),
        "exposed_since": min(approved) if approved and not is_settled else None,
    }


def _ended_because(journal: list[Record]) -> str | None:
    """The reason of whoever ended it by hand; None where nobody did."""
    ended = [
        row for row in journal if row["to_state"] == State.CLOSED.value and row["from_state"] != State.CLOSED.value
    ]
    return str(ended[-1]["facts"].get("reason", "")) if ended and ended[-1]["event"] == "forced" else None


def _credit_view(head: Record) -> dict[str, Any] | None:
    if head["credit_id"] is None:
        return None
    return {
        "id": head["credit_id"],
        "external_ref": head["credit_external_ref"],
        "net": as_stated(head["credit_net"], head["credit_currency"]),
        "tax": as_stated(head["credit_tax"], head["credit_currency"]),
        "currency": head["credit_currency"],
        "invoice_reference": head["invoice_reference"],
        "adopted": head["credit_adopted"],
    }


def _payment_view(head: Record) -> dict[str, Any] | None:
    if head["payment_id"] is None:
        return None
    return {
        "id": head["payment_id"],
        "transaction_ref": head["payment_ref"],
        "amount": as_stated(head["payment_amount"], head["payment_currency"]),
        "currency": head["payment_currency"],
        "method": head["payment_method"],
    }


def _exception_view(head: Record) -> dict[str, Any] | None:
    if head["state"] != State.EXCEPTION.value:
        return None
    return {
        "cause": head["cause"], "fingerprint": head["fingerprint"], "owner": head["owner"],
        "explanation": head["explanation"],
        "evidence": head["evidence"], "resume_state": head["resume_state"],
    }  # fmt: skip
