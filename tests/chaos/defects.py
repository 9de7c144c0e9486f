"""Defects, planted one at a time into a daemon that is otherwise the real one: what the judge must catch.

    python -m tests.chaos.defects NAME run --config FILE

starts the daemon with the defect NAME in it. None of this is part of the product; it is how the judge itself is judged.
"""

import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from daemon.store.database import DISCONNECTED
from tests.simulate.plan import Hand


def skip_the_intent() -> None:
    from daemon.store import outbox

    async def store_intents(*_: Any) -> set[int]:
        return set()

    outbox.store_intents = store_intents  # type: ignore[assignment]


def repeat_without_looking() -> None:
    from daemon.loops import credit_wave, money_wave

    credit_wave.look_for = money_wave.look_for = lambda *_, **__: None  # type: ignore[attr-defined]


SENT_MAX = 3  # unlooked: for ever would take for ever


def pay_without_looking() -> None:
    from daemon.clients.brightpearl_transport import Answer
    from daemon.clients.results import Partial
    from daemon.loops import money_wave

    real, passed = money_wave.RefundWave._settled_by, Counter[str]()

    def settled_by(self: Any, effect: Any, read: Any) -> Any:
        """Nothing is looked at but what was answered just now, and well; each refund is sent three times at most."""
        is_answered = isinstance(self.answers.get(effect.id), Answer)
        passed[effect.key] += not is_answered
        is_looked = is_answered or isinstance(read, Partial) or passed[effect.key] > SENT_MAX
        return real(self, effect, read) if is_looked else None

    money_wave.RefundWave._settled_by = settled_by  # type: ignore[method-assign]
    money_wave.look_for = lambda *_, **__: None  # type: ignore[attr-defined]


def write_without_a_fence() -> None:
    from daemon.loops.runner import Runner
    from daemon.loops.workplace import Lease
    from daemon.store import merchant

    async def hold_fence(*_: Any) -> None:
        return None

    async def keep_cursor(connection: Any, name: str, _: int, cursor: str, value: Any) -> bool:
        await merchant.write_cursor(connection, name, cursor, value)
        return False

    merchant.hold_fence = hold_fence  # type: ignore[assignment]
    merchant.keep_cursor = keep_cursor  # type: ignore[assignment]
    Lease.check = lambda _: None  # type: ignore[assignment, method-assign]
    Runner._lose = lambda *_: None  # type: ignore[method-assign]


def set_no_deadline() -> None:
    from daemon.store import returns

    real = returns.write

    async def write(connection: Any, merchant: str, **told: Any) -> None:
        await real(connection, merchant, **{**told, "deadlines": []})

    returns.write = write


def swallow_events() -> None:
    from daemon.loops import advance

    real = advance._Batch.decide

    def decide(self: Any, stored: Any, events: Any) -> None:
        lost = [each for each in events if not stored and hash(each.happy_return_id) % 3 == 0]
        self._say(lost, "applied", None)
        real(self, stored, [each for each in events if each not in lost])

    advance._Batch.decide = decide  # type: ignore[method-assign]


def rewrite_the_journal() -> None:
    _in_every_advance(
        "UPDATE journal SET actor = 'somebody' WHERE version = 1 AND actor <> 'somebody'"
        " AND return_id IN (SELECT id FROM returns WHERE state = 'restocked')"
    )


def drop_journal_rows() -> None:
    _in_every_advance("DELETE FROM journal WHERE version = 2 AND return_id % 3 = 0")


def _in_every_advance(statement: str) -> None:
    """Behind the back of triggers and constraints, as only a superuser can."""
    from daemon.loops import advance

    real = advance.Advance.run_once

    async def run_once(self: Any, now: Any) -> int:
        done = await real(self, now)
        if done:
            async with self._at.database.transaction() as connection:
                await connection.execute("SET LOCAL session_replication_role = replica")
                await connection.execute(statement)
        return done

    advance.Advance.run_once = run_once  # type: ignore[method-assign]


def put_effects_off_for_years() -> None:
    from datetime import timedelta

    from daemon.store import outbox

    real = outbox.settle

    async def settle(connection: Any, merchant: str, settlements: Any, now: Any) -> None:
        far = [replace(s, due_at=s.due_at + timedelta(days=9999)) if s.due_at else s for s in settlements]
        await real(connection, merchant, far, now)

    outbox.settle = settle


def book_a_penny_more() -> None:
    from daemon.store import returns

    real = returns.return_row

    def return_row(instance: Any, trace: Any) -> dict[str, Any]:
        row = real(instance, trace)
        if row["credit_net"] is not None:
            row["credit_net"] = str(Decimal(row["credit_net"]) + Decimal("0.01"))
        return row

    returns.return_row = return_row


def let_poison_block() -> None:
    from daemon.loops import advance

    real = advance._Batch.decide

    def decide(self: Any, stored: Any, events: Any) -> None:
        if any(hash(each.happy_return_id) % 5 == 0 for each in events):
            raise KeyError("poison")
        real(self, stored, events)

    async def park(self: Any, error: Exception, now: Any) -> None:
        self._families_max = 1

    advance._Batch.decide = decide  # type: ignore[method-assign]
    advance.Advance.park = park  # type: ignore[method-assign]


def name_no_owner() -> None:
    from daemon.store import returns

    real = returns.return_row

    def return_row(instance: Any, trace: Any) -> dict[str, Any]:
        row = real(instance, trace)
        return {**row, "owner": "" if row["owner"] is not None else None}

    returns.return_row = return_row


def believe_every_claim() -> None:
    from daemon.loops import observe

    real = observe.understand

    def understand(seen: Any, *rest: Any) -> Any:
        return real(replace(seen, covers_all=True, confirmed=True), *rest)

    from daemon.loops import intake

    intake.understand = understand  # type: ignore[attr-defined, assignment]


def thank_before_storing() -> None:
    from aiohttp import web

    from daemon.web import webhooks

    real = webhooks.WebhookDoor.receive

    async def receive(self: Any, request: Any) -> Any:
        with suppress(*DISCONNECTED):
            await real(self, request)
        return web.Response(status=200)

    webhooks.WebhookDoor.receive = receive  # type: ignore[method-assign]


def ignore_credits_of_others() -> None:
    from daemon.clients.brightpearl import BrightpearlClient
    from daemon.clients.results import Complete

    async def credit_ids_of(self: Any, order_ids: Any) -> dict[int, Complete[list[int]]]:
        return {order_id: Complete([]) for order_id in order_ids}

    BrightpearlClient.credit_ids_of = credit_ids_of  # type: ignore[method-assign, assignment]


def treat_a_partial_read_as_whole() -> None:
    from daemon.clients import results

    results.Partial.__new__ = staticmethod(lambda _, value, *__: results.Complete(value))  # type: ignore[method-assign, assignment]


def repeat_although_no_key_is_held() -> None:
    from daemon.loops import credit_wave, money_wave, outcome

    def look_for(effect: Any, instance: Any, search: Any, **told: Any) -> Any:
        return outcome.look_for(effect, instance, replace(search, may_repeat=True), **told)

    credit_wave.look_for = money_wave.look_for = look_for  # type: ignore[attr-defined]


def forget_our_own_credits_of_an_order() -> None:
    from daemon.store import returns

    async def siblings_on_orders(*_: Any) -> list[Any]:
        return []

    returns.siblings_on_orders = siblings_on_orders  # type: ignore[assignment]


def never_look_again() -> None:
    from daemon.loops.verify import Verify

    async def run_once(self: Any, now: Any) -> int:
        return 0

    Verify.run_once = run_once  # type: ignore[method-assign]


def believe_any_refusal() -> None:
    from daemon.clients import brightpearl_transport
    from daemon.errors import RejectedError

    real = brightpearl_transport.judge_write

    def judge_write(status: int, raw: bytes, what: str, **told: Any) -> Any:
        if 300 <= status < 500:
            raise RejectedError(what, status=status)
        return real(status, raw, what, **told)

    brightpearl_transport.judge_write = judge_write


@dataclass(frozen=True, slots=True)
class Defect:
    """`letters`: at least one of these must be found violated."""

    plant: Callable[[], None]
    letters: str
    trouble: str
    """What is done to the season, so that it shows: calm, lost, freeze, stops; or simulated, with `focus`."""
    fault_class: str
    focus: dict[str, Any] = field(default_factory=dict)
    """Of a simulated season: what is set in its plan in place of what was drawn."""


_CALM: dict[str, Any] = {
    "rules": (), "hands": (), "kills": (), "cuts": (), "stalls": (), "steps_of_clock": (), "people": 0.0,
    "calm_after_hours": 200.0, "assumptions": {"reference_form": "exact", "reference_length": 0, "rows_later_seconds": 0.0,
                                               "per_item_ids": True, "per_item_times": True},
}  # fmt: skip
"""A simulated season in which nothing happens but what shows the defect."""


def _with(assumptions: dict[str, Any] | None = None, **plan: Any) -> dict[str, Any]:
    return {**_CALM, **plan, "assumptions": {**_CALM["assumptions"], **(assumptions or {})}}


_KEYLESS = {"knows_keys": False, "instance_id": None}
_CREDIT, _PAYMENT = "^POST .*/sales-credit$", "^POST .*/customer-payment$"


DEFECTS: dict[str, Defect] = {
    "skip-the-intent": Defect(skip_the_intent, "C", "lost", "R1, R2 killed or unanswered between intent and answer"),
    "repeat-without-looking": Defect(repeat_without_looking, "C", "lost", "R2 ambiguous credit"),
    "pay-without-looking": Defect(pay_without_looking, "C", "lost", "R2 ambiguous payment"),
    "write-without-a-fence": Defect(write_without_a_fence, "C", "freeze", "R12 a frozen daemon wakes"),
    "set-no-deadline": Defect(set_no_deadline, "F", "calm", "a middle state without a clock"),
    "swallow-events": Defect(swallow_events, "AB", "calm", "R13 an event counts as applied and is not"),
    "rewrite-the-journal": Defect(rewrite_the_journal, "E", "calm", "R17 the journal is changed"),
    "drop-journal-rows": Defect(drop_journal_rows, "B", "calm", "R17 the journal has a gap"),
    "put-effects-off-for-years": Defect(put_effects_off_for_years, "D", "lost", "R2 an unknown outcome is forgotten"),
    "book-a-penny-more": Defect(book_a_penny_more, "C", "calm", "money differs"),
    "let-poison-block": Defect(let_poison_block, "A", "calm", "R7 one bad event stops its loop"),
    "name-no-owner": Defect(name_no_owner, "F", "calm", "an exception is nobody's"),
    "believe-every-claim": Defect(believe_every_claim, "C", "calm", "R13 a webhook claims what was not"),
    "thank-before-storing": Defect(thank_before_storing, "A", "stops", "R3, R8 no database, or no room in it"),
    "ignore-credits-of-others": Defect(ignore_credits_of_others, "C", "calm", "somebody else credits too"),
    "treat-a-partial-read-as-whole": Defect(
        treat_a_partial_read_as_whole, "C", "simulated", "R21 a member of a set is left out",
        _with(scenes=(("rival_credit", 0.1),) * 2,
              rules=({"match": "^GET .*/sales-credit/[0-9]", "kind": "leave-out", "status": 207},)),
    ),
    "believe-an-empty-search": Defect(
        ignore_credits_of_others, "C", "simulated", "R21 a search that shows nothing",
        _with({"search_lag_seconds": 0.0}, scenes=(("rival_credit", 0.1),) * 2),
    ),
    "repeat-although-no-key-is-held": Defect(
        repeat_although_no_key_is_held, "C", "simulated", "R21 an answer lost, the index hours late, no keys",
        _with({**_KEYLESS, "search_lag_seconds": 10_800.0, "lag_varies": False}, scenes=(("bar_single", 0.1),) * 2,
              rules=({"match": _CREDIT, "kind": "lose-answer", "count": 2},)),
    ),
    "forget-our-own-credits-of-an-order": Defect(
        forget_our_own_credits_of_an_order, "C", "simulated", "R21 credits of ours that the index does not show yet",
        _with({"search_lag_seconds": 10_800.0, "lag_varies": False}, scenes=(("together", 0.1),) * 4),
    ),
    "never-look-again": Defect(
        never_look_again, "C", "simulated", "R25 a double that shows hours later",
        _with(scenes=(("bar_single", 0.1),) * 2,
              hands=tuple(Hand(hours, "payment", order) for order in (0, 1) for hours in (135.0, 140.0))),
    ),
    "believe-any-refusal": Defect(
        believe_any_refusal, "C", "simulated", "R21 a 404 after the effect",
        _with({**_KEYLESS, "search_lag_seconds": 60.0, "reference_form": "none"}, scenes=(("bar_single", 0.1),) * 2,
              settings={"bundled_writes": False},
              rules=({"match": _CREDIT, "kind": "answer-after", "status": 404, "body": "html", "count": 2},)),
    ),
    "pay-whatever-was-paid": Defect(
        pay_without_looking, "C", "simulated", "R2 a refund that exists is recorded again",
        _with({**_KEYLESS, "payment_lag_seconds": 0.0}, scenes=(("bar_single", 0.1),) * 3, settings={"bundled_writes": False},
              rules=({"match": _PAYMENT, "kind": "error-after", "count": 3},)),
    ),
}  # fmt: skip


def plant(name: str) -> None:
    """Put one defect into this process."""
    DEFECTS[name].plant()


def main() -> None:
    name = sys.argv.pop(1)
    plant(name)
    from daemon.console.main import main as homeward

    homeward()


if __name__ == "__main__":
    main()
