"""Planned misbehaviour: which requests fail, and how. Seeded, counted, settable at run time."""

import random
import re
from dataclasses import dataclass, field
from typing import Any

KINDS = (
    "forbidden",
    "lose-answer",  # done, and the connection cut before the answer
    "refuse-connection",  # cut before anything is done
    "error-after",  # done, answered 500
    "error-before",  # not done, answered 500
    "unavailable",  # not done, answered 503 without the throttle text
    "throttled",  # not done, answered as over the limit
    "refused",  # not done, answered 404
    "truncate",  # done, half of the body
    "garbage",  # done, a body that is no JSON
    "wrong-type",  # done, the right body called text/html
    "invalid",  # not done, a refused input answered 500 as some are (sheet section 4)
    "slow",  # done after delay_seconds of real time
    "late",  # done at once, answered after delay_seconds
)


AMBIGUOUS = frozenset({"lose-answer", "refuse-connection", "error-after", "error-before", "truncate", "garbage"})
"""After these the caller cannot know from the answer whether a write was done."""


@dataclass(slots=True)
class Rule:
    """Matches 'METHOD path' by regular expression; strikes `share` of the matches, at most `count` times."""

    match: str
    kind: str
    share: float = 1.0
    count: int | None = None
    skip: int = 0
    delay_seconds: float = 0.0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault '{self.kind}'; known: {', '.join(KINDS)}")
        re.compile(self.match)


@dataclass(slots=True)
class Faults:
    seed: int = 1
    rules: list[Rule] = field(default_factory=list)
    webhook_duplicate_share: float = 0.0
    webhook_drop_share: float = 0.0
    webhook_reorder_share: float = 0.0
    webhook_bad_signature_share: float = 0.0
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    ambiguous: int = 0
    """Writes whose outcome was hidden from the caller so far."""

    def plan(self, told: dict[str, Any]) -> None:
        """Replace everything by what is told. Raises ValueError, TypeError for what is not understood."""
        self.seed = int(told.get("seed", self.seed))
        self.rng = random.Random(self.seed)
        self.rules = [Rule(**rule) for rule in told.get("rules", [])]
        for name in ("duplicate", "drop", "reorder", "bad_signature"):
            setattr(self, f"webhook_{name}_share", float(told.get(f"webhook_{name}_share", 0.0)))

    def strike(self, request: str) -> Rule | None:
        for rule in self.rules:
            if rule.count is not None and rule.struck >= rule.count:
                continue
            if not re.search(rule.match, request):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if self.rng.random() < rule.share:
                rule.struck += 1
                return rule
        return None

    def chance(self, share: float) -> bool:
        return share > 0 and self.rng.random() < share
