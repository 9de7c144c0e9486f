"""Receive goods: one goods-in note per credit row and place, looked up by its reference before anything is sent."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from daemon.clients import brightpearl_bodies as bodies
from daemon.clients import brightpearl_wire as bp
from daemon.clients import wire
from daemon.clients.brightpearl_credits import may_show
from daemon.clients.brightpearl_transport import Answer
from daemon.clients.results import ById, Complete, Partial, ReadResult
from daemon.errors import HomewardError, NotPermittedError, OutcomeUnknownError, RejectedError
from daemon.loops.credit_rows import CreditRows
from daemon.loops.outcome import (
    Outcome,
    Search,
    again,
    done,
    incomplete,
    look_again,
    look_for,
    parked,
    refused,
    trouble,
    unsettled,
)
from daemon.loops.wave import Planned, Wave
from daemon.store.outbox import Leased
from statemachine.credit.case import reason_of
from statemachine.credit.edges import never_seen
from statemachine.credit.maps import CreditMap
from statemachine.credit.snapshot import Order
from statemachine.events import StockReceived
from statemachine.units import Condition, Return, Unit

NOT_STOCKED = 0  # goods-in id of a unit whose product Brightpearl keeps no stock of: there is nothing to book


@dataclass(slots=True)
class StockWave(Wave):
    """One wave of ReceiveStock effects of one merchant."""

    received: dict[int, dict[str, Answer | HomewardError]] = field(default_factory=dict)
    """Effect id → reference of a note → what its sending was answered."""
    notes: dict[int, ReadResult[list[bp.GoodsInNote]]] = field(default_factory=dict)
    """Credit id → its goods-in notes."""
    orders: ById[Order] = field(default_factory=ById)
    unread_products: dict[int, str] = field(default_factory=dict)
    maps: CreditMap = field(default_factory=CreditMap)

    async def plan(self) -> list[Planned]:
        instances = [self.returns[effect.return_id] for effect in self.effects]
        credit_ids = {instance.credit.id for instance in instances if instance.credit is not None}
        self.orders = await self.at.brightpearl.orders({i.order_id for i in instances if i.order_id is not None})
        await self._read_stock_tracking(instances)
        self.notes = await self.at.brightpearl.goods_in_of(credit_ids)
        self.maps = await self.at.maps()
        planned: list[Planned] = []
        for effect in self.effects:
            await self._plan(effect, planned)
        return planned

    async def _read_stock_tracking(self, instances: list[Return]) -> None:
        rows = [row for i in instances if i.credit is not None for row in i.credit.rows]
        tracked = self.at.stock_tracked
        unknown = {int(row["product_id"]) for row in rows if row["product_id"]} - set(tracked)
        read = await self.at.brightpearl.products(unknown)
        self.unread_products = read.unread
        for product_id, product in read.items.items():
            tracked[product_id] = bp.is_stock_tracked(product)

    def _unread(self, instance: Return) -> str:
        """What of the facts on this return was not read; empty where all was."""
        assert instance.credit is not None
        notes = self.notes[instance.credit.id]
        products = [int(row["product_id"]) for row in instance.credit.rows if row["product_id"]]
        missing = [notes.missing] if isinstance(notes, Partial) else []
        missing += [why for number in products if (why := self.unread_products.get(number)) is not None]
        missing += [why] if (why := self.orders.unread.get(instance.order_id or 0)) is not None else []
        return "; ".join(dict.fromkeys(missing))

    # -- planning ---------------------------------------------------------------------------------------------------

    async def _plan(self, effect: Leased, planned: list[Planned]) -> None:
        instance = self.returns[effect.return_id]
        assert instance.credit is not None
        asked = frozenset(effect.payload["unit_keys"])
        units = [unit for unit in instance.units if unit.key in asked and unit.goods_in_id is None]
        if not units:
            self._settle(done(effect, None))
            return
        if unread := self._unread(instance):
            self._settle(incomplete(effect, instance, unread, now=self.at.clock.now()))
            return
        if effect.intent is not None:
            intent = effect.intent
        else:
            order = self.orders.items.get(instance.order_id or 0)
            rows = CreditRows(instance)
            lost = [unit.key for unit in units if not rows.of(unit)]
            nowhere = sorted({unit.destination for unit in units if self._warehouse(order, unit) is None})
            if order is None:
                absent = f"order {instance.order_id} is no longer in Brightpearl"
                self._settle(incomplete(effect, instance, absent, now=self.at.clock.now()))
                return
            if lost:
                facts = {"credit_id": instance.credit.id, "units": lost}
                explanation = f"{len(lost)} unit(s) stand on no row of credit {instance.credit.id}."
                self._settle(parked(effect, trouble("goods-in-refused", explanation, facts)))
                return
            if nowhere:
                facts = {"destinations": nowhere, "map_version": self.maps.version}
                explanation = f"Happy Returns sent goods to {', '.join(nowhere)}, which is no warehouse of the map."
                key = f"destination={nowhere[0]}"
                self._settle(parked(effect, trouble("warehouse-unmapped", explanation, facts, key=key)))
                return
            intent = await self._draw(effect, instance, units, order)
        notes = self.notes[instance.credit.id]
        assert isinstance(notes, Complete), f"effect {effect.id}: a partial read must have been put off"
        missing = self._missing(effect, intent)
        looked = None
        if missing and effect.intent is not None:
            looked = look_for(effect, instance, self._search(instance.credit.id, notes), now=self.at.clock.now())
        if not missing:
            self._finish(effect, intent)
        elif looked is not None:
            self._settle(looked)
        elif (short := self._short(instance, missing)) is not None:
            self._settle(unsettled(effect, instance, short, now=self.at.clock.now()))
        else:
            planned.append(Planned(effect, intent, notes))

    def _search(self, credit_id: int, notes: Complete[list[bp.GoodsInNote]]) -> Search:
        """How a lost note is looked for. Its reference is documented as unique in the account (sheet 8.1)."""
        settings = self.at.settings.brightpearl
        held = settings.keys_held
        facts = {
            "credit_id": credit_id, "notes_seen": [note.id for note in notes.value],
            "looked_at": "goods-in notes by credit, and the credit's stock status",
        }  # fmt: skip
        return Search(
            "The goods-in note", "", self.at.lag.patience("goods-in", settings), settings.search_lag_seconds,
            held is None or "goods-in" in held, facts,
        )  # fmt: skip

    async def _draw(self, effect: Leased, instance: Return, units: list[Unit], order: Order) -> dict[str, Any]:
        """The notes of this effect, as they will be stored and sent. Units without stock get none."""
        assert instance.credit is not None
        account, rows, costs = await self.at.account(self.at.clock.now()), CreditRows(instance), _costs(order)
        groups: dict[tuple[int, bool, int], list[tuple[Unit, int]]] = {}
        without: list[str] = []
        for unit in units:
            rule = self.maps.reason(reason_of(unit))
            disposition = rule.disposition if rule is not None else "restock"
            tracked = [(row, count) for row, count in rows.of(unit) if self._is_stocked(row)]
            if not tracked or disposition == "write-off":
                without.append(unit.key)
                continue
            damaged = unit.condition is Condition.DAMAGED and self.at.settings.policy.quarantine_damaged
            quarantine = damaged or disposition == "quarantine"
            for row, count in tracked:
                place = (int(row["id"]), quarantine, self._warehouse(order, unit) or 0)
                groups.setdefault(place, []).append((unit, count))
        notes: list[dict[str, Any]] = []
        for number, place in enumerate(sorted(groups), start=1):
            row_id, quarantine, warehouse = place
            row, members = rows.by_id[row_id], [unit for unit, _ in groups[place]]
            location = await self.at.warehouse_location(account, warehouse, quarantine=quarantine)
            line = {
                "productId": row["product_id"],
                "purchaseOrderRowId": row_id,
                "quantity": sum(count for _, count in groups[place]),
                "destinationLocationId": location,
                "productValue": {
                    "currency": account.base_currency,
                    "value": str(costs.get(row["product_id"], Decimal(0))),
                },
            }
            received = max(unit.received_at or self.at.clock.now() for unit in members)
            reference = f"{effect.key}-{number}"
            body = bodies.goods_in_body(
                reference=reference, warehouse_id=warehouse, received_at=received.astimezone(account.zone),
                lines=[{key: value for key, value in line.items() if value is not None}],
            )  # fmt: skip
            keys = [unit.key for unit in members]
            notes.append({"reference": reference, "row_id": row_id, "unit_keys": keys, "body": body})
        return {"notes": notes, "without_stock": without}

    def _warehouse(self, order: Order | None, unit: Unit) -> int | None:
        """By Happy Returns' destination where that is mapped, else policy's, else the order's. None: not in the map."""
        mapped = self.maps.warehouse(unit.destination)
        if mapped is None and unit.destination and self.maps.warehouses:
            return None
        policy = self.at.settings.policy.of_method(unit.dropoff_method)
        return mapped or policy.return_warehouse_id or (_warehouse(order) if order is not None else 0)

    def _is_stocked(self, row: dict[str, Any]) -> bool:
        """Free text is not; a product is unless Brightpearl says otherwise."""
        return row["product_id"] is not None and self.at.stock_tracked.get(int(row["product_id"]), True)

    def _missing(self, effect: Leased, intent: dict[str, Any]) -> list[dict[str, Any]]:
        there = self._shown(effect, intent)
        return [note for note in intent["notes"] if note["reference"] not in there]

    def _shown(self, effect: Leased, intent: dict[str, Any]) -> dict[str, int]:
        """Reference of each note of this effect that Brightpearl shows → its number.

        A note is known by its reference; where the account shows none, or cuts it short, by the number that was answered,
        if it moves the same and is not what other goods of this return were received with.
        """
        notes = self.notes[self._credit_id(effect)].value
        by_reference = {note.reference.strip().casefold(): note.id for note in notes}
        held = {unit.goods_in_id for unit in self.returns[effect.return_id].units}
        by_number = {note.id: note for note in notes if note.id not in held}
        answered = self._answered(effect)
        shown: dict[str, int] = {}
        for each in intent["notes"]:
            reference, note = each["reference"], by_number.get(answered.get(each["reference"], 0))
            if (number := by_reference.get(reference.casefold())) is not None:
                shown[reference] = number
            elif note is not None and may_show(note.reference, reference) and note.moved == _moved(each["body"]):
                shown[reference] = note.id
        return shown

    def _answered(self, effect: Leased) -> dict[str, int]:
        """Reference of a note → the number its sending was answered with, now or before."""
        known: dict[str, int] = dict((effect.result or {}).get("note_ids", {}))
        for reference, answer in self.received.get(effect.id, {}).items():
            if isinstance(answer, Answer) and (number := wire.answered_id(answer.response)) is not None:
                known[reference] = number
        return known

    def _short(self, instance: Return, missing: list[dict[str, Any]]) -> Any:
        """Trouble when others received so much that ours would be too much; None when there is room."""
        assert instance.credit is not None
        received: dict[int, int] = {}
        for note in self.notes[instance.credit.id].value:
            for row_id, quantity in note.moved:
                received[row_id] = received.get(row_id, 0) + quantity
        rows = CreditRows(instance)
        for due in missing:
            row = rows.by_id[due["row_id"]]
            wanted = int(due["body"]["goodsMoved"][0]["quantity"])
            room = int(Decimal(row["quantity"])) - received.get(due["row_id"], 0)
            if wanted > room:
                facts = {"credit_id": instance.credit.id, "row_id": due["row_id"], "wanted": wanted, "room": room}
                explanation = f"Others received these goods already: {wanted} to book, room for {room}."
                return trouble("goods-in-refused", explanation, facts)
        return None

    # -- sending ----------------------------------------------------------------------------------------------------

    async def send(self, planned: list[Planned]) -> None:
        depth = max(len(each.intent["notes"]) for each in planned)
        missing = {
            each.effect.id: {note["reference"] for note in self._missing(each.effect, each.intent)} for each in planned
        }
        for number in range(depth):  # never two steps of one return in one message
            writes, sent = [], {}
            for each in planned:
                if number >= len(each.intent["notes"]):
                    continue
                assert isinstance(each.permit, Complete), f"effect {each.effect.id}: nothing permits this note"
                note, credit_id = each.intent["notes"][number], self._credit_id(each.effect)
                if note["reference"] in missing[each.effect.id]:
                    label = str(each.effect.id)
                    sent[label] = note["reference"]
                    client = self.at.brightpearl
                    writes.append(client.receive_goods(label, credit_id, note["body"], without=each.permit))
            for label, answer in (await self.at.brightpearl.send(writes)).items():
                self.received.setdefault(int(label), {})[sent[label]] = answer

    async def conclude(self, sent: list[Planned]) -> None:
        if not sent:
            return
        answered_at = self.at.clock.monotonic()
        try:
            self.notes = await self.at.brightpearl.goods_in_of({self._credit_id(each.effect) for each in sent})
        except HomewardError:
            self.notes = {self._credit_id(each.effect): Partial([], "the notes were not read") for each in sent}
        for each in sent:
            answers = list(self.received.get(each.effect.id, {}).values())
            if not self._missing(each.effect, each.intent):
                self.at.lag.shown("goods-in", answered_at, self.at.clock.monotonic())
                self._finish(each.effect, each.intent)
            else:
                self._settle(self._unfinished(each.effect, answers))

    def _unfinished(self, effect: Leased, answers: list[Answer | HomewardError]) -> Outcome:
        """Some note of this effect is not shown: what its answers say of that."""
        now = self.at.clock.now()
        refusal = next(
            (a for a in answers if isinstance(a, RejectedError) and not isinstance(a, NotPermittedError)), None
        )
        lost = next((a for a in answers if isinstance(a, Answer | OutcomeUnknownError)), None)
        if lost is None and refusal is not None and effect.intent is None:
            return refused(effect, "goods-in-refused", refusal, credit_id=self._credit_id(effect))
        if lost is None and refusal is None and effect.intent is None:
            failure = next(a for a in answers if isinstance(a, HomewardError))
            return again(effect, failure, now=now)
        if refusal is not None and effect.intent is not None:
            # Refusing the repeat may mean that the first one was taken: never guess.
            facts = {"effect": effect.kind, "message": str(refusal), "credit_id": self._credit_id(effect)}
            never = never_seen(effect.key, "The goods-in note", facts)
            return unsettled(effect, self.returns[effect.return_id], never.trouble, now=now)
        known = {"note_ids": answered} if (answered := self._answered(effect)) else {}
        return look_again(effect, "a goods-in note may exist", until=now + timedelta(seconds=1), looks=0, **known)

    def _finish(self, effect: Leased, intent: dict[str, Any]) -> None:
        shown = self._shown(effect, intent)
        goods_in = dict.fromkeys(intent["without_stock"], NOT_STOCKED)
        for note in intent["notes"]:
            goods_in |= dict.fromkeys(note["unit_keys"], shown[note["reference"]])
        self._settle(done(effect, StockReceived(goods_in=goods_in), notes=sorted(set(shown.values()))))

    def _credit_id(self, effect: Leased) -> int:
        credit = self.returns[effect.return_id].credit
        assert credit is not None
        return credit.id


def _moved(body: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    """What a note of ours moves: (credit row id, quantity) of each line, as `GoodsInNote.moved`."""
    return tuple((int(line["purchaseOrderRowId"]), int(line["quantity"])) for line in body["goodsMoved"])


def _warehouse(order: Order) -> int:
    return int(order.copied.get("warehouseId", 0))


def _costs(order: Order) -> dict[int | None, Decimal]:
    """Product id → stock value a unit: the order row's item cost, in the accounting currency (sheet 8.1)."""
    costs: dict[int | None, Decimal] = {}
    for row in order.rows:
        if row.item_cost is not None:
            costs.setdefault(row.product_id, row.item_cost)
    return costs
