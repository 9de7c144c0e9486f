"""The smallest coin of a currency, by ISO 4217; a hundredth for a code that is none."""

from decimal import Decimal
from functools import cache


@cache
def coin(currency: str) -> Decimal:
    from iso4217 import Currency  # here, since it reads its table when it is imported

    exponents = {each.code: each.exponent for each in Currency}
    exponent = exponents.get(currency)
    return Decimal(1).scaleb(-(2 if exponent is None else exponent))


def written(amount: Decimal, currency: str) -> str:
    """An amount with exactly its currency's decimals."""
    return f"{amount.quantize(coin(currency)):f}"
