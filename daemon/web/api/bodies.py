"""What programs may send. Everything is checked here, at the border; what is not named is refused."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from statemachine.events import Way
from statemachine.units import Condition

Words = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(max_length=100, strip_whitespace=True, pattern=r"^[^\x00-\x1f]*$")]
Verb = Literal[
    "retry",
    "accept",
    "hold",
    "release",
    "resolve",
    "reissue",
    "force",
    "same-goods",
    "receive",
    "assign",
    "snooze",
    "note",
]
Team = Literal["customer-service", "finance", "warehouse", "operations"]
Forced = Literal["scanned", "credit-pending", "credited", "exception", "closed"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VerbOptions(_Body):
    """What a verb is told. Which of it each verb wants: `homeward VERB --help`."""

    reason: Words = ""
    note: Words = ""
    team: Team | None = Field(default=None, description="hold: whose it is meanwhile")
    to: Annotated[str, StringConstraints(max_length=100)] = Field(
        default="", description="assign: the person; empty is nobody"
    )
    state: Forced | None = Field(default=None, description="force: where to")
    way: Way | None = Field(default=None, description="same-goods: what is true of goods that another return holds too")
    adopt: int | None = Field(None, description="force to credited: the credit to take over")
    until: datetime | None = Field(default=None, description="snooze: when the clock goes on; left out: it goes on now")
    condition: Condition = Field(default=Condition.SELLABLE, description="receive: what the warehouse found")
    units: tuple[Name, ...] = Field(
        (), max_length=1000, description="receive: keys or SKUs; left out: all not yet here"
    )


class ManyBody(_Body):
    """A verb on many returns: by their numbers or by a filter."""

    verb: Verb
    ids: tuple[Annotated[int, Field(ge=1, le=10**15)], ...] = Field(default=(), max_length=1000)
    where: Annotated[str, StringConstraints(max_length=4000)] = ""
    options: VerbOptions = VerbOptions.model_construct()
    dry_run: bool = False
    rate_per_minute: Annotated[int, Field(ge=1, le=100_000)] | None = None


class Receipt(_Body):
    """One line of what the warehouse received; enough of it to name the unit."""

    happy_item_id: Name = ""
    happy_return_id: Name = ""
    express_code: Name = ""
    order_number: Name = ""
    sku: Name = ""
    quantity: Annotated[int, Field(ge=1, le=1000)] = 1
    condition: Condition = Condition.SELLABLE
    received_at: datetime | None = None


class ReceiptsBody(_Body):
    merchant: Annotated[str, StringConstraints(max_length=63)] | None = Field(
        None, description="Left out: the only one of the token."
    )
    receipts: tuple[Receipt, ...] = Field(min_length=1, max_length=1000)
