"""A UK fashion retailer's range and orders: sizes, VAT codes, bundles, discounts, several currencies. Seeded."""

import random
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from daemon.sandbox.books import Books, Order, Product, Row
from daemon.sandbox.coins import coin

_ADULT = (
    ("Merino crew jumper", 68, ("XS", "S", "M", "L", "XL")), ("Linen shirt", 49, ("S", "M", "L", "XL")),
    ("Slim jeans", 75, ("28", "30", "32", "34", "36")), ("Pleated midi skirt", 59, ("8", "10", "12", "14")),
    ("Waxed jacket", 149, ("S", "M", "L")), ("Jersey dress", 55, ("8", "10", "12", "14", "16")),
    ("Chelsea boots", 120, ("5", "6", "7", "8", "9")), ("Wool scarf", 29, ("ONE",)),
)  # fmt: skip
_CHILD = (("Kids' dungarees", 32, ("2Y", "4Y", "6Y")), ("Kids' rain coat", 38, ("4Y", "6Y", "8Y")))
RATES = {"GBP": Decimal("1"), "EUR": Decimal("1.170000"), "USD": Decimal("1.280000"), "JPY": Decimal("190.000000"),
         "KWD": Decimal("0.390000")}  # fmt: skip
DECIDED_MAX = 400
"""What the sandbox has decided without a person, of units, order rows and credit rows together; far less than by default."""


@dataclass(frozen=True, slots=True)
class Line:
    product: Product
    quantity: int = 1
    discount: Decimal = Decimal(0)


def stock_shelves(books: Books) -> None:
    """Fill the account with products: standard-rated adult wear, zero-rated children's wear, one service, bundles."""
    for tax_code, ranges in (("T20", _ADULT), ("T0", _CHILD)):
        for name, price, sizes in ranges:
            for size in sizes:
                retail = Decimal(price)
                product_id = books.new_id()
                stem = "".join(word[0] for word in name.replace("'", "").split()).upper()
                sku = f"{stem}{product_id % 97:02d}-{size}"
                barcode = f"50{product_id:011d}"
                cost = (retail * Decimal("0.35")).quantize(coin(books.base_currency))
                books.products[product_id] = Product(product_id, sku, f"{name} {size}", barcode, cost, retail, tax_code)
    adult = [p for p in books.products.values() if p.tax_code == "T20"]
    for number in range(3):
        product_id = books.new_id()
        first, second = adult[number * 3], adult[number * 3 + 5]
        together = ((first.price + second.price) * Decimal("0.85")).quantize(coin(books.base_currency))
        books.products[product_id] = Product(
            product_id, f"SET-{number + 1}", f"Gift set {number + 1}", f"51{product_id:011d}", Decimal(0), together, "T20",
            stock_tracked=False, components=((first.id, 1), (second.id, 1)),
        )  # fmt: skip


def goods(books: Books, rng: random.Random, *, tax_code: str | None = None) -> Product:
    """Any single product somebody may buy."""
    range_ = [p for p in books.products.values() if not p.components and tax_code in (None, p.tax_code)]
    return rng.choice(range_)


def bundle(books: Books, rng: random.Random) -> Product:
    return rng.choice([p for p in books.products.values() if p.components])


def place_order(
    books: Books,
    number: str,
    lines: list[Line],
    *,
    at: datetime,
    currency: str = "GBP",
    order_discount: Decimal = Decimal(0),
    shipping: Decimal = Decimal("3.95"),
    invoiced: bool = True,
    platform_id: int = 0,
) -> Order:
    """A shipped sales order with prices including tax, as the shop's connector would have written it."""
    rate = RATES[currency]
    order = Order(
        id=books.new_id(), type_code="SO", reference=number, external_ref=str(platform_id), parent_id=0,
        contact_id=200 + platform_id % 500, status_id=4 if invoiced else 1, currency=currency, exchange_rate=rate,
        warehouse_id=2, channel_id=1, price_mode="INC", created_at=at, rows=[],
        invoice_reference=f"SI-{number}" if invoiced else "",
    )  # fmt: skip
    for line in lines:
        gross = (line.product.price * rate * line.quantity * (1 - line.discount)).quantize(
            coin(currency), ROUND_HALF_UP
        )
        row = _row(books, line.product.name, gross, line.product.tax_code, Decimal(line.quantity), "4000", currency)
        row.product_id, row.sku, row.cost = line.product.id, line.product.sku, line.product.cost
        row.external_ref = str(880_000 + row.id)
        row.bundle_parent = bool(line.product.components)
        order.rows.append(row)
        for component, count in line.product.components:
            part = books.products[component]
            order.rows.append(
                Row(
                    books.new_id(), part.id, part.sku, part.name, Decimal(line.quantity * count), Decimal(0),
                    Decimal(0), line.product.tax_code, "4000", "", part.cost, bundle_child=True, parent_row_id=row.id,
                )
            )  # fmt: skip
    if order_discount:
        order.rows.append(
            _row(
                books,
                "Voucher WELCOME",
                -(order_discount * rate).quantize(coin(currency)),
                "T20",
                Decimal(1),
                "4009",
                currency,
            )
        )
    if shipping:
        delivery = (shipping * rate).quantize(coin(currency))
        order.rows.append(_row(books, "Delivery", delivery, "T20", Decimal(1), "4040", currency))
    books.orders[order.id] = order
    paid = sum((row.net + row.tax for row in order.rows), Decimal(0))
    books.pay({
        "transactionRef": f"pay-{number}", "paymentMethodCode": "SHOPIFY", "paymentType": "RECEIPT",
        "orderId": order.id, "currencyIsoCode": currency, "amountPaid": str(paid), "paymentDate": at.isoformat(),
    })  # fmt: skip
    return order


def _row(books: Books, name: str, gross: Decimal, tax_code: str, quantity: Decimal, nominal: str, currency: str) -> Row:
    """A row from a price including tax, in whole coins of its currency."""
    tax_rate = books.tax_codes[tax_code]
    net = (gross / (1 + tax_rate / 100)).quantize(coin(currency), ROUND_HALF_UP)
    return Row(books.new_id(), None, "", name, quantity, net, gross - net, tax_code, nominal)
