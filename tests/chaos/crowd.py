"""R5: connections that others hold on a real daemon, while pages and webhooks are asked for: how long those take.

python -m tests.chaos.crowd --half-open 1100 --slow 1000

Half-open: clients that send half of a request's head and no more. Slow: clients that announce a webhook of a megabyte,
without a signature, and send a byte of it every second. Each crowd for itself and both at once; a client that the daemon
has closed comes again. Reported: the longest answer of the health check, the sign-in page and a signed webhook, and the
daemon's descriptors at most, against what it may have.
"""

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.acceptance.processes import open_folder
from tests.chaos.rig import MERCHANT, Rig
from tests.samples import WEBHOOK

HALF_HEAD = b"GET /sign-in HTTP/1.1\r\nHost: x\r\nX-Slow: "
UNSIGNED = (
    f"POST /webhooks/happy-returns/{MERCHANT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    "Content-Length: 1000000\r\n\r\n{"
).encode()
DESCRIPTORS = 1024
LAUNCHER = (
    "-c",
    f"import resource, runpy; resource.setrlimit(resource.RLIMIT_NOFILE, ({DESCRIPTORS},) * 2); "
    "runpy.run_module('daemon.console.main', run_name='__main__')",
)
"""The daemon, with as many descriptors as a system gives that was not told otherwise."""
PATIENCE_SECONDS = 30.0


@dataclass(slots=True)
class Answers:
    """How long what was asked took, in seconds, and what did not answer with success."""

    longest: dict[str, float] = field(default_factory=dict)
    count: int = 0
    failed: list[str] = field(default_factory=list)
    descriptors_max: int = 0
    opened: int = 0
    closed_by_daemon: int = 0
    is_over: bool = False
    """The crowd may go home."""

    def add(self, name: str, seconds: float, status: str) -> None:
        self.count += 1
        self.longest[name] = max(self.longest.get(name, 0.0), round(seconds, 3))
        if status != "200":
            self.failed.append(f"{name}: {status}")


async def client(address: str, begins: bytes, *, drips: bool, answers: Answers) -> None:
    """One of the crowd, for as long as it lasts."""
    host, port = address.split(":")
    while not answers.is_over:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(host, int(port))
            answers.opened += 1
            try:
                writer.write(begins)
                while not reader.at_eof() and not answers.is_over:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(1.0):
                            await reader.read(4096)
                    if drips:
                        writer.write(b" ")
                answers.closed_by_daemon += 1
            finally:
                writer.close()
        await asyncio.sleep(1)


async def ask(address: str, secret: bytes, pid: int, answers: Answers, *, seconds: float) -> None:
    """Everybody else, who comes with a new connection each time."""
    body = json.dumps(WEBHOOK).encode()
    signed = {"X-Hr-Signature": hmac.new(secret, body, hashlib.sha256).hexdigest()}
    requests = {
        "health check": ("GET", "/healthz", None, {}), "sign-in page": ("GET", "/sign-in", None, {}),
        "webhook": ("POST", f"/webhooks/happy-returns/{MERCHANT}", body, signed),
    }  # fmt: skip
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for name, (method, path, data, headers) in requests.items():
            began = time.monotonic()
            try:
                async with (
                    aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_SECONDS)) as http,
                    http.request(method, f"http://{address}{path}", data=data, headers=headers) as reply,
                ):
                    await reply.read()
                    status = str(reply.status)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                status = type(error).__name__
            answers.add(name, time.monotonic() - began, status)
        held = len(os.listdir(f"/proc/{pid}/fd"))
        answers.descriptors_max = max(answers.descriptors_max, held)
        await asyncio.sleep(0.1)


async def until_up(address: str) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(60):
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with http.get(f"http://{address}/healthz"):
                    return
            await asyncio.sleep(0.2)


async def measure(folder: Path, *, half_open: int, slow: int, seconds: float) -> dict[str, object]:
    rig = Rig(folder, daemons=1, launcher=LAUNCHER)
    async with rig.running():
        rig.start(0)
        process, address = rig.processes[0], rig.address(0)
        await until_up(address)
        secret = (folder / "world" / f"{MERCHANT}.happy-returns.webhook").read_bytes().strip()
        told: dict[str, object] = {"descriptors_allowed": DESCRIPTORS}
        for name, halves, slows in (
            ("nobody", 0, 0), ("half-open", half_open, 0), ("slow", 0, slow), ("both", half_open, slow),
        ):  # fmt: skip
            answers = Answers()
            crowd = [
                asyncio.create_task(client(address, HALF_HEAD, drips=False, answers=answers)) for _ in range(halves)
            ]
            crowd += [asyncio.create_task(client(address, UNSIGNED, drips=True, answers=answers)) for _ in range(slows)]
            await asyncio.sleep(3 if crowd else 0)
            await ask(address, secret, process.pid, answers, seconds=seconds)
            answers.is_over = True
            await asyncio.gather(*crowd, return_exceptions=True)
            told[name] = {
                "opened": answers.opened, "closed_by_daemon": answers.closed_by_daemon, "asked": answers.count,
                "longest_seconds": answers.longest, "failed": answers.failed[:10], "descriptors_max": answers.descriptors_max,
                "log_kb": round((folder / "daemon0.log").stat().st_size / 1024),
            }  # fmt: skip
            print(name, json.dumps(told[name]), file=sys.stderr, flush=True)
        return told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--half-open", type=int, default=1100)
    parser.add_argument("--slow", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    with open_folder() as folder:
        told = asyncio.run(measure(folder, half_open=options.half_open, slow=options.slow, seconds=options.seconds))
    print(json.dumps(told, indent=2))
    return 1 if any(crowd["failed"] for crowd in told.values() if isinstance(crowd, dict)) else 0


if __name__ == "__main__":
    sys.exit(main())
