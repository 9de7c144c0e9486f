"""The decision table: every question, every verdict with its cause, owner, clock and next step.

`python -m statemachine.credit.table` prints it.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from statemachine.causes import CAUSES, Cause
from statemachine.credit.edges import ANSWERS
from statemachine.credit.preflight import CHECKS
from statemachine.credit.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    asks: str
    verdict: type[Verdict]
    about: Cause


def lines() -> Iterator[Line]:
    """In the order the questions are asked: locating the order, the pre-flight, Brightpearl's answer."""
    locating = [each for each in ANSWERS if each[2] in ("order-not-found", "order-ambiguous")]
    answering = [each for each in ANSWERS if each not in locating]
    asked = [(asks, [(verdict, cause)]) for asks, verdict, cause in locating]
    asked += [(check.asks, list(check.answers)) for check in CHECKS]
    asked += [(asks, [(verdict, cause)]) for asks, verdict, cause in answering]
    for number, (asks, answers) in enumerate(asked, start=1):
        for verdict, cause in answers:
            yield Line(number, asks, verdict, CAUSES[cause])


def markdown() -> str:
    told = ["| # | Asked | Verdict | Cause | Owner | Clock | Next |", "| ---: | --- | --- | --- | --- | --- | --- |"]
    last = 0
    for line in lines():
        asks = line.asks if line.number != last else ""
        hours = int(line.about.clock.total_seconds() // 3600)
        told.append(
            f"| {line.number if asks else ''} | {asks} | {line.verdict.kind} | `{line.about.code}` | {line.about.owner} | "
            f"{hours} h | {line.about.next_step} |"
        )
        last = line.number
    return "\n".join(told)


if __name__ == "__main__":
    sys.stdout.write(markdown() + "\n")
