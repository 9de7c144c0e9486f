"""What a shopper chose to get: Happy Returns' word for it, read by a table of whole words. What is not in it is asked about.

The values are UNCONFIRMED (Happy Returns sheet section 6, U-14), so each word stands here because somebody may be expected
to write it, and means nothing else. No part of a word decides: a credit card is no store credit, "no refund" no refund.
A merchant adds its own words under [refund_types] in its map.
"""

import re
from collections.abc import Mapping
from typing import Literal

Outcome = Literal["original", "exchange", "store-credit"]
OutcomeKind = Literal["original", "exchange", "store-credit", "unknown"]

_WORDS: dict[Outcome, tuple[str, ...]] = {
    "original": (
        "refund",
        "full-refund",
        "refunded",
        "original",
        "original-payment",
        "original-payment-method",
        "original-method-of-payment",
        "original-form-of-payment",
        "original-method",
        "refund-to-original",
        "refund-to-original-payment",
        "refund-to-original-payment-method",
        "refund-to-original-method-of-payment",
        "refund-to-original-form-of-payment",
        "payment-method",
        "card",
        "credit-card",
        "debit-card",
        "refund-to-card",
        "refund-to-credit-card",
        "refund-to-debit-card",
    ),
    "exchange": (
        "exchange",
        "even-exchange",
        "uneven-exchange",
        "instant-exchange",
        "one-click-exchange",
        "product-exchange",
        "variant-exchange",
        "size-exchange",
    ),
    "store-credit": (
        "gift-card",
        "giftcard",
        "gift-certificate",
        "e-gift-card",
        "store-credit",
        "storecredit",
        "shop-credit",
        "refund-to-gift-card",
        "refund-to-store-credit",
        "credit-to-gift-card",
    ),
}
_OUTCOMES = {word: outcome for outcome, words in _WORDS.items() for word in words}

NEVER_PAID = frozenset(
    {
        "none",
        "no",
        "nothing",
        "no-refund",
        "norefund",
        "without-refund",
        "non-refundable",
        "nonrefundable",
        "not-refundable",
        "not-refunded",
        "no-refund-due",
        "refund-denied",
        "denied",
        "refused",
        "rejected",
        "declined",
        "keep",
        "keep-item",
        "keep-the-item",
        "keep-items",
        "donate",
        "donation",
        "discard",
        "no-outcome",
    }
)
"""Words that say that no money goes back. No map makes them anything else: a person decides, each time."""


def word_of(refund_type: str) -> str:
    """A type as words are compared: small letters, one hyphen for whatever stands between them (giftCard, GIFT_CARD)."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", refund_type)
    return re.sub(r"[\W_]+", "-", parted).strip("-").casefold()


def is_never_paid(refund_type: str) -> bool:
    return word_of(refund_type) in NEVER_PAID


def refund_kind(refund_type: str, merchants_words: Mapping[str, Outcome] | None = None) -> OutcomeKind:
    """One of original, exchange, store-credit, unknown; no type at all means the original payment.

    `merchants_words`: the merchant's own table, which goes before ours.
    """
    if not refund_type.strip():
        return "original"
    word = word_of(refund_type)
    if not word or word in NEVER_PAID:
        return "unknown"
    for name, outcome in (merchants_words or {}).items():
        if word_of(name) == word:
            return outcome
    return _OUTCOMES.get(word, "unknown")
