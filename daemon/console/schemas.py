"""What every command prints with -o json. `homeward schema` turns it into JSON Schema."""

from typing import Any

from daemon.actions.verbs import VERBS
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
    MATCH,
    MATCH_DETAIL,
    MESSAGE,
    ORPHAN,
    PASSPORT,
    REPLAYED,
    SIGNAL,
    STATUS,
    SUMMARY,
    Shape,
    json_schema,
)

_MOVED = ("opening", "new", "cleared", "settled", "closing", "awaiting", "difference")
DECIDED: Shape = {
    "action": "text", "legs": "list", "reason": "text", "note": "text", "actor": "text", "changed": "bool", "then": "text",
    "undo": "text!",
}  # fmt: skip
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
        for verb in VERBS
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
        "causes": "list", "alerts": "list", "batches": "list", "troubles": "list",
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
        "fence": "int", "writes": "text!", "health": "text", "writes_held_since": "moment?!", "writes_held_by": "text?!",
        "writes_held_why": "text?!", "doubted_until": "moment?!",
    }],
    "merchant status": [STATUS],
    "health": [SIGNAL],
    "db status": {"schema": "int", "needed": "int", "server": "text", "do": "text"},
    "db restored": {"merchants": "any", "changed": "bool"},
    "db migrate": {"before": "int", "after": "int", "steps": "any", "granted": "any", "changed": "bool"},
    "privacy find": [{"place": "text", "id": "text", "at": "moment", "can_be_erased": "bool"}],
    "privacy erase": {
        "merchant": "text", "returns": "any", "bodies": "int", "messages": "int!", "answers": "int!", "parcels": "int!",
        "changed": "bool",
    },
    "privacy log": [{
        "id": "int", "merchant": "text", "subject": "text", "actor": "text", "reason": "text", "erased": "any",
        "at": "moment",
    }],
    "training packs": [{"pack": "text", "exercises": "int", "first": "text"}],
    "training begin": [{"express_code": "text", "task": "text"}],
    "training score": [{
        "express_code": "text", "task": "text", "did": "text", "by": "text", "result": "text", "should": "text",
        "because": "text",
    }],
    "checklist show": [{
        "item": "text", "title": "text", "count": "int", "done_by": "text?", "done_at": "moment?", "note": "text",
        "why": "text", "do": "text", "page": "text",
    }],
    "checklist done": {
        "merchant": "text", "checklist": "text", "period": "text", "item": "text", "count": "int", "changed": "bool",
    },
    "checklist history": [{
        "id": "int", "merchant": "text", "checklist": "text", "period": "text", "item": "text", "found": "any",
        "note": "text", "actor": "text", "at": "moment",
    }],
    "merchant hold": {"merchant": "text", "writes": "text", "changed": "bool"},
    "merchant go-live": {"merchant": "text", "writes": "text", "observed": "int", "changed": "bool"},
    "db prune": {
        "merchant": "text", "older_than_days": "int", "reason": "text", "returns": "int", "bodies": "int!", "changed": "bool",
    },
    "user add": {"name": "text", "role": "text", "merchants": "any", "changed": "bool", "undo": "text"},
    "user list": [{
        "name": "text", "role": "text", "merchants": "any", "has_password": "bool", "has_factor": "bool",
        "sessions": "int", "seen_at": "moment?", "locked_until": "moment?", "disabled_at": "moment?", "created_by": "text",
        "created_at": "moment", "updated_at": "moment",
    }],
    **{
        f"user {verb}": {"name": "text", "changed": "bool"}
        for verb in ("role", "password", "close", "open", "unlock", "factor-remove")
    },
    "user sign-out": {"name": "text", "sessions": "int", "changed": "bool"},
    "user factor": {
        "name": "text", "has_factor": "bool", "confirmed_at": "moment?", "codes_left": "int", "is_asked_for": "bool",
    },
    "user factor-add": {"name": "text", "key": "text", "uri": "text", "changed": "bool", "then": "text"},
    **{
        f"user {verb}": {"name": "text", "recovery_codes": "list", "changed": "bool"}
        for verb in ("factor-confirm", "factor-codes")
    },
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
    "match run": {
        "run": "int", "at": "moment", "legs": "int", "by_status": "object", "auto_match_rate": "money",
        "newly_matched": "int", "newly_broken": "int", "orphans": "int", "orphans_opened": "int", "orphans_closed": "int",
        "not_read": "list", "changed": "bool", "see": "text",
    },
    "match list": [MATCH],
    "match show": MATCH_DETAIL,
    "match runs": [{
        "id": "int", "at": "moment", "actor": "text", "legs": "int", "by_status": "object", "auto_match_rate": "money",
        "newly_matched": "int", "newly_broken": "int", "opened_orphans": "int", "closed_orphans": "int",
    }],
    "match diff": [{
        "key": "text", "before": "text?", "after": "text?", "reason": "text?", "order": "text", "currency": "text",
        "value": "money",
    }],
    **{f"match {verb}": DECIDED for verb in ("accept", "unmatch", "dispute", "write-off", "out-of-scope", "reopen")},
    "orphan list": [ORPHAN],
    "orphan show": {
        **{name: f"{kind.rstrip('!')}!" for name, kind in ORPHAN.items()}, "key": "text", "closed": "bool!",
        "history": [{"event": "text", "value": "money", "currency": "text", "at": "moment", "content": "object"}],
    },
    "period list": [{
        "period": "text", "state": "text", "has_ended": "bool", "is_next": "bool", "is_newest_closed": "bool",
        "prepared_by": "text", "prepared_at": "moment?",
        "closed_by": "text", "closed_at": "moment?", "pack_sha256": "text", "reopened_by": "text",
        "locked_in_brightpearl": "bool",
    }],
    "period show": [{"account": "text", "currency": "text", **dict.fromkeys(_MOVED, "money")}],
    "period prepare": {"period": "text", "state": "text", "prepared_by": "text", "at": "moment"},
    "period close": {
        "period": "text", "state": "text", "closed_by": "text", "as_of": "moment", "pack_sha256": "text", "pack": "text",
        "undo": "text",
    },
    "period reopen": {"period": "text", "state": "text", "reopened_by": "text", "at": "moment"},
    "period pack": {"period": "text", "as_of": "moment", "pack": "text", "bytes": "int", "sheets": "int"},
    "period diff": [{
        "account": "text", "currency": "text", "line": "text", "closed": "money", "now": "money", "difference": "money",
    }],
    "fee list": [{
        "finding": "text", "on": "text", "invoice": "text", "type": "text", "method": "text", "code": "text", "order": "text",
        "currency": "text", "expected": "money", "charged": "money", "difference": "money", "match": "text", "leg": "text",
    }],
    "fee summary": [{
        "period": "text", "finding": "text", "currency": "text", "count": "int?", "expected": "money?", "charged": "money",
        "difference": "money?",
    }],
    "fee journal": [{"nominal": "text", "text": "text", "debit": "money", "credit": "money", "currency": "text"}],
    "import file": [{"row": "int", "result": "text", "detail": "text", "leg": "text", "note": "text"}],
    "import list": [{
        "id": "int", "format": "text", "covers": "text", "provider": "text", "name": "text", "rows": "int", "accepted": "int",
        "replaced": "int", "repeated": "int", "rejected": "int", "warnings": ["text"], "first_on": "text?",
        "last_on": "text?", "actor": "text", "at": "moment", "undone_at": "moment?", "undone_by": "text?",
        "undone_reason": "text?",
    }],
    "import show": [{"row": "int", "result": "text", "detail": "text", "leg": "text"}],
    "import undo": {
        "file_id": "int", "name": "text", "legs_ended": "int", "undone_at": "moment", "undone_by": "text", "changed": "bool",
        "then": "text",
    },
    "audit books": [{
        "check": "text", "says": "text", "owner": "text", "holds": "bool", "subject": "text", "detail": "text",
        "value": "money", "currency": "text",
    }],
    "audit evidence": {"file": "text", "bytes": "int", "sha256": "text"},
    "audit gaps": [{
        "finding": "text", "says": "text", "severity": "text", "owner": "text", "count": "int", "value": "object",
        "examples": "list", "fix": "text", "recheck": "text",
    }],
    "audit backfill": [{
        "code": "text", "orders": "text", "units": "int", "would": "text", "value": "money", "currency": "text",
    }],
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
