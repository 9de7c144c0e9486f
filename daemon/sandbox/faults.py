"""Planned misbehaviour: which requests fail, and how. Seeded, counted, settable at run time.

Whether a rule strikes is drawn from the seed, the rule, what the request is, and how often that very request came: requests
that run side by side draw the same whichever comes first.
"""

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

KINDS: dict[str, str] = {
    "forbidden": "not done, answered 403",
    "lose-answer": "done, and the connection cut before the answer",
    "refuse-connection": "cut before anything is done",
    "error-after": "done, answered 500",
    "error-before": "not done, answered 500",
    "unavailable": "not done, answered 503 without the throttle text",
    "throttled": "not done, answered as over the limit",
    "refused": "not done, answered 404",
    "truncate": "done, half of the body",
    "garbage": "done, a body that is no JSON",
    "wrong-type": "done, the right body called text/html",
    "invalid": "not done, a refused input answered 500 as some are (sheet section 4)",
    "slow": "done after delay_seconds of real time",
    "late": "done at once, answered after delay_seconds",
    # what stands between us and the vendor
    "twice": "a gateway repeats the request: done two times, answered once",
    "answer-after": "done, answered with another status and body (3xx, 404, 408, 409, 425, HTML, nothing at all)",
    "answer-before": "not done, answered with another status and body: a refusal that is not the vendor's own",
    "acknowledge-only": "answered as done, and gone again",
    # reads that mislead
    "leave-out": "one member of the answer is missing; an id set then says 207, or what status says",
    "hollow": "the envelope without anything in it",
    "more-pages": "a search that says there is more, with nothing on the page",
    "short-rows": "rows of a search with fewer values than columns",
    "bad-row": "single rows of a search with fewer values than columns, always the same ones",
    "odd-rows": "rows of a search in another shape",
    "counts-disagree": "a search whose figures are not those of its rows",
    "no-rows": "a search, whole in form, that shows nothing: an index that is being rebuilt",
    "empty-list": "an answer with an empty list, as for ids of which there are none",
    "none-of-set": "as if nothing of what was asked for existed",
    "other-answer": "the answer to another question",
}
READS = (
    "leave-out",
    "hollow",
    "more-pages",
    "short-rows",
    "bad-row",
    "odd-rows",
    "counts-disagree",
    "no-rows",
    "empty-list",
    "none-of-set",
    "other-answer",
)
"""Kinds that change what a read says and nothing else."""
BODIES: dict[str, tuple[str, str]] = {
    "empty": ("text/plain", ""),
    "html": ("text/html", "<html><body><h1>Moved</h1></body></html>"),
    "json": ("application/json", "{}"),
    "text": ("text/plain", "upstream request failed"),
    "limit": ("text/html", "<html><head><title>429 Too Many Requests</title></head></html>"),
    "limit-json": ("application/json", '{"response": "Too many requests"}'),
    "limit-copied": (
        "application/json",
        '{"response": "You have sent too many requests. Please wait before sending another request"}',
    ),
    "envelope": ("application/json", '{"errors": [{"code": "CMNC-017", "message": "Not acceptable"}]}'),
}
"""What an answer in place of the vendor's holds: media type and text."""

AMBIGUOUS = frozenset(
    {
        "lose-answer", "refuse-connection", "error-after", "error-before", "truncate", "garbage", "answer-after",
        "answer-before",
    }
)  # fmt: skip
"""After these the caller cannot know from the answer whether a write was done."""


def draw(*key: object) -> float:
    """A number in [0, 1), always the same for the same key."""
    digest = hashlib.blake2b("\x1f".join(str(part) for part in key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def identity_of(method: str, path_and_query: str, body: bytes) -> str:
    """What a request is, however often and whenever it is sent: its key where it carries one, else its body."""
    keys = _keys(body)
    what = ",".join(keys) if keys else hashlib.blake2b(body, digest_size=8).hexdigest() if body else ""
    return f"{method} {path_and_query} {what}"


def _keys(body: bytes) -> list[str]:
    try:
        content = json.loads(body) if body else None
    except ValueError:
        return []
    if not isinstance(content, dict):
        return []
    messages = content.get("messages")
    bodies = (
        [each.get("body") for each in messages if isinstance(each, dict)] if isinstance(messages, list) else [content]
    )
    return sorted(key for each in bodies if isinstance(each, dict) and (key := key_in(each)))


def key_in(body: dict[str, Any]) -> str:
    """The natural key inside a write, if it carries one."""
    return str(body.get("externalRef") or body.get("transactionRef") or body.get("userBatchReference") or "")


@dataclass(slots=True)
class Rule:
    """Matches 'METHOD path' by regular expression; strikes `share` of the matches, at most `count` times."""

    match: str
    kind: str
    share: float = 1.0
    count: int | None = None
    skip: int = 0
    delay_seconds: float = 0.0
    status: int = 0
    """Of an answer in place of the vendor's; 0: as the kind has it."""
    body: str = "empty"
    """Which of BODIES such an answer holds."""
    about: str = ""
    """What must also be found in the request's query or reference; empty: nothing."""
    value: int = 0
    """Of a bad row: a number it holds; 0: one row in ten."""
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault '{self.kind}'; known: {', '.join(KINDS)}")
        if self.body not in BODIES:
            raise ValueError(f"unknown body '{self.body}'; known: {', '.join(BODIES)}")
        re.compile(self.match)
        re.compile(self.about)


@dataclass(slots=True)
class Faults:
    seed: int = 1
    rules: list[Rule] = field(default_factory=list)
    webhook_duplicate_share: float = 0.0
    webhook_drop_share: float = 0.0
    webhook_reorder_share: float = 0.0
    webhook_bad_signature_share: float = 0.0
    ambiguous: int = 0
    """Writes whose outcome was hidden from the caller so far."""
    struck: Counter[str] = field(default_factory=Counter)
    """Kind → how often it struck, over every plan."""
    _seen: Counter[tuple[int, str]] = field(default_factory=Counter)
    """Rule (or what else is drawn) and request → how often it came."""

    def plan(self, told: dict[str, Any]) -> None:
        """Replace everything by what is told. Raises ValueError, TypeError for what is not understood."""
        self.seed = int(told.get("seed", self.seed))
        self._seen.clear()
        self.rules = [Rule(**rule) for rule in told.get("rules", [])]
        for name in ("duplicate", "drop", "reorder", "bad_signature"):
            setattr(self, f"webhook_{name}_share", float(told.get(f"webhook_{name}_share", 0.0)))

    def strike(self, request: str, identity: str = "") -> Rule | None:
        """The rule that strikes this request, if one does; `identity` tells it from others of the same method and path."""
        identity = identity or request
        for number, rule in enumerate(self.rules):
            if rule.count is not None and rule.struck >= rule.count:
                continue
            if not re.search(rule.match, request) or not re.search(rule.about, identity):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if self._draw(number, identity, rule.kind, rule.match) < rule.share:
                rule.struck += 1
                self.struck[rule.kind] += 1
                return rule
        return None

    def chance(self, share: float, what: str, identity: str) -> bool:
        """Whether something befalls this one, for example a webhook that is lost."""
        struck = share > 0 and self._draw(-1, f"{what} {identity}") < share
        self.struck[what] += struck
        return struck

    def _draw(self, rule: int, identity: str, *more: str) -> float:
        self._seen[rule, identity] += 1
        return draw(self.seed, rule, identity, self._seen[rule, identity], *more)
