"""The rig: a PostgreSQL of its own, the sandboxes and the daemons as processes, and hands that hurt them."""

import contextlib
import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import asyncpg

from daemon.errors import DatabaseUnusableError
from daemon.store import embedded
from daemon.store.database import DISCONNECTED
from tests.chaos import judge as judges
from tests.command import Program, call
from tests.command import start as start_program
from tests.due import Due, Pace, due

MERCHANT = "acme"
DAEMON = ("-m", "daemon.console.main")
BEGINS = "2026-03-02T08:00:00+00:00"
RATE = 240.0  # seconds of the season in one real second
STRIDE = timedelta(hours=6)  # how late what only asks or reminds may come
LOST = (*DISCONNECTED, asyncpg.PostgresError, TimeoutError)
SMALL_DISK = "64m"
PACE = Pace(
    timedelta(minutes=180), timedelta(minutes=15), timedelta(minutes=2880)
)  # as the sandbox configures its daemons
QUIET = 5  # looks, with the clock standing, at which nothing is on its way: then nothing comes any more
STILL_SECONDS, STILL_CPU_SECONDS = 20.0, 5.0  # without any progress for so long, though the daemons had the processor
NEVER_SECONDS = 180.0
STILL_DAYS = timedelta(days=100)  # of the season: longer than every ladder and every order is asked for


def keys_held(assumptions: Mapping[str, Any]) -> list[str]:
    """Which keys the sandbox holds under these assumptions, as a merchant who knows it would configure it."""
    if not assumptions.get("knows_keys", True):
        return []
    return ["payment", "goods-in"] + (["credit"] if assumptions.get("instance_id", 11) is not None else [])


@dataclass(slots=True)
class Rig:
    """One season's processes. Everything is reached through files below `folder` and loopback."""

    folder: Path
    daemons: int = 2
    launcher: tuple[str, ...] = DAEMON
    is_preloaded: bool = False
    """Sandbox and daemons are forked from a process that has imported everything; their memory is not an installation's."""
    clock_offset_seconds: float = 0.0
    small_disk: bool = False
    has_maps: bool = True
    rate: float = RATE
    settings: dict[str, Any] = field(default_factory=dict)
    """Lines for [merchants.acme.brightpearl], in place of what the sandbox wrote."""
    server: embedded.Server = field(init=False)
    url: str = field(init=False)
    dsn: str = field(init=False)
    processes: dict[int, "subprocess.Popen[bytes] | Program"] = field(default_factory=dict)
    environment: dict[int, dict[str, str]] = field(default_factory=dict)
    frozen: set[int] = field(default_factory=set)
    remembered: dict[str, str] = field(default_factory=dict)
    receipts_taken: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    has_small_disk: bool = False
    http: aiohttp.ClientSession = field(init=False)
    hand: anyio.Lock = field(default_factory=anyio.Lock)
    """On PostgreSQL: one trouble at a time."""
    _sandbox: "subprocess.Popen[bytes] | Program | None" = None
    _connection: asyncpg.Connection | None = None
    _looking: anyio.Lock = field(default_factory=anyio.Lock)

    # -- life ---------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Rig"]:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.server = await anyio.to_thread.run_sync(embedded.ensure, self.folder / "pg")
        async with aiohttp.ClientSession() as self.http:
            try:
                await self._open_database()
                await self._open_sandbox()
                yield self
            finally:
                for number in list(self.processes):
                    self.kill(number)
                if self._sandbox is not None:
                    self._sandbox.kill()
                    self._sandbox.wait()
                if self._connection is not None:
                    self._connection.terminate()
                self.end_postgres(signal.SIGQUIT)
                if self.has_small_disk:
                    await anyio.run_process(["umount", "-l", str(self.folder / "small")], check=False)

    async def _open_database(self) -> None:
        admin = await asyncpg.connect(self.server.dsn)
        tablespace = ""
        if self.small_disk and self._mount_small_disk():
            await admin.execute(f"CREATE TABLESPACE small LOCATION '{self.folder / 'small' / 'tables'}'")
            tablespace = " TABLESPACE small"
        await admin.execute(f"CREATE DATABASE homeward{tablespace}")
        await admin.close()
        self.dsn = self.server.dsn.replace("/postgres?", "/homeward?")

    def _mount_small_disk(self) -> bool:
        """A file system that can be filled; only root may mount one."""
        place = self.folder / "small"
        place.mkdir(exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(place)], capture_output=True, check=False
        )
        self.has_small_disk = done.returncode == 0
        if self.has_small_disk:
            who = embedded.account()
            (place / "tables").mkdir()
            for each in (place, place / "tables"):
                os.chown(each, who.uid, who.gid)
        return self.has_small_disk

    @property
    def sandbox_pid(self) -> int:
        assert self._sandbox is not None
        return self._sandbox.pid

    async def _open_sandbox(self) -> None:
        told = await anyio.to_thread.run_sync(self._begin_sandbox)
        self.url = told["sandbox"]
        base = Path(told["config"])
        for number in range(self.daemons):
            self._configure(base, number)
        self.command("db", "migrate")
        if self.has_maps:
            self.command("map", "accept", "--merchant", MERCHANT, "--reason", "first version", "--yes")
        await self.post("/_sandbox/webhook", {"url": f"http://{self.address(0)}/webhooks/happy-returns/{MERCHANT}"})
        await self.post("/_sandbox/clock", {"rate": self.rate})

    def _begin_sandbox(self) -> dict[str, Any]:
        """What it tells in its first line."""
        arguments = ("sandbox", "--listen", "127.0.0.1:0", "--daemon", f"127.0.0.1:{free_port()}",
                     "--directory", str(self.folder / "world"), "--now", BEGINS)  # fmt: skip
        reading, writing = os.pipe()
        with open(reading, "rb") as said:
            with open(writing, "wb") as stdout, open(os.devnull, "wb") as stderr:
                self._sandbox = self._begin(DAEMON, arguments, dict(os.environ), stdout.fileno(), stderr.fileno())
            told: dict[str, Any] = json.loads(said.readline())
        return told

    def _configure(self, base: Path, number: int) -> None:
        text = base.read_text()
        port = free_port()
        lines = []
        for line in text.splitlines():
            if line.startswith("listen = "):
                line = f'listen = "127.0.0.1:{port}"'
            if line.startswith("requests_per_minute = "):
                line = "\n".join(f"{key} = {json.dumps(value)}" for key, value in self._brightpearl().items())
            if line.startswith("file = ") and number:
                line = f'file = "{base.parent / f"clock{number}.json"}"'
            if not (line.startswith("keys_held = ") and "keys_held" in self.settings):
                lines.append(line)
        lines += ["", "[database]", f'dsn = "{self.dsn}"', ""]
        (base.parent / f"homeward{number}.toml").write_text("\n".join([f'name = "daemon{number}"', *lines]))
        self._follow_clock()

    def _brightpearl(self) -> dict[str, Any]:
        return {"requests_per_minute": 140, **self.settings}

    def _follow_clock(self) -> None:
        """Every daemon but the first has a clock of its own, which may be wrong by some seconds."""
        world = self.folder / "world"
        told = json.loads((world / "clock.json").read_text())
        told["at"] += self.clock_offset_seconds
        for number in range(1, self.daemons):
            fresh = world / f"clock{number}.new"
            fresh.write_text(json.dumps(told))
            fresh.replace(world / f"clock{number}.json")

    def config(self, number: int = 0) -> Path:
        return self.folder / "world" / f"homeward{number}.toml"

    def address(self, number: int) -> str:
        text = self.config(number).read_text()
        return next(line.split('"')[1] for line in text.splitlines() if line.startswith("listen = "))

    # -- hands on the processes ---------------------------------------------------------------------------------------

    def start(self, number: int, **environment: str) -> None:
        told = {**os.environ, **self.environment.get(number, {}), **environment}
        with (self.folder / f"daemon{number}.log").open("ab") as log:
            arguments = ("run", "--config", str(self.config(number)))
            self.processes[number] = self._begin(self.launcher, arguments, told, log.fileno(), log.fileno())

    def _begin(
        self,
        launcher: tuple[str, ...],
        arguments: tuple[str, ...],
        environment: dict[str, str],
        stdout: int,
        stderr: int,
    ) -> "subprocess.Popen[bytes] | Program":
        if self.is_preloaded and launcher == DAEMON:
            return start_program(arguments, environment, stdout=stdout, stderr=stderr)
        command = [sys.executable, *launcher, *arguments]
        return subprocess.Popen(command, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, env=environment)

    def kill(self, number: int) -> None:
        process = self.processes.pop(number)
        process.kill()
        process.wait()
        self.frozen.discard(number)

    def freeze(self, number: int) -> None:
        self.processes[number].send_signal(signal.SIGSTOP)
        self.frozen.add(number)
        self.count("freezes")

    def thaw(self, number: int) -> None:
        if number in self.frozen:
            self.processes[number].send_signal(signal.SIGCONT)
            self.frozen.discard(number)

    def revive(self) -> list[int]:
        """Begin again whatever has died; answer which did."""
        dead = [number for number, process in self.processes.items() if process.poll() is not None]
        for number in dead:
            code = self.processes[number].returncode
            self.count("kills" if code == -signal.SIGKILL else "exits")
            self.start(number)
        return dead

    def end_postgres(self, how: signal.Signals) -> None:
        """SIGQUIT is `pg_ctl stop -m immediate`; SIGKILL takes the postmaster and leaves its children to notice."""
        process = self.server.process
        if process is None or process.poll() is not None:
            return
        group = process.pid
        if how is signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        else:
            process.send_signal(how)
        process.wait()
        if self.server.hold is not None:
            self.server.hold.close()

    async def begin_postgres(self) -> None:
        """Begin it again; where its disk is still full it ends at once, and is begun once more."""
        while True:
            try:
                self.server = await anyio.to_thread.run_sync(embedded.ensure, self.folder / "pg")
            except DatabaseUnusableError:
                await anyio.sleep(0.5)
            else:
                return

    async def cut_sessions(self) -> None:
        """End every session of the daemons, as a failing network would."""
        with contextlib.suppress(*LOST):
            admin = await asyncpg.connect(self.server.dsn, timeout=5)
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = 'homeward' AND pid <> pg_backend_pid()"
            )
            await admin.close()
            self.count("session cuts")

    def fill_disk(self) -> None:
        if self.has_small_disk:
            subprocess.run(
                ["dd", "if=/dev/zero", f"of={self.folder / 'small' / 'ballast'}", "bs=64k"],
                capture_output=True, check=False,
            )  # fmt: skip
            self.count("full disks")

    def free_disk(self) -> None:
        (self.folder / "small" / "ballast").unlink(missing_ok=True)

    def count(self, what: str, by: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + by

    # -- the world ----------------------------------------------------------------------------------------------------

    async def post(self, path: str, body: Any) -> Any:
        async with self.http.post(f"{self.url}{path}", json=body) as reply:
            assert reply.status == 200, f"{path}: {reply.status} {await reply.text()}"
            told = await reply.json()
        if path == "/_sandbox/clock":
            self._follow_clock()
        return told

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.url}{path}") as reply:
            return await reply.json()

    def command(self, *arguments: str) -> bytes:
        """What the operator's command answers."""
        code, told, said = call((*arguments, "--config", str(self.config(0))), b"", dict(os.environ))
        assert code == 0, f"{arguments}: {code} {said.decode()}"
        return told

    async def now(self) -> datetime:
        """The vendors' clock, and the daemons'."""
        return datetime.fromisoformat((await self.get("/_sandbox/status"))["now"])

    async def webhooks_to(self, number: int) -> None:
        await self.post(
            "/_sandbox/webhook", {"url": f"http://{self.address(number)}/webhooks/happy-returns/{MERCHANT}"}
        )

    async def bring_receipts(self) -> None:
        """The warehouse's file, through the operator's command; kept back while there is no database."""
        rows = await self.get(f"/_sandbox/receipts?after={self.receipts_taken}")
        if not rows:
            return
        path = self.folder / "receipts.csv"
        with path.open("w", newline="") as handle:
            writer = csv.DictWriter(handle, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        try:
            await anyio.to_thread.run_sync(self.command, "receipt", "import", str(path), "--merchant", MERCHANT)
        except AssertionError:
            return
        self.receipts_taken += len(rows)

    async def look(self) -> dict[str, Any]:
        """What is waited for and how far things are; raises LOST while the database is away."""
        status = await self.get("/_sandbox/status")
        now = datetime.fromisoformat(status["now"])
        async with self._reading() as connection:
            coming = await due(connection, now, PACE, waits=[])
            row = await connection.fetchrow(_LOOK)
            assert row is not None
            told = dict(row)
        next_at = datetime.fromisoformat(status["next_at"]) if status["next_at"] else None
        return {
            **told, "now": now, "season_next": next_at, "struck": status["faults_struck"], "coming": coming,
            "waiting": "advance" in coming.loops, "due": "dispatch" in coming.loops, "reads": "intake" in coming.loops,
            "rungs": "expire" in coming.loops, "moves": coming.moves, "behind": _behind(coming, now),
            "progress": (coming.moves, coming.attempts, told["arrived"], status["steps_left"],
                         status["webhooks"]["sent"], self.receipts_taken),
        }  # fmt: skip

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[asyncpg.Connection]:
        """A session that is kept from look to look, and made anew after anything went wrong with it."""
        async with self._looking:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self.dsn, timeout=5, command_timeout=30)
            try:
                yield self._connection
            except BaseException:
                self._connection.terminate()
                raise

    async def until_moves(self, moves: int) -> None:
        """Until the returns have moved so often: the daemons are in the midst of it."""
        while (await self.look())["moves"] < moves:  # noqa: ASYNC110 - other processes move them
            await anyio.sleep(0.05)

    async def until_ends(self, number: int) -> int:
        """Go on until this daemon has ended by itself; how it ended. The bound only ends what would never come about."""
        process, give_up = self.processes[number], time.monotonic() + NEVER_SECONDS
        while process.poll() is None:
            assert time.monotonic() < give_up, f"daemon {number} does not end"
            with contextlib.suppress(*LOST):
                await self.bring_receipts()
                await self.let_time_pass(await self.look())
            await anyio.sleep(0.05)
        del self.processes[number]
        assert process.returncode is not None
        return process.returncode

    def holders(self) -> list[str]:
        """Which daemon holds each merchant, as the operator's command tells it; empty where nobody does."""
        rows = json.loads(self.command("merchant", "list", "-o", "json"))
        return [str(row["lease_owner"]).split(":")[0] if row["is_held"] else "" for row in rows]

    async def let_time_pass(self, seen: dict[str, Any], *, stride: timedelta = STRIDE) -> None:
        """Where nothing is due any more, jump to what comes next.

        An effect is met at its very moment. What only asks or reminds, and what the season plans, comes a stride late at
        most: there are thousands of such moments, and being late is what daemons must live with.
        """
        if seen["waiting"] or seen["due"] or seen["reads"] or seen["rungs"] or seen["leased"]:
            return
        if not seen["coming"].rounds:
            return  # no daemon has begun: a season must not be over before anybody has seen it
        now, coming = seen["now"], seen["coming"]
        soft = [
            at
            for at in (seen["season_next"], coming.next_at, coming.next_poll_at, *coming.rounds.values())
            if at is not None and at > now
        ]
        to = max(min(soft, default=now), now + stride)
        if coming.next_effect_at is not None:
            to = min(to, coming.next_effect_at)
        await self.post("/_sandbox/clock", {"to": to.isoformat(), "rate": self.rate})

    async def remember(self) -> None:
        with contextlib.suppress(*LOST):
            async with self._reading() as connection:
                self.remembered |= await judges.remember(connection)

    async def judge(self) -> judges.Judgement:
        books, started = await self.get("/_sandbox/books"), await self.get("/_sandbox/started")
        now = await self.now()
        connection = await asyncpg.connect(self.dsn)
        try:
            return await judges.judge(connection, books, started, now=now, remembered=self.remembered)
        finally:
            await connection.close()

    async def settle(self, *, watch: bool = False) -> bool:
        """Without further vendor faults: go on until the season is over and nothing is on its way. False: it stands still.

        Every order is asked for returns once more after the end: what nobody told us of is found by then. The clock then
        stands, so that nothing can fall due while the judge reads. `watch`: remember journal rows on the way.
        """
        await self.post("/_sandbox/faults", {})
        still, quiet, over_at, stands = _Standstill(), 0, None, False
        while True:
            self.revive()
            try:
                await self.bring_receipts()
                seen = await self.look()
                if watch:
                    await self.remember()
            except LOST:
                if still.is_reached(None, None, self._cpu_seconds()):
                    return False
                continue
            is_over = seen["season_next"] is None and seen["coming"].is_at_rest and not seen["behind"]
            is_over = is_over and not seen["leased"] and not seen["middle"] and seen["is_held"]
            if is_over:
                over_at = over_at or seen["now"]
                is_over = seen["asked_for_orders"] is None or seen["asked_for_orders"] > over_at
            quiet = quiet + 1 if is_over else 0
            if quiet == 1:
                await self.post("/_sandbox/clock", {"rate": 0.0})
                stands = True
            elif quiet > QUIET:
                return True
            elif not is_over:
                if still.is_reached(seen["progress"], seen["now"], self._cpu_seconds()):
                    return False
                if stands:
                    await self.post("/_sandbox/clock", {"rate": self.rate})
                    stands = False
                await self.let_time_pass(seen, stride=4 * STRIDE)
            await anyio.sleep(0.05)

    def _cpu_seconds(self) -> float:
        """Processor time that the daemons have used: what tells a standstill from a busy machine."""
        return sum(_cpu_of(process.pid) for process in self.processes.values())


@dataclass(slots=True)
class _Standstill:
    """Nothing moved although the daemons had the processor, or the season's days went by."""

    progress: Any = None
    since: float = field(default_factory=time.monotonic)
    since_day: datetime | None = None
    since_cpu: float = 0.0

    def is_reached(self, progress: Any, now: datetime | None, cpu: float) -> bool:
        if progress is not None and progress != self.progress:
            self.progress, self.since, self.since_day, self.since_cpu = progress, time.monotonic(), now, cpu
            return False
        waited, used = time.monotonic() - self.since, cpu - self.since_cpu
        if now is not None and self.since_day is not None and now - self.since_day > STILL_DAYS:
            return waited > STILL_SECONDS
        return waited > STILL_SECONDS and (used > STILL_CPU_SECONDS or waited > 10 * STILL_SECONDS)


def _cpu_of(pid: int) -> float:
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _behind(coming: Due, now: datetime) -> bool:
    """Whether something that comes round has not come round yet, at the first or at its time."""
    rounds = coming.rounds
    return "reconcile" not in rounds or any(
        rounds[name] <= now for name in ("reconcile", "reevaluate") if name in rounds
    )


_LOOK = """
SELECT (SELECT count(*) FROM outbox WHERE state IN ('ready', 'leased')) AS open,
       (SELECT count(*) FROM outbox WHERE state = 'leased') + (SELECT count(*) FROM watch WHERE lease_until IS NOT NULL)
           AS leased,
       (SELECT count(*) FROM inbox) AS arrived,
       (SELECT min(coalesce(polled_at, opened_at)) FROM watch
         WHERE tier = 'order' AND next_poll_at IS NOT NULL) AS asked_for_orders,
       (SELECT count(*) FROM returns) AS returns,
       (SELECT count(*) FROM returns
         WHERE state IN ('initiated', 'scanned', 'credit-pending', 'credited')) AS middle,
       (SELECT bool_or(lease_until > clock_timestamp()) FROM merchant) AS is_held
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
