"""Take a body of Happy Returns that was pushed or imported: keep it, and put what can be read of it into the inbox."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from daemon.clients import wire
from daemon.clients.happy_returns import next_sweep
from daemon.clients.happy_returns_wire import Notice, read_notice
from daemon.errors import MalformedPayloadError
from daemon.loops.intake import store_seen, watches_of
from daemon.loops.observe import Seen, understand
from daemon.settings_merchant import MerchantSettings
from daemon.store import inbox, merchant, watch
from daemon.store.sql import Connection

log = logging.getLogger(__name__)

DEFERRED = "webhooks-deferred"
"""The cursor that counts webhooks over the limit, and says when the last one came."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a body. `reason` tells why a person must look; `repeats`, how often the same body came before."""

    delivery_id: int
    repeats: int
    reason: str | None
    units: int
    is_deferred: bool = False
    """Not kept: what it names is asked of Happy Returns."""


async def accept(
    connection: Connection,
    merchant_name: str,
    settings: MerchantSettings,
    bodies: Sequence[tuple[bytes, str | None]],
    *,
    source: str,
    now: datetime,
) -> list[Taken]:
    """Take bodies, each with its trace context, within the caller's transaction.

    A fault quarantines a body; what is sound in it still counts.
    """
    taken: list[Taken] = []
    looks: list[tuple[Seen, datetime]] = []
    codes: list[str] = []
    next_poll_at = now + next_sweep(settings.happy_returns, age=timedelta(0))
    for raw, trace in bodies:
        notice, reason = None, None
        try:
            notice = read_notice(wire.parse_json(raw))
        except MalformedPayloadError as error:
            reason = str(error)
        is_ours = notice is not None and notice.retailer_id in ("", settings.happy_returns.retailer_id)
        if notice is not None:
            reason = _fault_of(notice, settings)
        delivery_id, repeats = await inbox.keep_delivery(
            connection,
            merchant_name,
            source=source,
            body=raw,
            reason=reason,
            received_at=now,
            return_ids=[item.happy_return_id for item in notice.items] if notice is not None and is_ours else [],
        )
        if notice is not None and is_ours and notice.items and not repeats:
            looks.append((_look(notice, raw, trace, settings, source=source, now=now), next_poll_at))
        elif notice is not None and is_ours and notice.label_code:
            codes.append(notice.label_code)
        if reason is not None and not repeats:
            log.error(
                "body quarantined",
                extra={"merchant": merchant_name, "source": source, "delivery_id": delivery_id, "why": reason[:300]},
            )
        units = len(notice.items) if notice is not None and is_ours else 0
        taken.append(Taken(delivery_id, repeats, reason, units))
    if looks:
        await store_seen(connection, merchant_name, looks, now=now)
    # A bag label names a return: nothing to believe, but perhaps a return we do not know yet.
    await watch.open_watches(connection, merchant_name, [watch.of_code(code, now) for code in codes], now)
    return taken


async def defer(
    connection: Connection, merchant_name: str, settings: MerchantSettings, bodies: Sequence[bytes], *, now: datetime
) -> list[Taken | None]:
    """Have Happy Returns asked at once about what these bodies name, instead of keeping them; counted for people.

    None for a body that cannot be read, or is none of this merchant's: nothing could be asked for it.
    """
    taken: list[Taken | None] = []
    watches: list[dict[str, Any]] = []
    for raw in bodies:
        try:
            notice = read_notice(wire.parse_json(raw))
        except MalformedPayloadError:
            taken.append(None)
            continue
        if notice.retailer_id not in ("", settings.happy_returns.retailer_id):
            taken.append(None)
            continue
        if notice.label_code:
            watches.append(watch.of_code(notice.label_code, now))
        seen = _look(notice, raw, None, settings, source="webhook", now=now)
        watches += watches_of(seen, dict(understand(seen, {}).open_claims), next_poll_at=now, now=now)
        taken.append(Taken(0, 0, None, len(notice.items), is_deferred=True))
    await watch.open_watches(connection, merchant_name, watches, now)
    deferred = sum(each is not None for each in taken)
    if deferred:
        before = await merchant.read_cursor(connection, merchant_name, DEFERRED) or {}
        count = {"webhooks": int(before.get("webhooks", 0)) + deferred, "last_at": now.isoformat()}
        await merchant.write_cursor(connection, merchant_name, DEFERRED, count)
    return taken


def _look(
    notice: Notice, raw: bytes, trace: str | None, settings: MerchantSettings, *, source: str, now: datetime
) -> Seen:
    return Seen(
        notice.items,
        confirmed=False,
        source=source,
        received_at=now,
        trace=trace,
        digest=hashlib.sha256(raw).hexdigest(),
        occurrences=notice.occurrences,
        covers_all=settings.assumptions.status_covers_all_items,
    )


def _fault_of(notice: Notice, settings: MerchantSettings) -> str | None:
    """Why a readable body still needs a person's look, or None."""
    expected = settings.happy_returns.retailer_id
    if notice.retailer_id not in ("", expected):
        return f"retailerID: '{notice.retailer_id[:80]}' is not '{expected}'"
    return "; ".join(notice.faults)[:1000] or None
