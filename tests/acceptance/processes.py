"""The real programs as processes: the sandbox, the daemon, the operator's command. Waiting is for facts, never for time."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.command import Program, call, start

GIVE_UP_SECONDS = 180.0
LOOK_SECONDS = 0.05


def homeward(*arguments: str, config: Path | None = None, check: int | None = 0) -> subprocess.CompletedProcess[str]:
    """Call the command and expect its exit code."""
    environment = {**os.environ, **({"HOMEWARD_CONFIG": str(config)} if config else {})}
    code, out, said = call(arguments, b"", environment)
    done = subprocess.CompletedProcess(arguments, code, out.decode(), said.decode())
    if check is not None:
        assert done.returncode == check, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def homeward_json(*arguments: str, config: Path) -> Any:
    return json.loads(homeward(*arguments, "-o", "json", config=config).stdout)


def until(fact: Callable[[], Any], what: str) -> Any:
    """Look until the fact holds. The bound only ends a test whose fact never comes about; it asserts no speed."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    pace = threading.Event()  # never set: leaves the machine to the programs between two looks
    while time.monotonic() < give_up:
        found = fact()
        if found:
            return found
        pace.wait(LOOK_SECONDS)
    raise AssertionError(f"it never came about that {what}")


def fetch(url: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - loopback only
            raw = reply.read()
            return reply.status, json.loads(raw) if raw else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None
    except (urllib.error.URLError, OSError):
        return 0, None


@contextmanager
def sandbox(folder: Path, daemon_address: str, *arguments: str) -> Iterator[tuple[str, Path]]:
    """Its address, and the configuration it wrote for a daemon."""
    told_to = ("--listen", "127.0.0.1:0", "--daemon", daemon_address, "--directory", str(folder), *arguments)
    reading, writing = os.pipe()
    with open(reading, "rb") as said:
        with open(writing, "wb") as stdout, (folder / "sandbox.log").open("ab") as log:
            process = start(("sandbox", *told_to), os.environ, stdout=stdout.fileno(), stderr=log.fileno())
        try:
            told = json.loads(said.readline())
            yield told["sandbox"], Path(told["config"])
        finally:
            process.terminate()
            process.wait()


@contextmanager
def daemon(config: Path) -> Iterator[Program]:
    """A running daemon; stopped by SIGTERM at the end if it still runs."""
    with (config.parent / "daemon.log").open("ab") as log:
        process = start(("run", "--config", str(config)), os.environ, stdout=log.fileno(), stderr=log.fileno())
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def free_address() -> str:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


IN_MEMORY = Path("/dev/shm")
IN_MEMORY_BYTES_MIN = 2 << 30


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder an unprivileged PostgreSQL account can pass through; in memory, where there is room: databases come sooner."""
    has_room = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free >= IN_MEMORY_BYTES_MIN
    where = str(IN_MEMORY) if has_room else None
    with tempfile.TemporaryDirectory(prefix="homeward-test-", ignore_cleanup_errors=True, dir=where) as name:
        os.chmod(name, 0o755)  # noqa: S103
        yield Path(name)
