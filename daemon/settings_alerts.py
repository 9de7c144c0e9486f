"""How a team is reached; of the whole installation, or of one merchant alone."""

from datetime import time
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from daemon.settings_section import ConfigPath, Section

Team: TypeAlias = Literal["customer-service", "finance", "warehouse", "operations"]


class TeamSettings(Section):
    email: tuple[Annotated[str, Field(pattern=r"^[^@\s,]+@[^@\s,]+$")], ...] = ()
    """Addresses that are told."""
    slack_url_file: ConfigPath | None = None
    """File with the address of an incoming webhook, as Slack and its likes give it; it is a secret."""
    webhook_url: str | None = Field(default=None, pattern=r"^https?://")
    """Where digests are posted as JSON."""
    webhook_secret_file: ConfigPath | None = None
    """File with the key that signs them."""
    quiet_from: time | None = None
    """Begin of the hours in which only urgent things are told, by the merchant's clock."""
    quiet_until: time | None = None
    """End of those hours."""
