"""The shapes of what programs get, from the command and from the API: a contract, as data.

A shape names each field and what it holds; `?` says that it may be null. A list in a shape is a list of such things.
Fields are added within a major version, never renamed or removed.
"""

from typing import Any, TypeAlias

Shape: TypeAlias = dict[str, Any]

KINDS: dict[str, dict[str, Any]] = {
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "text": {"type": "string"},
    "bool": {"type": "boolean"},
    "moment": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d"},
    "money": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    "object": {"type": "object"},
    "list": {"type": "array"},
    "any": {},
}

CREDIT: Shape = {
    "id": "int", "external_ref": "text", "net": "money", "tax": "money", "currency": "text", "invoice_reference": "text",
}  # fmt: skip
SUMMARY: Shape = {
    "id": "int", "merchant": "text", "happy_return_id": "text", "express_code": "text", "order_number": "text", "part": "int",
    "state": "text", "since": "moment", "units": "int", "credit_id": "int?", "credit": (CREDIT, None), "payment_id": "int?",
    "cause": "text?", "owner": "text?", "waits_for": "text", "explanation": "text?", "fingerprint": "text",
    "assignee": "text", "snoozed_until": "moment?", "close_reason": "text?", "due_at": "moment?", "value": "money?",
    "currency": "text?", "level": "int",
}  # fmt: skip
GROUP: Shape = {
    "returns": "int", "oldest": "moment", "example": "int", "value": "money?", "currency": "text?", "cause": "text?!",
    "owner": "text?!", "fingerprint": "text!", "state": "text!", "team": "text?!", "assignee": "text!", "merchant": "text!",
}  # fmt: skip
"""A line of a list grouped by one of these."""
UNIT: Shape = {
    "key": "text", "happy_item_id": "text", "line_item_id": "text", "sku": "text", "name": "text", "reason": "text",
    "refund_type": "text", "dropoff_method": "text", "progress": "text", "confirmed": "text", "started_at": "moment?",
    "dropped_off_at": "moment?", "approved_at": "moment?", "departed_at": "moment?", "bag": "text", "tracking": "text",
    "received_at": "moment?", "condition": "text?", "goods_in_id": "int?", "credited_on": "list", "announced": "money?",
    "announced_currency": "text", "stands_for": "text?",
}  # fmt: skip
TROUBLE: Shape = {
    "cause": "text", "fingerprint": "text", "owner": "text", "explanation": "text", "evidence": "object",
    "resume_state": "text",
}  # fmt: skip
STEP: Shape = {
    "version": "int", "from": "text", "to": "text", "event": "text", "actor": "text", "at": "moment", "facts": "object",
}  # fmt: skip
PASSPORT: Shape = {
    "id": "int", "merchant": "text", "happy_return_id": "text", "express_code": "text", "rma_id": "text",
    "order_number": "text", "order_id": "int?", "part": "int", "state": "text", "level": "int", "means": "text",
    "since": "moment",
    "due_at": "moment?", "waits_for": "text", "wait_cause": "text", "wait_owner": "text?", "wait_next_step": "text?",
    "held_up": "text",
    "close_reason": "text?", "assignee": "text", "snoozed_until": "moment?", "adopts": "int?", "map_version": "text",
    "accepted": "list", "watches": "list", "units": [UNIT], "customer_may_be_told": "text", "exposed_since": "moment?",
    "credit": ({**CREDIT, "adopted": "bool"}, None),
    "payment": ({"id": "int", "transaction_ref": "text", "amount": "money", "currency": "text", "method": "text"}, None),
    "goods_in": [{"id": "int", "units": "list"}], "exception": (TROUBLE, None), "journal": [STEP], "created_at": "moment",
    "updated_at": "moment", "refund_due": "bool", "close_due": "bool",
    "version": "int", "trace": "text?", "as_of": "moment", "siblings": "list",
}  # fmt: skip
EXCEPTION: Shape = {
    "id": "int", "merchant": "text", "express_code": "text", "order_number": "text", "cause": "text", "fingerprint": "text",
    "why": "text", "effect": "text", "do": "text", "owner": "text", "since": "moment", "due_at": "moment?", "clock": "text",
    "resumes_to": "text", "decided_again_when": "list", "evidence": "object", "compared": "text", "lines": "list",
}  # fmt: skip
PREVIEWED: Shape = {
    "id": "int", "merchant": "text", "express_code": "text", "order_number": "text", "verdict": "text", "why": "text",
    "state_before": "text", "state_after": "text?", "effects": "list", "withheld": "list", "bypasses": "text",
    "value": "money?", "needs_approval": "bool", "version": "int",
}  # fmt: skip
CHANGE: Shape = {
    # of one return
    "id": "int!", "merchant": "text!", "event": "text!", "state_before": "text!", "state_after": "text?!",
    "effects": "list!", "withheld": "list!", "bypasses": "text!", "reason": "text!", "note": "text!", "applied": "bool?!",
    "why": "text!", "would": "text!", "credit": "object!",
    # of many
    "filter": "text!", "eligible": "int!", "already_done": "int!", "not_eligible": "int!", "not_eligible_by_why": "object!",
    "needs_approval": "int!", "returns": "list!", "batch": "int!", "state": "text!", "watch": "text!", "plan": "text!",
    "then": "text!",
    # always
    "verb": "text", "changed": "bool", "see": "text!", "undo": "text!",
}  # fmt: skip
"""`!`: only where it applies."""
BATCH: Shape = {
    "merchant": "text", "id": "int", "verb": "text", "options": "object", "filter": "text", "reason": "text", "note": "text",
    "actor": "text", "state": "text", "items": "int", "rate_per_minute": "int?", "stop_after_errors": "int?",
    "decided_by": "text?", "why_stopped": "text", "created_at": "moment", "updated_at": "moment", "finished_at": "moment?",
    "waiting": "int", "said": "int", "applied": "int", "ignored": "int", "refused": "int", "skipped": "int",
}  # fmt: skip
ITEM: Shape = {
    "position": "int", "return_id": "int", "express_code": "text", "order_number": "text", "state": "text",
    "outcome": "text", "said_at": "moment?", "settled_at": "moment?", "return_state": "text", "cause": "text?",
}  # fmt: skip
EVENT: Shape = {
    "id": "int", "merchant": "text", "event": "text!", "happy_return_id": "text!", "order_number": "text!", "source": "text",
    "actor": "text!", "state": "text!", "outcome": "text?!", "received_at": "moment", "settled_at": "moment?!",
    "part": "int?!", "natural_key": "text!", "reason": "text?!", "bytes": "int!", "repeats": "int!",
}  # fmt: skip
EFFECT: Shape = {
    "id": "int", "merchant": "text", "return_id": "int", "express_code": "text", "order_number": "text",
    "kind": "text", "key": "text", "state": "text", "attempts": "int",
    "due_at": "moment", "sent_at": "moment?", "last_error": "text?", "created_at": "moment", "settled_at": "moment?",
}  # fmt: skip
MATCH: Shape = {
    "key": "text", "status": "text", "reason": "text", "order": "text", "currency": "text", "value": "money",
    "opened_on": "text", "cleared_on": "text?", "legs": "int",
}  # fmt: skip
CHECK: Shape = {
    "name": "text", "result": "text", "detail": "text", "expected": "money", "found": "money", "due_on": "text?",
}  # fmt: skip
LEG: Shape = {
    "key": "text", "kind": "text", "on": "text", "currency": "text", "amount": "money?", "tax": "money?", "tax_code": "text",
    "quantity": "int", "order": "text", "sku": "text", "ids": "list", "facts": "object", "known_from": "moment",
    "known_until": "moment?",
}  # fmt: skip
MATCH_DETAIL: Shape = {
    **MATCH, "checks": [CHECK], "passes": "list", "suggestion": ("object", None), "decided_by": "text", "legs": [LEG],
}  # fmt: skip
ORPHAN: Shape = {
    "key": "text", "class": "text", "owner": "text", "order": "text", "codes": "text", "currency": "text", "value": "money",
    "units": "int", "since": "text", "due_on": "text", "age_days": "int", "bucket": "text", "means": "text",
    "next_step": "text", "match": "text", "opened_at": "moment",
}  # fmt: skip
ALERT: Shape = {
    "merchant": "text", "team": "text", "topic": "text", "level": "int", "severity": "text", "returns": "int",
    "since": "moment", "told_at": "moment?", "age": "text", "reached_by": "text",
}  # fmt: skip
MESSAGE: Shape = {
    "merchant": "text", "id": "text", "team": "text", "channel": "text", "state": "text", "attempts": "int",
    "due_at": "moment", "last_error": "text?", "created_at": "moment", "settled_at": "moment?",
}  # fmt: skip
SIGNAL: Shape = {
    "merchant": "text", "subject": "text", "status": "text", "since": "moment", "why": "text", "setting": "text",
    "file": "text", "good_at": "moment?", "looked_at": "moment?", "stops_work": "bool", "stops": "text", "do": "text",
    "runbook": "text",
}  # fmt: skip
"""How one thing that work depends on stands. The merchant is empty for what concerns all."""
LINK: Shape = {
    "merchant": "text", "seq": "int", "at": "moment", "happy_return_id": "text", "order_number": "text", "part": "int",
    "return_id": "int", "version": "int", "event": "text", "from_state": "text", "to_state": "text", "actor": "text",
    "facts": "object", "inbox_id": "int?", "trace": "text?", "link": "text",
}  # fmt: skip
STATUS: Shape = {
    "merchant": "text", "states": "object", "events_waiting": "int", "effects_due": "int", "effects_open": "int",
    "next_effect_at": "moment?", "reads_due": "int", "discovery_due": "int", "next_read_at": "moment?",
    "unknown_to_happy_returns": "int", "quota_used": "int", "quota_share": "int", "quota_left_in_account": "int?",
    "refused_calls": "int", "multi_message_costs": "text", "vendor_answers": "bool", "drained_at": "moment",
    "health": "text", "brightpearl": "text", "happy_returns": "text",
    "webhooks_deferred": "int", "webhook_deferred_at": "moment?",
}  # fmt: skip
MAP_STEP: Shape = {
    "id": "int", "version": "text", "accepted_at": "moment", "accepted_by": "text", "reason": "text", "credits": "int",
}  # fmt: skip
REPLAYED: Shape = {
    "id": "int", "express_code": "text", "order_number": "text", "state": "text", "fate": "text", "now": "text",
    "then": "text", "changes": "text",
}  # fmt: skip


def json_schema(shape: Any) -> dict[str, Any]:
    """JSON Schema (2020-12) of a shape."""
    match shape:
        case str():
            kind = KINDS[shape.rstrip("!?")]
            return {"anyOf": [kind, {"type": "null"}]} if "?" in shape else dict(kind)
        case (one, None):
            return {"anyOf": [json_schema(one), {"type": "null"}]}
        case [one]:
            return {"type": "array", "items": json_schema(one)}
        case {}:
            fields = dict(shape)
            needed = [name for name, kind in fields.items() if not (isinstance(kind, str) and kind.endswith("!"))]
            properties = {name: json_schema(kind) for name, kind in fields.items()}
            told: dict[str, Any] = {"type": "object", "properties": properties, "required": needed}
            return {**told, "additionalProperties": False} if fields else {"type": "object"}
    raise AssertionError(f"no shape: {shape!r}")
