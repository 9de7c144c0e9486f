"""What operations are told of a trouble: what is refused, where the key is, what stands still meanwhile, what to do.

Names files and settings, never what is in them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from daemon.health.kinds import INSTALLATION, KINDS, NAMES
from daemon.health.signals import Signal, named

SCHEMA = "homeward.health/v1"


def compose(
    signal: Signal, *, team: str, step: int, began_at: datetime, now: datetime, was: str = "", is_first: bool = False,
    web_url: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """As data; the generic webhook sends it as it is. `was`: the kind of trouble that is over, where `step` is 0.

    `is_first`: nobody was told of it before.
    """
    kind = KINDS.get(signal.status if signal.is_trouble else was)
    vendor = signal.vendor
    return {
        "schema": SCHEMA,
        "merchant": signal.merchant,
        "team": team,
        "as_of": now.isoformat(),
        "state": "over" if step == 0 else "began" if is_first else "lasts",
        "step": step,
        "severity": "notice" if step == 0 else "urgent" if kind is not None and kind.is_urgent else "warning",
        "subject": signal.subject,
        "kind": kind.code if kind else was,
        "vendor": NAMES.get(vendor, ""),
        "what": signal.why if signal.is_trouble else "",
        "since": began_at.isoformat(),
        "minutes": int((now - began_at) / timedelta(minutes=1)),
        "stops": kind.stops if kind and signal.is_trouble else "",
        "do": kind.do if kind and signal.is_trouble else "",
        "setting": signal.setting,
        "file": signal.file,
        "good_at": signal.good_at.isoformat() if signal.good_at else None,
        "command": "homeward health" + (f" --merchant {signal.merchant}" if signal.merchant else ""),
        "runbook": f"homeward help {kind.runbook}" if kind else "homeward help health",
        **({"link": f"{web_url.rstrip('/')}/home/operator"} if web_url else {}),
    }  # fmt: skip


def subject(content: Mapping[str, Any]) -> str:
    whose = content["merchant"] or "installation"
    what = _headline(content)
    match content["state"]:
        case "over":
            return f"[Homeward {whose}] over: {what}"
        case "lasts":
            return f"[Homeward {whose}] STILL, for {_span(content['minutes'])}: {what}"
        case _:
            urgent = "URGENT: " if content["severity"] == "urgent" else ""
            return f"[Homeward {whose}] {urgent}{what}"


def text(content: Mapping[str, Any]) -> str:
    """For people: e-mail and chat."""
    lines = [subject(content), ""]
    if content["state"] == "over":
        lines.append(f"It lasted {_span(content['minutes'])}, since {content['since']}. What waited goes on by itself.")
    else:
        told = {
            "What": content["what"], "Since": content["since"], "Last good": content["good_at"],
            "Stands still": content["stops"], "What to do": content["do"], "File": content["file"],
            "Setting": content["setting"],
        }  # fmt: skip
        lines += [f"  {name + ':':<14}{value}" for name, value in told.items() if value]
    lines += [
        f"  {'See it:':<14}{content.get('link') or content['command']}",
        f"  {'Runbook:':<14}{content['runbook']}",
        "",
    ]
    whose = (
        f"Merchant: {content['merchant']}." if content["merchant"] != INSTALLATION else "It concerns every merchant."
    )
    lines.append(f"As of {content['as_of']}. Told to: {content['team']}. {whose}")
    return "\n".join(lines)


def _headline(content: Mapping[str, Any]) -> str:
    vendor = content["vendor"]
    words = {
        "vendor-refuses-us": f"{vendor} refuses our key or token",
        "vendor-silent": f"{vendor} does not answer",
        "vendor-garbled": f"{vendor}'s answers cannot be read",
    }
    return words.get(content["kind"], f"{named(content['subject'])}: {content['kind'].replace('-', ' ')}")


def _span(minutes: int) -> str:
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"
