"""What is handed to the merchant's own messaging about one return: data and the wording that is true. No personal data."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from statemachine.gate import ALLOWED, Word
from statemachine.money import as_stated
from statemachine.units import Return

CUSTOMER = "customer"
"""In place of a team: these go to the merchant's messaging."""
SCHEMA = "homeward.customer-notice/v1"


def notice_id(instance: Return, return_id: int, word: Word, channel: str) -> UUID:
    """One word about one return goes out once by each way, whatever is repeated."""
    return uuid5(NAMESPACE_URL, f"homeward:{instance.merchant}/{return_id}/{word.value}/{channel}")


def compose(instance: Return, return_id: int, word: Word, now: datetime) -> dict[str, Any]:
    paid, credit = instance.payment, instance.credit
    amount, currency = (paid.amount, paid.currency) if paid else (None, None)
    if amount is None and credit is not None:
        amount, currency = credit.net + credit.tax, credit.currency
    return {
        "schema": SCHEMA, "merchant": instance.merchant, "word": word.value, "may_say": ALLOWED[word], "at": now.isoformat(),
        "return": {
            "id": return_id, "happy_return_id": instance.happy_return_id, "express_code": instance.express_code,
            "order_number": instance.order_number, "part": instance.part,
        },
        "credit_id": credit.id if credit else None,
        "money": {"amount": f"{as_stated(amount, currency or ''):f}", "currency": currency} if amount is not None else None,
    }  # fmt: skip


def subject(content: Mapping[str, Any]) -> str:
    return f"[Homeward {content['merchant']}] {content['word']}: order {content['return']['order_number']}"


def text(content: Mapping[str, Any]) -> str:
    money = content["money"]
    lines = [
        f"Order {content['return']['order_number']}, return {content['return']['express_code']}",
        f"The customer may be told: {content['may_say']}",
    ]
    if money is not None:
        lines.append(f"Amount: {money['amount']} {money['currency']}")
    return "\n".join([*lines, f"As of {content['at']}."])
