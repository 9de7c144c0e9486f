"""The ways a message leaves: e-mail, a chat webhook, a signed webhook. One attempt each; whoever calls tries again.

A signed webhook carries `Homeward-Delivery` (the same on every attempt), `Homeward-Timestamp` (Unix seconds) and
`Homeward-Signature: v1=HEX`, the HMAC-SHA-256 of TIMESTAMP "." BODY. Receivers should refuse timestamps older than
REPLAY_SECONDS and deliveries they have seen.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

import aiohttp
import aiosmtplib
import anyio
import orjson

from daemon.alerts import customer, digest, outage
from daemon.clock import Clock
from daemon.errors import RejectedError, SettingsError, TransientError
from daemon.settings import AlertSettings
from daemon.settings_alerts import TeamSettings
from daemon.settings_merchant import MessagingSettings
from daemon.settings_section import read_secret
from daemon.store.notice import Message

REPLAY_SECONDS = 300
TIMEOUT_SECONDS = 20.0


Reached = TeamSettings | MessagingSettings


def channels_of(team: Reached) -> list[str]:
    """The ways this team, or the merchant's messaging, is reached."""
    given = {"email": team.email, "slack": team.slack_url_file, "webhook": team.webhook_url}
    return [name for name, value in given.items() if value]


async def send(
    message: Message, *, alerts: AlertSettings, messaging: MessagingSettings, http: aiohttp.ClientSession, clock: Clock
) -> None:
    """Raises TransientError when it may be tried again, RejectedError and SettingsError when that alone will not help."""
    team: Reached | None = messaging if message.team == customer.CUSTOMER else alerts.of(message.team)
    if team is None or message.channel not in channels_of(team):
        raise SettingsError(f"{message.team}: is no longer reached by {message.channel}; see the configuration")
    try:
        with anyio.fail_after(TIMEOUT_SECONDS):
            match message.channel:
                case "email":
                    await _email(message, alerts, team)
                case "slack":
                    assert team.slack_url_file is not None
                    body = orjson.dumps({"text": _text(message.content)})
                    await _post(http, read_secret(team.slack_url_file), body, {})
                case _:
                    assert team.webhook_url is not None
                    body = orjson.dumps({"delivery_id": str(message.id), **message.content})
                    await _post(http, team.webhook_url, body, _signed(message, body, team, clock))
    except (aiohttp.ClientError, TimeoutError, OSError, aiosmtplib.errors.SMTPConnectError) as error:
        raise TransientError(f"{message.channel} to {message.team}: {type(error).__name__}") from error


def _signed(message: Message, body: bytes, team: Reached, clock: Clock) -> dict[str, str]:
    headers = {"Homeward-Delivery": str(message.id), "Homeward-Timestamp": str(int(clock.now().timestamp()))}
    if team.webhook_secret_file is not None:
        key = read_secret(team.webhook_secret_file).encode()
        headers["Homeward-Signature"] = f"v1={signature(key, headers['Homeward-Timestamp'], body)}"
    return headers


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    return hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


_WORDS: dict[str, tuple[Callable[[Mapping[str, Any]], str], Callable[[Mapping[str, Any]], str]]] = {
    customer.SCHEMA: (customer.subject, customer.text), outage.SCHEMA: (outage.subject, outage.text),
}  # fmt: skip
"""How what is no digest reads: its subject, and its text."""


def _subject(content: Mapping[str, Any]) -> str:
    return _WORDS.get(content["schema"], (digest.subject, digest.text))[0](content)


def _text(content: Mapping[str, Any]) -> str:
    return _WORDS.get(content["schema"], (digest.subject, digest.text))[1](content)


async def _post(http: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> None:
    headers = {"Content-Type": "application/json", **headers}
    async with http.post(url, data=body, headers=headers, allow_redirects=False) as reply:
        if reply.status >= 500 or reply.status in (408, 429):
            raise TransientError(f"the receiver answered {reply.status}")
        if reply.status >= 300:
            raise RejectedError(f"the receiver answered {reply.status}", status=reply.status)


async def _email(message: Message, alerts: AlertSettings, team: Reached) -> None:
    smtp = alerts.smtp
    if smtp is None:
        raise SettingsError("alerts.smtp: is not set, but a team is to be told by e-mail")
    mail = EmailMessage()
    mail["From"], mail["To"] = smtp.sender, ", ".join(team.email)
    mail["Subject"] = _subject(message.content)
    mail["Message-ID"] = f"<{message.id}@{smtp.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_text(message.content))
    try:
        await aiosmtplib.send(
            mail, hostname=smtp.host, port=smtp.port, username=smtp.username, timeout=TIMEOUT_SECONDS,
            password=read_secret(smtp.password_file) if smtp.password_file else None,
            use_tls=smtp.tls == "tls", start_tls=smtp.tls == "starttls",
        )  # fmt: skip
    except aiosmtplib.errors.SMTPRecipientsRefused as error:
        raise RejectedError(f"the mail server refused every recipient of {message.team}") from error
    except aiosmtplib.errors.SMTPResponseException as error:
        kind = TransientError if 400 <= error.code < 500 else RejectedError
        raise kind(f"the mail server answered {error.code}") from error
