"""Whether a body is signed, found while it comes in; and who may send bodies after several that were not."""

import base64
import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

SMALL_BODY = 64 * 1024
"""What Happy Returns sends is smaller, a return of hundreds of units aside."""
UNSIGNED_BYTES_PER_MINUTE = 8 * SMALL_BODY * 16
"""Of bodies with a bad signature that are read of one client in a minute: a wrong key shows at once, a flood ends at once."""
UNSIGNED_IN_ALL_PER_MINUTE = 8 * UNSIGNED_BYTES_PER_MINUTE
STRANGER_READS_MAX = 16  # bodies of one client, whose signature was never good, that are read at once
STRANGERS_READ_MAX = 64  # of all such clients
CLIENTS_MAX = 10_000
HEADER_MAX = 200


@dataclass(slots=True)
class Allowance:
    """So many a minute, evenly: a bucket that fills by itself."""

    per_minute: int
    left: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.at = float(self.per_minute), time.monotonic()

    def take(self) -> bool:
        if not self.has(1):
            return False
        self.left -= 1
        return True

    def has(self, amount: float) -> bool:
        now = time.monotonic()
        self.left = min(self.per_minute, self.left + (now - self.at) * self.per_minute / 60)
        self.at = now
        return self.left >= amount

    def spend(self, amount: float) -> None:
        """Take what was used already, below nothing where that is more than is left."""
        self.has(0)
        self.left = max(self.left - amount, -float(self.per_minute))


class Signature:
    """The signature over a body under any of the keys, while its chunks come in; constant time. UNCONFIRMED U-11."""

    def __init__(self, header: str, keys: tuple[bytes, ...], *, scheme: str) -> None:
        self._given, self._scheme = header.strip().removeprefix("sha256="), scheme
        self._digests = [hmac.new(key, digestmod=hashlib.sha256) for key in keys]

    def update(self, chunk: bytes) -> None:
        for each in self._digests:
            each.update(chunk)

    @property
    def is_good(self) -> bool:
        good = False
        for each in self._digests:
            if self._scheme == "hmac-sha256-base64":
                expected, given = base64.b64encode(each.digest()).decode(), self._given
            else:
                expected, given = each.hexdigest(), self._given.lower()
            good |= hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
        return good


def is_signed(raw: bytes, header: str, keys: tuple[bytes, ...], *, scheme: str) -> bool:
    signature = Signature(header, keys, scheme=scheme)
    signature.update(raw)
    return signature.is_good


class Senders:
    """Who sends bodies: clients whose signature was good before, and strangers, who are read less and less of.

    Reading and hashing is what an unsigned body costs; nothing is read of whoever has used up what is granted.
    """

    def __init__(self) -> None:
        self._known: dict[str, None] = {}
        self._granted: dict[str, Allowance] = {}
        self._granted_in_all = Allowance(UNSIGNED_IN_ALL_PER_MINUTE)
        self._reading: Counter[str] = Counter()

    def may_send(self, client: str, size: int | None) -> bool:
        """Whether a body of that size (None: not said) is read of this client."""
        granted = self._granted.get(client)
        if client in self._known:  # a proxy, perhaps, that others come by too
            return granted is None or granted.has(1) or (size is not None and size <= SMALL_BODY)
        if self._reading[client] >= STRANGER_READS_MAX or self._reading.total() >= STRANGERS_READ_MAX:
            return False
        return self._granted_in_all.has(1) and (granted is None or granted.has(1))

    @contextmanager
    def reading(self, client: str) -> Iterator[None]:
        """While a body of this client is read."""
        is_stranger = client not in self._known
        self._reading[client] += is_stranger
        try:
            yield
        finally:
            self._reading[client] -= is_stranger
            if not self._reading[client]:
                del self._reading[client]

    def was_signed(self, client: str) -> None:
        self._known.pop(client, None)
        self._known[client] = None
        if len(self._known) > CLIENTS_MAX:
            del self._known[next(iter(self._known))]

    def was_not_signed(self, client: str, size: int) -> None:
        granted = self._granted.pop(client, None) or Allowance(UNSIGNED_BYTES_PER_MINUTE)
        self._granted[client] = granted
        granted.spend(max(size, 1024))
        if client not in self._known:
            self._granted_in_all.spend(max(size, 1024))
        if len(self._granted) > CLIENTS_MAX:
            del self._granted[next(iter(self._granted))]
