"""What a decision on a credit can say. Every verdict has a cause, evidence, an owner, a clock and words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from statemachine.causes import CAUSES, Cause
from statemachine.credit.snapshot import ExistingCredit, Plan
from statemachine.units import Place, Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`evidence` holds the very facts used; `watches` name what has it decided again (`credit.watching`)."""

    kind: ClassVar[str] = ""

    cause: str
    explanation: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    watches: tuple[str, ...] = ()

    @property
    def about(self) -> Cause:
        """Owner, clock, what it means, what to do next."""
        return CAUSES[self.cause]

    @property
    def trouble(self) -> Trouble:
        """The same for a return that stops here."""
        told = {"verdict": self.kind, **self.evidence}
        return Trouble(self.cause, self.about.owner, self.explanation, told, self.key, self.watches)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNow(Verdict):
    """Exactly this credit, today."""

    kind: ClassVar[str] = "credit now"
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLaterDated(CreditNow):
    """Exactly this credit, with a tax date after the period lock."""

    kind: ClassVar[str] = "credit with a later tax date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt(Verdict):
    """A credit for this very return exists already, made by us earlier or by somebody else."""

    kind: ClassVar[str] = "adopt existing"
    credit: ExistingCredit
    places: Mapping[str, tuple[Place, ...]]
    order_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Verdict):
    """A named fact that can come about by itself is missing; decided again when it does."""

    kind: ClassVar[str] = "wait for a named fact"
    waits_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsPerson(Verdict):
    """A person must mend or decide something; then the credit can be made."""

    kind: ClassVar[str] = "needs a person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse(Verdict):
    """As the facts are, this credit must not be made, whatever anybody says here."""

    kind: ClassVar[str] = "refuse"


VERDICTS: tuple[type[Verdict], ...] = (CreditNow, CreditLaterDated, Adopt, Wait, NeedsPerson, Refuse)
