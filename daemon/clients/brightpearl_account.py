"""What a Brightpearl account is like: configuration, codes, statuses, period lock, warehouses; and how it is read."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from daemon.clients import brightpearl_wire as bp
from daemon.clients import wire
from daemon.clients.brightpearl_reads import Reads
from daemon.clients.brightpearl_transport import Transport
from daemon.clients.results import require_whole
from daemon.errors import MalformedPayloadError, RejectedError, TransientError

NOMINAL_TRIES = 3  # failures of the nominal search in a row before the account is read without it


class AccountReads(Reads):
    """Reference data over one transport; the client for orders and money builds on it."""

    def __init__(self, transport: Transport, *, trusts_totals: bool) -> None:
        super().__init__(transport, trusts_totals=trusts_totals)
        self._nominal_failures = 0

    async def account(self) -> bp.Account:
        """Configuration, tax and nominal codes, payment methods, statuses and period lock: six calls."""
        read = self._transport.read
        answer = await read("get-account", "/integration-service/account-configuration")
        with self.parsing("get-account"):
            config = wire.mapping(wire.mapping(answer.response, "account").get("configuration", {}), "configuration")
        answer = await read("get-tax-codes", "/accounting-service/tax-code")
        with self.parsing("get-tax-codes"):
            taxes = wire.sequence(answer.response, "tax codes")
        methods = await self._objects("get-payment-methods", "/accounting-service/payment-method")
        statuses = await self._objects("get-statuses", "/order-service/order-status")
        return bp.Account(
            base_currency=wire.currency(config.get("baseCurrencyCode"), "baseCurrencyCode"),
            zone=_zone(wire.text(config.get("timeZone"), "timeZone")),
            cancelled_status_id=wire.integer(config.get("cancelledOrderStatusId"), "cancelledOrderStatusId"),
            credit_status_id=wire.integer(config.get("newSalesCreditStatusId"), "newSalesCreditStatusId"),
            tax_codes={
                wire.text(t.get("code"), "code"): wire.decimal(t.get("rate"), "rate")
                for t in taxes
                if t.get("isActive") is not False and t.get("active") is not False
            },
            payment_methods={wire.text(m.get("code"), "code"): m.get("isActive") is not False for m in methods},
            credit_statuses={
                wire.integer(s.get("statusId"), "statusId") or 0: str(s.get("name"))
                for s in statuses
                if s.get("orderTypeCode") == "SC"
            },
            locked_until=await self.locked_until(),
            other_statuses={
                wire.integer(s.get("statusId"), "statusId") or 0: str(s.get("orderTypeCode"))
                for s in statuses
                if s.get("orderTypeCode") != "SC"
            },
            nominal_codes=await self.nominal_codes(),
        )

    async def nominal_codes(self) -> dict[str, bool] | None:
        """Code → whether it is active; None where the account refuses the search or knows none."""
        try:
            path = "/accounting-service/nominal-code-search"
            rows = require_whole(
                await self.search("nominal-code-search", path, {}, key="code", belongs=lambda row: True)
            )
        except (RejectedError, MalformedPayloadError):
            return None
        except TransientError:
            # A stand-in, or an outage of this one search: the credit can do without it, but not because of a hiccup.
            self._nominal_failures += 1
            if self._nominal_failures < NOMINAL_TRIES:
                raise
            return None
        self._nominal_failures = 0
        told = {
            str(row["code"]): str(row.get("active", True)).casefold() not in ("false", "0", "n")
            for row in rows
            if row.get("code")
        }
        return told or None

    async def locked_until(self) -> date | None:
        """The accounting period lock; a posting must be dated after this day. None: Brightpearl says there is none (404)."""
        answer = await self.read_or_none("get-period-lock", "/accounting-service/accounting-period-lock")
        if answer is None:
            return None
        with self.parsing("get-period-lock"):
            locked = wire.text(wire.mapping(answer.response, "lock").get("lockedUntil"), "lockedUntil")
            try:  # as written: a time beside it is midnight of the account's own zone
                return date.fromisoformat(locked[:10])
            except ValueError as error:
                raise MalformedPayloadError(f"lockedUntil: '{locked[:40]}' is no date") from error

    async def ping(self) -> None:
        """Another small question than the period lock: one that any token may ask."""
        await self._transport.read("get-account", "/integration-service/account-configuration")

    async def _objects(self, operation: str, path: str) -> list[dict[str, Any]]:
        """Reference data the credit itself can do without: empty where Brightpearl says that there is none."""
        answer = await self.read_or_none(operation, path)
        if answer is None:
            return []
        with self.parsing(operation):
            objects = wire.sequence(answer.response, operation)
        return [item for item in objects if isinstance(item, dict)]

    async def warehouses(self) -> dict[int, str]:
        answer = await self._transport.read("get-warehouses", "/warehouse-service/warehouse")
        return {
            wire.identifier(each.get("id"), "warehouse id"): str(each.get("name", ""))
            for each in wire.sequence(answer.response, "warehouses")
        }

    async def location(self, warehouse_id: int, kind: str) -> int | None:
        """The 'default' or 'quarantine' location of a warehouse; None where there is none."""
        path = f"/warehouse-service/warehouse/{warehouse_id}/location/{kind}"
        answer = await self.read_or_none("get-location", path)
        return wire.integer(answer.response, "location") if answer is not None else None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise MalformedPayloadError(f"account: '{name}' is no time zone") from error
