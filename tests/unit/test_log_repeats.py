"""The log: what repeats is said once, with how often it came, and once when it is over."""

import logging
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from daemon.log_repeats import AGAIN_SECONDS, KINDS_MAX, OF_ONE_MESSAGE_MAX, QUIET_SECONDS, Repeats
from daemon.telemetry import JsonFormatter


class Written(logging.Handler):
    """Lines as they would be written, and the time they are written at."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 1000.0
        self.repeats = Repeats(now=lambda: self.at)
        self.addFilter(self.repeats)
        self.setFormatter(JsonFormatter())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(orjson.loads(self.format(record)))

    def after(self, seconds: float) -> "Written":
        self.at += seconds
        self.repeats.look()
        return self

    @property
    def messages(self) -> list[str]:
        return [line["message"] for line in self.lines]


@pytest.fixture
def written() -> Iterator[Written]:
    handler = Written()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


log = logging.getLogger("daemon.tests")


def test_what_repeats_is_said_once_and_once_when_it_is_over(written: Written) -> None:
    for _ in range(500):
        log.warning("happy returns not asked", extra={"merchant": "acme", "why": "503"})
        written.after(0.1)

    written.after(QUIET_SECONDS + 1)

    assert written.messages == ["happy returns not asked", "happy returns not asked: no more"]
    assert (written.lines[1]["times"], written.lines[1]["merchant"]) == (500, "acme")


def test_what_goes_on_is_said_again_with_how_often_it_came(written: Written) -> None:
    for _ in range(int(AGAIN_SECONDS // 30) + 1):
        log.error("webhook not stored", extra={"merchant": "acme"})
        written.after(30)

    assert written.messages == ["webhook not stored"] * 2
    assert written.lines[1]["repeated"] == AGAIN_SECONDS // 30


def test_what_came_once_is_not_said_to_be_over(written: Written) -> None:
    log.error("event refused", extra={"inbox_id": 1})

    written.after(QUIET_SECONDS + 1).after(QUIET_SECONDS)

    assert written.messages == ["event refused"]


def test_other_merchants_other_errors_and_what_is_no_warning_are_not_held_back(written: Written) -> None:
    logging.getLogger("daemon.tests").setLevel(logging.INFO)
    for error in (ValueError("a"), KeyError("b")):
        for merchant in ("acme", "other"):
            try:
                raise error
            except (ValueError, KeyError):
                log.exception("loop broke", extra={"merchant": merchant})
    for _ in range(3):
        log.info("return moved")

    assert written.messages == ["loop broke"] * 4 + ["return moved"] * 3


def test_a_librarys_line_is_the_same_by_its_message_alone(written: Written) -> None:
    for number in range(1000):
        logging.getLogger("aiohttp.server").error("Error handling request from %s", f"203.0.113.{number}")

    assert written.messages == ["Error handling request from 203.0.113.0"]


def test_of_one_message_with_ever_other_fields_so_many_are_written(written: Written) -> None:
    for number in range(10_000):
        log.error("event refused", extra={"inbox_id": number})

    written.after(QUIET_SECONDS + 1)

    assert written.messages[:OF_ONE_MESSAGE_MAX] == ["event refused"] * OF_ONE_MESSAGE_MAX
    assert written.messages[OF_ONE_MESSAGE_MAX:] == [
        "event refused: more of these come than are written", "lines were left out of the log",
    ]  # fmt: skip
    assert written.lines[-1]["lines"] == 10_000 - OF_ONE_MESSAGE_MAX


def test_what_is_remembered_is_bounded(written: Written) -> None:
    for number in range(KINDS_MAX * 3):
        logging.getLogger("daemon.tests").error(f"message {number}")  # noqa: G004 - a message of its own each time

    assert len(written.repeats._lines) <= KINDS_MAX
    assert len(written.repeats._messages) <= KINDS_MAX
    assert len(written.lines) == KINDS_MAX * 3
