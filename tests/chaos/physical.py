"""What is physical, counted from the vendors' own books: units, pennies, payments, goods. Our keys and groups play no part.

A unit is a Happy Returns item id, whatever return it stands under and however it is spelled. What it is, is told by the order
it was bought with: by its SKU, else its barcode, else its line. Bundles count as their components, on both sides.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

API = "api"
EXPONENTS = {"JPY": 0, "KRW": 0, "ISK": 0, "CLP": 0, "VND": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3, "TND": 3}
"""Currency → digits after the point, where these are not two. Source: ISO 4217."""

LOOKED_AFTER = timedelta(hours=20)
"""What is lost later than this after it was made is found by the nightly matching of the books, not by a return."""

Goods = tuple[int, int]
"""An order and a product of which it is made: what units and credits are counted by."""


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that must not be.

    `since` None: nobody may ever do it. Else others had a part in it: it could be seen from then on; a person must know.
    """

    why: str
    order_id: int
    names: frozenset[int] = frozenset()
    """Ids of credits, payments or notes that it is about: whoever is told of it is told one of these."""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    id: int
    order_id: int
    is_ours: bool
    currency: str
    at: datetime
    seen_at: datetime
    """When a search shows it with its rows."""
    net: Decimal
    tax: Decimal
    goods: Mapping[int, Decimal]
    """Product → quantity, in components."""
    rows: tuple[Mapping[str, Any], ...]


@dataclass(slots=True)
class Books:
    """Brightpearl's books and Happy Returns' returns, read once."""

    told: dict[str, Any]
    started: list[dict[str, Any]]
    read_to_write: timedelta
    """Between a look and the write that follows it: what came to be seen within it could not be known."""
    orders: dict[int, dict[str, Any]] = field(init=False)
    order_of: dict[int, int] = field(init=False)
    """Every id an order ever had → the one it has."""
    products: dict[int, dict[str, Any]] = field(init=False)
    credits: list[Credit] = field(init=False)

    def __post_init__(self) -> None:
        self.orders = {order["id"]: order for order in self.told["orders"]}
        self.order_of = {
            key: order["id"] for order in self.told["orders"] for key in (order["id"], *order["former_ids"])
        }
        self.products = {product["id"]: product for product in self.told["products"]}
        self.credits = [self._credit(each) for each in self.told["credits"] if not each["is_cancelled"]]

    def _credit(self, credit: dict[str, Any]) -> Credit:
        at = datetime.fromisoformat(credit["created_at"])
        shown = [datetime.fromisoformat(credit[name]) for name in ("indexed_at", "rows_at") if credit[name]]
        seen_at = max([at, *shown])
        rows = tuple(row for row in credit["rows"] if not row["bundle_child"])
        goods: dict[int, Decimal] = {}
        for row in rows:
            if row["product_id"]:
                for atom, count in self.atoms(row["product_id"]).items():
                    goods[atom] = goods.get(atom, Decimal(0)) + Decimal(row["quantity"]) * count
        return Credit(
            credit["id"], self.order_of.get(credit["parent_id"], credit["parent_id"]), credit["made_by"] == API,
            credit["currency"], at, seen_at, Decimal(credit["net"]), Decimal(credit["tax"]), goods, rows,
        )  # fmt: skip

    def atoms(self, product_id: int) -> dict[int, int]:
        """What a product is made of: itself, or the components of a bundle."""
        parts = self.products.get(product_id, {}).get("components") or {}
        return {int(part): count for part, count in parts.items()} or {product_id: 1}

    def of_order(self, order_id: int) -> list[Credit]:
        return [credit for credit in self.credits if credit.order_id == order_id]

    def handed_over(self) -> dict[Goods, set[str]]:
        """Which units came back, by what they are: the vendor's own truth, each unit once."""
        units: dict[Goods, set[str]] = {}
        by_sku = {product["sku"]: product["id"] for product in self.products.values() if product["sku"]}
        by_barcode = {product["barcode"]: product["id"] for product in self.products.values() if product["barcode"]}
        by_number: dict[str, list[dict[str, Any]]] = {}
        for order in self.orders.values():
            by_number.setdefault(order["reference"].casefold(), []).append(order)
        for entry in self.started:
            for unit in entry["units"]:
                if not unit["is_handed_over"]:
                    continue
                for order in by_number.get(unit["order_number"].casefold(), ()):
                    line = unit["line_item_id"].split("-")[0]
                    on_line = (row["product_id"] for row in order["rows"] if line and row["external_ref"] == line)
                    product = by_sku.get(unit["sku"]) or by_barcode.get(unit["upc"]) or next(on_line, None)
                    for atom, count in self.atoms(product).items() if product else ():
                        copies = {unit["item_id"].casefold() + (f"/{n}" if n else "") for n in range(count)}
                        units.setdefault((order["id"], atom), set()).update(copies)
        return units


def breaches(books: Books) -> Iterator[Breach]:
    """Everything in the books that must not be, or that a person must know of."""
    yield from _units_are_credited_once(books)
    yield from _rows_are_not_exceeded(books)
    yield from _money_leaves_once(books)
    yield from _goods_come_in_once(books)
    yield from _what_was_acknowledged_is_there(books)


def _units_are_credited_once(books: Books) -> Iterator[Breach]:
    """We never credit more units than came back; with those of others never more than were sold, unless it is told."""
    handed_over = books.handed_over()
    sold = _sold(books)
    for order_id in sorted({credit.order_id for credit in books.credits}):
        credits_of = books.of_order(order_id)
        for atom in sorted({atom for credit in credits_of for atom in credit.goods}):
            what = f"order {order_id}: product {atom}"
            ours = [credit for credit in credits_of if credit.is_ours and atom in credit.goods]
            count = sum((credit.goods[atom] for credit in ours), Decimal(0))
            units = handed_over.get((order_id, atom), set())
            if count > len(units):
                why = f"{what}: we credited {count} in {_ids(ours)}, {len(units)} came back"
                yield Breach(why, order_id, _names(ours))
            both = [credit for credit in credits_of if atom in credit.goods]
            total = sum((credit.goods[atom] for credit in both), Decimal(0))
            bought = sold.get((order_id, atom), Decimal(0))
            if count <= len(units) and order_id in books.orders and total > bought:
                why = f"{what}: {total} credited in {_ids(both)}, {bought} sold"
                yield from _shared(why, order_id, both, books.read_to_write)


def _sold(books: Books) -> dict[Goods, Decimal]:
    """Units of each product sold with an order: as the order is, or was before an edit, whichever was more."""
    most: dict[Goods, Decimal] = {}
    for order in books.orders.values():
        for rows in (order["rows"], *order["former_rows"]):
            sums: dict[Goods, Decimal] = {}
            for row in rows:
                if row["product_id"] and not row["bundle_child"]:
                    for atom, count in books.atoms(row["product_id"]).items():
                        key = (order["id"], atom)
                        sums[key] = sums.get(key, Decimal(0)) + Decimal(row["quantity"]) * count
            for key, quantity in sums.items():
                most[key] = max(most.get(key, Decimal(0)), quantity)
    return most


def _rows_are_not_exceeded(books: Books) -> Iterator[Breach]:
    """Pennies: what credits hold of a product, and of all an order's goods less its discounts, each in net and in tax."""
    for order_id, order in books.orders.items():
        credits_of = books.of_order(order_id)
        if not credits_of:
            continue
        for part in ("net", "tax"):
            for what, limit, spent in _limits(order, credits_of, part):
                total = sum((value for _, value in spent), Decimal(0))
                if total > limit:
                    why = (
                        f"order {order_id}: {part} {total} of {limit} credited of {what} in {_ids(c for c, _ in spent)}"
                    )
                    yield from _shared(why, order_id, [credit for credit, _ in spent], books.read_to_write)
        for credit in credits_of:
            digits = EXPONENTS.get(credit.currency, 2)
            odd = [v for v in (credit.net, credit.tax) if v != round(v, digits)]
            if credit.is_ours and odd:
                why = f"credit {credit.id}: {odd[0]} {credit.currency} is no sum of that currency"
                yield Breach(why, order_id, frozenset({credit.id}))


def _limits(
    order: dict[str, Any], credits_of: list[Credit], part: str
) -> Iterator[tuple[str, Decimal, list[tuple[Credit, Decimal]]]]:
    """What, at most how much of it, and what each credit took: every product of the order, and its goods altogether."""
    versions = [order["rows"], *order["former_rows"]]
    own_rows = [row for rows in versions for row in rows if row["product_id"] and not row["bundle_child"]]
    for product in sorted({row["product_id"] for row in own_rows}):
        limit = max(_sum(rows, part, product) for rows in versions)
        yield f"product {product}", limit, [(c, _sum(c.rows, part, product)) for c in credits_of if _has(c, product)]
    whole = max(_sum(rows, part) for rows in versions)
    # Where deductions outweigh the goods' tax, a part of the goods takes less of it off than all of them.
    yield "all its goods", max(whole, Decimal(0)), [(c, _sum(c.rows, part)) for c in credits_of]


def _sum(rows: Iterable[Mapping[str, Any]], part: str, product: int | None = None) -> Decimal:
    """Of one product, or of all goods with every deduction."""
    return sum(
        (
            Decimal(row[part]) for row in rows
            if not row["bundle_child"]
            and (row["product_id"] == product if product else row["product_id"] or Decimal(row["net"]) < 0)
        ),
        Decimal(0),
    )  # fmt: skip


def _has(credit: Credit, product: int) -> bool:
    return any(row["product_id"] == product for row in credit.rows)


def _money_leaves_once(books: Books) -> Iterator[Breach]:
    """Refunds of a credit are no more than the credit, and one a reference."""
    paid: dict[int, list[dict[str, Any]]] = {}
    for payment in books.told["payments"]:
        if payment["paymentType"] == "PAYMENT":
            paid.setdefault(payment["orderId"], []).append(payment)
    by_id = {credit.id: credit for credit in books.credits}
    for credit_id, payments in paid.items():
        credit = by_id.get(credit_id)
        if credit is None:
            continue  # it is gone, or it is an order: counted there
        total = sum((Decimal(each["amountPaid"]) for each in payments), Decimal(0))
        if total > credit.net + credit.tax:
            names = frozenset({credit_id, *(each["paymentId"] for each in payments)})
            why = f"credit {credit_id}: {total} refunded of {credit.net + credit.tax} in {len(payments)} payments"
            yield _by_last(why, credit.order_id, names, payments, books.read_to_write)
        for reference, count in Counter(each["transactionRef"] for each in payments if each["transactionRef"]).items():
            mine = [each for each in payments if each["transactionRef"] == reference]
            if count > 1:
                names = frozenset({credit_id, *(each["paymentId"] for each in mine)})
                yield _by_last(
                    f"credit {credit_id}: {count} payments carry {reference}",
                    credit.order_id,
                    names,
                    mine,
                    books.read_to_write,
                )


def _by_last(
    why: str, order_id: int, names: frozenset[int], payments: list[dict[str, Any]], read_to_write: timedelta
) -> Breach:
    """Ours alone may never do it. Where another's has a part: never once that one was to be seen; else a person is told."""
    others = [each for each in payments if each["made_by"] != API]
    ours = [each for each in payments if each["made_by"] == API]
    if not others or (len(ours) > 1):
        return Breach(why, order_id, names)
    visible = min(datetime.fromisoformat(each["indexed_at"]) for each in others)
    if ours and datetime.fromisoformat(ours[0]["createdOn"]) > visible + read_to_write:
        return Breach(f"{why}: ours though another was to be seen", order_id, names)
    if not ours:
        return Breach(why, order_id, names, max(datetime.fromisoformat(each["indexed_at"]) for each in others))
    return Breach(why, order_id, names, max(visible, datetime.fromisoformat(ours[0]["createdOn"])))


def _goods_come_in_once(books: Books) -> Iterator[Breach]:
    """Goods we take in were handed over, each once, and no credit's row is received beyond what it holds."""
    handed_over = books.handed_over()
    rows = {row["id"]: (credit, row) for credit in books.told["credits"] for row in credit["rows"]}
    ours: dict[Goods, Decimal] = {}
    notes: dict[Goods, set[int]] = {}
    per_row: Counter[int] = Counter()
    for note in books.told["goods_in"]:
        for line in note["goodsMoved"]:
            per_row[line["purchaseOrderRowId"]] += line["quantity"]
            if note["made_by"] != API or line["purchaseOrderRowId"] not in rows:
                continue
            credit, row = rows[line["purchaseOrderRowId"]]
            order_id = books.order_of.get(credit["parent_id"], credit["parent_id"])
            key = (order_id, row["product_id"])
            ours[key] = ours.get(key, Decimal(0)) + line["quantity"]
            notes.setdefault(key, set()).add(note["goodsNoteId"])
    for (order_id, product), quantity in ours.items():
        units = handed_over.get((order_id, product), set())
        if quantity > len(units):
            why = f"order {order_id}: product {product}: we took in {quantity}, {len(units)} came back"
            yield Breach(why, order_id, frozenset(notes[order_id, product]))
    for row_id, received in per_row.items():
        if row_id in rows and received > Decimal(rows[row_id][1]["quantity"]):
            credit = rows[row_id][0]
            why = f"credit {credit['id']}: row {row_id}: {received} received of {rows[row_id][1]['quantity']}"
            yield Breach(why, credit["parent_id"], frozenset({credit["id"]}))


def _what_was_acknowledged_is_there(books: Books) -> Iterator[Breach]:
    """What the vendor lost after it had taken it from us: somebody must know, unless it is there anew."""
    for lost in books.told["gone"]:
        at = datetime.fromisoformat(lost["at"])
        if (
            at - datetime.fromisoformat(lost["created_at"] if lost["kind"] == "credit" else lost["createdOn"])
            > LOOKED_AFTER
        ):
            continue
        if lost["kind"] == "credit" and lost["made_by"] == API:
            again = any(
                c["external_ref"] == lost["external_ref"] for c in books.told["credits"] if lost["external_ref"]
            )
            if not again:
                order_id = books.order_of.get(lost["parent_id"], lost["parent_id"])
                yield Breach(f"credit {lost['id']} was acknowledged and is gone", order_id, frozenset({lost["id"]}), at)
        if lost["kind"] == "payment" and lost["paymentType"] == "PAYMENT" and lost["made_by"] == API:
            again = any(p["transactionRef"] == lost["transactionRef"] for p in books.told["payments"])
            credit = next((c for c in books.credits if c.id == lost["orderId"]), None)
            if not again and credit is not None:
                names = frozenset({lost["id"], credit.id})
                yield Breach(f"payment {lost['id']} was acknowledged and is gone", credit.order_id, names, at)


def _shared(why: str, order_id: int, credits_of: list[Credit], read_to_write: timedelta) -> Iterator[Breach]:
    """Too much altogether: never by ours alone, nor by one of ours made while another's was to be seen."""
    ours = [credit for credit in credits_of if credit.is_ours]
    others = [credit for credit in credits_of if not credit.is_ours]
    if not others:
        yield Breach(why, order_id, _names(credits_of))
        return
    for credit in ours:
        if all(other.seen_at + read_to_write < credit.at for other in others):
            yield Breach(f"{why}: {credit.id} was made though the others were to be seen", order_id, _names(credits_of))
            return
    if ours:
        seen_at = max(credit.seen_at for credit in others)
        yield Breach(why, order_id, _names(credits_of), max(seen_at, max(credit.at for credit in ours)))


def _names(credits_of: Iterable[Credit]) -> frozenset[int]:
    return frozenset(credit.id for credit in credits_of)


def _ids(credits_of: Iterable[Credit]) -> str:
    return ", ".join(str(each) for each in sorted({credit.id for credit in credits_of}))
