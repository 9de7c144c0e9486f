"""Reading what the vendors send: tolerant of the unknown, strict about what we use. Blank, null and absent are alike."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from daemon.errors import MalformedPayloadError
from statemachine.money import AMOUNT_LIMIT, ID_MAX, currency_code

TEXT_MAX = 500  # far above any identifier or name seen; what is longer is not ours to store
_YEARS = range(1990, 2101)
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER_LIMIT = Decimal(10) ** 24  # beyond what arithmetic on money keeps exact to four decimals
_DECIMALS_MAX = 30  # with more, a few characters would stand for millions of digits


def parse_json(raw: bytes) -> Any:
    """Raises MalformedPayloadError: not JSON, not UTF-8, NaN, lone surrogates, nested too deep."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedPayloadError(f"not valid JSON: {error}") from error


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """What the other side's clock said, from the Date of its answer; None where it tells none that can be read."""
    try:
        told = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


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
    """A finite Decimal below AMOUNT_LIMIT from a string or number, never through a float. Absent is zero."""
    number = any_decimal(value, name)
    if abs(number) >= AMOUNT_LIMIT:
        raise MalformedPayloadError(f"{name}: '{str(number)[:40]}' is no usable amount")
    return number


def any_decimal(value: Any, name: str) -> Decimal:
    """The same however large it is, for whoever says so in better words; from 10^24 on it counts as that."""
    if isinstance(value, dict):
        value = value.get("value", value.get("magnitude"))
    told = text(value, name)
    if not told:
        return Decimal(0)
    try:
        number = Decimal(told)
    except InvalidOperation as error:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is not a number") from error
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_DECIMALS_MAX or (exponent > _DECIMALS_MAX and not number):
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is no usable amount")
    return number if abs(number) < _NUMBER_LIMIT else _NUMBER_LIMIT.copy_sign(number)


_FLAGS = {"": False, "false": False, "0": False, "no": False, "true": True, "1": True, "yes": True}


def flag(value: Any, name: str) -> bool:
    """Yes or no; absent is no. Raises MalformedPayloadError for what is neither."""
    told = str(value).casefold() if isinstance(value, bool) else text(value, name).casefold()
    if told not in _FLAGS:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is neither yes nor no")
    return _FLAGS[told]


def integer(value: Any, name: str) -> int | None:
    """A whole number that the schema can hold. None where there is none."""
    told = text(value, name)
    if not told:
        return None
    if not _WHOLE.fullmatch(told):
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is not a whole number")
    number = int(told)
    if abs(number) > ID_MAX:
        raise MalformedPayloadError(f"{name}: '{told[:40]}' is larger than any number that can be kept")
    return number


def identifier(value: Any, name: str) -> int:
    """The number of an order, credit, payment or note. Raises MalformedPayloadError for none, or one below 1."""
    number = integer(value, name)
    if number is None or number < 1:
        raise MalformedPayloadError(f"{name}: '{str(value)[:40]}' is no identifier")
    return number


def answered_id(response: Any) -> int | None:
    """The identifier that a write was answered with; None where the answer names none that could be kept."""
    try:
        return identifier(response, "answer")
    except MalformedPayloadError:
        return None


def currency(value: Any, name: str) -> str:
    """A currency code in capitals; empty where there is none. Whether it is a currency, the decision asks."""
    return currency_code(text(value, name))


def money(value: Any, name: str, currency: Any = None) -> tuple[Decimal | None, str]:
    """Amount and currency from any of the layouts of Happy Returns sheet section 8; without its own, in `currency`.

    The currency may be empty: then it is the order's, and how many decimals the amount may have is asked there.
    """
    if isinstance(value, dict):
        return money(value.get("amount"), name, value.get("currency"))
    told = text(value, name)
    if not told:
        return None, ""
    code = currency_code(text(currency, name))
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
