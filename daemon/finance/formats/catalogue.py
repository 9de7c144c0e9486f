"""Every format there is, and which one a file is in."""

from collections.abc import Callable
from itertools import islice

from daemon.errors import MalformedPayloadError
from daemon.finance.formats import adyen, bank_csv, camt, mapped, mt940, ofx, paypal, shopify, stripe
from daemon.finance.formats.reading import Context, Reading
from daemon.tables import columns_of, text_lines

Reader = Callable[[bytes, Context], Reading]

READERS: dict[str, Reader] = {
    shopify.NAME: shopify.read, stripe.NAME: stripe.read, paypal.NAME: paypal.read, adyen.NAME: adyen.read,
    mapped.INVOICE: mapped.read_invoice, camt.NAME: camt.read, ofx.NAME: ofx.read, mt940.NAME: mt940.read,
    bank_csv.NAME: bank_csv.read,
}  # fmt: skip
"""Beside these, every file the merchant's settings map (finance.files.NAME)."""


def read_file(raw: bytes, context: Context, *, given: str = "") -> Reading:
    """Begin a file in the format that is named, else the one it looks like. Raises MalformedPayloadError, as its rows may."""
    if not raw.strip():
        raise MalformedPayloadError("line 1: the file is empty")
    name = given or detect(raw)
    if name in READERS:
        return READERS[name](raw, context)
    if name in context.mapped:
        return mapped.read(raw, context, name, context.mapped[name])
    known = ", ".join((*READERS, *sorted(context.mapped)))
    if given:
        raise MalformedPayloadError(f"there is no format '{given}'; there are: {known}")
    raise MalformedPayloadError(f"line 1: the file looks like none of {known}: name one with --format")


def detect(raw: bytes) -> str:
    """By what the file begins with; empty when it looks like none."""
    if camt.is_it(raw):
        return camt.NAME
    if ofx.is_it(raw):
        return ofx.NAME
    if mt940.is_it(raw):
        return mt940.NAME
    if paypal.is_it_text("".join(islice(text_lines(raw), 3))[:200]):
        return paypal.NAME
    tests = (
        (shopify.NAME, shopify.is_it), (stripe.NAME, stripe.is_it), (adyen.NAME, adyen.is_it),
        (mapped.INVOICE, mapped.is_invoice),
    )  # fmt: skip
    columns = columns_of(raw)
    if name := next((name for name, is_it in tests if is_it(columns)), ""):
        return name
    below = columns_of(raw, bank_csv.is_it)
    return bank_csv.NAME if bank_csv.is_it(below) else ""
