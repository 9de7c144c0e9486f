"""A digest: everything new for one team, one line a topic, with the next step. No personal data, always a copyable id."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from daemon.store.notice import Topic
from daemon.store.sql import Record
from statemachine.causes import CAUSES
from statemachine.states import SENTENCES, State


def compose(
    *,
    merchant: str,
    team: str,
    now: datetime,
    new: Sequence[Topic],
    over: Sequence[Record],
    names: Mapping[int, Record],
    web_url: str | None = None,
) -> dict[str, Any]:
    """What the team is told, as data; the generic webhook sends it as it is. `web_url`: where links lead."""
    return {
        "schema": "homeward.digest/v1",
        "merchant": merchant,
        "team": team,
        "as_of": now.isoformat(),
        "severity": "urgent" if any(topic.is_urgent for topic in new) else "warning",
        "topics": [_topic(topic, names, web_url) for topic in new],
        "over": [{"topic": row["topic"], "returns": row["returns"]} for row in over],
    }


def _topic(told: Topic, names: Mapping[int, Record], web_url: str | None) -> dict[str, Any]:
    cause = CAUSES.get(told.topic)
    kind, query = ("exception", f"--cause {told.topic}") if cause else ("return", f"--state {told.topic}")
    return {
        "topic": told.topic,
        "new": told.new,
        "open": told.open,
        "oldest_at": told.oldest_at.isoformat(),
        "is_urgent": told.is_urgent,
        "means": cause.means if cause else SENTENCES[State(told.topic)],
        "next_step": cause.next_step if cause else "It has stood there longer than it should: look at it.",
        "command": f"homeward {kind} list {query}",
        "runbook": f"homeward help {told.topic if cause else 'states'}",
        "returns": [
            {
                "id": each, "happy_return_id": names[each]["happy_return_id"], "express_code": names[each]["express_code"],
                "command": f"homeward return show {names[each]['express_code'] or names[each]['happy_return_id']}",
                **({"link": f"{web_url.rstrip('/')}/returns/{each}"} if web_url else {}),
            }
            for each in told.return_ids
            if each in names
        ],
    }  # fmt: skip


def subject(content: Mapping[str, Any]) -> str:
    count = sum(topic["new"] for topic in content["topics"])
    what = content["topics"][0]["topic"] if len(content["topics"]) == 1 else f"{len(content['topics'])} causes"
    urgent = "URGENT: " if content["severity"] == "urgent" else ""
    return f"[Homeward {content['merchant']}] {urgent}{count} new for {content['team']}: {what}"


def text(content: Mapping[str, Any]) -> str:
    """For people: e-mail and chat."""
    lines = [subject(content), ""]
    for topic in content["topics"]:
        urgent = "URGENT  " if topic["is_urgent"] else ""
        lines += [
            f"{urgent}{topic['topic']}: {topic['new']} new, {topic['open']} open, oldest since {topic['oldest_at']}",
            f"  What it means: {topic['means']}",
            f"  What to do:    {topic['next_step']}",
            f"  See them:      {topic['command']}",
            f"  Runbook:       {topic['runbook']}",
        ]
        lines += [
            f"    {each['happy_return_id']}  {each['express_code']}  {each.get('link') or each['command']}"
            for each in topic["returns"]
        ]
        if topic["new"] > len(topic["returns"]):
            lines.append(f"    and {topic['new'] - len(topic['returns'])} more")
        lines.append("")
    if content["over"]:
        lines += ["Over: " + ", ".join(f"{each['topic']} ({each['returns']})" for each in content["over"]), ""]
    lines.append(f"As of {content['as_of']}. Owner: {content['team']}. Merchant: {content['merchant']}.")
    return "\n".join(lines)


def is_quiet(now: datetime, begins: time | None, ends: time | None, zone: ZoneInfo) -> bool:
    """Whether the team wants silence now; a span over midnight is meant so."""
    if begins is None or ends is None:
        return False
    local = now.astimezone(zone).time()
    return begins <= local < ends if begins <= ends else local >= begins or local < ends
