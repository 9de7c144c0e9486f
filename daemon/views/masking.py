"""Bodies as received, with everything covered that is not known to be harmless, until somebody asks for it. Pure."""

import re
from typing import Any

import orjson

COVER = "•••"
HARMLESS = frozenset({
    "id", "sku", "status", "type", "reason", "date", "time", "at", "price", "amount", "currency",
    "quantity", "code", "method", "barcode", "event", "events", "state", "version", "unit", "units",
    "count", "cursor", "approved", "condition", "variant", "fee", "refund", "outcome", "exchange", "item",
    "items",
})  # fmt: skip
"""The last words of the names of fields whose values say nothing about a person."""
PLAIN = frozenset({"ordernumber", "upc", "retailer"})
"""Whole names of such fields."""
PERSONAL = frozenset({
    "mail", "email", "e", "name", "phone", "address", "street", "zip", "post", "postal", "customer",
    "shopper", "contact", "person", "comment", "location", "city", "province", "country", "tracking",
    "geo", "lat", "lng", "latitude", "longitude", "birth", "dob", "birthday", "chat", "message", "note",
    "first", "last", "ip", "user", "shipping", "billing", "recipient", "sender",
})  # fmt: skip
"""Words that cover a field, and everything below it. Source: Happy Returns sheet section 9, personal data."""
TEXT_MAX = 200_000


def body_text(raw: bytes, *, reveals: bool) -> str:
    """The body for people to read; of one that is no JSON nobody knows what stands in it."""
    try:
        told = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "replace")[:TEXT_MAX] if reveals else f"{COVER} {len(raw)} bytes that are no JSON"
    return orjson.dumps(told if reveals else covered(told), option=orjson.OPT_INDENT_2).decode()[:TEXT_MAX]


def covered(value: Any, *, key: str = "", below: bool = False) -> Any:
    """The same with what may be personal covered, at any depth. `below`: it stands under a personal name."""
    words = [each.lower() for each in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", key)]
    is_personal = below or (bool(PERSONAL & set(words)) and words[:1] != ["product"])
    if isinstance(value, dict):
        return {name: covered(each, key=str(name), below=is_personal) for name, each in value.items()}
    if isinstance(value, list):
        return [covered(each, key=key, below=is_personal) for each in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    is_harmless = bool(words) and (words[-1] in HARMLESS or "".join(words) in PLAIN) and "@" not in str(value)
    return value if is_harmless and not is_personal else COVER
