"""What systemd hands a service and wants to hear from it: readiness, a heartbeat, the socket it listens on for us.

Without systemd all of it is silent. Source: systemd's sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3).
"""

import contextlib
import os
import socket

import anyio

from daemon.loops.runner import Runner

_FIRST_PASSED = 3  # SD_LISTEN_FDS_START


def notify(message: str) -> None:
    """One datagram to systemd, when it is listening."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel,
        contextlib.suppress(OSError),
    ):  # not worth a daemon
        channel.sendto(message.encode(), f"\0{address[1:]}" if address.startswith("@") else address)


def watchdog_seconds() -> float | None:
    """After how long a silence we are killed; None when nobody watches this process."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdigit() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(microseconds) / 1_000_000


async def keep_awake(runner: Runner) -> None:
    """Beat as long as the runner turns; whatever stands still for longer is killed and started anew."""
    silence = watchdog_seconds()
    while silence is not None:
        if standing := runner.stands_still():
            notify(f"STATUS=standing still: {standing}")
        else:
            notify("WATCHDOG=1")
        await anyio.sleep(silence / 3)


def passed_socket() -> socket.socket | None:
    """The listening socket systemd opened for us, so that no connection is refused while we restart; or None."""
    count = os.environ.get("LISTEN_FDS", "")
    if count != "1" or os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    passed = socket.socket(fileno=_FIRST_PASSED)
    passed.setblocking(False)
    return passed
