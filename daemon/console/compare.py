"""Compare the sandbox's books with the database: nothing lost, nothing doubled, nothing different. Reads only."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import aiohttp
import orjson

from daemon.store.database import Database
from daemon.store.sql import Record
from statemachine.credit.snapshot import OWN_PREFIX
from statemachine.refs import order_key


@dataclass(slots=True)
class Comparison:
    """What was found. `books` is the same for two runs that did the same, whatever happened on the way."""

    summary: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    lost: int = 0
    duplicated: int = 0
    mismatched: int = 0
    books: list[Any] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.duplicated or self.mismatched)

    def lose(self, problem: str) -> None:
        self.lost += 1
        self.problems.append(f"lost: {problem}")

    def double(self, problem: str) -> None:
        self.duplicated += 1
        self.problems.append(f"doubled: {problem}")

    def mismatch(self, problem: str) -> None:
        self.mismatched += 1
        self.problems.append(f"mismatch: {problem}")


async def compare(database: Database, control: aiohttp.ClientSession, merchant: str) -> Comparison:
    """Read both sides and set them against each other."""
    async with control.get("/_sandbox/books") as reply:
        books = await reply.json()
    async with control.get("/_sandbox/truth") as reply:
        truth = await reply.json()
    async with database.reading() as connection:
        returns = await connection.fetch("SELECT * FROM returns WHERE merchant = $1 ORDER BY id", merchant)
        units = await connection.fetch("SELECT * FROM unit WHERE merchant = $1", merchant)
        effects = await connection.fetch("SELECT * FROM outbox WHERE merchant = $1", merchant)
        walks = await connection.fetch(
            "SELECT return_id, version, from_state, to_state FROM journal WHERE merchant = $1 "
            "ORDER BY return_id, version",
            merchant,
        )
        parked = await connection.fetchval(
            "SELECT count(*) FROM inbox WHERE merchant = $1 AND state = 'parked' AND event = 'units-received'", merchant
        )
        broken = await connection.fetchval(
            "SELECT count(*) FROM inbox WHERE merchant = $1 AND (state = 'waiting' OR "
            "(state = 'parked' AND event <> 'units-received'))",
            merchant,
        )
    found = Comparison()
    _units_are_where_they_should(found, truth["returns"], returns, units)
    _credits_agree(found, books, returns)
    _nothing_doubled(found, books, returns)
    _goods_agree(found, books, returns, units)
    _journals_are_legal(found, returns, walks)
    if parked != truth["parked_receipts"]:
        found.mismatch(f"{parked} parked receipts, {truth['parked_receipts']} expected")
    if broken:
        found.mismatch(f"{broken} events are neither decided nor explained")
    for effect in effects:
        if effect["state"] in ("ready", "leased"):
            found.mismatch(f"effect {effect['kind']} {effect['key']} is still {effect['state']}")
    found.books = _comparable(books, returns, truth["returns"])
    digest = hashlib.sha256(orjson.dumps(found.books, option=orjson.OPT_SORT_KEYS)).hexdigest()
    own = [credit for credit in books["credits"] if credit["external_ref"].startswith(OWN_PREFIX)]
    first = [e for e in effects if e["kind"] == "create-sales-credit" and e["state"] == "done"]
    due = {row["return_id"] for row in walks if row["to_state"] == "credit-pending"}
    stuck = {
        row["return_id"] for row in walks if row["to_state"] == "exception" and row["from_state"] == "credit-pending"
    }
    found.summary = {
        "returns": len(returns), "by_state": dict(Counter(row["state"] for row in returns)),
        "exceptions_by_cause": dict(Counter(row["cause"] for row in returns if row["state"] == "exception")),
        "credits": len(own), "goods_in_notes": len(books["goods_in"]),
        "payments": sum(p["paymentType"] == "PAYMENT" for p in books["payments"]),
        "credited": {c: str(v) for c, v in _total(own).items()}, "first_pass_credits": sum(e["attempts"] == 1 for e in first),
        "first_pass_rate": round(len(due - stuck) / len(due), 3) if due else None,
        "parked_receipts": parked, "lost": found.lost, "duplicated": found.duplicated,
        "mismatched": found.mismatched, "books_sha256": digest,
    }  # fmt: skip
    return found


def _units_are_where_they_should(
    found: Comparison, truth: list[dict[str, Any]], returns: list[Record], units: list[Record]
) -> None:
    """Every announced unit is one row, in the state the scenario must end in."""
    by_id = {row["id"]: row for row in returns}
    known = {(u["happy_return_id"], u["order_key"], u["happy_item_id"]): by_id[u["return_id"]] for u in units}
    if len(units) != sum(len(each["units"]) for each in truth):
        found.mismatch(f"{len(units)} units stored, {sum(len(each['units']) for each in truth)} announced")
    for expected in truth:
        for item_id, outcome in expected["units"].items():
            row = known.get((expected["happy_return_id"], expected["order_number"], item_id))
            if row is None:
                found.lose(f"{expected['scenario']} {expected['express_code']}: unit {item_id}")
                continue
            ended = row["state"] if row["state"] != "exception" else f"exception:{row['cause']}"
            if ended not in outcome.split("|"):
                found.mismatch(
                    f"{expected['scenario']} {expected['express_code']} (return {row['id']}): {ended}, expected {outcome}"
                    f"{' — ' + row['explanation'] if row['explanation'] else ''}"
                )


def _credits_agree(found: Comparison, books: dict[str, Any], returns: list[Record]) -> None:
    """Ours exist with the very sums and refund we hold; none of ours exists that we do not hold."""
    credits_made = {credit["id"]: credit for credit in books["credits"]}
    paid: dict[int, Decimal] = {}
    for payment in books["payments"]:
        if payment["paymentType"] == "PAYMENT":
            paid[payment["orderId"]] = paid.get(payment["orderId"], Decimal(0)) + Decimal(payment["amountPaid"])
    held = {row["credit_id"] for row in returns if row["credit_id"] is not None}
    stopped = {row["credit_ref"] for row in returns if _has_rival(row)}  # made, and kept back for a person to judge
    for row in returns:
        if row["credit_id"] is None:
            continue
        credit = credits_made.get(row["credit_id"])
        if credit is None:
            found.lose(f"credit {row['credit_id']} of return {row['id']} is not in Brightpearl")
            continue
        theirs = (Decimal(credit["net"]), Decimal(credit["tax"]), credit["currency"])
        ours = (row["credit_net"], row["credit_tax"], row["credit_currency"])
        if theirs != ours:
            found.mismatch(f"credit {credit['id']}: {theirs} in Brightpearl, {ours} here")
        if row["refund_due"] and paid.get(credit["id"]) != row["credit_net"] + row["credit_tax"]:
            found.mismatch(f"credit {credit['id']}: refunded {paid.get(credit['id'])}, due {sum(ours[:2])}")
        if row["close_due"] and credit["invoice_reference"] != row["invoice_reference"]:
            found.mismatch(f"credit {credit['id']}: invoice {credit['invoice_reference']!r} there")
        if row["close_due"] and credit["invoice_reference"] in ("", "pending"):
            found.mismatch(f"credit {credit['id']} is not closed")
    for credit in credits_made.values():
        if (
            credit["external_ref"].startswith(OWN_PREFIX)
            and credit["id"] not in held
            and credit["external_ref"] not in stopped
        ):
            found.lose(f"credit {credit['id']} ({credit['external_ref']}) belongs to no return here")


def _nothing_doubled(found: Comparison, books: dict[str, Any], returns: list[Record]) -> None:
    """One credit a key, one refund a credit, and never more of an order row than was sold, nor more money.

    Where somebody else credited the same goods, that is told as an exception: those orders are known, not missed.
    """
    refs = Counter(c["external_ref"] for c in books["credits"] if c["external_ref"])
    for ref, count in refs.items():
        if count > 1:
            found.double(f"{count} credits carry {ref}")
    refunds = Counter(p["orderId"] for p in books["payments"] if p["paymentType"] == "PAYMENT")
    for credit_id, count in refunds.items():
        if count > 1:
            found.double(f"{count} refunds on credit {credit_id}")
    known = {row["order_key"] for row in returns if _has_rival(row)}
    orders = {order["id"]: order for order in books["orders"] if order_key(order["reference"]) not in known}
    for order_id in {credit["parent_id"] for credit in books["credits"]}:
        order = orders.get(order_id)
        if order is None:
            continue
        for product_id in {row["product_id"] for row in order["rows"] if row["product_id"]}:
            sold, credited = (_sums(rows, product_id) for rows in (
                order["rows"], [r for c in books["credits"] if c["parent_id"] == order_id for r in c["rows"]],
            ))  # fmt: skip
            if any(given > had for given, had in zip(credited, sold, strict=True)):
                found.double(f"order {order['reference']}, product {product_id}: {credited} credited of {sold} sold")


def _has_rival(row: Record) -> bool:
    return bool(row["state"] == "exception" and row["cause"] == "rival-credit")


def _sums(rows: list[dict[str, Any]], product_id: int) -> tuple[Decimal, Decimal, Decimal]:
    mine = [row for row in rows if row["product_id"] == product_id and not row["bundle_child"]]
    return tuple(sum((Decimal(row[name]) for row in mine), Decimal(0)) for name in ("quantity", "net", "tax"))  # type: ignore[return-value]


def _goods_agree(found: Comparison, books: dict[str, Any], returns: list[Record], units: list[Record]) -> None:
    """No row received beyond its quantity; every note we hold exists."""
    rows = {row["id"]: row for credit in books["credits"] for row in credit["rows"]}
    received: dict[int, int] = {}
    for note in books["goods_in"]:
        for line in note["goodsMoved"]:
            row_id = line["purchaseOrderRowId"]
            received[row_id] = received.get(row_id, 0) + line["quantity"]
    for row_id, quantity in received.items():
        if quantity > Decimal(rows[row_id]["quantity"]):
            found.double(f"row {row_id}: {quantity} received of {rows[row_id]['quantity']}")
    notes = {note["goodsNoteId"] for note in books["goods_in"]}
    for unit in units:
        if unit["goods_in_id"] and unit["goods_in_id"] not in notes:
            found.lose(f"goods-in note {unit['goods_in_id']} of unit {unit['unit_key']}")
    restocked = {row["credit_id"] for row in returns if row["state"] == "restocked"}
    for credit in books["credits"]:
        if credit["id"] in restocked and credit["stock_status"] not in ("SCA", "NON"):
            found.mismatch(f"credit {credit['id']} counts as restocked here, {credit['stock_status']} in Brightpearl")


def _journals_are_legal(found: Comparison, returns: list[Record], walks: list[Record]) -> None:
    """Versions 1..n without a gap, each step beginning where the last ended, the last being the state."""
    last: dict[int, tuple[int, str]] = {}
    for row in walks:
        version, state = last.get(row["return_id"], (0, "new"))
        if row["version"] != version + 1 or row["from_state"] != state:
            found.mismatch(f"journal of return {row['return_id']} breaks at version {row['version']}")
        last[row["return_id"]] = (row["version"], row["to_state"])
    for row in returns:
        if last.get(row["id"]) != (row["version"], row["state"]):
            found.mismatch(f"journal of return {row['id']} does not end in its state")


def _total(credits_made: list[dict[str, Any]]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for credit in credits_made:
        gross = Decimal(credit["net"]) + Decimal(credit["tax"])
        totals[credit["currency"]] = totals.get(credit["currency"], Decimal(0)) + gross
    return totals


def _comparable(books: dict[str, Any], returns: list[Record], truth: list[dict[str, Any]]) -> list[Any]:
    """Brightpearl's books by order, without ids and times: what two runs of one season must share, to the penny.

    Which of several returns of one order is credited first is chance, and with it who takes the odd penny of a shared
    row; that the order's credits together hold exactly these sums is not.
    """
    numbers = {order["id"]: order["reference"] for order in books["orders"]}
    number_of = {credit["id"]: numbers.get(credit["parent_id"], "") for credit in books["credits"]}
    refs: dict[str, list[str]] = {}
    sums: Counter[tuple[str, ...]] = Counter()

    def add(number: str, kind: str, *key: Any, amount: Any) -> None:
        sums[number, kind, *(str(each) for each in key)] += Decimal(str(amount))  # type: ignore[assignment]

    for credit in books["credits"]:
        number = number_of[credit["id"]]
        refs.setdefault(number, []).append(f"{credit['external_ref']} {bool(credit['invoice_reference'])}")
        for row in credit["rows"]:
            for name in ("quantity", "net", "tax"):
                add(number, name, credit["currency"], row["product_id"], row["tax_code"], amount=row[name])
    for note in books["goods_in"]:
        for line in note["goodsMoved"]:
            place = (line["productId"], line["destinationLocationId"])
            add(number_of[note["orderId"]], "received", *place, amount=line["quantity"])
    for payment in books["payments"]:
        if payment["orderId"] in number_of:
            told = (payment["paymentType"], payment["paymentMethodCode"], payment["currencyCode"])
            add(number_of[payment["orderId"]], "paid", *told, amount=payment["amountPaid"])
    either = {each["happy_return_id"]: end for each in truth for end in each["units"].values() if "|" in end}
    ends = [
        [r["happy_return_id"], r["order_key"], r["state"], either.get(r["happy_return_id"], r["cause"] or "")]
        for r in returns
    ]
    return [
        sorted([number, *sorted(made)] for number, made in refs.items()),
        sorted([*key, f"{Decimal(amount).normalize():f}"] for key, amount in sums.items()),
        sorted(ends),
    ]
