"""How one merchant's books are matched: tolerances, clocks, rate card, platforms, files of its own making."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, TypeAdapter, field_validator

from daemon.settings_section import Section
from statemachine.books.terms import AGE_BOUNDS, Rate, Terms, Tolerance

TERMS = TypeAdapter(Terms)


class ToleranceSettings(Section):
    """The smaller of amount and share holds, in each direction by itself. `default` stands for every other currency."""

    over: Decimal = Field(default=Decimal(0), ge=0)
    """By how much the later amount may lie above the earlier one."""
    under: Decimal = Field(default=Decimal(0), ge=0)
    """The same, below."""
    over_percent: Decimal = Field(default=Decimal(100), ge=0, le=100)
    """And at most by this share of it."""
    under_percent: Decimal = Field(default=Decimal(100), ge=0, le=100)
    """The same, below."""


class RateSettings(Section):
    """One line of the rate card agreed with Happy Returns."""

    method: str = ""
    """Drop-off method, for example return-bar or mail; left out: every method."""
    since: date
    """First day it holds; the newest that has begun is used."""
    amount: Decimal = Field(ge=0)
    """What is charged for one approved unit."""
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    """Its currency."""
    type: str = "item_fee"
    """The invoice's fee_type that it prices."""


class MappedFileSettings(Section):
    """A CSV file of any other making: which of its columns says what."""

    covers: Literal["payouts", "fees", "bank"]
    """What its lines are."""
    provider: str = ""
    """Name of the platform, for payouts."""
    columns: dict[str, str]
    """Our field → the file's column. Fields: date, and amount or both debit and credit; and as there are: direction (says
    debit or credit), id, currency, type, order, reference, payout, sku, code, item, method, text, invoice, account."""
    date_format: str = "%Y-%m-%d"
    """As in Python's strptime."""
    decimal_comma: bool = False
    """Whether amounts are written 1.234,56; where this is left out, the file's own amounts tell."""
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    """Where the file has no column for it."""
    account: str = ""
    """IBAN or number of the account, where a bank's file has no column for it: so lines are known again in other formats."""
    refund_types: tuple[str, ...] = ("refund",)
    """Which types are refunds, for payouts; others count into the payout's sum only."""

    @field_validator("columns")
    @classmethod
    def _knows_the_fields(cls, value: dict[str, str]) -> dict[str, str]:
        known = {
            "id", "date", "amount", "debit", "credit", "direction", "currency", "type", "order", "reference", "payout", "sku",
            "code", "item", "method", "text", "invoice", "account",
        }  # fmt: skip
        if unknown := sorted(set(value) - known):
            raise ValueError(f"there is no field {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
        if "date" not in value:
            raise ValueError("the column of date must be named")
        if "amount" not in value and not {"debit", "credit"} <= set(value):
            raise ValueError("the column of amount must be named, or those of debit and credit")
        if "amount" in value and {"debit", "credit"} & set(value):
            raise ValueError("either amount is named, or debit and credit are")
        return value


class FinanceSettings(Section):
    match_hour: int = Field(default=4, ge=0, le=23)
    """At which hour of the merchant's day the books are read and matched; on demand: homeward match run."""
    history_days: int = Field(default=120, ge=1)
    """How far the first reading of Brightpearl's books reaches back."""
    horizon_days: int = Field(default=400, ge=30)
    """How old business may be and still be matched."""
    tolerances: dict[str, ToleranceSettings] = Field(default_factory=dict)
    stock_days: int = Field(default=28, ge=0)
    """Clock of goods that were credited and have not come in; after it they are an orphan."""
    credit_days: int = Field(default=3, ge=0)
    """Clock of goods that arrived, or were approved, and have no credit."""
    refund_days: int = Field(default=5, ge=0)
    """Clock of a credit without a refund."""
    return_days: int = Field(default=7, ge=0)
    """Clock of a refund, fee or credit without a return we know, and of a return only Happy Returns knows."""
    payout_days: int = Field(default=7, ge=0)
    """How long after its refund a payout line may come, and a payout on the bank's statement."""
    link_days_before: int = Field(default=7, ge=0)
    """How many days before its partner a payout or bank line may lie and still be joined to it by order and amount."""
    link_days_after: int = Field(default=30, ge=0)
    """The same, after."""
    age_bounds: tuple[int, ...] = AGE_BOUNDS
    """Last day of each age bucket but the open one."""
    payouts: dict[str, str] = Field(default_factory=dict)
    """Payment method in Brightpearl → the platform whose payouts must show its refunds: shopify, stripe, paypal, adyen."""
    rates: tuple[RateSettings, ...] = ()
    fee_nominal: str = ""
    """Nominal code of Happy Returns' fees, for the proposed journal."""
    accrual_nominal: str = ""
    """Nominal code of accruals, for the same."""
    files: dict[str, MappedFileSettings] = Field(default_factory=dict)

    @field_validator("tolerances")
    @classmethod
    def _by_currency(cls, value: dict[str, ToleranceSettings]) -> dict[str, ToleranceSettings]:
        for name in value:
            if name != "default" and not (len(name) == 3 and name.isupper()):
                raise ValueError(f"{name!r} is neither a currency nor 'default'")
        return value

    @field_validator("age_bounds")
    @classmethod
    def _must_grow(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or list(value) != sorted(set(value)) or value[0] < 0:
            raise ValueError("the bounds must grow, from 0 days or more")
        return value

    def terms(self) -> Terms:
        tolerances = {
            "" if name == "default" else name: Tolerance(told.over, told.under, told.over_percent, told.under_percent)
            for name, told in self.tolerances.items()
        }
        rates = tuple(Rate(each.method, each.since, each.amount, each.currency, each.type) for each in self.rates)
        return Terms(
            tolerances or {"": Tolerance()}, self.link_days_before, self.link_days_after, self.stock_days, self.credit_days,
            self.refund_days, self.return_days, self.payout_days, dict(self.payouts), self.age_bounds, rates,
            self.fee_nominal, self.accrual_nominal,
        )  # fmt: skip


def terms_of(told: Mapping[str, Any]) -> Terms:
    """Terms from what a run kept of them."""
    return TERMS.validate_python(told)
