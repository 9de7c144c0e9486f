"""How people and programs come in over HTTP: where, under which address, by which sign-in."""

import ipaddress
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from daemon.settings_section import ConfigPath, Section

Role = Literal["viewer", "customer-service", "finance", "warehouse", "operator", "administrator"]


class OpenIdSettings(Section):
    """Sign-in at the company's OpenID Connect provider."""

    issuer: str = Field(pattern=r"^https?://[^\s]+$")
    """The provider's address; its /.well-known/openid-configuration is read."""
    client_id: str
    """As the provider knows Homeward."""
    client_secret_file: ConfigPath | None = None
    """File with the client secret, for confidential clients."""
    name: str = "single sign-on"
    """What the sign-in page calls it."""
    scopes: str = "openid profile email"
    """What is asked for."""
    account_claim: str = "email"
    """The claim that names the account here; an e-mail address counts only when the provider verified it."""
    role_claim: str | None = None
    """The claim that holds groups or roles; left out: accounts and their roles are made with `homeward user add`."""
    roles: dict[str, Role] = Field(default_factory=dict)
    """Value of that claim → role here; the first that fits. Whoever has none does not come in."""
    merchants: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Value of that claim → merchants here, `["*"]` for every one; all that fit together. Left out: the accounts it makes are
    global."""


def _are_networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise ValueError(f"{network!r} is no address and no network") from error
    return value


class ProxySettings(Section):
    """A reverse proxy that signs people in and names them in a header."""

    header: str = "X-Forwarded-User"
    """The header; believed only from the addresses below."""
    trusted: tuple[Annotated[str, Field(min_length=1)], ...] = ("127.0.0.1", "::1")
    """Addresses or networks of the proxy."""

    _networks = field_validator("trusted")(_are_networks)


class WebSettings(Section):
    listen: str = "127.0.0.1:8600"
    """HOST:PORT of pages, API, webhooks, health and metrics."""
    url: str | None = Field(default=None, pattern=r"^https?://[^/\s]+[^\s]*$")
    """Where people open Homeward in a browser; alerts then link to each return there, and cookies need https."""
    tls_certificate_file: ConfigPath | None = None
    """Certificate with its chain (PEM), for TLS without a proxy in front; a renewed file is taken up within a minute."""
    tls_key_file: ConfigPath | None = None
    """Its private key."""
    environment: str = Field(default="", max_length=20)
    """A word in the head of every page that tells this installation from others, for example sandbox."""
    session_hours: int = Field(default=12, ge=1, le=24 * 30)
    """How long a sign-in lasts."""
    idle_minutes: int = Field(default=120, ge=5)
    """How long without a click."""
    connections_max: int = Field(default=2000, ge=16, le=60_000)
    """Connections in all; fewer where the system gives the process too few descriptors (at most three quarters of them)."""
    connections_per_address: int = Field(default=200, ge=4)
    """Connections of one address, or requests of one client behind a proxy; this machine and proxies count in all only."""
    forwarded_by: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Addresses or networks of reverse proxies whose X-Forwarded-For is believed; those of `proxy` are anyway."""
    failures_max: int = Field(default=5, ge=3, le=50)
    """Wrong passwords in a row after which an account rests, longer with each more."""
    webhooks_per_minute: int = Field(default=60_000, ge=1)
    """Webhooks kept of one merchant a minute; more are sent away with 429, and Happy Returns is asked what they say."""
    answers_days: int = Field(default=30, ge=1)
    """How long an answer of the API is given again for the same key."""
    second_factor: Literal["optional", "administrators", "everyone"] = "optional"
    """Who signs in with a password and a code: who has added one (`optional`), `administrators`, or `everyone`; needs
    `secrets.key_file`."""
    metrics_from: tuple[Annotated[str, Field(min_length=1)], ...] = ("127.0.0.1", "::1")
    """Addresses or networks that may read /metrics and why /readyz says no, which name merchants; not through a proxy."""
    openid: OpenIdSettings | None = None
    proxy: ProxySettings | None = None

    _networks = field_validator("metrics_from", "forwarded_by")(_are_networks)

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 0 <= int(port) < 65536:
            raise ValueError("give it as HOST:PORT, for example 127.0.0.1:8600")
        return value

    @model_validator(mode="after")
    def _certificate_and_key(self) -> "WebSettings":
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_certificate_file and tls_key_file go together")
        return self

    @property
    def proxies(self) -> tuple[str, ...]:
        """Whoever may say for whom a request is."""
        return (*self.forwarded_by, *(self.proxy.trusted if self.proxy is not None else ()))

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def is_secure(self) -> bool:
        """Whether browsers come over https: cookies then go over nothing else."""
        return self.url.startswith("https://") if self.url is not None else self.tls_certificate_file is not None
