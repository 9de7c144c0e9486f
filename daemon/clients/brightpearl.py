"""Brightpearl over HTTP: every write Homeward makes, one by one or bundled in multi-messages.

What must not be done twice takes a `Permit`: a complete read that did not hold it. Paths and shapes: Brightpearl sheet
sections 3 to 9. Raises the errors of `brightpearl_transport`.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import anyio

from daemon.clients import wire
from daemon.clients.brightpearl_books import BookReads
from daemon.clients.brightpearl_reads import chunks
from daemon.clients.brightpearl_sets import NothingWritten, Written
from daemon.clients.brightpearl_transport import Answer, Tokens, Transport, is_throttled, judge_write
from daemon.clients.results import Complete
from daemon.clock import Clock, Rest
from daemon.errors import (
    HomewardError,
    LeaseLostError,
    MalformedPayloadError,
    NotPermittedError,
    OutcomeUnknownError,
    RejectedError,
    ThrottledError,
    TransientError,
)
from daemon.settings_merchant import BrightpearlSettings
from daemon.telemetry import Telemetry

BUNDLE_MAX = 10  # messages of one multi-message
PARALLEL_WRITES = 4
CALLS_AT_ONCE = 40  # before it is asked again whether to go on: ten rounds of PARALLEL_WRITES
ROOM_CALLS = 10  # writes are begun when so many calls may go: one commit for each such group, not for each write
BUNDLES_FAIL_MAX = 3
BUNDLES_PAUSE = timedelta(minutes=30)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Write:
    """One write, as it can be sent alone or inside a multi-message. `label` finds its outcome."""

    label: str
    operation: str
    path: str
    body: Any
    method: str = "POST"


class BrightpearlClient(BookReads):
    """One merchant's Brightpearl account."""

    def __init__(
        self, http: aiohttp.ClientSession, settings: BrightpearlSettings, *, merchant: str, clock: Clock,
        telemetry: Telemetry, may_write: Callable[[], None] = lambda: None, tokens: Tokens | None = None,
        written: Written | None = None,
    ) -> None:  # fmt: skip
        """`written`: what our own database knows to exist; without it nothing is known after a restart."""
        transport = Transport(
            http, settings, merchant=merchant, clock=clock, telemetry=telemetry, may_write=may_write, tokens=tokens
        )
        super().__init__(transport, settings, written or NothingWritten())
        self._bundles_failed = 0
        self._singly = Rest(clock)
        """Multi-messages failed again and again: writes go singly until this is over."""
        self._are_single = False

    # -- writes -----------------------------------------------------------------------------------------------------

    def create_credit(self, label: str, body: dict[str, Any], *, without: Complete[object]) -> Write:
        """`without`: every credit of the order, read whole, and this one not among them."""
        return Write(label, "create-sales-credit", "/order-service/sales-credit", body)

    def close_credit(self, label: str, credit_id: int, tax_date: str | None = None) -> Write:
        """Repeatable: a credit that is invoiced already refuses it (sheet 6.4)."""
        body = {"taxDate": tax_date} if tax_date else {}
        return Write(label, "close-credit", f"/order-service/sales-credit/{credit_id}/close", body)

    def receive_goods(self, label: str, credit_id: int, body: dict[str, Any], *, without: Complete[object]) -> Write:
        """`without`: every goods-in note of the credit, and this one not among them."""
        return Write(label, "receive-stock", f"/warehouse-service/order/{credit_id}/goods-note/goods-in", body)

    def record_payment(self, label: str, body: dict[str, Any], *, without: Complete[object]) -> Write:
        """`without`: every payment of the credit and its order, and this one not among them."""
        return Write(label, "record-refund", "/accounting-service/customer-payment", body)

    def delete_payment(self, label: str, payment_id: int) -> Write:
        return Write(label, "delete-payment", f"/accounting-service/customer-payment/{payment_id}", {}, "DELETE")

    def add_note(self, label: str, order_id: int, text: str, *, without: Complete[object]) -> Write:
        """Not idempotent: the return's reference is in the text. `without`: every note of the order, and not this one."""
        return Write(label, "add-note", f"/order-service/order/{order_id}/note", {"text": text, "isPublic": False})

    def set_status(self, label: str, order_id: int, status_id: int) -> Write:
        """Repeatable, but every PUT adds a note of its own (sheet section 7), so ask for the state first.

        A note that matters is a POST of its own: the HTTP library repeats a PUT by itself when a kept connection breaks.
        """
        path = f"/order-service/order/{order_id}/status"
        return Write(label, "set-status", path, {"orderStatusId": status_id}, "PUT")

    def set_custom_fields(self, label: str, order_id: int, fields: Mapping[str, str]) -> Write:
        """`add` is the safe upsert (sheet 5.5): repeatable."""
        ops = [{"op": "add", "path": f"/{code}", "value": value} for code, value in sorted(fields.items())]
        return Write(label, "set-custom-fields", f"/order-service/order/{order_id}/custom-field", ops, "PATCH")

    # -- sending ----------------------------------------------------------------------------------------------------

    @property
    def sends_bundles(self) -> bool:
        """By setting, unless multi-messages are broken just now, or cost as much as single calls do."""
        if self._are_single and self._singly.is_over:
            self._are_single, self._bundles_failed = False, BUNDLES_FAIL_MAX - 1  # one more failure closes it again
        is_dear = self._transport.bundle_cost.told == "each"  # then a bundle saves nothing and a lost answer is ten
        return self._settings.bundled_writes and not self._are_single and not is_dear

    async def room(self, writes: int) -> int:
        """Wait until a good part of so many writes may leave; answer how many, so that what is begun is sent at once."""
        quota, calls, each = self._transport.quota, writes, 1
        if self.sends_bundles and writes > 1:
            calls, each = -(-writes // BUNDLE_MAX), BUNDLE_MAX
        units = self._transport.bundle_cost.units(min(writes, each)) if each > 1 else 1
        await quota.room(min(units * min(calls, ROOM_CALLS), max(quota.share // 2, 1)))
        return min(max(quota.free // units, 1), CALLS_AT_ONCE) * each

    async def send(self, writes: list[Write]) -> dict[str, Answer | HomewardError]:
        """Send independent writes; answer each one's outcome by label. Never raises for a single write.

        Writes to one return must not be in one call: their order is not kept. Raises LeaseLostError.
        """
        outcomes: dict[str, Answer | HomewardError] = {}
        alone = [
            each for each in writes if each.method == "PATCH" or not self.sends_bundles
        ]  # PATCH: UNCONFIRMED there
        queue = [*chunks([each for each in writes if each not in alone], BUNDLE_MAX), *([each] for each in alone)]
        while queue and self._transport.bundle_cost.told == "unknown" and len(queue[0]) > 1:
            outcomes |= await self._bundle(queue.pop(0))  # alone, so that its cost can be measured
            queue = queue if self.sends_bundles else [[each] for chunk in queue for each in chunk]
        limit = anyio.CapacityLimiter(PARALLEL_WRITES)

        async def send_chunk(chunk: list[Write]) -> None:
            async with limit:
                outcomes.update(await self._bundle(chunk))

        async with anyio.create_task_group() as group:
            for chunk in queue:
                group.start_soon(send_chunk, chunk)
        for outcome in outcomes.values():
            if isinstance(outcome, LeaseLostError):
                raise outcome
        return outcomes

    async def _one(self, each: Write) -> Answer | HomewardError:
        try:
            return await self._transport.write(each.operation, each.method, each.path, each.body)
        except HomewardError as error:
            return error

    async def _bundle(self, writes: list[Write]) -> dict[str, Answer | HomewardError]:
        """One multi-message. Members succeed, fail, are throttled or stay unknown one by one (sheet section 3)."""
        if len(writes) == 1 or not self.sends_bundles:
            return {each.label: await self._one(each) for each in writes}
        body = {
            "processingMode": "PARALLEL",
            "onFail": "CONTINUE",
            "messages": [
                {"label": each.label, "uri": each.path, "httpMethod": each.method, "body": each.body} for each in writes
            ],
        }
        try:
            answer = await self._transport.write("multi-message", "POST", "/multi-message", body, members=len(writes))
        except (NotPermittedError, TransientError, LeaseLostError) as error:
            return dict.fromkeys((each.label for each in writes), error)
        except RejectedError:  # the message as a whole: none of its members was looked at
            self._bundle_failed()
            return {each.label: await self._one(each) for each in writes}
        except HomewardError as error:
            self._bundle_failed()
            return dict.fromkeys((each.label for each in writes), error)
        processed = answer.response.get("processedMessages") if isinstance(answer.response, dict) else None
        # Members under "unprocessedMessages" were never attempted by the sheet; only a code of Brightpearl's proves that.
        lost = OutcomeUnknownError("multi-message: the reply does not tell what became of this member")
        outcomes: dict[str, Answer | HomewardError] = dict.fromkeys((write.label for write in writes), lost)
        for member in processed if isinstance(processed, list) else ():
            if isinstance(member, dict) and member.get("label") in outcomes:
                outcomes[member["label"]] = _member(member)
        for each in writes:  # the message as a whole was accepted: what is refused is this member's resource
            refused = outcomes[each.label]
            if isinstance(refused, NotPermittedError):
                self._transport.health.refused(each.operation, refused.status, str(refused))
        if any(isinstance(outcome, _MemberThrottledError) for outcome in outcomes.values()):
            self._transport.bundle_cost.is_dear()
        if all(outcome is lost for outcome in outcomes.values()):
            self._bundle_failed()
        else:
            self._bundles_failed = 0
        return outcomes

    def _bundle_failed(self) -> None:
        """Multi-messages alone have been out for most of a day (sheet section 3): single calls are the way round."""
        self._bundles_failed += 1
        if self._bundles_failed >= BUNDLES_FAIL_MAX:
            self._singly.begin(BUNDLES_PAUSE)
            self._are_single = True
            log.warning("multi-messages fail: writes go singly", extra={"minutes": BUNDLES_PAUSE.total_seconds() / 60})


class _MemberThrottledError(ThrottledError):
    """One member was refused for the limit, so each one counts."""


def _member(member: dict[str, Any]) -> Answer | HomewardError:
    """The outcome of one member: its own envelope, judged as if it had been sent alone."""
    try:
        status = wire.integer(member.get("statusCode"), "statusCode") or 0
        content = str(wire.mapping(member.get("body") or {}, "body").get("content") or "{}").encode()
    except MalformedPayloadError as error:
        return OutcomeUnknownError(f"multi-message member: {error}")
    if not 200 <= status < 300 and is_throttled(content):
        return _MemberThrottledError("multi-message member: over the request limit")
    try:
        return judge_write(status, content, "multi-message member")
    except HomewardError as error:
        return error
