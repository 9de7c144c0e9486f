"""Names that compare equal, and keys that are the same on every attempt, on every machine, after every restore."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

_ROUNDS_MAX = 4  # folding some rare letters brings forth others that fold again


def fold_id(text: str) -> str:
    """An identifier of Happy Returns in the one form it is stored and compared in: a return's id, an item's id.

    Trimmed, without what cannot be seen, Unicode-normalised (full-width letters are letters), lower case. Its own ids are
    lower-case UUIDs and stay as they are. Whether it ever spells one id in two ways is UNCONFIRMED; read as two, one
    parcel would be paid twice.
    """
    if text.isascii() and text.isprintable():
        return text.strip().lower()
    folded = text
    for _ in range(_ROUNDS_MAX):
        before = folded
        folded = unicodedata.normalize("NFKC", folded).casefold()
        folded = "".join(letter for letter in folded if unicodedata.category(letter) not in ("Cc", "Cf")).strip()
        if folded == before:
            break
    return folded


def fold_code(text: str) -> str:
    """As `fold_id`, in capitals: express codes, RMA numbers and bag barcodes, as labels show them.

    Source: Happy Returns sheet 3.4, `^HR[0-9A-Z]{6}$`.
    """
    return fold_id(text).upper()


def names(text: str, marks: Iterable[str]) -> bool:
    """Whether one of these identifiers stands in a text as a word of its own: 12 does not stand in 1012."""
    folded = fold_id(text)
    told = (fold_id(mark).removeprefix("#") for mark in marks)
    return any(mark and re.search(rf"(?<!\w){re.escape(mark)}(?!\w)", folded) for mark in told)


def is_number(text: str) -> bool:
    """Whether it is a whole number without sign that fits into 64 bits: what `str.isdigit` says of others' text is not."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def order_key(order_number: str) -> str:
    """Order number in the form that compares equal: trimmed, without one leading '#', casefolded.

    Source: Happy Returns sheet 1.4 — live scripts send "#1042", its webhook sample shows a bare number.
    """
    return order_number.strip().removeprefix("#").strip().casefold()


def credit_ref(merchant: str, happy_return_id: str, order_number: str, part: int) -> str:
    """externalRef of the one sales credit of this part; 28 characters or so, well below the 64 we allow ourselves."""
    digest = hashlib.sha256(f"{merchant}|{fold_id(happy_return_id)}|{order_key(order_number)}".encode()).hexdigest()
    return f"HW-{digest[:20]}-{part}"


def fresh_ref(ref: str, generation: int) -> str:
    """The same reference for what is made anew, since the one before was given up for lost: another key each time."""
    return (
        f"{ref.partition('r')[0]}r{generation}" if generation else ref
    )  # the digest in it is hexadecimal: it has no r


def is_same_ref(one: str, other: str) -> bool:
    """Whether two references are one: an account may show ours in other case or with blanks around it."""
    return bool(one.strip()) and one.strip().casefold() == other.strip().casefold()


def payment_ref(ref: str, generation: int = 0) -> str:
    """transactionRef of the one refund record (≤ 64 characters, Brightpearl sheet section 12)."""
    return f"{ref}-pay{generation or ''}"


def approve_ref(happy_return_id: str, unit_keys: tuple[str, ...]) -> str:
    """Name of the approval of exactly these units; Happy Returns itself takes no key."""
    digest = hashlib.sha256("|".join(sorted(unit_keys)).encode()).hexdigest()
    return f"{happy_return_id}-approve-{digest[:8]}"


def goods_in_ref(ref: str, unit_keys: tuple[str, ...], generation: int = 0) -> str:
    """Stem of the userBatchReference for receiving exactly these units."""
    digest = hashlib.sha256("|".join(sorted(unit_keys)).encode()).hexdigest()
    return f"{ref}-g{digest[:8]}{f'r{generation}' if generation else ''}"
