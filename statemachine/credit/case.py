"""One return set against its order: everything a check may ask, worked out once, when first asked. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from statemachine.credit.amounts import (
    DISCOUNT_NAME,
    DISCOUNT_REF,
    FEE_REF,
    ONE,
    PART_REF,
    ZERO,
    Ledger,
    Taken,
    discount_base,
    pieces_per_bundle,
    taken_by_row,
    without_tax,
)
from statemachine.credit.maps import CreditMap, FeeRule, ReasonRule
from statemachine.credit.matching import Matched, match_units
from statemachine.credit.outcomes import refund_kind as refund_kind
from statemachine.credit.policy import CreditPolicy
from statemachine.credit.reading import Unmatched
from statemachine.credit.snapshot import ExistingCredit, Header, Order, OrderRow, Plan, PlannedRow, Reference
from statemachine.credit.watching import MAP, order_fact
from statemachine.money import AMOUNT_LIMIT, Money, MoneyError, in_minor_units
from statemachine.refs import names, order_key
from statemachine.units import Place, Return, Unit, Unreadable


@dataclass(frozen=True)
class Case:
    """The facts of one decision. `known_credits` and `known_digests` belong to other returns of ours on this order."""

    instance: Return
    order: Order
    credits_made: tuple[ExistingCredit, ...]
    reference: Reference
    policy: CreditPolicy
    maps: CreditMap
    today: date
    known_credits: frozenset[int] = frozenset()
    known_digests: frozenset[str] = frozenset()

    def is_accepted(self, cause: str) -> bool:
        """Whether a person has waved this cause through."""
        return cause in self.instance.accepted

    def has_accepted_rival(self, credit_id: int) -> bool:
        """Whether a person has waved through that this credit stands beside ours."""
        return self.instance.has_accepted("rival-credit", credit_id)

    @cached_property
    def size(self) -> int:
        """How much there is to decide on: units, order rows, and credits with their rows."""
        credited = sum(1 + len(credit.rows) for credit in self.credits_made)
        return len(self.instance.units) + len(self.order.rows) + credited

    @property
    def is_too_large(self) -> bool:
        return self.size > self.policy.decision_size_max

    # -- credits that exist -----------------------------------------------------------------------------------------

    @cached_property
    def standing(self) -> tuple[ExistingCredit, ...]:
        return tuple(credit for credit in self.credits_made if not credit.is_cancelled)

    @cached_property
    def own(self) -> ExistingCredit | None:
        return next((c for c in self.standing if c.external_ref == self.instance.credit_ref), None)

    @cached_property
    def twins(self) -> tuple[ExistingCredit, ...]:
        """More credits under this return's own key: an account that does not refuse a second one."""
        mine = [c for c in self.standing if c.external_ref == self.instance.credit_ref]
        return tuple(mine[1:])

    @cached_property
    def cancelled_own(self) -> ExistingCredit | None:
        """Our own credit that somebody cancelled: the key is spent, and the person meant something by it."""
        mine = (c for c in self.credits_made if c.external_ref == self.instance.credit_ref and c.is_cancelled)
        return next(mine, None) if self.own is None else None

    @cached_property
    def began_at(self) -> datetime | None:
        return self.instance.began_at

    def is_since_it_began(self, credit: ExistingCredit) -> bool:
        """Made while this return was under way, or at an unknown time; ours forgotten by a restore always count."""
        if credit.is_ours or self.began_at is None or credit.created_at is None:
            return True
        return credit.created_at >= self.began_at

    @cached_property
    def foreign(self) -> tuple[ExistingCredit, ...]:
        """Made by others, or by us and forgotten by a restore."""
        return tuple(c for c in self.standing if c.id not in self.known_credits and c is not self.own)

    @cached_property
    def claimed(self) -> tuple[ExistingCredit, ...]:
        """Credits of others that name this very return, or the one a person named for it."""
        if self.instance.adopts is not None:
            return tuple(c for c in self.foreign if not c.is_ours and c.id == self.instance.adopts)
        return tuple(c for c in self.foreign if not c.is_ours and _claims(c, self.instance))

    @cached_property
    def others(self) -> tuple[ExistingCredit, ...]:
        """What has been credited on this order for anything but this return."""
        claimed = {credit.id for credit in self.claimed}
        return tuple(c for c in self.standing if c.id not in claimed and c is not self.own)

    @cached_property
    def over_credited(self) -> tuple[OrderRow, ...]:
        """Rows of our own credit of which all credits together hold more than was sold."""
        if self.own is None:
            return ()
        mine = taken_by_row(self.order, [self.own])
        every = taken_by_row(self.order, self.standing)
        return tuple(
            row for row in self.order.rows
            if (row.is_goods or row.bundle_child) and mine[row.id] != Taken()
            and (every[row.id].quantity > row.quantity or (row.is_goods and every[row.id].net > row.net))
        )  # fmt: skip

    @cached_property
    def is_order_overdrawn(self) -> bool:
        """All credits together hold more than the whole order, whatever rows they name."""
        return self.exceeds_order(sum((c.net for c in self.standing), ZERO), sum((c.tax for c in self.standing), ZERO))

    def exceeds_order(self, net: Decimal, tax: Decimal) -> bool:
        """More than all rows of the order together, delivery and discounts included."""
        rows = [row for row in self.order.rows if not row.bundle_child]
        sold_net, sold_tax = sum((row.net for row in rows), ZERO), sum((row.tax for row in rows), ZERO)
        return net > max(sold_net, ZERO) or tax > max(sold_tax, ZERO)

    @cached_property
    def overdrawing(self) -> tuple[ExistingCredit, ...]:
        """Other credits that, with our own, take more than was sold: of one of its rows, or of the order as a whole."""
        if self.is_order_overdrawn:
            return self.others
        rows = [row.id for row in self.over_credited]
        taken = {credit.id: taken_by_row(self.order, [credit]) for credit in self.others} if rows else {}
        return tuple(c for c in self.others if c.id in taken and any(taken[c.id][row] != Taken() for row in rows))

    # -- matching and pricing ---------------------------------------------------------------------------------------

    @cached_property
    def taken(self) -> dict[int, Taken]:
        return taken_by_row(self.order, self.others)

    @cached_property
    def matched(self) -> Matched | Unmatched:
        if self.is_too_large:
            return Unmatched("too-large", "It holds more than is matched by itself.", {"size": self.size})
        return match_units(
            self.instance.units, self.order, self.taken, self.maps, on_sku_difference=self.policy.on_sku_difference,
            on_bundle_part=self.policy.on_bundle_part, mind_edits=not self.is_accepted("order-edited"),
            takes_suggestions=self.is_accepted("substitution-suspected"),
        )  # fmt: skip

    @property
    def match(self) -> Matched:
        """For checks below the one that stops what does not match."""
        assert isinstance(self.matched, Matched)
        return self.matched

    @cached_property
    def rows_concerned(self) -> tuple[OrderRow, ...]:
        """The order rows whose codes the credit will carry: the goods coming back and the discounts on them."""
        by_id = self.order.lookup.by_id
        parents = {by_id[child].parent_row_id for child in self.match.pieces}
        goods = [row for row in self.order.rows if row.id in self.match.whole or row.id in parents]
        credited, bears = {row.id for row in goods}, dict[int, bool]()
        discounts = []
        for row in self.order.lookup.discounts:
            base = self.spans(row)
            if id(base) not in bears:
                bears[id(base)] = any(each.id in credited for each in base)
            discounts += [row] if bears[id(base)] else []
        return (*goods, *discounts)

    @cached_property
    def _spans(self) -> dict[int, tuple[OrderRow, ...] | None]:
        return {row.id: discount_base(self.order, row) for row in self.order.lookup.discounts}

    def spans(self, discount: OrderRow) -> tuple[OrderRow, ...]:
        """The goods a discount is spread over: all of them where it fits no reading, which only a person can accept."""
        base = self._spans[discount.id]
        return base if base is not None else self.order.lookup.goods.rows

    @cached_property
    def unclear_discounts(self) -> tuple[OrderRow, ...]:
        """Those whose own tax fits no goods of the order."""
        return tuple(row for row in self.order.lookup.discounts if self._spans[row.id] is None)

    def tax_code(self, row: OrderRow) -> str:
        return self.maps.tax.get(row.tax_code, row.tax_code)

    def nominal_code(self, row: OrderRow) -> str:
        return self.maps.nominal.get(row.nominal_code, row.nominal_code)

    @cached_property
    def goods_rows(self) -> tuple[PlannedRow, ...]:
        """The goods and their share of the order's discounts, without fees."""
        by_id = self.order.lookup.by_id
        ledger = Ledger(self.order, self.taken, self.match.shares)
        broken = {by_id[child].parent_row_id for child in self.match.pieces}
        rows: list[PlannedRow] = []
        now: dict[int, tuple[Decimal, Decimal]] = {}
        for row_id, units in sorted(self.match.whole.items()):
            row = by_id[row_id]
            net, tax = ledger.take(row, units, in_parts=row_id in broken)
            now[row_id] = _plus(now.get(row_id), net, tax)
            rows.append(self._row(row, row, units, net, tax, str(row_id)))
        for child_id, pieces in sorted(self.match.pieces.items()):
            child, row = by_id[child_id], by_id[by_id[child_id].parent_row_id]
            net, tax = ledger.take_piece(child, pieces)
            now[row.id] = _plus(now.get(row.id), net, tax)
            rows.append(self._row(child, row, pieces, net, tax, f"{PART_REF}{child_id}"))
        for row, net, tax in Ledger(self.order, self.taken, {}).discounts(self.spans, now):
            if net or tax:
                share = self._row(row, row, Decimal(1), net, tax, f"{DISCOUNT_REF}{row.id}")
                rows.append(replace(share, product_id=None, name=f"{DISCOUNT_NAME}{row.name}"))
        return tuple(rows)

    def _row(
        self, what: OrderRow, priced: OrderRow, units: Decimal, net: Decimal, tax: Decimal, ref: str
    ) -> PlannedRow:
        codes = (self.tax_code(priced), self.nominal_code(priced))
        return PlannedRow(what.id, what.product_id, what.name, units, net, tax, *codes, ref)

    # -- fees -------------------------------------------------------------------------------------------------------

    @cached_property
    def shopper_fee(self) -> Decimal:
        """Happy Returns' processing fee, tax included: only refunds to the original payment bear it.

        Not returnless items, gift cards or exchanges. Source: Happy Returns sheet section 6. A fee that is no sum of the
        order's currency counts only once a person has said so: as none.
        """
        fees = (unit.fee for unit in self.instance.units if self._bears_fee(unit))
        return sum((fee for fee in fees if fee and self._is_payable(fee)), ZERO)

    def _bears_fee(self, unit: Unit) -> bool:
        return unit.dropoff_method != "returnless" and self.maps.refund_kind(unit.refund_type) == "original"

    def _is_payable(self, amount: Decimal) -> bool:
        return self._why_not_payable(amount) == ""

    def _why_not_payable(self, amount: Decimal) -> str:
        try:
            Money(amount, self.order.currency)
        except MoneyError as error:
            return str(error)
        return "" if abs(amount) < AMOUNT_LIMIT else f"{amount:f} is larger than any amount that can be kept"

    def unreadable_of(self, unit: Unit) -> tuple[Unreadable, ...]:
        """What Happy Returns states of the unit and nobody can pay: no number, or no sum of the order's currency."""
        stated: tuple[tuple[Literal["refund_amount", "fee"], Decimal | None], ...] = (
            ("refund_amount", unit.refund_amount),
            ("fee", unit.fee),
        )
        unpayable = tuple(
            Unreadable(field, why)
            for field, amount in stated
            if amount is not None and (why := self._why_not_payable(amount))
        )
        return unit.unreadable + unpayable

    def minds(self, unit: Unit, field: Literal["refund_amount", "fee"]) -> bool:
        """Whether the credit turns on what Happy Returns states there."""
        if field == "fee":
            return self.policy.on_processing_fee != "ignore" and self._bears_fee(unit)
        return self.policy.amount_check != "note"

    @cached_property
    def fee_rows(self) -> tuple[PlannedRow, ...]:
        rows = []
        processing, restocking = self.maps.fees.get("processing"), self.maps.fees.get("restocking")
        if processing is not None and self.shopper_fee and self.policy.on_processing_fee == "deduct":
            rows.append(self._fee("processing", processing, self.shopper_fee))
        if restocking is not None and (gross := self._restocking(restocking)):
            rows.append(self._fee("restocking", restocking, gross))
        return tuple(rows)

    def _restocking(self, rule: FeeRule) -> Decimal:
        bearing = [
            unit for unit in self.instance.units
            if (not rule.reasons or reason_of(unit) in rule.reasons)
            and (not rule.methods or unit.dropoff_method in rule.methods)
        ]  # fmt: skip
        fee = (rule.amount or ZERO) * len(bearing)
        if rule.percent and bearing:
            gross = sum((self._gross_of(unit) for unit in bearing), ZERO)
            fee += in_minor_units(gross * rule.percent / 100, self.order.currency)
        return fee

    def _gross_of(self, unit: Unit) -> Decimal:
        """What one unit's places are worth in this credit, with its part of the discounts."""
        net, tax = self.worth_of(unit)
        before_net, before_tax = self._before_discounts
        before = before_net + before_tax
        return (net + tax) * self.goods_gross / before if before else ZERO

    def worth_of(self, unit: Unit) -> tuple[Decimal, Decimal]:
        """Net and tax of one unit's places in this credit, before discounts; not rounded."""
        net = tax = ZERO
        for place in self.match.places[unit.key]:
            row = self._goods_row_by_ref[place.ref]
            part = Decimal(place.quantity) / row.quantity if not place.product_id else ONE / self._sharing[place.ref]
            net, tax = net + row.net * part, tax + row.tax * part
        return net, tax

    def price_of(self, unit: Unit) -> tuple[Decimal, Decimal]:
        """The same at the order's own price of a unit, whatever other credits took of its row."""
        by_id = self.order.lookup.by_id
        net = tax = ZERO
        for place in self.match.places[unit.key]:
            row = by_id.get(int(place.ref)) if place.ref.isdigit() else None
            if row is None or not row.quantity or place.product_id is not None:
                return self.worth_of(unit)  # a piece of a bundle has no price of its own
            part = Decimal(place.quantity) / row.quantity
            net, tax = net + row.net * part, tax + row.tax * part
        return net, tax

    def after_discounts(self, net: Decimal, tax: Decimal) -> tuple[Decimal, Decimal]:
        """Such an amount less its part of the discounts that fall on this credit."""
        before_net, before_tax = self._before_discounts
        goods_net, goods_tax = (sum((getattr(row, kind) for row in self.goods_rows), ZERO) for kind in ("net", "tax"))
        return (
            net * goods_net / before_net if before_net else net,
            tax * goods_tax / before_tax if before_tax else tax,
        )

    @cached_property
    def _goods_row_by_ref(self) -> dict[str, PlannedRow]:
        return {row.external_ref: row for row in self.goods_rows}

    @cached_property
    def _sharing(self) -> Counter[str]:
        """How many units stand on one bundle row as its components."""
        return Counter(place.ref for places in self.match.places.values() for place in places if place.product_id)

    @cached_property
    def _before_discounts(self) -> tuple[Decimal, Decimal]:
        goods = [row for row in self.goods_rows if not row.external_ref.startswith(DISCOUNT_REF)]
        return sum((row.net for row in goods), ZERO), sum((row.tax for row in goods), ZERO)

    def _fee(self, name: str, rule: FeeRule, gross: Decimal) -> PlannedRow:
        rate = self.reference.tax_rates.get(rule.tax_code, ZERO)
        net, tax = without_tax(gross, rate, self.order.currency)
        return PlannedRow(
            0, None, rule.name, Decimal(1), -net, -tax, rule.tax_code, rule.nominal_code, f"{FEE_REF}{name}"
        )

    # -- the credit as a whole --------------------------------------------------------------------------------------

    @cached_property
    def reasons(self) -> tuple[ReasonRule, ...]:
        return tuple(rule for unit in self.instance.units if (rule := self.maps.reason(reason_of(unit))) is not None)

    @cached_property
    def header(self) -> Header:
        statuses = {rule.status_id for rule in self.reasons}
        status = statuses.pop() if len(statuses) == 1 else None
        warehouses = {self.maps.warehouse(unit.destination) for unit in self.instance.units}
        warehouse = warehouses.pop() if len(warehouses) == 1 else None
        channel = self.maps.channels.get(int(self.order.copied.get("channelId") or 0))
        notes = dict.fromkeys(rule.note for rule in self.reasons if rule.note)
        fields: dict[str, str] = {}
        for rule in self.reasons:
            fields = {**rule.custom_fields, **fields}
        code = self.instance.express_code or self.instance.order_number
        marks: dict[str, Any] = {
            "status_id": self.policy.done_status_id,
            "note": f"{'; '.join(notes)} (return {code}, {self.instance.credit_ref})" if notes else "",
            "custom_fields": fields,
        }
        return Header(
            status or self.policy.credit_status_id, channel, warehouse or self.policy.return_warehouse_id,
            {key: value for key, value in marks.items() if value},
        )  # fmt: skip

    @cached_property
    def earliest_open_day(self) -> date:
        """Today, or the first day after the period lock."""
        locked = self.reference.locked_until
        return self.today if locked is None or self.today > locked else locked + timedelta(days=1)

    @cached_property
    def plan(self) -> Plan:
        return Plan(
            self.order.id, self.instance.credit_ref, self.goods_rows + self.fee_rows, self.match.places,
            self.earliest_open_day, self.order.currency, self.header, self.order.digest,
        )  # fmt: skip

    @cached_property
    def goods_gross(self) -> Decimal:
        return sum((row.net + row.tax for row in self.goods_rows), ZERO)

    @cached_property
    def announced(self) -> Decimal | None:
        """Happy Returns' own figure, when every unit has one; a check only, never the amount."""
        amounts = [unit.refund_amount for unit in self.instance.units]
        return sum((a for a in amounts if a is not None), ZERO) if amounts and None not in amounts else None

    def places_on(self, credit: ExistingCredit) -> Mapping[str, tuple[Place, ...]]:
        """Where each unit stands on a credit that was found; empty when that cannot be told."""
        return {} if self.is_too_large else places_on(self.instance, self.order, credit, self.maps)

    # -- names and facts for people --------------------------------------------------------------------------------

    @property
    def order_key(self) -> str:
        return f"order={self.order.reference}"

    @property
    def return_key(self) -> str:
        return f"return={self.instance.express_code or self.instance.credit_ref}"

    @property
    def order_facts(self) -> dict[str, Any]:
        order = self.order
        return {
            "order_id": order.id, "reference": order.reference, "status_id": order.status_id,
            "invoice_reference": order.invoice_reference, "shipping_status": order.shipping_status,
        }  # fmt: skip

    # -- what is watched --------------------------------------------------------------------------------------------

    @property
    def on_order(self) -> tuple[str, ...]:
        return (order_fact(self.order.id),)

    @property
    def on_credits(self) -> tuple[str, ...]:
        return (*self.on_order, *(order_fact(credit.id) for credit in self.standing))

    @property
    def on_map(self) -> tuple[str, ...]:
        return (*self.on_order, MAP)


def _plus(sums: tuple[Decimal, Decimal] | None, net: Decimal, tax: Decimal) -> tuple[Decimal, Decimal]:
    return (sums[0] + net, sums[1] + tax) if sums is not None else (net, tax)


def places_on(
    instance: Return, order: Order, credit: ExistingCredit, maps: CreditMap
) -> Mapping[str, tuple[Place, ...]]:
    """Where each unit stands on a credit of ours that was found again; empty when that cannot be told."""
    held = taken_by_row(order, [credit])
    room: dict[int, Taken] = {}
    for row in order.rows:
        if row.bundle_parent:
            per = {child.id: pieces_per_bundle(row, child) for child in order.children_of(row)}
            room |= {
                child.id: Taken(child.quantity - held[child.id].quantity)
                for child in order.children_of(row)
                if per[child.id] > 0
            }
        room.setdefault(row.id, Taken(row.quantity - held[row.id].quantity))
    matched = match_units(
        instance.units, order, room, maps, on_sku_difference="trust-line", on_bundle_part="cost", mind_edits=False
    )
    return matched.places if isinstance(matched, Matched) else {}


def reason_of(unit: Unit) -> str:
    return unit.reason_id or unit.reason


def is_same_order(order: Order, order_number: str) -> bool:
    """Whether Brightpearl's order carries the shopper's number in one of its reference fields."""
    wanted = order_key(order_number)
    return wanted in (order_key(order.reference), order_key(order.external_ref), str(order.id))


def _claims(credit: ExistingCredit, instance: Return) -> bool:
    """Somebody wrote this return's own identifiers on the credit."""
    text = f"{credit.external_ref} {credit.reference}"
    return names(text, (instance.express_code, instance.happy_return_id, instance.rma_id))
