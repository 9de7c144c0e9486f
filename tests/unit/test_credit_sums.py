"""Over any order and any sequence of partial returns: never more than the order, and exactly the order at the end."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from statemachine.credit.maps import Component, CreditMap
from statemachine.credit.snapshot import ExistingCredit, Order, OrderRow, Reference
from statemachine.credit.verdicts import CreditNow, NeedsPerson, Refuse
from statemachine.money import in_minor_units, minor_unit
from statemachine.units import Unit
from tests.unit.orders import an_order, coming_back, credited, judge, row

ZERO = Decimal(0)
RATES = {code: Decimal(rate) for code, rate in zip("ABCDE", ("20", "5", "17.5", "8.1", "25"), strict=True)}
RATES["T0"] = Decimal(0)
REFERENCE = Reference(RATES, cancelled_status_id=5, locked_until=None)
MAPS = CreditMap(bundles={f"SET{n}": {f"PART{n}-{k}": Component(k, Decimal(k)) for k in (1, 2)} for n in range(1, 9)})

coins = st.integers(min_value=1, max_value=90_000)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Up to six goods rows (bundles among them) at up to six rates, up to three discounts, INC or EXC, in any currency.

    A discount spans the goods of its tax code or all goods, as its own tax tells.
    """
    currency = draw(st.sampled_from(("GBP", "EUR", "JPY", "KWD", "CLF")))
    codes = draw(st.lists(st.sampled_from(sorted(RATES)), min_size=1, max_size=6, unique=True))
    rows: list[OrderRow] = []

    def some_money() -> Decimal:
        return draw(coins) * minor_unit(currency)

    for n in range(1, draw(st.integers(1, 6)) + 1):
        quantity, net, code = draw(st.integers(1, 50)), some_money(), draw(st.sampled_from(codes))
        tax = in_minor_units(net * RATES[code] / 100, currency)
        is_bundle = draw(st.booleans())
        sku = f"SET{n}" if is_bundle else f"SKU{n}"
        rows.append(row(10 * n, sku, quantity, str(net), str(tax), tax_code=code, bundle_parent=is_bundle))
        rows += [
            row(10 * n + part, f"PART{n}-{part}", quantity * part, "0", "0", tax_code=code, bundle_child=True,
                parent_row_id=10 * n, product_id=10 * n + part)
            for part in ((1, 2) if is_bundle else ())
        ]  # fmt: skip
    goods = [each for each in rows if each.is_goods]
    for n in range(draw(st.integers(0, 3))):
        code = draw(st.sampled_from(codes))
        own = [each for each in goods if each.tax_code == code]
        spans_own = draw(st.booleans())
        base = own if own and spans_own else goods
        worth = sum((each.net for each in base), ZERO)
        net = min(some_money(), in_minor_units(worth / 4, currency))
        tax = in_minor_units(net * sum((each.tax for each in base), ZERO) / worth, currency)
        if net > 0:
            rows.append(row(900 + n, "", 1, str(-net), str(-tax), tax_code=code, product_id=None, name=f"Voucher {n}"))
    mode = draw(st.sampled_from(("INC", "EXC")))
    return an_order(*rows, currency=currency, exchange_rate="1.170000", price_mode=mode)


def units_of(order: Order, chance: random.Random) -> list[Unit]:
    """Everything that was sold, each bundle whole or in its pieces."""
    units: list[Unit] = []
    for each in order.rows:
        for n in range(int(each.quantity) if each.is_goods else 0):
            children = order.children_of(each) if chance.random() < 0.5 else ()
            pieces = [(c.sku, int(c.quantity / each.quantity)) for c in children] or [(each.sku, 1)]
            units += [
                Unit(f"{each.id}-{n}-{sku}-{k}", sku=sku, refund_currency=order.currency)
                for sku, count in pieces for k in range(count)
            ]  # fmt: skip
    chance.shuffle(units)
    return units


def in_parcels(units: list[Unit], chance: random.Random) -> Iterator[tuple[Unit, ...]]:
    while units:
        count = chance.randint(1, min(len(units), 40))
        yield tuple(units[:count])
        del units[:count]


@settings(max_examples=150, deadline=None, print_blob=True)
@given(order=orders(), chance=st.randoms(use_true_random=False), echoed=st.booleans())
def test_credits_never_exceed_the_order_and_equal_it_once_everything_came_back(
    order: Order, chance: random.Random, echoed: bool
) -> None:
    made: list[ExistingCredit] = []
    refused: list[Unit] = []
    for parcel in in_parcels(units_of(order, chance), chance):
        verdict = judge(
            coming_back(*parcel), order, *made, maps=MAPS, reference=REFERENCE,
            known=frozenset(credit.id for credit in made), digests=frozenset({order.digest}),
        )  # fmt: skip
        if isinstance(verdict, Refuse | NeedsPerson):
            assert verdict.cause in ("value-above-row", "nothing-to-refund"), verdict
            refused += parcel  # worth less than a penny: stopped, not guessed
            continue
        assert isinstance(verdict, CreditNow), verdict
        assert {unit.key for unit in parcel} == set(verdict.plan.places)
        made.append(credited(verdict.plan, 5000 + len(made), echoed=echoed))
        within(order, made, whole=False)
    if not refused:
        within(order, made, whole=True)


def within(order: Order, made: list[ExistingCredit], *, whole: bool) -> None:
    """Sums over all credits against the order: by row where the references tell it, and in total."""
    net, tax, pieces = Counter[int](), Counter[int](), Counter[int]()
    coin = minor_unit(order.currency)
    for each in (r for credit in made for r in credit.rows if r.external_ref):
        row_id = int(each.external_ref.removeprefix("discount-").removeprefix("part-"))
        told = next(r for r in order.rows if r.id == row_id)
        for child in order.children_of(told):
            pieces[child.id] += int(each.quantity * child.quantity / told.quantity)
        pieces[row_id] += int(each.quantity) if not told.is_discount else 0
        money_of = told.parent_row_id if told.bundle_child else row_id
        net[money_of] += int(each.net / coin)
        tax[money_of] += int(each.tax / coin)
        assert each.net % coin == each.tax % coin == 0
    for told in order.rows if any(r.external_ref for c in made for r in c.rows) else ():
        if told.bundle_child or not told.bundle_parent:
            assert pieces[told.id] <= told.quantity
        if told.bundle_child:
            continue
        for had, given_ in ((told.net, net[told.id]), (told.tax, tax[told.id])):
            assert abs(given_) <= abs(had) / coin
            assert not whole or given_ == had / coin
    goods = [r for r in order.rows if r.is_goods or r.is_discount]
    ends = sum((r.net for r in goods), ZERO), sum((r.tax for r in goods), ZERO)
    given_net, given_tax = sum((c.net for c in made), ZERO), sum((c.tax for c in made), ZERO)
    most = sum((r.net for r in goods if r.is_goods), ZERO), sum((r.tax for r in goods if r.is_goods), ZERO)
    assert given_net <= most[0]
    assert given_tax <= most[1]
    assert not whole or (given_net, given_tax) == ends


@settings(max_examples=60, deadline=None, print_blob=True)
@given(
    quantity=st.integers(2, 50),
    pence=coins,
    mode=st.sampled_from(("INC", "EXC")),
    chance=st.randoms(use_true_random=False),
)
def test_one_more_unit_than_was_sold_is_refused_whatever_came_before(
    quantity: int, pence: int, mode: str, chance: random.Random
) -> None:
    order = an_order(row(1, "TEE", quantity, str(Decimal(pence) / 100), "0.00", tax_code="T0"), price_mode=mode)
    units = [Unit(f"{n:03}", sku="TEE") for n in range(quantity)]
    made: list[ExistingCredit] = []
    for parcel in in_parcels(units, chance):
        verdict = judge(coming_back(*parcel), order, *made, known=frozenset(c.id for c in made))
        if isinstance(verdict, CreditNow):
            made.append(credited(verdict.plan, 5000 + len(made)))
    credited_units = sum((r.quantity for c in made for r in c.rows), ZERO)
    more = [Unit(f"x{n}", sku="TEE") for n in range(int(quantity - credited_units) + 1)]

    verdict = judge(coming_back(*more), order, *made, known=frozenset(c.id for c in made))

    assert isinstance(verdict, Refuse | NeedsPerson)
    assert verdict.cause in ("over-return", "value-above-row", "nothing-to-refund")


def test_a_human_credit_of_other_pennies_never_makes_the_rest_too_much() -> None:
    order = an_order(row(1, quantity=3, net="10.00", tax="2.00"))
    odd = ExistingCredit(700, 55, "", "phone", "GBP", None, False, ())
    first = judge(coming_back(Unit("a", sku="TEE")), order)
    assert isinstance(first, CreditNow)
    dear = credited(
        replace(first.plan, rows=(replace(first.plan.rows[0], net=Decimal("9.00"), tax=Decimal("1.80")),)), 700
    )
    human = replace(odd, rows=tuple(replace(r, external_ref="") for r in dear.rows))

    rest = judge(coming_back(Unit("b", sku="TEE"), Unit("c", sku="TEE")), order, human, known=frozenset({700}))

    assert isinstance(rest, CreditNow)
    assert (rest.plan.net, rest.plan.tax) == (Decimal("1.00"), Decimal("0.20"))
