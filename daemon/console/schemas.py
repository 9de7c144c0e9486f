"""What every command prints with -o json. `homeward schema` turns it into JSON Schema."""

from typing import Any

from daemon.views.shapes import (
    ALERT,
    BATCH,
    CHANGE,
    EFFECT,
    EVENT,
    EXCEPTION,
    GROUP,
    ITEM,
    LINK,
    MAP_STEP,
    MESSAGE,
    PASSPORT,
    REPLAYED,
    STATUS,
    SUMMARY,
    Shape,
    json_schema,
)

SCHEMAS: dict[str, Shape | list[Shape]] = {
    "return list": [SUMMARY],
    "return list --group-by": [GROUP],
    "exception list --group-by": [GROUP],
    "return show": PASSPORT,
    "return timeline": [{"at": "moment", "what": "text", "by": "text", "detail": "text", "facts": "object"}],
    "return explain": [{"step": "int", "fact": "text", "because": "text"}],
    "exception explain": [{"step": "int", "fact": "text", "because": "text"}],
    "return watch": {"at": "moment", "what": "text", "by": "text", "detail": "text", "facts": "object"},
    "exception list": [SUMMARY],
    "exception show": EXCEPTION,
    **{
        f"{noun} {verb}": CHANGE
        for noun in ("return", "exception")
        for verb in ("retry", "accept", "hold", "release", "resolve", "force", "receive", "assign", "snooze", "note")
    },
    "exception recheck": {
        "merchant": "text", "filter": "text", "stopped": "int", "would_pass": "int", "still_stopped": "int",
        "still_stopped_by_cause": "object", "not_decided_by_orders": "int", "returns": "list", "changed": "bool",
        "batch": "int!", "state": "text!", "see": "text!", "watch": "text!", "undo": "text!",
    },
    "batch list": [BATCH],
    "batch result": [ITEM],
    **{f"batch {verb}": BATCH for verb in ("show", "watch", "pause", "resume", "stop", "approve", "reject")},
    "apply": {
        "plan": "text", "verb": "text", "returns": "int", "changed": "bool", "batch": "int!", "state": "text!",
        "see": "text!", "watch": "text!", "undo": "text!",
    },
    "top": {
        "as_of": "moment", "states": [{"state": "text", "returns": "int", "oldest": "moment"}], "merchants": "list",
        "causes": "list", "alerts": "list", "batches": "list",
    },
    "event list": [EVENT],
    "event pull": {"merchant": "text", "asked": "text", "units": "int", "faults": "any"},
    "event import": [{"row": "int", "result": "text", "detail": "text"}],
    "event retry": {"merchant": "text", "retried": "int"},
    "effect list": [EFFECT],
    "receipt import": [{"row": "int", "result": "text", "detail": "text"}],
    "receipt list": [{
        "id": "int", "received_at": "text?", "actor": "text", "express_code": "text!", "order_number": "text!",
        "happy_item_id": "text!", "happy_return_id": "text!", "sku": "text!",
    }],
    "alert list": [ALERT],
    "alert messages": [MESSAGE],
    "alert test": [{"team": "text", "channel": "text", "result": "text", "why": "text"}],
    "journal verify": [{
        "merchant": "text", "rows": "int", "pruned": "int", "head": "int", "link": "text", "broken_at": "int?",
        "return_id": "int?", "version": "int?", "why": "text", "is_whole": "bool",
    }],
    "journal export": [LINK],
    "map lint": [{"entry": "text", "fault": "text", "detail": "text", "fix": "text"}],
    "map what-if": [REPLAYED],
    "map accept": {
        "merchant": "text", "version": "text", "version_before": "text", "changes": "object", "changed": "bool",
        "not_covered": "list!", "see": "text!", "stopped": "int!", "would_pass": "int!", "then": "text!",
    },
    "map show": {
        "merchant": "text", "version": "text", "content": "object", "id": "int!", "accepted_by": "text!", "reason": "text!",
        "accepted_at": "moment!",
    },
    "map history": [MAP_STEP],
    "merchant list": [{
        "merchant": "text", "configured": "bool", "is_held": "bool", "lease_owner": "text?!", "lease_until": "moment?!",
        "fence": "int",
    }],
    "merchant status": [STATUS],
    "db status": {"schema": "int", "needed": "int", "server": "text", "do": "text"},
    "db migrate": {"before": "int", "after": "int", "changed": "bool"},
    "db prune": {
        "merchant": "text", "older_than_days": "int", "reason": "text", "returns": "int", "bodies": "int!", "changed": "bool",
    },
    "user add": {"name": "text", "role": "text", "merchants": "any", "changed": "bool", "undo": "text"},
    "user list": [{
        "name": "text", "role": "text", "merchants": "any", "has_password": "bool", "seen_at": "moment?",
        "locked_until": "moment?", "disabled_at": "moment?", "created_by": "text", "created_at": "moment",
        "updated_at": "moment",
    }],
    **{f"user {verb}": {"name": "text", "changed": "bool"} for verb in ("role", "password", "close", "open")},
    "user log": [{
        "id": "int", "at": "moment", "actor": "text", "action": "text", "subject": "text", "merchant": "text",
        "address": "text", "detail": "text",
    }],
    "token add": {"name": "text", "scope": "text", "token": "text", "changed": "bool", "undo": "text"},
    "token list": [{
        "id": "int", "name": "text", "scope": "text", "merchants": "any", "created_by": "text", "created_at": "moment",
        "expires_at": "moment?", "used_at": "moment?", "revoked_at": "moment?",
    }],
    "token revoke": {"name": "text", "changed": "bool"},
    "version": {"version": "text", "schema": "int"},
    "doctor": [{"result": "text", "check": "text", "detail": "text", "fix": "text"}],
    "help": [{}],
}  # fmt: skip


def schema_of(command: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of a command's JSON."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"homeward:{command.replace(' --', '-').replace(' ', '-')}/v1",
        "title": f"homeward {command} -o json",
        **json_schema(SCHEMAS[command]),
    }
