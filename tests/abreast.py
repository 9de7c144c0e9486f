"""Returns that share a world: they travel abreast, and the vendor's books are asked about the order of one of them."""

import heapq
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.world import World


@dataclass(frozen=True, slots=True)
class Booked:
    order: dict[str, Any]
    credits: list[dict[str, Any]]
    """Whoever made them."""
    payments: list[dict[str, Any]]
    """Refunds of these credits."""
    goods_in: list[dict[str, Any]]

    @property
    def ours(self) -> list[dict[str, Any]]:
        """Credits that we made."""
        return [credit for credit in self.credits if credit["external_ref"].startswith("HW-")]

    @property
    def counts(self) -> tuple[int, int, int]:
        """Number of credits, refunds and goods-in notes."""
        return len(self.credits), len(self.payments), len(self.goods_in)


def booked(world: World, order_number: str) -> Booked:
    """The order of this number and all that was made for it."""
    books = world.books()
    (order,) = (each for each in books["orders"] if each["reference"] == order_number)
    credits = [each for each in books["credits"] if each["parent_id"] == order["id"]]
    ids = {each["id"] for each in credits}
    payments = [each for each in books["payments"] if each["orderId"] in ids and each["paymentType"] == "PAYMENT"]
    return Booked(order, credits, payments, [each for each in books["goods_in"] if each["orderId"] in ids])


def abreast(world: World) -> None:
    """Have all returns that are planned make each step at the same moment, the latest of theirs."""
    season = world.sandbox.season
    latest: dict[str, datetime] = {}
    for step in season.steps:
        latest[step.kind] = max(step.at, latest.get(step.kind, step.at))
    for step in season.steps:
        step.at = latest[step.kind]
    heapq.heapify(season.steps)
