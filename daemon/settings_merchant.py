"""One merchant's settings: its two vendors, what is done with its returns, its people, clocks and books."""

from dataclasses import fields, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from daemon.settings_alerts import Team, TeamSettings
from daemon.settings_finance import FinanceSettings
from daemon.settings_section import ConfigPath, Section
from statemachine.calendar import Calendar
from statemachine.causes import CAUSES
from statemachine.credit.policy import CreditPolicy
from statemachine.deadlines import LADDERS
from statemachine.policy import Policy, Rung, Severity, for_method
from statemachine.units import Progress

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY_YEARS = (2024, 2041)  # a clock begun in these years, the last left out, knows the public holidays
TRIGGERS = {"started": Progress.STARTED, "dropped_off": Progress.DROPPED_OFF, "approved": Progress.APPROVED}
Trigger = Literal["started", "dropped_off", "approved"]


class MessagingSettings(Section):
    """Where the merchant's own messaging is told what customers may be told; nothing is sent where nothing is set."""

    email: tuple[Annotated[str, Field(pattern=r"^[^@\s,]+@[^@\s,]+$")], ...] = ()
    """Addresses of that messaging; never the customer's."""
    slack_url_file: ConfigPath | None = None
    """As alerts.teams.TEAM.slack_url_file."""
    webhook_url: str | None = Field(default=None, pattern=r"^https?://")
    """Where each notice is posted as JSON."""
    webhook_secret_file: ConfigPath | None = None
    """File with the key that signs them."""
    words: tuple[Literal["holding", "refunded", "credited"], ...] = ("holding", "refunded", "credited")
    """What is told: holding (the credit is late), refunded and credited (it is posted)."""


class HappyReturnsSettings(Section):
    base_url: str = Field(default="https://partner.happyreturns.com", pattern=r"^https?://[^/]+")
    """Where Happy Returns answers."""
    retailer_id: str
    """Our slug at Happy Returns."""
    api_key_file: ConfigPath
    """File with the partner API key."""
    webhook_secret_file: ConfigPath | None = None
    """File with the signing secret, one a line while one is rotated; left out: every webhook is refused."""
    webhook_signature: Literal["hmac-sha256-hex", "hmac-sha256-base64"] = "hmac-sha256-hex"
    """UNCONFIRMED U-11."""
    order_number_prefix: str = ""
    """Put before an order number we ask for, where the shop feeds Happy Returns '#1042' and Brightpearl '1042'."""
    requests_per_second: float | None = Field(default=None, gt=0)
    """Pace; left out: as fast as the answers come until a 429 names the limit, then that limit."""
    sweep_minutes_fresh: int = Field(default=30, ge=1)
    """How often an open return younger than 48 h is read again."""
    sweep_minutes_recent: int = Field(default=240, ge=1)
    """The same, younger than 14 days."""
    sweep_minutes_old: int = Field(default=1440, ge=1)
    """The same, older."""
    shipments_every_minutes: int = Field(default=15, ge=1)
    """How often hub shipments are read."""
    shipments_overlap_hours: int = Field(default=48, ge=1)
    """How far each shipment window reaches back over the last."""
    discovery: bool = True
    """Ask for returns of shipped orders nobody told us about."""
    discovery_days: int = Field(default=60, ge=1)
    """How long after shipping an order may still have a return nobody told us about."""
    discovery_every_minutes: int = Field(default=60, ge=1)
    """How often newly shipped orders are looked for."""
    discovery_repeat_hours: int = Field(default=72, ge=1)
    """How often a shipped order is asked about again, and all shipped orders are searched for again."""
    unclear_after_minutes: int = Field(default=60, ge=5)
    """What a webhook said, and answers do not bear out for so long, is an exception. How far answers lag is UNCONFIRMED."""


class OAuthSettings(Section):
    client_id: str
    """The app reference, as the token service knows it."""
    client_secret_file: ConfigPath | None = None
    """File with the client secret, for confidential clients."""
    refresh_token_file: ConfigPath
    """Written back after each refresh."""
    token_url: str
    """Where tokens are refreshed."""


class BrightpearlSettings(Section):
    base_url: str = Field(pattern=r"^https?://[^/]+/public-api/[^/]+/?$")
    """Data centre and account, up to and with /public-api/ACCOUNT."""
    app_ref: str
    """The app reference Brightpearl gave us."""
    dev_ref: str | None = None
    """The developer reference, for OAuth and public apps."""
    account_token_file: ConfigPath | None = None
    """File with the account token of a private system app."""
    staff_token_file: ConfigPath | None = None
    """File with the staff token of a private staff app."""
    oauth: OAuthSettings | None = None
    requests_per_minute: int = Field(default=140, ge=1, le=1_000_000)
    """Our share of the account's 200 requests a minute; the rest is left to its other integrations."""
    installed_integration_instance_id: int | None = None
    """Left out: taken from the replies' header, and sent only where that header exists. UNCONFIRMED for private apps."""
    order_number_field: Literal["reference", "external_ref"] = "reference"
    """Which field of the order holds the shopper's number."""
    bundled_writes: bool = True
    """Send independent writes in multi-messages of up to ten, while that works and costs less than single calls."""
    search_lag_seconds: tuple[int, ...] = (2, 8, 30)
    """After an unknown outcome: how long to wait before each of the first look-ups; later ones come less and less often."""
    search_totals_are_reliable: bool = True
    """Whether a search that announces another number of results than it shows was cut. UNCONFIRMED: some always say 500."""
    keys_held: tuple[Literal["credit", "payment", "goods-in"], ...] | None = None
    """Writes whose key Brightpearl holds unique in this account, so that one whose answer was lost and that is not found
    may be sent again. Left out: goods-in, as documented, and credits where an instance id is sent; for all else a person
    is asked. A private app has no instance id: then nothing but the search tells whether a lost credit was made."""
    lost_write_minutes: int = Field(default=10, ge=1)
    """How long a write whose answer was lost is looked for before it counts as not found, until the lag of the search index
    has been measured; from then on three times the measured lag, and at least lost_write_floor_seconds."""
    lost_write_floor_seconds: int = Field(default=60, ge=5)
    """The least time a lost write is looked for, however fast the search index is."""
    pending_close_minutes: int = Field(default=10, ge=1)
    """A credit still 'pending' after this long is closed again. Source: Brightpearl sheet 6.4."""

    @field_validator("oauth")
    @classmethod
    def _one_way_to_sign(cls, value: OAuthSettings | None, info: ValidationInfo) -> OAuthSettings | None:
        given = [info.data.get("account_token_file"), info.data.get("staff_token_file"), value]
        if sum(each is not None for each in given) != 1:
            raise ValueError("give exactly one of account_token_file, staff_token_file and an oauth table")
        return value

    model_config = ConfigDict(validate_default=True)


class AssumptionSettings(Section):
    """UNCONFIRMED points of the vendors' sheets that change what we conclude."""

    status_covers_all_items: bool = False
    """U-19: a webhook's status holds for every unit it lists."""
    item_ids_come_again: bool = False
    """A unit has the same item id again when its first return expired or was cancelled: then that one does not hold it."""


class MethodPolicySettings(Section):
    """What differs for one drop-off method; whatever is left out is as for all."""

    credit_trigger: Trigger | None = None
    """As policy.credit_trigger, for this method."""
    restock: Literal["receipt", "credit", "observe"] | None = None
    """As policy.restock."""
    record_refund: bool | None = None
    """As policy.record_refund."""
    refund_payment_method: str | None = None
    """As policy.refund_payment_method."""
    close_credit: bool | None = None
    """As policy.close_credit."""
    on_invoiced_order: Literal["credit", "hold"] | None = None
    """As policy.on_invoiced_order."""
    on_exchange: Literal["credit", "hold"] | None = None
    """As policy.on_exchange."""
    on_processing_fee: Literal["hold", "deduct", "ignore"] | None = None
    """As policy.on_processing_fee."""
    value_ceiling: Decimal | None = Field(default=None, ge=0)
    """As policy.value_ceiling."""
    order_age_days_max: int | None = Field(default=None, ge=1)
    """As policy.order_age_days_max."""
    credit_status_id: int | None = None
    """As policy.credit_status_id."""
    authorised_status_id: int | None = None
    """As policy.authorised_status_id."""
    done_status_id: int | None = None
    """As policy.done_status_id."""
    return_warehouse_id: int | None = Field(default=None, ge=1)
    """As policy.return_warehouse_id."""


class PolicySettings(Section):
    credit_trigger: Trigger = "dropped_off"
    """When the credit falls due: started, dropped_off or approved."""
    by_method: dict[str, MethodPolicySettings] = Field(default_factory=dict)
    """What differs by drop-off method, for example [merchants.NAME.policy.by_method.mail]; `mail` stands for all mail."""
    confirm_webhooks: bool = True
    """Money moves only on what Happy Returns answers to our own question, never on a webhook alone."""
    restock: Literal["receipt", "credit", "observe"] = "receipt"
    """receipt: goods-in when the warehouse has the unit; credit: at once; observe: the warehouse books it itself."""
    record_refund: bool = True
    """Record the refund on the credit."""
    refund_payment_method: str | None = None
    """Payment method code of refunds; left out: the one the order was paid with."""
    on_mixed_payment: Literal["hold", "largest"] = "hold"
    """Where the order was paid with several methods: a person says where the refund goes, or it goes to the largest."""
    store_credit_payment_method: str | None = None
    """Payment method code where the shopper chose a gift card or store credit."""
    close_credit: bool = True
    """Close (invoice) the credit."""
    credit_status_id: int | None = None
    """Status of new credits; a return reason's own goes before it; left out: the account's default."""
    authorised_status_id: int | None = None
    """Status a person gives a credit in Brightpearl before it is refunded and closed; left out: no such step."""
    done_status_id: int | None = None
    """Status of a credit whose refund and invoice are done; left out: it keeps its own."""
    return_warehouse_id: int | None = Field(default=None, ge=1)
    """Where goods come in; left out: the order's warehouse."""
    quarantine_damaged: bool = True
    """Damaged goods go to the warehouse's quarantine location."""
    approve_returns: bool = False
    """Approving at Happy Returns moves money and cannot be undone; off unless set."""
    report_contents: bool = False
    """Tell Happy Returns which units of its bags have arrived, and in which condition. No money moves by it."""
    on_invoiced_order: Literal["credit", "hold"] = "credit"
    """credit: the normal reversal of an invoiced sale; hold: park such returns."""
    on_exchange: Literal["credit", "hold"] = "hold"
    """credit: credit the goods without recording a refund; hold: a person decides."""
    on_processing_fee: Literal["hold", "deduct", "ignore"] = "hold"
    """A shopper's fee. deduct: a negative row by the map's [fees.processing]; ignore: credit without it; hold: a person."""
    on_locked_period: Literal["later-date", "wait"] = "later-date"
    """While today lies in a locked accounting period: date the credit after the lock, or wait until it opens."""
    lock_ahead_days_max: int = Field(default=31, ge=0)
    """A lock that reaches further ahead than this is waited for in any case."""
    on_sku_difference: Literal["hold", "trust-line"] = "hold"
    """Where line id and SKU name different articles: hold, or trust the line id."""
    on_bundle_part: Literal["hold", "cost"] = "hold"
    """Part of a bundle whose shares are not mapped: hold, or share its price by item cost."""
    value_ceiling: Decimal | None = Field(default=None, ge=0)
    """Credits worth more than this, tax included and in base currency, need a person; left out: none does."""
    order_age_days_max: int | None = Field(default=None, ge=1)
    """Returns of orders older than this need a person; left out: none does."""
    decision_size_max: int = Field(default=10_000, ge=100, le=100_000)
    """Units of a return, rows of its order and rows of its order's credits, together; with more a person decides."""
    amount_check: Literal["unexplained", "hold", "note"] = "unexplained"
    """Where Happy Returns' amount differs. unexplained: hold where the order explains it in no way (with or without tax,
    discounts, fees); hold: wherever it is not the goods' value before or after fees; note: never, only note it."""
    amount_tolerance: Decimal | None = Field(default=None, ge=0)
    """By how much the two may differ, in order currency; left out: five of its smallest coins, or one a unit if more."""
    watch_orders_minutes: int = Field(default=10, ge=1)
    """How often Brightpearl is asked, in one batched search, whether an order changed that a stuck return waits for."""
    verify_minutes: int = Field(default=10, ge=1)
    """How often credits and refunds that others made are set against ours: two searches, and more only where there are."""
    order_wait_hours: int = Field(default=24, ge=1)
    """How long an order may be missing from Brightpearl (sync lag) before a person is asked."""
    initiated_days: int = Field(default=35, ge=1)
    """Clock of a started return nobody dropped off."""
    scanned_hours: int = Field(default=24, ge=1)
    """Clock of a drop-off whose credit is not yet due."""
    approval_days: int = Field(default=14, ge=1)
    """Clock of a confirmed drop-off whose credit waits for the approval."""
    credit_pending_hours: int = Field(default=1, ge=1)
    """Clock of a credit that is due."""
    credited_days: int = Field(default=28, ge=1)
    """Clock of credited goods that have not come in."""

    def machine(self) -> Policy:
        return Policy(
            credit_trigger=TRIGGERS[self.credit_trigger],
            credit_trigger_by_method={
                method: TRIGGERS[told.credit_trigger] for method, told in self.by_method.items() if told.credit_trigger
            },
            restock_by_method={method: told.restock for method, told in self.by_method.items() if told.restock},
            confirm_hints=self.confirm_webhooks,
            restock=self.restock,
            record_refund=self.record_refund,
            approve_returns=self.approve_returns,
            close_credit=self.close_credit,
            initiated_for=timedelta(days=self.initiated_days),
            scanned_for=timedelta(hours=self.scanned_hours),
            approval_for=timedelta(days=self.approval_days),
            credit_pending_for=timedelta(hours=self.credit_pending_hours),
            credited_for=timedelta(days=self.credited_days),
        )

    def of_method(self, method: str) -> "PolicySettings":
        """The policy as it holds for one drop-off method."""
        told = for_method(self.by_method, method)
        given = told.model_dump(exclude_none=True) if told is not None else {}
        return self.model_copy(update=given) if given else self

    def credit(self, method: str) -> CreditPolicy:
        told = self.of_method(method)
        return CreditPolicy(**{field.name: getattr(told, field.name) for field in fields(CreditPolicy)})


class CalendarSettings(Section):
    """When the merchant's people work: clocks that give a team time stand still outside these hours."""

    timezone: str = "UTC"
    """Name of the time zone, for example Europe/London."""
    opens: time = time(9)
    """When work begins, by the wall clock there."""
    closes: time = time(17)
    """When it ends, later on the same day."""
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("mon", "tue", "wed", "thu", "fri")
    """Working days of a week."""
    country: str | None = None
    """Two-letter code of the country whose public holidays are free; left out: none are."""
    subdivision: str | None = None
    """Part of that country with holidays of its own, for example ENG or BY."""
    closed_on: tuple[date, ...] = ()
    """Further days off."""

    @model_validator(mode="after")
    def _must_work(self) -> "CalendarSettings":
        try:
            self.business_time()
        except (ValueError, NotImplementedError, ZoneInfoNotFoundError) as error:
            raise ValueError(f"the calendar cannot be read: {error}") from error
        return self

    def today(self, now: datetime) -> date:
        """Which day it is there."""
        return now.astimezone(ZoneInfo(self.timezone)).date()

    def business_time(self) -> Calendar:
        weekdays = frozenset(WEEKDAYS.index(day) for day in self.weekdays)
        days_off = self._public_holidays() | frozenset(self.closed_on)
        return Calendar(ZoneInfo(self.timezone), self.opens, self.closes, weekdays, days_off)

    def _public_holidays(self) -> frozenset[date]:
        if not self.country:
            return frozenset()
        from holidays import country_holidays  # here, since every command reads settings and few name a country

        return frozenset(country_holidays(self.country, self.subdivision, years=range(*HOLIDAY_YEARS)))


class RungSettings(Section):
    after: str = Field(pattern=r"^[1-9][0-9]{0,3}[hd]$")
    """How long after the state was entered: 4h, 2d."""
    tell: Literal["customer-service", "finance", "warehouse", "operations"]
    """The team that is told."""
    severity: Severity = Severity.WARNING
    """notice, warning or urgent."""
    in_business_time: bool = True
    """Whether the clock stands still outside working hours; a day is then a working day."""

    def rung(self) -> Rung:
        number = int(self.after[:-1])
        after = timedelta(days=number) if self.after.endswith("d") else timedelta(hours=number)
        return Rung(after, self.tell, self.severity, in_business_time=self.in_business_time)


class PeopleSettings(Section):
    """What people may do to this merchant's returns."""

    second_person_above: Decimal | None = Field(
        default=None,
        ge=0,
        description="A forced, accepted or ended return worth more than this, in the order's currency, waits until a second "
        "person agrees: `homeward batch approve`. Left out: one person is enough.",
    )
    reason_codes: tuple[str, ...] = Field(
        default=(
            "goodwill", "vendor-fault", "data-error", "credited-by-hand", "refunded-elsewhere", "goods-lost", "fraud", "test",
            "other",
        ),
        min_length=1,
        description="Reasons to choose from when a state is forced or an exception is ended by hand.",
    )  # fmt: skip


class ObjectiveSettings(Section):
    """What is promised, and measured as service level objectives."""

    credit_minutes: int = Field(default=240, ge=1)
    """A credit is in time so many minutes after the first drop-off of its units."""
    intake_minutes: int = Field(default=60, ge=1)
    """Happy Returns is heard of at least so often."""


class RetentionSettings(Section):
    """How long what may name a person is kept. Returns and their journal go by `homeward db prune`."""

    bodies_days: int = Field(default=90, ge=1)
    """Bodies as received: webhooks, imports."""
    messages_days: int = Field(default=90, ge=1)
    """What teams and customers' messaging were told, once it arrived."""


class MerchantSettings(Section):
    observe: bool = False
    """Poll and decide, and send nothing to this merchant's vendors; see `homeward effect list --observed`."""
    happy_returns: HappyReturnsSettings
    brightpearl: BrightpearlSettings
    policy: PolicySettings = PolicySettings()
    calendar: CalendarSettings = CalendarSettings()
    messaging: MessagingSettings = MessagingSettings()
    teams: dict[Team, TeamSettings] = Field(default_factory=dict)
    """Teams of this merchant's own, as alerts.teams.TEAM: what concerns it is told to them alone, and to nobody who works for
    another merchant."""
    people: PeopleSettings = PeopleSettings()
    finance: FinanceSettings = FinanceSettings()
    ladders: dict[str, tuple[RungSettings, ...]] = Field(default_factory=dict)
    """Deadlines in place of the default ones, by state, `approval`, or cause; the last rung of a state is its exception."""
    map_file: ConfigPath | None = None
    """The merchant's maps, as people review them; the daemon follows what `homeward map accept` took from it."""
    assumptions: AssumptionSettings = AssumptionSettings()
    objectives: ObjectiveSettings = ObjectiveSettings()
    retention: RetentionSettings = RetentionSettings()

    @field_validator("ladders")
    @classmethod
    def _ladders_lead_upwards(cls, value: dict[str, tuple[RungSettings, ...]]) -> dict[str, tuple[RungSettings, ...]]:
        for name, rungs in value.items():
            if name not in LADDERS and name not in CAUSES:
                raise ValueError(
                    f"there is no state or cause {name!r}; states: {', '.join(LADDERS)}; causes: see README"
                )
            steps = [rung.rung() for rung in rungs]
            if not steps:
                raise ValueError(f"{name} has no rung: a return would stay there for ever and nobody be told")
            if len({step.in_business_time for step in steps}) > 1:
                raise ValueError(f"{name} mixes business time with the time on the clock")
            if any(later.after <= earlier.after for earlier, later in pairwise(steps)):
                raise ValueError(f"{name}: each rung must come later than the one before")
        return value

    def machine_policy(self) -> Policy:
        """What the machine must know of this merchant."""
        ladders = {name: tuple(rung.rung() for rung in rungs) for name, rungs in self.ladders.items()}
        return replace(
            self.policy.machine(), calendar=self.calendar.business_time(), ladders=ladders,
            item_ids_come_again=self.assumptions.item_ids_come_again,
        )  # fmt: skip
