"""What one merchant of many does to a daemon's readiness, and what may be said of it to whom."""

from daemon.health.kinds import FORBIDDEN, SILENT
from daemon.health.signals import Signal, stopped
from daemon.views.health import held_up, readiness
from statemachine.states import State
from tests.unit.test_escalation import REFUSED
from tests.unit.test_throttle import NOON


def test_one_merchant_that_cannot_work_takes_no_daemon_away_from_the_others() -> None:
    silent = Signal("zenith", "happy-returns", SILENT, NOON, "no answer")

    one = readiness([REFUSED], ["acme", "zenith"])
    both = readiness([REFUSED, silent], ["acme", "zenith"])
    none = readiness([], ["acme", "zenith"])

    assert (one.is_ready, one.able, one.configured) == (True, 1, 2)
    assert "1 of 2 merchant(s) cannot work: Brightpearl refuses our key or token" in one.why
    assert one.anonymous()["degraded"] is True
    assert (both.is_ready, both.able) == (False, 0)
    assert (none.is_ready, none.why, none.anonymous()["degraded"]) == (True, "", False)
    for told in (one.anonymous(), both.anonymous()):
        assert not {"acme", "zenith", "/secrets/token"} & set(str(told).replace("'", " ").replace("/", " ").split())
    assert [each["ready"] for each in one.detailed(["acme", "zenith"], with_installation=False)] == [False, True]


def test_a_forbidden_resource_stops_work_only_where_no_return_gets_along_without_it() -> None:
    stock = Signal("acme", "brightpearl:receive-stock", FORBIDDEN, NOON, "403")
    credit = Signal("acme", "brightpearl:create-sales-credit", FORBIDDEN, NOON, "403")

    assert stopped([stock], "acme") == []
    assert stopped([credit], "acme") == [credit]
    assert stopped([credit], "zenith") == []


def test_a_return_is_held_up_by_the_vendor_it_needs_and_no_other() -> None:
    assert "Brightpearl refuses" in held_up([REFUSED], "acme", State.CREDIT_PENDING)
    assert held_up([REFUSED], "acme", State.SCANNED) == ""
    assert held_up([REFUSED], "zenith", State.CREDIT_PENDING) == ""
