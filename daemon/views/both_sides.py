"""What each system says of one return, and where the two differ. Pure."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from statemachine.money import as_stated, stated


def legs(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Money and stock: which legs exist, which are still due. `is`: done, due, or not due."""
    credit, payment, units = found["credit"], found["payment"], found["units"]
    is_open = found["state"] not in ("closed", "initiated")
    back = [unit for unit in units if unit["goods_in_id"]]
    needs_stock = [unit for unit in units if unit["dropoff_method"] != "returnless"]
    return [
        _leg("sales credit", bool(credit), is_due=is_open,
             told=f"{credit['id']} over {stated(credit['net'] + credit['tax'], credit['currency'])}" if credit else ""),
        _leg("refund record", bool(payment), is_due=is_open and found["refund_due"],
             told=f"{payment['id']} over {stated(payment['amount'], payment['currency'])}" if payment else ""),
        _leg("invoice of the credit", bool(credit and credit["invoice_reference"]), is_due=is_open and found["close_due"],
             told=credit["invoice_reference"] if credit else ""),
        _leg("goods in stock", bool(back) and len(back) == len(needs_stock), is_due=is_open and bool(needs_stock),
             told=f"{len(back)} of {len(needs_stock)} unit(s)" + _notes(found["goods_in"]) if needs_stock else ""),
    ]  # fmt: skip


def _notes(goods_in: list[dict[str, Any]]) -> str:
    return f", goods-in note {', '.join(str(note['id']) for note in goods_in)}" if goods_in else ""


def _leg(name: str, is_done: bool, *, is_due: bool, told: str) -> dict[str, Any]:
    return {"leg": name, "is": "done" if is_done else "due" if is_due else "not due", "told": told}


def sides(found: dict[str, Any]) -> dict[str, list[tuple[str, Any]]]:
    """Facts by system, each with its name."""
    units, credit, payment = found["units"], found["credit"], found["payment"]

    def each(name: str) -> list[Any]:
        return list(dict.fromkeys(unit[name] for unit in units if unit[name]))

    return {
        "Happy Returns": [
            ("express code", found["express_code"]), ("return", found["happy_return_id"]), ("RMA", found["rma_id"]),
            ("drop-off", ", ".join(each("dropoff_method"))), ("outcome", ", ".join(each("refund_type"))),
            ("started", _first(units, "started_at")), ("dropped off", _first(units, "dropped_off_at")),
            ("approved", _first(units, "approved_at")), ("left for the warehouse", _first(units, "departed_at")),
            ("announced", _announced(units)), ("bag", ", ".join(each("bag"))), ("tracking", ", ".join(each("tracking"))),
        ],
        "Brightpearl": [
            ("order", found["order_number"]), ("order id", found["order_id"]),
            ("sales credit", credit["id"] if credit else None),
            ("net", stated(credit["net"], credit["currency"]) if credit else None),
            ("tax", stated(credit["tax"], credit["currency"]) if credit else None),
            ("made by", ("somebody else, taken over" if credit["adopted"] else "Homeward") if credit else None),
            ("invoice", credit["invoice_reference"] if credit else None),
            ("refund", f"{payment['id']}: {stated(payment['amount'], payment['currency'])} by {payment['method']}"
             if payment else None),
            ("goods-in", ", ".join(str(note["id"]) for note in found["goods_in"])),
        ],
    }  # fmt: skip


def differences(found: dict[str, Any]) -> list[str]:
    """What one system says and the other does not, in words."""
    units, credit = found["units"], found["credit"]
    told = []
    announced = [unit["announced"] for unit in units if unit["announced"] is not None]
    currencies = {unit["announced_currency"] for unit in units if unit["announced_currency"]}
    if credit is not None and len(announced) == len(units) and currencies == {credit["currency"]}:
        expected, made = sum(announced, Decimal(0)), credit["net"] + credit["tax"]
        if expected != made:
            word = "less" if made < expected else "more"
            told.append(
                f"Happy Returns announced {stated(expected, credit['currency'])}; the credit is "
                f"{as_stated(made, credit['currency']):f}, {as_stated(abs(made - expected), credit['currency']):f} {word}."
            )
    if found["exposed_since"] and credit is None:
        told.append(
            "Happy Returns has approved it, and may have told the customer that they were refunded; no credit exists."
        )
    if found["exposed_since"] and credit is not None and found["payment"] is None and found["refund_due"]:
        told.append("The credit exists; its refund is not recorded in Brightpearl.")
    if credit is None and any(unit["received_at"] and unit["condition"] != "missing" for unit in units):
        told.append("The goods are here; no credit exists.")
    if credit is not None and any(unit["confirmed"] == "started" for unit in units):
        told.append("Credited, while Happy Returns does not confirm a hand-over of every unit.")
    for unit in units:
        if unit["condition"] in ("missing", "wrong-item"):
            told.append(f"Unit {unit['key']}: the warehouse found {unit['condition'].replace('-', ' ')}.")
        if unit["received_at"] and not unit["goods_in_id"] and unit["condition"] in ("sellable", "damaged"):
            told.append(f"Unit {unit['key']} is in the warehouse, and not yet in Brightpearl's stock.")
    return told


def _first(units: list[dict[str, Any]], name: str) -> datetime | None:
    return min((unit[name] for unit in units if unit[name]), default=None)


def _announced(units: list[dict[str, Any]]) -> str:
    sums: dict[str, Decimal] = {}
    for unit in units:
        if unit["announced"] is not None:
            sums[unit["announced_currency"]] = sums.get(unit["announced_currency"], Decimal(0)) + unit["announced"]
    return ", ".join(stated(value, currency) for currency, value in sums.items())
