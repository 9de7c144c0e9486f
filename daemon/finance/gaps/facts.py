"""What the gap audit looks at, read from both vendors with as few calls as it takes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from daemon.clients.brightpearl import BrightpearlClient
from daemon.clients.brightpearl_credits import read_credits
from daemon.clients.brightpearl_wire import Account
from daemon.clients.happy_returns import HappyReturnsClient
from daemon.clients.happy_returns_wire import Item
from daemon.clients.results import ById, Complete, Partial, ReadResult
from daemon.errors import MalformedPayloadError, NotPermittedError, RejectedError, TransientError
from daemon.settings_merchant import MerchantSettings
from statemachine.books.legs import Leg
from statemachine.credit.maps import CreditMap
from statemachine.credit.snapshot import ExistingCredit, Order
from statemachine.refs import order_key

WINDOW = timedelta(days=14)
SKUS_MAX = 300
"""Articles that are looked up one by one; more would cost too much of the account's quota."""


@dataclass(frozen=True, slots=True)
class Scope:
    """How much is looked at. E1 costs a call a return, of a bucket that leaks one every two seconds."""

    days: int = 90
    returns_max: int = 300


@dataclass(slots=True)
class GapFacts:
    """Everything the findings are made from."""

    merchant: str
    settings: MerchantSettings
    now: datetime
    machine_now: datetime
    maps: CreditMap
    account: Account | None = None
    items: list[Item] = field(default_factory=list)
    seen: int = 0
    """Returns found in the window; `items` are those of the newest that were read."""
    orders: dict[str, Order | None] = field(default_factory=dict)
    """Order key → the order in Brightpearl; None where there is none."""
    credits: dict[int, list[ExistingCredit]] = field(default_factory=dict)
    unknown_skus: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """(what was asked, what was answered) where the account says no."""
    unanswered: list[str] = field(default_factory=list)
    vendor_times: dict[str, datetime] = field(default_factory=dict)
    webhook_urls: list[str] | None = None
    fees: Sequence[Leg] = ()


Tell = Callable[[str], None]


async def gather(
    merchant: str, settings: MerchantSettings, brightpearl: BrightpearlClient, happy_returns: HappyReturnsClient, *,
    maps: CreditMap, now: datetime, scope: Scope, fees: Sequence[Leg] = (), codes: Sequence[str] = (),
    tell: Tell = lambda text: None,
) -> GapFacts:  # fmt: skip
    """Read both sides. What one of them refuses or does not answer becomes a finding, not a failure."""
    facts = GapFacts(merchant, settings, now, datetime.now(UTC), maps, fees=fees)
    tell("permissions and reference data")
    facts.account = await _asked(facts, "account and reference data", brightpearl.account)
    for name, probe in _probes(brightpearl, happy_returns, now):
        await _asked(facts, name, probe)
    facts.webhook_urls = await _asked(facts, "Happy Returns webhooks", happy_returns.webhook_urls)
    if happy_returns.server_time is not None:
        facts.vendor_times["Happy Returns"] = happy_returns.server_time
    tell("shipments of the window")
    found = list(dict.fromkeys([*codes, *await _codes(facts, happy_returns, scope)]))
    facts.seen = len(found)
    wanted = found[-scope.returns_max :] if scope.returns_max else []
    for number, code in enumerate(wanted, start=1):
        if number % 20 == 1:
            tell(f"return {number} of {len(wanted)}")
        answer = await _asked(facts, "Happy Returns returns", partial(happy_returns.get_return, express_code=code))
        facts.items += answer[0] if answer else []
    tell("orders and credits")
    await _orders(facts, brightpearl)
    await _articles(facts, brightpearl)
    return facts


def _probes(
    brightpearl: BrightpearlClient, happy_returns: HappyReturnsClient, now: datetime
) -> list[tuple[str, Callable[[], Awaitable[Any]]]]:
    """One call for each right that the daemon needs and that is not asked for elsewhere."""
    return [
        ("Brightpearl sales credits", lambda: brightpearl.credit_ids_with_ref("homeward-audit")),
        ("Brightpearl goods-in notes", lambda: brightpearl.goods_in_of([1])),
        ("Brightpearl customer payments", lambda: brightpearl.payments_of([1])),
        ("Brightpearl journals", lambda: brightpearl.journals_of([1])),
        ("Brightpearl products", lambda: brightpearl.products_by_sku("homeward-audit")),
        ("Brightpearl order notes", lambda: brightpearl.notes_of([1])),
        ("Brightpearl warehouses", brightpearl.warehouses),
    ]


async def _asked(facts: GapFacts, name: str, ask: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await ask()
    except NotPermittedError as error:
        if name not in {each for each, _ in facts.refused}:
            facts.refused.append((name, str(error)))
    except (TransientError, RejectedError, MalformedPayloadError) as error:
        facts.unanswered.append(f"{name}: {error}")
    return None


async def _codes(facts: GapFacts, happy_returns: HappyReturnsClient, scope: Scope) -> list[str]:
    """Express codes that left the hubs in the window, the oldest first."""
    found: list[str] = []
    start = facts.now - timedelta(days=scope.days)
    while start < facts.now:
        end = min(start + WINDOW, facts.now)
        window = start, end
        shipments = await _asked(
            facts,
            "Happy Returns shipments",
            partial(happy_returns.list_shipments, *window),
        )
        for shipment in shipments or ():
            lines = await _asked(
                facts,
                "Happy Returns shipments",
                partial(happy_returns.shipment_lines, shipment.id),
            )
            found += [line.express_code for line in (lines[0] if lines else ()) if line.express_code]
        start = end
    return found


async def _orders(facts: GapFacts, brightpearl: BrightpearlClient) -> None:
    numbers = list(dict.fromkeys(item.order_number for item in facts.items if item.order_number))
    found: dict[str, ReadResult[list[int]]] = (
        await _asked(facts, "Brightpearl orders", lambda: brightpearl.find_orders(numbers)) or {}
    )
    ids = {number: result.value[0] for number, result in found.items() if result.value}
    read: ById[Order] = await _asked(facts, "Brightpearl orders", lambda: brightpearl.orders(ids.values())) or ById()
    whole_numbers = [number for number in numbers if isinstance(found.get(number), Complete)]
    facts.orders = {
        order_key(number): read.items.get(ids.get(number, 0))
        for number in whole_numbers
        if ids.get(number) not in read.unread
    }
    facts.unanswered += [f"Brightpearl orders: {r.missing}" for r in found.values() if isinstance(r, Partial)]
    facts.unanswered += [f"Brightpearl orders: {why}" for why in read.unread.values()]
    known = [order.id for order in facts.orders.values() if order is not None]
    credits: dict[int, ReadResult[list[ExistingCredit]]] = (
        await _asked(
            facts, "Brightpearl sales credits",
            lambda: read_credits(brightpearl, known, own={}, keys={}, now=facts.now),
        ) or {}
    )  # fmt: skip
    facts.unanswered += [f"Brightpearl sales credits: {r.missing}" for r in credits.values() if isinstance(r, Partial)]
    facts.credits = {
        order_id: [credit for credit in result.value if not credit.is_cancelled]
        for order_id, result in credits.items()
        if isinstance(result, Complete)
    }


async def _articles(facts: GapFacts, brightpearl: BrightpearlClient) -> None:
    """Articles that came back and are on none of their orders: does Brightpearl know them at all?"""
    sold = {row.sku.casefold() for order in facts.orders.values() if order is not None for row in order.rows if row.sku}
    doubted = sorted({item.unit.sku for item in facts.items if item.unit.sku and item.unit.sku.casefold() not in sold})
    for sku in doubted[:SKUS_MAX]:
        found = await _asked(facts, "Brightpearl products", partial(brightpearl.products_by_sku, sku))
        if isinstance(found, Partial):
            facts.unanswered.append(f"Brightpearl products: {found.missing}")
        elif found is not None and not found.value:
            facts.unknown_skus.append(sku)
