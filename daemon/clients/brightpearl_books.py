"""Brightpearl's books as Homeward reads them: orders, credits, goods, payments, products, notes; all batched.

Every answer says whether it was complete (`results.py`): what permits a write, or closes a question, by finding nothing
takes a complete one. Paths and shapes: Brightpearl sheet sections 5 to 10.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from daemon.clients import brightpearl_wire as bp
from daemon.clients import wire
from daemon.clients.brightpearl_account import AccountReads
from daemon.clients.brightpearl_reads import IDS_MAX, Row, chunks, number_of, text_of
from daemon.clients.brightpearl_sets import SetSearch, Written
from daemon.clients.brightpearl_transport import Transport
from daemon.clients.results import ById, Complete, Partial, ReadResult, grouped, joined, mapped
from daemon.errors import MalformedPayloadError, NotPermittedError, RejectedError
from daemon.settings_merchant import BrightpearlSettings
from statemachine.credit.snapshot import ExistingCredit, Order

NUMBERS_LENGTH = 1500  # characters of order numbers in one search: with their forms, under four kilobytes of address
_ORDERS = "/order-service/order-search"
_PAYMENTS = "/accounting-service/customer-payment-search"
_JOURNALS = "/accounting-service/journal-search"
_NONE_RECEIVED = frozenset({"SCN", "NON"})  # stock status of a credit without goods-in notes; sheet 5.1
_SHIPPED = ("3", "4")  # orderShippingStatusId: part, all


class BookReads(AccountReads):
    """One merchant's books."""

    def __init__(self, transport: Transport, settings: BrightpearlSettings, written: Written) -> None:
        super().__init__(transport, trusts_totals=settings.search_totals_are_reliable)
        self._settings = settings
        self._sets_refused = False
        """Whether the account refused or ignored the set filters of order-search, so that single filters are used."""
        self._note_sets_refused = False
        self._credits_of = SetSearch(
            "credits", "order-search", _ORDERS, {"orderTypeId": "3"}, "parentOrderId", "orderId", written
        )
        self._payments_of = SetSearch("payments", "payment-search", _PAYMENTS, {}, "orderId", "paymentId", written)
        self._journals_of = SetSearch(
            "journals", "journal-search", _JOURNALS, {}, "orderId", ("journalId", "journalRowId"), written
        )

    # -- orders -----------------------------------------------------------------------------------------------------

    async def find_orders(self, numbers: Iterable[str]) -> dict[str, ReadResult[list[int]]]:
        """Sales-order ids by the shopper's order number, from the search index: it may lag behind.

        All that carry it in any of its forms: 1042 and #1042 may be two orders.
        Asks in sets first, and singly for what the set did not find or where sets are refused or ignored.
        """
        column = "externalRef" if self._settings.order_number_field == "external_ref" else "customerRef"
        wanted = list(dict.fromkeys(numbers))
        found: dict[str, ReadResult[list[int]]] = {}
        if wanted and not self._sets_refused:
            found = await self._find_in_sets(wanted, column)
        for number in wanted:
            if number not in found or (isinstance(found[number], Complete) and not found[number].value):
                found[number] = await self._find_one(number, column)
        return found

    async def _find_in_sets(self, numbers: list[str], column: str) -> dict[str, ReadResult[list[int]]]:
        found: dict[str, ReadResult[list[int]]] = {}
        for chunk in _of_length(numbers, NUMBERS_LENGTH):
            forms = {form.casefold() for number in chunk for form in _forms(number)}
            filters = {"orderTypeId": "1", f"{column}s": ",".join(f for number in chunk for f in _forms(number))}
            try:
                rows = await self.search(
                    "order-search",
                    _ORDERS,
                    filters,
                    key="orderId",
                    is_exact=False,
                    belongs=_texts(column, forms),
                )
            except NotPermittedError:
                raise
            except RejectedError:
                self._sets_refused = True
                return found
            if isinstance(rows, Partial):  # ignored, or cut: each number by itself
                return found
            found |= {number: mapped(rows, partial(_ids_with, column, number)) for number in chunk}
        return found

    async def _find_one(self, number: str, column: str) -> ReadResult[list[int]]:
        results: list[ReadResult[list[int]]] = []
        for form in _forms(number):
            rows = await self.search(
                "order-search",
                _ORDERS,
                {"orderTypeId": "1", column: form},
                key="orderId",
                is_exact=False,
                belongs=lambda row: bool(_ids_with(column, number, [row])),
            )
            results.append(mapped(rows, partial(_ids_with, column, number)))
        return mapped(joined(results), lambda ids: sorted(set(ids)))

    async def orders_shipped_since(self, since: date, *, column: str) -> ReadResult[list[Row]]:
        """Search rows of shipped sales orders by `createdOn` or `updatedOn` (which shipping moves) since a day."""
        rows = await self.search(
            "order-search",
            _ORDERS,
            {"orderTypeId": "1", column: f"{since.isoformat()}/"},
            key="orderId",
            belongs=lambda row: number_of(row, "orderTypeId") in (1, None),
        )
        return mapped(rows, lambda r: [row for row in r if text_of(row, "orderShippingStatusId") in _SHIPPED])

    async def orders_changed(self, ids: Iterable[int], since: datetime) -> ReadResult[dict[int, str]]:
        """Which of these orders or credits were updated since, and when: one search for 200 of them."""
        results: list[ReadResult[list[Row]]] = []
        for chunk in chunks(sorted(set(ids)), IDS_MAX):
            filters = {"orderId": bp.id_set(chunk), "updatedOn": f"{since.date().isoformat()}/"}
            results.append(
                await self.search(
                    "order-search",
                    _ORDERS,
                    filters,
                    key="orderId",
                    belongs=_numbers("orderId", chunk),
                )
            )
        return mapped(joined(results), lambda rows: _updated_since(rows, since))

    async def orders(self, ids: Iterable[int]) -> ById[Order]:
        return await self.by_ids("get-orders", "/order-service/order/{}", ids, bp.read_order, lambda order: order.id)

    async def order_states(self, ids: Iterable[int]) -> ById[bp.OrderState]:
        path = "/order-service/order/{}"
        return await self.by_ids("get-orders", path, ids, bp.read_order_state, lambda state: state.id)

    # -- credits ----------------------------------------------------------------------------------------------------

    async def credit_ids_of(self, order_ids: Iterable[int]) -> dict[int, ReadResult[list[int]]]:
        """Parent order id → ids of sales credits, from the search index: it may lag behind."""
        rows = await self._credits_of.rows_of(self, order_ids)
        return {order_id: mapped(of_order, _order_ids) for order_id, of_order in rows.items()}

    async def credit_ids_with_ref(self, external_ref: str) -> ReadResult[list[int]]:
        """Credits under one external reference, from the search index."""
        rows = await self.search(
            "order-search",
            _ORDERS,
            {"orderTypeId": "3", "externalRef": external_ref},
            key="orderId",
            is_exact=False,
            belongs=lambda row: _is_credit(row) and text_of(row, "externalRef").casefold() == external_ref.casefold(),
        )
        return mapped(rows, _order_ids)

    async def credits_named(self, numbers: Iterable[str], codes: Iterable[str]) -> list[Row]:
        """Search rows of credits that name no order they are against, and have an order number or code as their reference.

        What is found here counts; that nothing is found proves nothing, since the account may ignore or refuse the filter
        (UNCONFIRMED for this search, sheet 5.3). One that ignores it shows one page, and is not asked for its other credits.
        """
        forms = {form for number in numbers for form in _forms(number)} | set(codes)
        wanted = sorted(form for form in forms if form and "," not in form)
        rows: list[Row] = []
        for chunk in _of_length(wanted, NUMBERS_LENGTH) if not self._sets_refused else ():
            try:
                found = await self.search(
                    "order-search", _ORDERS, {"orderTypeId": "3", "customerRefs": ",".join(chunk)}, key="orderId",
                    belongs=_texts("customerRef", {form.casefold() for form in chunk}),
                )  # fmt: skip
            except NotPermittedError:
                raise
            except RejectedError:
                return rows
            rows += [row for row in found.value if _is_credit(row) and not number_of(row, "parentOrderId")]
        return rows

    async def credits(self, ids: Iterable[int]) -> ById[ExistingCredit]:
        """Credits by id. One is gone only where the order resource, asked for the same id, knows of no credit either."""
        path = "/order-service/sales-credit/{}"
        result = await self.by_ids("get-credits", path, ids, bp.read_credit, lambda credit: credit.id)
        if result.gone:
            states = await self.order_states(result.gone)
            doubted = {number for number in result.gone if number not in states.gone}
            doubted -= {number for number, state in states.items.items() if state.type_code not in ("SC", "")}
            result.gone -= doubted
            result.unread |= {number: f"credit {number} exists, but is left out when it is read" for number in doubted}
        return result

    async def credits_since(self, since: date) -> ReadResult[list[Row]]:
        """Search rows of credits made or updated since a day, each once."""
        results = [
            await self.search(
                "order-search", _ORDERS, {"orderTypeId": "3", column: f"{since.isoformat()}/"}, key="orderId",
                belongs=_is_credit,
            )
            for column in ("createdOn", "updatedOn")
        ]  # fmt: skip
        return mapped(joined(results), lambda rows: list({number_of(row, "orderId"): row for row in rows}.values()))

    # -- stock ------------------------------------------------------------------------------------------------------

    async def goods_in_of(self, order_ids: Iterable[int]) -> dict[int, ReadResult[list[bp.GoodsInNote]]]:
        """Goods-in notes of each of these credits; read by id, so without index lag.

        A credit that the answer leaves out has none only where its own stock status says so (sheet section 13).
        """
        wanted = sorted(set(order_ids))
        found: dict[int, ReadResult[list[bp.GoodsInNote]]] = {}
        for chunk in chunks(wanted, IDS_MAX):
            notes = await self._notes_in(chunk)
            found |= grouped(notes, chunk, lambda note: note.order_id)
        doubted = [number for number in wanted if isinstance(found[number], Complete) and not found[number].value]
        if doubted:
            states = await self.order_states(doubted)
            found |= {number: _without_notes(number, states) for number in doubted}
        return found

    async def notes_in(self, order_ids: Iterable[int]) -> list[bp.GoodsInNote]:
        """The goods-in notes that are shown, for whoever concludes nothing from those that are not."""
        found: list[bp.GoodsInNote] = []
        for chunk in chunks(sorted(set(order_ids)), IDS_MAX):
            found += (await self._notes_in(chunk)).value
        return found

    async def _notes_in(self, chunk: list[int]) -> ReadResult[list[bp.GoodsInNote]]:
        path = f"/warehouse-service/order/{bp.id_set(chunk)}/goods-note/goods-in/"
        try:
            answer = await self.read_or_none("get-goods-in", path)
            with self.parsing("get-goods-in"):
                notes = bp.read_goods_in(answer.response) if answer is not None else []
        except MalformedPayloadError as error:
            return Partial([], str(error))
        strange = next((note.order_id for note in notes if note.order_id not in chunk), None)
        if strange is not None:
            return Partial(notes, f"get-goods-in: a note of {strange} is in the answer, and was not asked for")
        return Complete(notes)

    # -- money ------------------------------------------------------------------------------------------------------

    async def payments_of(self, order_ids: Iterable[int]) -> dict[int, ReadResult[list[bp.CustomerPayment]]]:
        """Customer payments on each of these orders or credits."""
        rows = await self._payments_of.rows_of(self, order_ids)
        return {order_id: _read_payments(of_order) for order_id, of_order in rows.items()}

    async def refunds_since(self, since: date, *, column: str = "paymentDate") -> ReadResult[list[bp.CustomerPayment]]:
        """Payments to customers since a day, by `paymentDate` or `createdOn`, on whatever order they were recorded."""
        period = {column: f"{since.isoformat()}/"}
        try:
            rows = await self._refunds({"paymentType": "PAYMENT", **period})
        except NotPermittedError:
            raise
        except RejectedError:
            rows = await self._refunds(period)
        day = since.isoformat()
        recent = mapped(rows, lambda r: [row for row in r if (told := text_of(row, column)) >= day or not told])
        return mapped(_read_payments(recent), lambda payments: [each for each in payments if each.is_refund])

    async def _refunds(self, filters: dict[str, str]) -> ReadResult[list[Row]]:
        """Whether the search filters by type is UNCONFIRMED: other kinds are left out here."""
        return await self.search(
            "payment-search",
            _PAYMENTS,
            filters,
            key="paymentId",
            is_exact=False,
            belongs=lambda row: text_of(row, "paymentType").upper() == "PAYMENT",
        )

    async def journals_of(self, order_ids: Iterable[int]) -> ReadResult[list[Row]]:
        """Journal rows of these orders or credits, by column name. Source: Brightpearl sheet 9.3."""
        return joined((await self._journals_of.rows_of(self, order_ids)).values())

    # -- products and notes -----------------------------------------------------------------------------------------

    async def products(self, ids: Iterable[int]) -> ById[dict[str, Any]]:
        """Products as Brightpearl tells them."""
        path = "/product-service/product/{}"
        return await self.by_ids("get-products", path, ids, _product, lambda product: int(product["id"]))

    async def bundles_with(self, product_id: int) -> list[dict[str, Any]]:
        answer = await self.read_or_none("get-bundles", f"/product-service/product/{product_id}/bundle")
        return list(wire.sequence(answer.response, "bundles")) if answer is not None and answer.response else []

    async def products_by_sku(self, sku: str) -> ReadResult[list[Row]]:
        """Exact match, compared again here: whether the search minds case is UNCONFIRMED."""
        return await self.search(
            "product-search",
            "/product-service/product-search",
            {"SKU": sku},
            key="productId",
            is_exact=False,
            belongs=lambda row: text_of(row, "SKU").casefold() == sku.casefold(),
        )

    async def notes_of(self, order_ids: Iterable[int]) -> ReadResult[list[Row]]:
        """Notes of these orders. Whether the search takes id sets is UNCONFIRMED: asked singly where it does not."""
        results: list[ReadResult[list[Row]]] = []
        for chunk in chunks(sorted(set(order_ids)), 1 if self._note_sets_refused else IDS_MAX):
            try:
                results.append(await self._notes(chunk))
            except NotPermittedError:
                raise
            except RejectedError:
                if len(chunk) == 1:
                    raise
                self._note_sets_refused = True
                results += [await self._notes([order_id]) for order_id in chunk]
        return joined(results)

    async def _notes(self, chunk: list[int]) -> ReadResult[list[Row]]:
        return await self.search(
            "note-search",
            "/order-service/order-note-search",
            {"orderId": bp.id_set(chunk)},
            key="noteId",
            belongs=_numbers("orderId", chunk),
        )


# -- rows ---------------------------------------------------------------------------------------------------------------


def _numbers(column: str, ids: Iterable[int]) -> Callable[[Row], bool]:
    """Whether a row names one of these ids in this column."""
    wanted = frozenset(ids)
    return lambda row: number_of(row, column) in wanted


def _texts(column: str, texts: Iterable[str]) -> Callable[[Row], bool]:
    """Whether a row holds one of these casefolded texts in this column."""
    wanted = frozenset(texts)
    return lambda row: text_of(row, column).casefold() in wanted


def _is_credit(row: Mapping[str, Any]) -> bool:
    return number_of(row, "orderTypeId") in (3, None)


def _order_ids(rows: Iterable[Mapping[str, Any]]) -> list[int]:
    return sorted({number for row in rows if (number := number_of(row, "orderId"))})


def _updated_since(rows: Iterable[Row], since: datetime) -> dict[int, str]:
    changed: dict[int, str] = {}
    for row in rows:
        updated = wire.moment(row.get("updatedOn"), "updatedOn")
        number = number_of(row, "orderId")
        if number and updated is not None and updated >= since:
            changed[number] = updated.isoformat()
    return changed


def _read_payments(rows: ReadResult[list[Row]]) -> ReadResult[list[bp.CustomerPayment]]:
    """Payments of search rows; one that cannot be read makes the answer a partial one."""
    payments: list[bp.CustomerPayment] = []
    missing = [rows.missing] if isinstance(rows, Partial) else []
    for row in rows.value:
        try:
            payments.append(bp.read_payment(row))
        except MalformedPayloadError as error:
            missing.append(str(error))
    return Partial(payments, "; ".join(missing)) if missing else Complete(payments)


def _without_notes(number: int, states: ById[bp.OrderState]) -> ReadResult[list[bp.GoodsInNote]]:
    """What the missing notes of one credit mean, by its own stock status."""
    state = states.items.get(number)
    if state is None:
        why = "is gone" if number in states.gone else states.unread.get(number, "was not read")
        return Complete([]) if number in states.gone else Partial([], f"credit {number}: {why}")
    if state.stock_status in _NONE_RECEIVED:
        return Complete([])
    return Partial([], f"credit {number} counts as received ({state.stock_status}), and no goods-in note is shown")


def _product(value: object) -> dict[str, Any]:
    product = wire.mapping(value, "product")
    if not wire.integer(product.get("id"), "product.id"):
        raise MalformedPayloadError("product.id: is required")
    return product


def _forms(number: str) -> list[str]:
    """How a shop may have written an order number into Brightpearl."""
    bare = number.strip().removeprefix("#")
    return list(dict.fromkeys([number.strip(), bare, f"#{bare}"]))


def _ids_with(column: str, number: str, rows: Iterable[Row]) -> list[int]:
    wanted = {form.casefold() for form in _forms(number)}
    hits = [row for row in rows if text_of(row, column).casefold() in wanted]
    return sorted({int(row["orderId"]) for row in hits if number_of(row, "orderTypeId") in (1, None)})


def _of_length(numbers: list[str], length: int) -> list[list[str]]:
    """Order numbers in groups of at most so many characters."""
    groups: list[list[str]] = [[]]
    size = 0
    for number in numbers:
        if groups[-1] and size + len(number) > length:
            groups.append([])
            size = 0
        groups[-1].append(number)
        size += len(number)
    return groups
