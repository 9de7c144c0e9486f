"""The log says a repeated warning or error once, how often it came while it goes on, and once when it is over.

Two lines are the same when everything in them is: level, message, fields, kind of error. Lines of libraries are the same by
their message alone. Of one message with ever other fields so many come a minute, and the rest is counted.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import anyio

QUIET_SECONDS = 60.0  # what has not come for so long is over
AGAIN_SECONDS = 600.0  # what goes on is said again so often
LOOK_SECONDS = 10.0
KINDS_MAX = 1000  # different lines that are remembered; the one that was silent for longest is forgotten
OF_ONE_MESSAGE_MAX = 300  # different lines of one message in a minute
_IS_SUMMARY = "repeats_summary"
_PLAIN = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}


@dataclass(slots=True)
class _Line:
    """One warning or error that came."""

    record: logging.LogRecord
    said_at: float
    last_at: float
    held_back: int = 0
    times: int = 1


@dataclass(slots=True)
class _Message:
    """All lines of one message in the running minute."""

    began_at: float
    lines: int = 0
    left_out: int = 0


class Repeats(logging.Filter):
    """On a handler: lets through what is new, and counts what is not."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._lines: dict[str, _Line] = {}
        self._messages: dict[str, _Message] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or hasattr(record, _IS_SUMMARY):
            return True
        now, key = self._now(), _key(record)
        line = self._lines.pop(key, None)
        if line is not None and now - line.last_at <= QUIET_SECONDS:
            self._lines[key] = line  # the last to be forgotten
            line.last_at, line.times = now, line.times + 1
            if now - line.said_at < AGAIN_SECONDS:
                line.held_back += 1
                return False
            record.repeated, line.held_back, line.said_at = line.held_back + 1, 0, now
            return True
        if line is not None:
            self._say_over(line)
        if not self._has_room(record, now):
            return False
        self._lines[key] = _Line(record, now, now)
        if len(self._lines) > KINDS_MAX:
            self._say_over(self._lines.pop(next(iter(self._lines))))
        return True

    def _has_room(self, record: logging.LogRecord, now: float) -> bool:
        """Whether one more line of this message is written in this minute."""
        name = f"{record.name}|{record.msg}"[:300]
        message = self._messages.get(name)
        if message is None or now - message.began_at >= QUIET_SECONDS:
            self._messages.pop(name, None)
            self._messages[name] = message = _Message(now)
            if len(self._messages) > KINDS_MAX:
                del self._messages[next(iter(self._messages))]
        message.lines += 1
        if message.lines <= OF_ONE_MESSAGE_MAX:
            return True
        message.left_out += 1
        if message.left_out == 1:
            _say(record, f"{record.msg}: more of these come than are written", lines=message.lines)
        return False

    def look(self) -> None:
        """Say of what has stopped that it is over."""
        now = self._now()
        for key, line in [(k, each) for k, each in self._lines.items() if now - each.last_at > QUIET_SECONDS]:
            del self._lines[key]
            self._say_over(line)
        for name, message in [(k, each) for k, each in self._messages.items() if now - each.began_at >= QUIET_SECONDS]:
            del self._messages[name]
            if message.left_out:
                _say(None, "lines were left out of the log", said_of=name, lines=message.left_out)

    def _say_over(self, line: _Line) -> None:
        if line.times > 1:
            _say(
                line.record, f"{line.record.msg}: no more", times=line.times, seconds=round(line.last_at - line.said_at)
            )

    async def keep_looking(self) -> None:
        """Until cancelled."""
        while True:
            await anyio.sleep(LOOK_SECONDS)
            self.look()


def _say(about: logging.LogRecord | None, message: str, **fields: object) -> None:
    """One line of our own, with the fields of the line it is about."""
    name = about.name if about is not None else __name__
    told = {key: value for key, value in about.__dict__.items() if key not in _PLAIN} if about is not None else {}
    args = about.args if about is not None else None
    logging.getLogger(name).log(
        logging.WARNING,
        message,
        *(args if isinstance(args, tuple) else ()),
        extra={**told, **fields, _IS_SUMMARY: True},
    )


def _key(record: logging.LogRecord) -> str:
    kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    parts = [record.name, record.levelname, str(record.msg), kind]
    if record.name.partition(".")[0] in ("daemon", "statemachine"):
        parts += [f"{key}={value!r}" for key, value in sorted(record.__dict__.items()) if key not in _PLAIN]
    return "|".join(parts)[:1000]
