"""Names of the facts a waiting or stuck return is decided again for, and nothing else."""

from statemachine.refs import is_number

MAP = "map"  # another version of the maps was accepted
PERIOD = "period-lock"  # the accounting period lock moved
CODES = "codes"  # tax or nominal codes of the account changed
_ORDER, _NUMBER = "order:", "number:"


def order_fact(order_id: int) -> str:
    """A Brightpearl order or credit (one id space) was changed."""
    return f"{_ORDER}{order_id}"


def number_fact(order_number: str) -> str:
    """What Brightpearl knows under the shopper's order number changed."""
    return f"{_NUMBER}{order_number}"


def order_id_of(fact: str) -> int | None:
    told = fact.removeprefix(_ORDER)
    return int(told) if fact.startswith(_ORDER) and is_number(told) else None


def number_of(fact: str) -> str | None:
    return fact.removeprefix(_NUMBER) if fact.startswith(_NUMBER) else None
