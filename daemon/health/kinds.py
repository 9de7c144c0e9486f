"""What can keep work from being done: one kind of trouble a row, with what stands still and what to do. Data only."""

from dataclasses import dataclass
from datetime import timedelta

INSTALLATION = ""
"""In place of a merchant: what concerns all of them, the database or the way alerts leave."""
HAPPY_RETURNS, BRIGHTPEARL = VENDORS = ("happy-returns", "brightpearl")
NAMES = {HAPPY_RETURNS: "Happy Returns", BRIGHTPEARL: "Brightpearl"}

UNKNOWN, WELL = "unknown", "well"
REFUSES, SILENT, GARBLED = "vendor-refuses-us", "vendor-silent", "vendor-garbled"
OUTAGES = (REFUSES, SILENT, GARBLED)
"""A vendor as a whole: nothing can be asked of it, and nothing sent."""
FORBIDDEN, FAILING, UNREADABLE = "resource-forbidden", "resource-failing", "resource-garbled"
NOT_RENEWABLE = "token-not-renewable"
CLOCK_SKEW = "clock-skew"
WEBHOOKS_MISSING = "webhooks-missing"
NOT_WORKED, LOOP_STANDS_STILL = "not-worked", "loop-stands-still"
NOT_COMPARED = "not-compared"
UNDELIVERED = "alerts-undelivered"
NO_WRITES, NEARLY_FULL = "database-takes-no-writes", "database-nearly-full"
BACKUP_LATE = "backup-late"
CERTIFICATE_EXPIRES = "certificate-expires"

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of trouble. Every kind is owned by operations."""

    code: str
    told_after: timedelta
    """How long it lasts before somebody is told; with the look of the monitor well inside a quarter of an hour (R25)."""
    stops: str
    """What stands still meanwhile."""
    do: str
    runbook: str
    is_urgent: bool = True
    """Somebody is woken for it."""
    stops_work: bool = True
    """Nothing, or nothing that matters, can be done for the merchant while it lasts."""


def _kinds(*kinds: Kind) -> dict[str, Kind]:
    table = {kind.code: kind for kind in kinds}
    assert len(table) == len(kinds), "a kind appears twice"
    assert all(kind.told_after <= 13 * _MINUTE for kind in kinds), "somebody must be told within a quarter of an hour"
    return table


KINDS: dict[str, Kind] = _kinds(
    Kind(REFUSES, _MINUTE,
         "Nothing is asked of this vendor, and nothing sent to it. Returns wait; nothing is lost, no attempt is used up.",
         "Put a key or token that is in force into the file named; it is read anew by itself. Was it rotated, was the app "
         "removed, did its rights change?", "vendor-refuses-us"),
    Kind(SILENT, 10 * _MINUTE,
         "Nothing is asked of this vendor and nothing is sent to it but a probe now and then. Returns wait; nothing is lost.",
         "Look at the vendor's status page, then at network, DNS and proxy of this machine; it goes on by itself.",
         "vendor-silent"),
    Kind(GARBLED, 10 * _MINUTE,
         "This vendor answers, but not as it documents: a page of a proxy, cut or foreign bodies. Returns wait.",
         "Look at the base_url and at what stands between; keep an answer and ask the vendor's support.", "vendor-garbled"),
    Kind(FORBIDDEN, 5 * _MINUTE,
         "This one resource is forbidden to us while others are not. What needs it waits; the rest goes on.",
         "Give the app, or the person the token belongs to, the right to this resource.", "vendor-refuses-us"),
    Kind(FAILING, 10 * _MINUTE, "This one resource fails while others answer. What needs it waits; the rest goes on.",
         "Look at the vendor's status page; keep the answer and ask its support.", "vendor-silent", is_urgent=False),
    Kind(UNREADABLE, 10 * _MINUTE, "The answers of this one resource cannot be understood. What needs it waits.",
         "Keep an answer and ask the vendor's support; report it to the developers.", "vendor-garbled", is_urgent=False),
    Kind(NOT_RENEWABLE, _MINUTE,
         "Work goes on until the access token in use runs out, and stops then: a new one cannot be got.",
         "Authorise the app again and write the new refresh token into the file named.", "vendor-refuses-us",
         stops_work=False),
    Kind(CLOCK_SKEW, 10 * _MINUTE,
         "This machine's clock and the other side's differ by more than a minute: tokens may seem expired, windows of time "
         "are read wrongly, signed alerts are refused by their receivers.",
         "See that the time is synchronised on this machine: timedatectl", "clock-skew", is_urgent=False, stops_work=False),
    Kind(WEBHOOKS_MISSING, timedelta(),
         "Happy Returns' webhooks do not come. Returns are found by polling alone: later, and nothing is lost.",
         "homeward audit gaps shows where Happy Returns posts to; compare address and secret.", "webhooks-missing",
         is_urgent=False, stops_work=False),
    Kind(NOT_WORKED, 2 * _MINUTE, "No daemon works this merchant: nothing is asked, decided or sent.",
         "systemctl status homeward on every machine that should work it; the log says why it is not taken.", "daemon-down"),
    Kind(LOOP_STANDS_STILL, 5 * _MINUTE, "One loop of this merchant does not go round; what it does is not done.",
         "The log names what breaks it; report that to the developers, and restart the daemon.", "loop-stands-still"),
    Kind(NOT_COMPARED, _MINUTE,
         "What others write in Brightpearl has not been read whole for an hour: a second credit or refund beside ours would "
         "not be noticed meanwhile. Our own credits and refunds go on, each with reads of its own.",
         "Look at what stands between us and Brightpearl; keep an answer and ask its support.", "vendor-garbled",
         is_urgent=False, stops_work=False),
    Kind(UNDELIVERED, 5 * _MINUTE, "Messages to this team do not arrive; others are told in its place of what is urgent.",
         "homeward alert test TEAM shows why; correct the address, account or secret.", "messages-fail", stops_work=False),
    Kind(NO_WRITES, _MINUTE, "The database takes no writes: nothing is stored, so nothing is decided and nothing sent.",
         "Is it a standby, set to read-only, or is its disk full? Point database.dsn at the primary; make room.",
         "database-takes-no-writes"),
    Kind(NEARLY_FULL, 5 * _MINUTE, "The database still takes writes, but not for long.",
         "Make room, enlarge the disk, or remove what is long over: homeward db prune", "database-takes-no-writes",
         stops_work=False),
    Kind(BACKUP_LATE, 10 * _MINUTE, "A restore would lose everything since the last backup or archived segment.",
         "Look at archive_command and the backup's own log.", "wal-not-archived", is_urgent=False, stops_work=False),
    Kind(CERTIFICATE_EXPIRES, timedelta(), "Soon no browser, and no webhook, gets through any more.",
         "Renew the certificate; a renewed file is taken up within a minute.", "certificate-expires", is_urgent=False,
         stops_work=False),
)  # fmt: skip
