"""Mark credits whose legs are done: status, note and custom fields, as maps and policy want them. Looked up first."""

from typing import Any

from daemon.clients.brightpearl import Write
from daemon.errors import HomewardError, NotPermittedError, OutcomeUnknownError, RejectedError
from daemon.loops.outcome import again, done, look_again, refused
from daemon.loops.wave import Planned, Wave
from daemon.store.outbox import Leased
from statemachine.events import CreditMarked


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
            status = states[credit_id].status_id if credit_id in states else None
            texts = [str(row.get("noteText")) for row in notes if str(row.get("orderId")) == str(credit_id)]
            missing[effect.id] = self._missing(effect, marks[effect.id], status, texts)
        for number in range(max(map(len, missing.values()))):  # never two steps of one return in one message
            await self._write({e.id: e for e in self._open() if len(missing[e.id]) > number}, missing, number)
        for effect in self._open():
            self._settle(done(effect, CreditMarked(), credit_id=self._credit_id(effect)))
        return []

    def _credit_id(self, effect: Leased) -> int:
        credit = self._return(effect).credit
        assert credit is not None, f"return {effect.return_id} has an effect that needs a credit, but none"
        return credit.id

    def _missing(self, effect: Leased, marks: dict[str, Any], status: int | None, texts: list[str]) -> list[Write]:
        client, credit_id, label = self.at.brightpearl, self._credit_id(effect), str(effect.id)
        writes: list[Write] = []
        if fields := marks.get("custom_fields"):
            writes.append(client.set_custom_fields(label, credit_id, fields))
        note = str(marks.get("note") or "")
        if note and not any(note in text for text in texts):
            writes.append(client.add_note(label, credit_id, note))
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
