"""An account with gaps: returns that were made before anybody looked, and twelve things that stand in the way."""

import random
import uuid
from datetime import date, datetime, timedelta

from daemon.sandbox import catalogue
from daemon.sandbox.assumptions import Assumptions
from daemon.sandbox.books import Books, Order
from daemon.sandbox.catalogue import Line
from daemon.sandbox.coins import coin, written
from daemon.sandbox.faults import Faults
from daemon.sandbox.happy_returns import HappyReturns, Item, ReturnOfGoods, Shipment

DAY = timedelta(days=1)
GAPS = (
    "reason-unmapped", "code-unmapped", "sku-absent", "order-absent", "dispatch-differs", "rival-creator",
    "permission-missing", "clock-skew", "webhook-gap", "period-locked", "credit-missing", "fee-anomaly",
)  # fmt: skip
INVOICE_HEADING = "invoice_number,service_date,express_code,order_number,dropoff_method,fee_type,amount,currency\n"


def plan(
    books: Books, happy_returns: HappyReturns, faults: Faults, assumptions: Assumptions, *, now: datetime,
    gaps: tuple[str, ...] = GAPS, seed: int = 1,
) -> bytes:  # fmt: skip
    """Twenty sound returns, and one for each gap that is asked for; answers the invoice of Happy Returns."""
    rng = random.Random(seed)
    if not books.products:
        catalogue.stock_shelves(books)
    lines = [INVOICE_HEADING]
    told: list[ReturnOfGoods] = []

    def made(number: int, *, is_credited: bool = True) -> tuple[ReturnOfGoods, Order]:
        at = now - (5 + number % 20) * DAY
        line = Line(catalogue.goods(books, rng, tax_code="T20"))
        order = catalogue.place_order(books, str(30_000 + number), [line], at=at - 9 * DAY, platform_id=30_000 + number)
        row = order.rows[0]
        item = Item(
            str(uuid.UUID(int=rng.getrandbits(128), version=4)), order.reference, order.external_ref, row.external_ref,
            row.sku, "", "", row.name, "too-small", written(row.net + row.tax, order.currency), started_at=at,
            dropped_off_at=at, approved_at=at,
        )  # fmt: skip
        new = ReturnOfGoods(
            str(uuid.UUID(int=rng.getrandbits(128), version=4)), f"HRG{number:05d}", "", "s@example.test", "return-bar",
            at - 9 * DAY, [item],
        )  # fmt: skip
        if is_credited:
            _credit(books, order, f"HW-gap-{number}", at)
        told.append(new)
        amount = "1.50"
        if number == 31 and "fee-anomaly" in gaps:
            amount = "4.50"
        lines.append(f"INV-1,{at.date()},{new.express_code},{order.reference},return-bar,item_fee,{amount},GBP\n")
        return new, order

    for number in range(20):
        made(number)
    if "reason-unmapped" in gaps:
        made(20)[0].items[0].reason_id = "smells-odd"
    if "code-unmapped" in gaps:
        made(21)[1].rows[0].tax_code = "T17"
    if "sku-absent" in gaps:
        made(22)[0].items[0].sku = "NOT-IN-BRIGHTPEARL"
    if "order-absent" in gaps:
        _, order = made(23)
        del books.orders[order.id]
    if "dispatch-differs" in gaps:
        new, order = made(24)
        new.items[0].sku = next(p.sku for p in books.products.values() if p.sku not in {row.sku for row in order.rows})
    if "rival-creator" in gaps:
        new, order = made(25, is_credited=False)
        _credit(books, order, "other-connector-881", now - 4 * DAY)
    if "credit-missing" in gaps:
        made(26, is_credited=False)
    if "period-locked" in gaps:
        new, _ = made(27, is_credited=False)
        new.items[0].approved_at = new.items[0].dropped_off_at = now - 70 * DAY
        books.locked_until = date.fromordinal((now - 60 * DAY).toordinal())
    made(31)
    if "permission-missing" in gaps:
        faults.plan({"rules": [{"match": "GET .*/order-note-search", "kind": "forbidden"}]})
    if "clock-skew" in gaps:
        assumptions.clock_offset_seconds = 900.0
    if "webhook-gap" in gaps:
        happy_returns.webhook_url = "https://old.example.test/hook"
    for new in told:
        happy_returns.record(new)
    happy_returns.shipments["G1"] = Shipment("G1", now - 2 * DAY, "1ZGAPS", [i.item_id for n in told for i in n.items])
    return "".join(lines).encode()


def _credit(books: Books, order: Order, reference: str, at: datetime) -> None:
    row = order.rows[0]
    credit_id, _ = books.create_credit({
        "customer": {"id": order.contact_id}, "ref": order.reference, "externalRef": reference, "parentId": order.id,
        "currency": {"code": order.currency, "exchangeRate": str(order.exchange_rate)},
        "rows": [{"productId": row.product_id, "quantity": "1", "taxCode": row.tax_code, "net": str(row.net),
                  "tax": str(row.tax.quantize(coin(order.currency))), "nominalCode": row.nominal}],
    }, at=at)  # fmt: skip
    books.orders[credit_id].indexed_at = None
