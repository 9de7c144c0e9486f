"""Health in words: for lists and pages, for the readiness of a daemon, for a return that waits because of it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from daemon.health.kinds import (
    BRIGHTPEARL,
    GARBLED,
    HAPPY_RETURNS,
    INSTALLATION,
    KINDS,
    NAMES,
    REFUSES,
    SILENT,
    UNKNOWN,
    WELL,
)
from daemon.health.signals import Signal, named, outage, stopped, troubles
from statemachine.states import State

SHORT = {
    WELL: "answers",
    UNKNOWN: "not heard yet",
    REFUSES: "REFUSES US",
    SILENT: "DOES NOT ANSWER",
    GARBLED: "GARBLED",
}
NOT_YOURS = "nothing goes on here for any merchant; whoever runs this installation is told"
WAITS = {
    HAPPY_RETURNS: frozenset({State.INITIATED, State.SCANNED}),
    BRIGHTPEARL: frozenset({State.CREDIT_PENDING, State.CREDITED, State.RESTOCKED, State.EXCEPTION}),
}
"""Vendor → the states in which a return needs an answer of it to go on."""


def signal_view(signal: Signal, *, with_file: bool = True) -> dict[str, Any]:
    """One line of `homeward health`. The field names are a contract. Where files lie is for the machine's own people."""
    kind = signal.kind if signal.is_trouble else None
    return {
        "merchant": signal.merchant, "subject": signal.subject, "status": signal.status, "since": signal.since,
        "why": signal.why, "setting": signal.setting, "file": signal.file if with_file else "", "good_at": signal.good_at,
        "looked_at": signal.looked_at, "stops_work": signal.stops_work, "stops": kind.stops if kind else "",
        "do": kind.do if kind else "", "runbook": f"homeward help {kind.runbook}" if kind else "",
    }  # fmt: skip


def standing(signals: Iterable[Signal], merchant: str, vendor: str, now: datetime) -> str:
    """How a merchant stands with a vendor, in a word or two."""
    whole = next((each for each in signals if (each.merchant, each.subject) == (merchant, vendor)), None)
    if whole is None:
        return SHORT[UNKNOWN]
    told = SHORT.get(whole.status, whole.status)
    return f"{told}? nobody looks" if whole.is_stale(now) else told


def answers(signals: Iterable[Signal], merchant: str, vendor: str) -> bool:
    return outage(signals, merchant, vendor) is None


def summary(signals: Sequence[Signal], merchant: str) -> str:
    """Whether work is possible for this merchant, and if not, why, in one line."""
    stops = stopped(signals, merchant)
    if stops:
        return "cannot work: " + "; ".join(headline(each) for each in stops[:3])
    beside = troubles(signals, [merchant])
    return "works; " + "; ".join(headline(each) for each in beside[:3]) if beside else "works"


def headline(signal: Signal) -> str:
    """What is wrong, without the vendor's own words and without names."""
    vendor = NAMES.get(signal.subject, "")
    told = {
        REFUSES: f"{vendor} refuses our key or token", SILENT: f"{vendor} does not answer",
        GARBLED: f"{vendor}'s answers cannot be read",
    }  # fmt: skip
    return told.get(signal.status, f"{named(signal.subject)}: {signal.status.replace('-', ' ')}")


def banner(signal: Signal) -> str:
    """What everybody should know before believing a page."""
    whose = f"{signal.merchant}: " if signal.merchant != INSTALLATION else ""
    stops = KINDS[signal.status].stops if signal.status in KINDS else ""
    return f"{whose}{headline(signal)}, since {signal.since:%Y-%m-%d %H:%M} UTC. {stops}"


def held_up(signals: Sequence[Signal], merchant: str, state: State) -> str:
    """Why a return in this state cannot go on just now, whatever else it waits for; empty when it can."""
    for vendor, states in WAITS.items():
        stops = [each for each in stopped(signals, merchant) if each.vendor == vendor]
        if stops and state in states:
            what = f"{headline(stops[0])} since {stops[0].since:%Y-%m-%d %H:%M} UTC"
            if state is State.EXCEPTION:
                return f"{what}, so nothing is tried meanwhile."
            return f"{what}, so nothing goes on here until that is mended. Operations are told."
    return ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a daemon can be relied on, for whoever routes to it or wakes somebody."""

    is_ready: bool
    why: str
    configured: int
    able: int
    """Merchants for whom work is possible."""
    signals: tuple[Signal, ...]

    def anonymous(self) -> dict[str, Any]:
        """For anybody who asks: kinds and counts, no merchant's name, no file."""
        counted: dict[tuple[str, str], set[str]] = {}
        for each in self.signals:
            counted.setdefault((each.status, each.vendor or each.subject.split(":")[0]), set()).add(each.merchant)
        return {
            "ready": self.is_ready, "degraded": self.able < self.configured or bool(self.signals), "why": self.why,
            "merchants": {"configured": self.configured, "able": self.able},
            "troubles": [
                {
                    "kind": kind, "what": what, "merchants": len(names - {INSTALLATION}),
                    "means": KINDS[kind].stops if kind in KINDS else "",
                }
                for (kind, what), names in sorted(counted.items())
            ],
        }  # fmt: skip

    def detailed(self, merchants: Iterable[str], *, with_installation: bool) -> list[dict[str, Any]]:
        """For who may see these merchants. `with_installation`: and what concerns every merchant."""
        return [self._of(name, with_installation=with_installation) for name in sorted(merchants)]

    def _of(self, merchant: str, *, with_installation: bool) -> dict[str, Any]:
        shown = [
            each for each in troubles(self.signals, [merchant]) if with_installation or each.merchant != INSTALLATION
        ]
        stops = stopped(self.signals, merchant)
        why = "; ".join(dict.fromkeys(headline(each) if each in shown else NOT_YOURS for each in stops))
        return {
            "merchant": merchant, "ready": not stops, "why": why,
            "troubles": [signal_view(each, with_file=False) for each in shown],
        }  # fmt: skip


def readiness(signals: Sequence[Signal], merchants: Sequence[str], *, starting: str = "") -> Readiness:
    """One merchant that cannot work takes no daemon away from the others; where nobody can, it is not ready.

    `starting`: why the daemon itself has not begun yet; empty when it has.
    """
    found = tuple(troubles(signals, merchants))
    able = [name for name in merchants if not stopped(found, name)]
    if starting:
        return Readiness(False, starting, len(merchants), len(able), found)
    unable = len(merchants) - len(able)
    why = ""
    if unable:
        reasons = sorted({headline(each) for each in found if each.stops_work})
        why = f"{unable} of {len(merchants)} merchant(s) cannot work: {'; '.join(reasons)}"
    elif found:
        why = "work goes on; " + "; ".join(sorted({headline(each) for each in found}))
    return Readiness(bool(able) or not merchants, why, len(merchants), len(able), found)
