"""Mark credits whose legs are done: status, note and custom fields, as maps and policy want them. Looked up first."""

from typing import Any

from daemon.clients.brightpearl import Write
from daemon.errors import HomewardError, NotPermittedError, OutcomeUnknownError, RejectedError
from daemon.loops.outcome import Outcome, again, done, look_again, refused
from daemon.loops.wave import Planned, Wave
from daemon.loops.workplace import Workplace
from daemon.store.outbox import Leased
from statemachine.events import CreditMarked


class MarkWave(Wave):
    """One batched read of the credits' states, then only the writes that are still missing, one by one."""

    async def plan(self) -> list[Planned]:
        credit_ids = {credit.id for effect in self.effects if (credit := self._return(effect).credit) is not None}
        states = await self.at.brightpearl.order_states(credit_ids)
        for effect in self.effects:
            instance = self._return(effect)
            assert instance.credit is not None, f"return {instance.id} has an effect that needs a credit, but none"
            state = states.get(instance.credit.id)
            status = state.status_id if state is not None else None
            self._settle(await _mark(self.at, effect, instance.credit.id, instance.marks, status))
        return []


async def _mark(at: Workplace, effect: Leased, credit_id: int, marks: dict[str, Any], status: int | None) -> Outcome:
    """Each write is safe to repeat: the status is asked for first, the note looked up by its key, fields are upserts."""
    for write in await _missing(at, effect, credit_id, marks, status):
        answer = (await at.brightpearl.send([write]))[write.label]
        if isinstance(answer, RejectedError) and not isinstance(answer, NotPermittedError):
            return refused(effect, "status-refused", answer, credit_id=credit_id, write=write.operation)
        if isinstance(answer, OutcomeUnknownError):
            return look_again(effect, str(answer), until=at.clock.now(), looks=0)
        if isinstance(answer, HomewardError):
            return again(effect, answer, now=at.clock.now())
    return done(effect, CreditMarked(), credit_id=credit_id)


async def _missing(
    at: Workplace, effect: Leased, credit_id: int, marks: dict[str, Any], status: int | None
) -> list[Write]:
    writes: list[Write] = []
    if fields := marks.get("custom_fields"):
        writes.append(at.brightpearl.set_custom_fields(f"{effect.id}-fields", credit_id, fields))
    note = str(marks.get("note") or "")
    if note and any(note in str(row.get("noteText")) for row in await at.brightpearl.notes_of(credit_id)):
        note = ""
    if note:
        writes.append(at.brightpearl.add_note(f"{effect.id}-note", credit_id, note))
    wanted = marks.get("status_id")
    if wanted is not None and wanted != status:
        writes.append(at.brightpearl.set_status(f"{effect.id}-status", credit_id, int(wanted)))
    return writes
