"""Two months that are over: returns, credits, goods, refunds, payouts, invoices and statements of both systems and the bank,
with faults planted in them and the truth about each.

Written straight into both vendors, since it is history; what the platforms and the bank would have sent are files.
"""

import csv
import io
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from daemon.sandbox import catalogue
from daemon.sandbox.books import Books, Order
from daemon.sandbox.catalogue import Line
from daemon.sandbox.coins import coin, written
from daemon.sandbox.happy_returns import HappyReturns, Item, ReturnOfGoods, Shipment

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CURRENCIES = ("GBP", "GBP", "EUR", "USD")
PLATFORMS = {"GBP": "shopify", "EUR": "stripe", "USD": "adyen"}
METHODS = {"shopify": "SHOPIFY", "stripe": "STRIPE", "adyen": "ADYEN"}
RATES = {"return-bar": Decimal("1.50"), "mail": Decimal("2.10")}
FAULTS = {
    "stock-without-credit": 4, "credit-without-stock": 3, "refunded-without-credit": 3, "credit-without-refund": 3,
    "refund-without-return": 3, "fee-without-return": 3, "return-unknown": 3, "credit-claims-unknown-return": 3,
}  # fmt: skip
KINDS = (
    ("plain", 70), ("two units", 10), ("late goods", 5), ("late payout", 4), ("exchange", 3), ("returnless", 2),
    ("expired", 2), ("by another connector", 2), ("split tender", 1), ("cents", 1),
)  # fmt: skip
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(slots=True)
class PayoutLine:
    """One line of a platform's balance: a sale's is positive, a refund's negative."""

    number: str
    on: datetime
    kind: str
    order: str
    amount: Decimal
    fee: Decimal = Decimal(0)


@dataclass(slots=True)
class ClosedSeason:
    """What happened, what was planted, and the files that tell of it."""

    books: Books
    happy_returns: HappyReturns
    rng: random.Random
    start: datetime
    truth: list[dict[str, Any]] = field(default_factory=list)
    """One a return or planted fault: kind, code, order, credit, and for faults the class."""
    lines: dict[str, list[PayoutLine]] = field(default_factory=dict)
    fees: list[dict[str, str]] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    """Happy Returns' ids of returns that nobody told Homeward about."""
    shipped: dict[int, list[str]] = field(default_factory=dict)
    credits: dict[str, int] = field(default_factory=dict)
    """Happy Returns' id → the credit that was made for it."""
    received: dict[str, datetime] = field(default_factory=dict)
    """Item → when the warehouse had it."""
    _numbers: int = 20_000

    # -- the story ----------------------------------------------------------------------------------------------------

    def play(self, returns: int, faults: Mapping[str, int] = FAULTS) -> None:
        """So many returns, evenly over two months, and the planted faults between them."""
        names = [name for name, share in KINDS for _ in range(share)]
        for number in range(returns):
            at = self.start + (58 * DAY) * number / returns + self.rng.uniform(0, 20) * HOUR
            self.add(self.rng.choice(names), at)
        for name, count in faults.items():
            for number in range(count):
                self.plant(name, number, self.start + self.rng.uniform(2, 50) * DAY)
        for week, items in sorted(self.shipped.items()):
            self.happy_returns.shipments[f"S{week:03d}"] = Shipment(
                f"S{week:03d}", self.start + (7 * week + 6) * DAY, f"1ZCLOSED{week:04d}", items
            )

    def add(self, kind: str, at: datetime) -> None:
        """One return of this kind, whole."""
        order = self._order(at, kind)
        units = 2 if kind == "two units" else 1
        method = "returnless" if kind == "returnless" else "mail" if self.rng.random() < 0.2 else "return-bar"
        new = self._announce(
            order, at, units, method=method, refund_type="exchange" if kind == "exchange" else "refund"
        )
        told: dict[str, Any] = {"kind": kind, "code": new.express_code, "order": order.reference, "fault": ""}
        self.truth.append(told)
        if kind == "expired":
            for item in new.items:
                item.ended, item.ended_at, item.dropped_off_at, item.approved_at = "expired", at + 30 * DAY, None, None
            return
        credit = self._credit(new, order, at + self.rng.uniform(1, 30) * HOUR, ours=kind != "by another connector")
        told["credit"] = credit.id
        arrives = at + (self.rng.uniform(20, 26) if kind == "late goods" else self.rng.uniform(5, 12)) * DAY
        if kind != "returnless":
            self._goods_in(new, credit, arrives)
            for item in new.items:
                self._fee(new, item)
        if kind != "exchange":
            paid = credit.created_at + 2 * HOUR
            self._refund(credit, paid)
            self._pay_out(order, credit, paid + (6 if kind == "late payout" else 1) * DAY, kind)

    def plant(self, name: str, number: int, at: datetime) -> None:
        """One fault of this class."""
        order = self._order(at, name)
        told: dict[str, Any] = {"kind": "fault", "fault": name, "order": order.reference}
        new: ReturnOfGoods | None = None
        match name:
            case "stock-without-credit":
                new = self._announce(order, at, 1)
                self._arrive(new, at + 6 * DAY)
            case "credit-without-stock":
                new = self._announce(order, at, 1)
                credit = self._credit(new, order, at + 3 * HOUR)
                self._refund(credit, at + 5 * HOUR)
                self._pay_out(order, credit, at + DAY, "plain")
            case "refunded-without-credit":
                new = self._announce(order, at, 1)
            case "credit-without-refund":
                new = self._announce(order, at, 1)
                credit = self._credit(new, order, at + 3 * HOUR)
                self._goods_in(new, credit, at + 6 * DAY)
            case "refund-without-return":
                if number == 0:
                    self._refund(order, at + DAY, amount=Decimal("11.11"))
                else:
                    self._line(
                        order.currency,
                        PayoutLine(f"rx{number}", at, "refund", order.reference, -Decimal("17.35") - number),
                    )
            case "fee-without-return":
                code = "HRX" + "".join(self.rng.choices(_CODE, k=5))
                told["code"] = code
                self.fees.append(self._fee_row(at, code, "", "", "", "return-bar", RATES["return-bar"], "GBP"))
            case "return-unknown":
                new = self._announce(order, at, 1)
                self.unknown.add(new.return_id)
            case _:
                code = "HRZ" + "".join(self.rng.choices(_CODE, k=5))
                told["code"] = code
                credit = self.books.credit_by_hand(order, 0, f"Return {code}", at=at)
                credit.tax_date, credit.indexed_at, credit.updated_at = at.isoformat(), None, at
                self._stock(credit, at + DAY)
                self._refund(credit, at + 2 * HOUR)
                self._pay_out(order, credit, at + DAY, "plain")
        if new is not None:
            told["code"] = new.express_code
            for item in new.items if name != "return-unknown" else ():
                self._fee(new, item)
        self.truth.append(told)

    # -- the pieces ---------------------------------------------------------------------------------------------------

    def _order(self, at: datetime, kind: str) -> Order:
        self._numbers += 1
        currency = self.rng.choice(CURRENCIES)
        lines = [Line(catalogue.goods(self.books, self.rng), quantity=2 if kind == "two units" else 1)]
        if self.rng.random() < 0.4:
            lines.append(Line(catalogue.goods(self.books, self.rng)))
        placed = at - self.rng.uniform(5, 20) * DAY
        order = catalogue.place_order(
            self.books, str(self._numbers), lines, at=placed, currency=currency, platform_id=self._numbers
        )
        paid = sum((row.net + row.tax for row in order.rows), Decimal(0))
        self._line(
            currency,
            PayoutLine(f"ch{order.id}", placed, "charge", order.reference, paid, (paid / 50).quantize(coin(currency))),
        )
        return order

    def _announce(
        self, order: Order, at: datetime, units: int, *, method: str = "return-bar", refund_type: str = "refund"
    ) -> ReturnOfGoods:
        row = next(row for row in order.rows if row.sku and not row.bundle_child)
        share = (row.net + row.tax) / row.quantity
        items = [
            Item(
                item_id=str(uuid.UUID(int=self.rng.getrandbits(128), version=4)), order_number=order.reference,
                order_id=order.external_ref, line_item_id=f"{row.external_ref}-{number}-{units}", sku=row.sku, upc="",
                variant_id=str(row.product_id), name=row.name, reason_id="too-small", amount=written(share, order.currency),
                currency=order.currency, refund_type=refund_type, started_at=at - DAY, dropped_off_at=at, approved_at=at,
            )
            for number in range(units)
        ]  # fmt: skip
        new = ReturnOfGoods(
            str(uuid.UUID(int=self.rng.getrandbits(128), version=4)), "HR" + "".join(self.rng.choices(_CODE, k=6)), "",
            f"shopper{self._numbers}@example.test", method, order.created_at, items,
        )  # fmt: skip
        self.happy_returns.record(new)
        if method == "return-bar":
            week = max((at - self.start).days // 7, 0)
            self.shipped.setdefault(week, []).extend(item.item_id for item in items)
        return new

    def _credit(self, new: ReturnOfGoods, order: Order, at: datetime, *, ours: bool = True) -> Order:
        row = next(row for row in order.rows if row.sku and not row.bundle_child)
        units, left = len(new.items), int(row.quantity)
        smallest = coin(order.currency)
        net = (row.net * units / left).quantize(smallest)
        tax = ((row.net + row.tax) * units / left).quantize(smallest) - net
        reference = f"HW-{new.return_id.replace('-', '')[:20]}-1" if ours else f"connector-{order.reference}"
        credit_id, _ = self.books.create_credit({
            "customer": {"id": order.contact_id}, "ref": order.reference, "externalRef": reference, "parentId": order.id,
            "currency": {"code": order.currency, "exchangeRate": str(order.exchange_rate)}, "taxDate": at.isoformat(),
            "rows": [{"productId": row.product_id, "quantity": str(units), "taxCode": row.tax_code, "net": str(net),
                      "tax": str(tax), "nominalCode": row.nominal, "externalRef": str(row.id)}],
        }, at=at)  # fmt: skip
        credit = self.books.orders[credit_id]
        credit.indexed_at, credit.updated_at, credit.invoice_reference = None, at, f"SC-{credit_id}"
        self.credits[new.return_id] = credit_id
        return credit

    def _arrive(self, new: ReturnOfGoods, at: datetime) -> None:
        self.received |= {item.item_id: at for item in new.items}

    def _goods_in(self, new: ReturnOfGoods, credit: Order, at: datetime) -> None:
        self._arrive(new, at)
        self._stock(credit, at)

    def _stock(self, credit: Order, at: datetime) -> None:
        lines = [{"productId": row.product_id, "purchaseOrderRowId": row.id, "quantity": int(row.quantity)}
                 for row in credit.rows if row.product_id]  # fmt: skip
        self.books.receive(credit.id, {
            "userBatchReference": f"{credit.id}-in", "receivedOn": at.isoformat(), "warehouseId": 2, "goodsMoved": lines,
        })  # fmt: skip

    def _refund(self, order: Order, at: datetime, amount: Decimal | None = None) -> None:
        method = METHODS[PLATFORMS[order.currency]]
        self.books.payment_methods.setdefault(method, True)
        self.books.pay({
            "transactionRef": f"refund-{order.id}", "paymentMethodCode": method, "paymentType": "PAYMENT",
            "orderId": order.id, "currencyIsoCode": order.currency, "paymentDate": at.isoformat(),
            "amountPaid": str(order.net + order.tax if amount is None else amount),
        })  # fmt: skip

    def _pay_out(self, order: Order, credit: Order, at: datetime, kind: str) -> None:
        total = credit.net + credit.tax
        parts = [total]
        if kind == "split tender" and total > 2:
            third = (total / 3).quantize(coin(order.currency))
            parts = [third, total - third]
        if kind == "cents":
            parts = [total - coin(order.currency)]
        for number, part in enumerate(parts):
            self._line(order.currency, PayoutLine(f"re{credit.id}{number}", at, "refund", order.reference, -part))

    def _line(self, currency: str, line: PayoutLine) -> None:
        self.lines.setdefault(currency, []).append(line)

    def _fee(self, new: ReturnOfGoods, item: Item) -> None:
        assert item.dropped_off_at is not None
        self.fees.append(
            self._fee_row(item.dropped_off_at, new.express_code, item.order_number, item.item_id, item.sku or "", new.method,
                          RATES["mail" if new.method == "mail" else "return-bar"], "GBP")
        )  # fmt: skip

    def _fee_row(
        self, at: datetime, code: str, order: str, item: str, sku: str, method: str, amount: Decimal, currency: str
    ) -> dict[str, str]:
        return {
            "invoice_number": f"INV-{at:%Y%m}", "period_start": f"{at:%Y-%m}-01", "period_end": f"{at:%Y-%m}-28",
            "service_date": at.date().isoformat(), "express_code": code, "order_number": order,
            "happy_returns_item_id": item, "sku": sku, "dropoff_method": method, "fee_type": "item_fee",
            "amount": written(amount, currency), "currency": currency,
        }  # fmt: skip

    # -- the files ----------------------------------------------------------------------------------------------------

    def files(self) -> dict[str, bytes]:
        """Name → content: a payout file a platform, one invoice a month, one bank statement with every payout."""
        statement: list[dict[str, str]] = []
        told = {f"{PLATFORMS[c]}.csv": self._payout_file(c, statement) for c in sorted(self.lines)}
        for month in sorted({row["invoice_number"] for row in self.fees}):
            told[f"{month}.csv"] = _csv([row for row in self.fees if row["invoice_number"] == month])
        told["bank.csv"] = _csv(sorted(statement, key=lambda row: row["Date"]))
        return told

    def _payout_file(self, currency: str, statement: list[dict[str, str]]) -> bytes:
        """Weekly payouts that bundle everything of their week."""
        rows: list[dict[str, str]] = []
        by_week: dict[int, list[PayoutLine]] = {}
        for line in sorted(self.lines[currency], key=lambda each: (each.on, each.number)):
            by_week.setdefault((line.on - self.start).days // 7, []).append(line)
        for week, lines in sorted(by_week.items()):
            paid_at = self.start + (7 * week + 9) * DAY
            name = f"{PLATFORMS[currency].upper()}-{paid_at:%Y%m%d}"
            total = sum((line.amount - line.fee for line in lines), Decimal(0))
            number = str(1000 + week)
            rows += [_WRITERS[PLATFORMS[currency]](line, currency, name, number, paid_at) for line in lines]
            if currency == "USD":
                rows.append(_adyen_payout(currency, number, paid_at, total))
                name = number
            statement.append({
                "Date": (paid_at + DAY).date().isoformat(), "Amount": written(total, currency), "Currency": currency,
                "Reference": f"{PLATFORMS[currency]} payout {name}",
            })  # fmt: skip
        return _csv(rows)


def _csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["empty"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _shopify(line: PayoutLine, currency: str, name: str, number: str, paid_at: datetime) -> dict[str, str]:
    return {
        "Transaction Date": line.on.strftime("%Y-%m-%d %H:%M:%S +0000").replace(" +0000", "+00:00"), "Type": line.kind,
        "Order": f"#{line.order}", "Card Brand": "visa", "Card Source": "online", "Payout Status": "paid",
        "Payout Date": paid_at.date().isoformat(), "Payout ID": name, "Available On": paid_at.date().isoformat(),
        "Amount": written(line.amount, currency), "Fee": written(line.fee, currency),
        "Net": written(line.amount - line.fee, currency),
        "Checkout": line.number, "Payment Method Name": "card", "Presentment Amount": "", "Presentment Currency": "",
        "Currency": currency,
    }  # fmt: skip


def _stripe(line: PayoutLine, currency: str, name: str, number: str, paid_at: datetime) -> dict[str, str]:
    return {
        "automatic_payout_id": name, "automatic_payout_effective_at_utc": paid_at.strftime("%Y-%m-%d %H:%M:%S"),
        "balance_transaction_id": f"txn_{line.number}", "created_utc": line.on.strftime("%Y-%m-%d %H:%M:%S"),
        "available_on_utc": paid_at.strftime("%Y-%m-%d %H:%M:%S"), "currency": currency.lower(),
        "gross": written(line.amount, currency), "fee": written(line.fee, currency),
        "net": written(line.amount - line.fee, currency),
        "reporting_category": line.kind, "source_id": f"{line.kind[:2]}_{line.number}",
        "description": f"Order {line.order}", "payment_metadata[order_number]": line.order,
    }  # fmt: skip


def _adyen(line: PayoutLine, currency: str, name: str, number: str, paid_at: datetime) -> dict[str, str]:
    debit = line.amount < 0
    net = abs(line.amount - line.fee)
    return _adyen_row(
        "Refunded" if debit else "Settled", line.order, f"PSP{line.number}", line.on, currency, number,
        gross=(abs(line.amount), debit), net=(net, debit), commission=line.fee,
    )  # fmt: skip


def _adyen_payout(currency: str, number: str, paid_at: datetime, total: Decimal) -> dict[str, str]:
    return _adyen_row(
        "MerchantPayout", "", "", paid_at, currency, number, gross=(Decimal(0), False), net=(abs(total), total >= 0),
        commission=Decimal(0),
    )  # fmt: skip


def _adyen_row(
    kind: str, order: str, psp: str, at: datetime, currency: str, number: str, *, gross: tuple[Decimal, bool],
    net: tuple[Decimal, bool], commission: Decimal,
) -> dict[str, str]:  # fmt: skip
    def side(told: tuple[Decimal, bool], debit: bool) -> str:
        return written(told[0], currency) if told[1] is debit and told[0] else ""

    return {
        "Company Account": "Acme", "Merchant Account": "AcmeUS", "Psp Reference": psp, "Merchant Reference": order,
        "Payment Method": "visa", "Creation Date": at.strftime("%Y-%m-%d %H:%M:%S"), "TimeZone": "UTC", "Type": kind,
        "Modification Reference": f"M{psp}" if psp else "", "Gross Currency": currency,
        "Gross Debit (GC)": side(gross, True), "Gross Credit (GC)": side(gross, False), "Exchange Rate": "1",
        "Net Currency": currency, "Net Debit (NC)": side(net, True), "Net Credit (NC)": side(net, False),
        "Commission (NC)": written(commission, currency), "Markup (NC)": "", "Scheme Fees (NC)": "", "Interchange (NC)": "",
        "Payment Method Variant": "visa", "Modification Merchant Reference": "", "Batch Number": number,
    }  # fmt: skip


_WRITERS = {"shopify": _shopify, "stripe": _stripe, "adyen": _adyen}


def plan(
    books: Books, happy_returns: HappyReturns, *, returns: int, seed: int = 1, start: datetime | None = None,
    faults: Mapping[str, int] = FAULTS,
) -> ClosedSeason:  # fmt: skip
    """Play two months that begin with `start`, the first of a month."""
    rng = random.Random(seed)
    if not books.products:
        catalogue.stock_shelves(books)
    season = ClosedSeason(books, happy_returns, rng, start or datetime(2026, 1, 1, tzinfo=UTC))
    season.play(returns, faults)
    return season
