"""A wave: many effects of one kind worked together. Read for all, judge each, send, read back for all."""

from dataclasses import dataclass, field
from typing import Any

from daemon.clients.brightpearl import Write
from daemon.clients.brightpearl_transport import Answer
from daemon.clients.results import Permit
from daemon.errors import HomewardError
from daemon.loops.outcome import Outcome
from daemon.loops.workplace import Workplace
from daemon.store.outbox import Leased
from statemachine.units import Return


@dataclass(frozen=True, slots=True)
class Planned:
    """An effect that is to be sent."""

    effect: Leased
    intent: dict[str, Any]
    """What will be sent, with everything that is needed to judge the answer."""
    permit: Permit
    """Why sending it cannot do the same thing twice."""


@dataclass(slots=True)
class Wave:
    """One wave of one merchant's effects. Every effect ends in `outcomes`, before it is sent or after."""

    at: Workplace
    effects: list[Leased]
    returns: dict[int, Return]
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    answers: dict[int, Answer | HomewardError] = field(default_factory=dict)

    async def plan(self) -> list[Planned]:
        """Read and judge: what is to be sent. What needs nothing sent is in `outcomes`."""
        raise NotImplementedError

    async def send(self, planned: list[Planned]) -> None:
        """Send a part of what was planned, whose intents are stored by now."""
        answers = await self.at.brightpearl.send([self.write(each) for each in planned])
        self.answers |= {int(label): answer for label, answer in answers.items()}

    def write(self, planned: Planned) -> Write:
        """The one write of an effect; its label is the effect's id."""
        raise NotImplementedError

    async def conclude(self, sent: list[Planned]) -> None:
        """Read back and judge what was sent."""

    def _open(self) -> list[Leased]:
        return [effect for effect in self.effects if effect.id not in self.outcomes]

    def _return(self, effect: Leased) -> Return:
        return self.returns[effect.return_id]

    def _settle(self, outcome: Outcome) -> None:
        self.outcomes[outcome.settlement.effect.id] = outcome
