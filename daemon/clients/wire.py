"""Reading what the vendors send: tolerant of the unknown, strict about what we use. Blank, null and absent are alike."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from daemon.errors import MalformedPayloadError

TEXT_MAX = 500  # far above any identifier or name seen; what is longer is not ours to store
_YEARS = range(1990, 2101)
_AMOUNT_MAX = Decimal("1e12")


def parse_json(raw: bytes) -> Any:
    """Raises MalformedPayloadError: not JSON, not UTF-8, NaN, lone surrogates, nested too deep."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedPayloadError(f"not valid JSON: {error}") from error


def text(value: Any, name: str) -> str:
    """A string of bounded length; numbers become their text, since ids come both ways."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise MalformedPayloadError(f"{name}: expected text, got {type(value).__name__}")
    told = str(value).strip()
    if len(told) > TEXT_MAX:
        raise MalformedPayloadError(f"{name}: {len(told)} characters, at most {TEXT_MAX} are accepted")
    if "\x00" in told:
        raise MalformedPayloadError(f"{name}: contains a NUL character")
    return told


def moment(value: Any, name: str) -> datetime | None:
    """An aware UTC datetime; a date or a naive time counts as UTC (Happy Returns sheet U-16)."""
    told = text(value, name)
    if not told:
        return None
    try:
        parsed = datetime.fromisoformat(told)
    except ValueError as error:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is not an ISO 8601 time") from error
    if parsed.year not in _YEARS:
        raise MalformedPayloadError(f"{name}: the year {parsed.year} cannot be right")
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def decimal(value: Any, name: str) -> Decimal:
    """A finite Decimal from a string or number, never through a float. Absent is zero."""
    if isinstance(value, dict):
        value = value.get("value", value.get("magnitude"))
    told = text(value, name)
    if not told:
        return Decimal(0)
    try:
        number = Decimal(told)
    except InvalidOperation as error:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is not a number") from error
    if not number.is_finite() or abs(number) > _AMOUNT_MAX:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is no usable amount")
    return number


def integer(value: Any, name: str) -> int | None:
    told = text(value, name)
    if not told:
        return None
    try:
        return int(told)
    except ValueError as error:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is not a whole number") from error


def money(value: Any, name: str, currency: Any = None) -> tuple[Decimal | None, str]:
    """Amount and currency from any of the layouts of Happy Returns sheet section 8."""
    if isinstance(value, dict):
        return money(value.get("amount"), name, value.get("currency"))
    told = text(value, name)
    if not told:
        return None, ""
    code = text(currency, name).upper()
    words = told.split()
    letters = [word for word in words if word.isalpha() and len(word) == 3]
    numbers = [word for word in words if word not in letters]
    if len(numbers) != 1 or len(letters) > 1:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is no amount")
    return decimal(numbers[0], name), (letters[0].upper() if letters else code)


def mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedPayloadError(f"{name}: expected an object, got {type(value).__name__}")
    return value


def sequence(value: Any, name: str) -> list[Any]:
    """A list, or any object with exactly one list in it (Happy Returns sheet 5.2)."""
    if isinstance(value, dict) and isinstance(value.get(name), list):
        return list(value[name])
    if isinstance(value, dict):
        lists = [each for each in value.values() if isinstance(each, list)]
        if len(lists) == 1:
            return list(lists[0])
    if not isinstance(value, list):
        raise MalformedPayloadError(f"{name}: expected a list, got {type(value).__name__}")
    return value
