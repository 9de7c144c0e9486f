"""A credit that a person wants taken over, read back from Brightpearl before anything is asked of the daemon."""

from typing import Any

from daemon.clients.brightpearl import BrightpearlClient
from daemon.clients.results import require_whole
from daemon.errors import NotFoundError, RejectedError
from statemachine.units import Return


async def look(client: BrightpearlClient, instance: Return, credit_id: int) -> dict[str, Any]:
    """What the credit is, beside what is known of the return.

    The daemon reads it once more before it takes it over: this look is for the person's eyes.

    Raises NotFoundError when there is none, RejectedError when it cannot be this return's credit, IncompleteReadError
    when Brightpearl's answers do not tell.
    """
    read = await client.credits({credit_id})
    orders = [instance.order_id] if instance.order_id is not None else []
    if not orders:
        orders = list(require_whole((await client.find_orders([instance.order_number]))[instance.order_number]))
    if credit_id in read.unread:
        raise RejectedError(f"credit {credit_id} cannot be read: {read.unread[credit_id]}")
    credit = read.items.get(credit_id)
    if credit is None:
        raise NotFoundError(f"Brightpearl has no sales credit {credit_id}; nothing was changed")
    if credit.parent_order_id not in (0, *orders):
        raise RejectedError(
            f"credit {credit_id} is against order {credit.parent_order_id}, this return is of order "
            f"{', '.join(map(str, orders)) or instance.order_number}; nothing was changed",
        )
    if credit.is_cancelled:
        raise RejectedError(f"credit {credit_id} is cancelled in Brightpearl; nothing was changed")
    return {
        "id": credit.id, "order_id": credit.parent_order_id, "reference": credit.reference, "net": str(credit.net),
        "tax": str(credit.tax), "currency": credit.currency, "external_ref": credit.external_ref,
        "announced": str(instance.value) if instance.value is not None else None,
    }  # fmt: skip
