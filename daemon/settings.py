"""The configuration: one TOML file, checked as a whole; every fault is reported at once with its key's full name."""

import os
import tomllib
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from daemon.errors import SettingsError
from daemon.settings_alerts import Team, TeamSettings
from daemon.settings_merchant import MerchantSettings
from daemon.settings_section import ConfigPath, Section
from daemon.settings_web import WebSettings

LEASE_SECONDS = 15  # a dead daemon's merchants are taken over within this time
EFFECT_LEASE = timedelta(minutes=15)  # how long a wave may take; one that was cut off is taken up again at once
HTTP_TIMEOUT_SECONDS = 20.0  # one call to a vendor, connect to last byte; inside EFFECT_LEASE
assert EFFECT_LEASE.total_seconds() > HTTP_TIMEOUT_SECONDS


class DatabaseSettings(Section):
    dsn: str | None = None
    """PostgreSQL connection; left out: an embedded server in `state_dir`."""
    owner_dsn: str | None = None
    """The same database by the role that owns its tables, for `homeward db migrate` and `db prune`; left out: `dsn`."""
    pages_dsn: str | None = None
    """The same database by a role that sees only the rows of whoever asks, for pages and API; left out: `dsn`, which takes
    on the role homeward_pages."""
    pooled: bool = False
    """`dsn` leads through PgBouncer in transaction mode; leases then need `session_dsn`."""
    session_dsn: str | None = None
    """The same database without a pooler in between, for the one connection that stands for a living daemon."""
    pool_max: int = Field(default=8, ge=2, le=100)
    """Database connections of one daemon."""
    full_at_gb: float | None = Field(default=None, gt=0)
    """How large it may grow; operations are told at nine tenths. Left out: only an embedded server's disk is looked at."""

    @model_validator(mode="after")
    def _leases_need_a_session(self) -> "DatabaseSettings":
        if self.pooled and self.session_dsn is None:
            raise ValueError("pooled needs session_dsn: a lease lives as long as its daemon's own database session")
        return self


class TelemetrySettings(Section):
    otlp_endpoint: str | None = None
    """OTLP over HTTP, without /v1/traces; left out: no export."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""


class SmtpSettings(Section):
    host: str
    """The mail server."""
    port: int = Field(default=587, ge=1, le=65535)
    """Its port."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """starttls, tls from the first byte, or none (only on this machine)."""
    username: str | None = None
    """Account to send with; left out: without."""
    password_file: ConfigPath | None = None
    """File with its password."""
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    """Address the messages come from."""


class EscalationSettings(Section):
    after_minutes: int = Field(ge=0, le=7 * 24 * 60)
    """How long after it was first told."""
    tell: tuple[Team, ...] = Field(min_length=1)
    """The teams that are told then, whatever the hour."""


ESCALATION = (
    EscalationSettings(after_minutes=0, tell=("operations",)),
    EscalationSettings(after_minutes=60, tell=("operations",)),
    EscalationSettings(after_minutes=240, tell=("operations", "customer-service")),
    EscalationSettings(after_minutes=1440, tell=("operations", "customer-service", "finance")),
)


class AlertSettings(Section):
    digest_minutes: int = Field(default=15, ge=0)
    """How long notices are gathered before a team is told of them together."""
    urgent_minutes: int = Field(default=1, ge=0)
    """The same where one of them is urgent."""
    repeat_hours: int = Field(default=24, ge=1)
    """How often those of the last step are reminded of a trouble that lasts."""
    smtp: SmtpSettings | None = None
    teams: dict[Team, TeamSettings] = Field(default_factory=dict)
    escalation: tuple[EscalationSettings, ...] = Field(
        default=ESCALATION,
        min_length=1,
        description="Who is told of what keeps work from being done (a refused token, a silent vendor, a database that takes "
        "no writes), and who when it lasts. Left out: operations at once and after an hour; customer service too after four "
        "hours; finance too after a day.",
    )

    @field_validator("escalation")
    @classmethod
    def _steps_follow(cls, value: tuple[EscalationSettings, ...]) -> tuple[EscalationSettings, ...]:
        if value[0].after_minutes != 0:
            raise ValueError("the first step has after_minutes = 0: somebody is told at once")
        if any(later.after_minutes <= earlier.after_minutes for earlier, later in pairwise(value)):
            raise ValueError("each step must come later than the one before")
        return value

    @property
    def reached(self) -> tuple[str, ...]:
        """The teams that some message can reach."""
        return tuple(name for name, team in self.teams.items() if team.email or team.slack_url_file or team.webhook_url)

    def of(self, team: str) -> TeamSettings | None:
        return next((told for name, told in self.teams.items() if name == team), None)


class BackupSettings(Section):
    proof_file: ConfigPath | None = None
    """File that whatever makes backups touches when one has succeeded; left out: nobody looks after them here."""
    max_age_hours: int = Field(default=26, ge=1)
    """How old it may be before operations are told."""


class SecretsSettings(Section):
    key_file: ConfigPath | None = None
    """File with keys that seal what the database keeps of OAuth and of second factors, one a line, the first in use:
    `homeward db new-key`."""


class ClockSettings(Section):
    file: ConfigPath | None = None
    """A sandbox's clock file; left out: the machine's clock."""


class Settings(Section):
    name: str = ""
    """Name of this daemon in leases and logs; left out: host name and process id."""
    state_dir: ConfigPath = Path("/var/lib/homeward")
    """Where the embedded server keeps its data."""
    database: DatabaseSettings = DatabaseSettings()
    web: WebSettings = WebSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    clock: ClockSettings = ClockSettings()
    secrets: SecretsSettings = SecretsSettings()
    alerts: AlertSettings = AlertSettings()
    backups: BackupSettings = BackupSettings()
    merchants: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")], MerchantSettings] = Field(
        default_factory=dict
    )

    def alerts_of(self, merchant: str) -> AlertSettings:
        """Who is told of this merchant: its own teams go before those of the installation."""
        return self.alerts.model_copy(update={"teams": {**self.alerts.teams, **self.merchants[merchant].teams}})

    @model_validator(mode="after")
    def _what_hangs_together(self) -> "Settings":
        if self.web.second_factor != "optional" and self.secrets.key_file is None:
            raise ValueError("web.second_factor needs secrets.key_file: homeward db new-key prints a key for it")
        if self.web.openid is not None:
            given = {name for names in self.web.openid.merchants.values() for name in names}
            if unknown := sorted(given - set(self.merchants) - {"*"}):
                raise ValueError(f"web.openid.merchants gives {', '.join(unknown)}, which is not configured")
        return self


def config_path(given: Path | None) -> Path:
    """The file in force: flag, then HOMEWARD_CONFIG, then /etc/homeward/homeward.toml."""
    return given or Path(os.environ.get("HOMEWARD_CONFIG") or "/etc/homeward/homeward.toml")


def load(path: Path) -> Settings:
    """Read and check the file. Raises SettingsError naming every fault, its key and what would be valid."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: no such file; name one with --config or HOMEWARD_CONFIG") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    base = path.resolve().parent
    told.setdefault("state_dir", str(base / ".homeward"))
    try:
        return Settings.model_validate(told, context={"base": base})
    except ValidationError as error:
        faults = [_fault(each) for each in error.errors(include_url=False)]
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise SettingsError(f"{path}: {len(faults)} fault(s)\n{lines}") from error


def _fault(error: ErrorDetails) -> str:
    key = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return f"{key}: there is no such setting; see the README's table of settings"
    if error["type"] == "missing":
        return f"{key}: is required"
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message  # of the whole file: it names its keys itself
    return f"{key}: {message} (given: {str(error['input'])[:60]!r})"
