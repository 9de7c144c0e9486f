"""Mark credits whose legs are done: status, note and custom fields, as maps and policy want them. Looked up first."""

from typing import Any

from daemon.clients.brightpearl import Write
from daemon.clients.brightpearl_reads import Row
from daemon.clients.results import Complete, Partial
from daemon.errors import HomewardError, NotPermittedError, OutcomeUnknownError, RejectedError
from daemon.loops.outcome import again, done, incomplete, look_again, refused, unsettled, vanished
from daemon.loops.wave import Planned, Wave
from daemon.store.outbox import Leased
from statemachine.effects import CreateSalesCredit
from statemachine.events import CreditMarked
from statemachine.units import Credit, Return


class MarkWave(Wave):
    """Two batched reads, then only the writes that are still missing: the first of every credit, then the second.

    Each write is safe to repeat: the status is asked for first, the note looked up by its key, fields are upserts.
    """

    async def plan(self) -> list[Planned]:
        marks = {effect.id: self._return(effect).marks for effect in self.effects}
        states = await self.at.brightpearl.order_states({self._credit_id(effect) for effect in self.effects})
        noted = {self._credit_id(effect) for effect in self.effects if marks[effect.id].get("note")}
        notes = await self.at.brightpearl.notes_of(noted)
        missing: dict[int, list[Write]] = {}
        for effect in self.effects:
            credit_id = self._credit_id(effect)
            unread = states.unread.get(credit_id) or (notes.missing if isinstance(notes, Partial) else "")
            if unread:
                self._settle(incomplete(effect, self._return(effect), unread, now=self.at.clock.now()))
            elif credit_id in states.gone:
                lost = vanished(self._return(effect), "credit", credit_id, CreateSalesCredit)
                self._settle(unsettled(effect, self._return(effect), lost, now=self.at.clock.now()))
            else:
                assert isinstance(notes, Complete)
                missing[effect.id] = self._missing(effect, marks[effect.id], states.items[credit_id].status_id, notes)
        for number in range(max(map(len, missing.values()), default=0)):  # never two steps of one return in one message
            await self._write({e.id: e for e in self._open() if len(missing[e.id]) > number}, missing, number)
        for effect in self._open():
            self._settle(done(effect, CreditMarked(), credit_id=self._credit_id(effect)))
        return []

    def _credit_id(self, effect: Leased) -> int:
        return _credit(self._return(effect)).id

    def _missing(self, effect: Leased, marks: dict[str, Any], status: int, notes: Complete[list[Row]]) -> list[Write]:
        client, credit_id, label = self.at.brightpearl, self._credit_id(effect), str(effect.id)
        texts = [str(row.get("noteText")) for row in notes.value if str(row.get("orderId")) == str(credit_id)]
        writes: list[Write] = []
        if fields := marks.get("custom_fields"):
            writes.append(client.set_custom_fields(label, credit_id, fields))
        note = str(marks.get("note") or "")
        if note and not any(note in text for text in texts):
            writes.append(client.add_note(label, credit_id, note, without=notes))
        wanted = marks.get("status_id")
        if wanted is not None and wanted != status:
            writes.append(client.set_status(label, credit_id, int(wanted)))
        return writes

    async def _write(self, effects: dict[int, Leased], missing: dict[int, list[Write]], number: int) -> None:
        writes = {effect_id: missing[effect_id][number] for effect_id in effects}
        for label, answer in (await self.at.brightpearl.send(list(writes.values()))).items():
            effect, now = effects[int(label)], self.at.clock.now()
            if isinstance(answer, RejectedError) and not isinstance(answer, NotPermittedError):
                operation = writes[effect.id].operation
                facts = {"credit_id": self._credit_id(effect), "write": operation}
                self._settle(refused(effect, "status-refused", answer, **facts))
            elif isinstance(answer, OutcomeUnknownError):
                self._settle(look_again(effect, str(answer), until=now, looks=0))
            elif isinstance(answer, HomewardError):
                self._settle(again(effect, answer, now=now))


def _credit(instance: Return) -> Credit:
    assert instance.credit is not None, f"return {instance.id} has an effect that needs a credit, but none"
    return instance.credit
