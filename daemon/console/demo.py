"""`homeward demo`: a season of returns on real parts, in minutes of moved time, compared at the end, not claimed.

An embedded PostgreSQL, the sandbox and the daemon are started as processes of their own; vendor faults are planned, the
daemon is killed in the middle; the warehouse's receipts come in as files; then both sides' books are compared.
"""

import csv
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import anyio
import orjson
import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from daemon import app as application
from daemon import opening
from daemon.actions.imports import import_receipts
from daemon.actions.map_changes import accept
from daemon.console.compare import Comparison, compare
from daemon.console.output import Format, emit_one
from daemon.console.session import FAILED, Stop
from daemon.finance.collect import Sources, collect
from daemon.finance.matching import figures_of, run_matching
from daemon.maps import read_map
from daemon.settings import load
from daemon.store import embedded, inbox, outbox, reports, watch
from daemon.store.database import Database
from statemachine.books.legs import Kind

MERCHANT = "acme"
BUSY_RATE = 240.0  # while there is work: a minute of quota passes in a quarter of a second
LAST_LOOK = timedelta(hours=1)
COMPARED_WITHIN = timedelta(days=2)  # the clock runs no further ahead of the comparing of goods that are awaited
UP_SECONDS = 1.0  # a daemon that does not answer for so long is not up
STRIDE = timedelta(hours=12)  # the least the clock jumps when nothing is left to do
GIVE_UP_SECONDS = 900.0
STALLED_SECONDS = 60.0  # real time without any progress
FAULTS: dict[str, Any] = {
    "webhook_duplicate_share": 0.05, "webhook_drop_share": 0.02, "webhook_reorder_share": 0.05,
    "webhook_bad_signature_share": 0.02,
    "rules": [
        {"match": "^POST .*/sales-credit$", "kind": "lose-answer", "share": 0.05},
        {"match": "^POST .*/sales-credit$", "kind": "refuse-connection", "share": 0.03},
        {"match": "^POST .*/sales-credit$", "kind": "error-after", "share": 0.03},
        {"match": "^POST .*/customer-payment$", "kind": "lose-answer", "share": 0.05},
        {"match": "^POST .*/goods-in$", "kind": "lose-answer", "share": 0.05},
        {"match": "^POST .*/close$", "kind": "error-after", "share": 0.05},
        {"match": "^GET .*/order-service/", "kind": "truncate", "share": 0.01},
        {"match": "^GET .*/order-search", "kind": "unavailable", "share": 0.01},
        {"match": "^POST /return$", "kind": "error-before", "share": 0.02},
        {"match": "/accounting-service/", "kind": "throttled", "share": 0.01},
    ],
}  # fmt: skip


def demo(
    returns: Annotated[int, typer.Option("--returns", min=1, max=100_000, help="How many returns.")] = 300,
    seed: Annotated[int, typer.Option("--seed", help="The same seed plans the same season.")] = 1,
    kills: Annotated[
        int, typer.Option("--kills", min=0, max=1000, help="kill -9 of the daemon, at random moments.")
    ] = 1,
    faults: Annotated[
        bool, typer.Option("--faults/--no-faults", help="Throttling, lost answers, broken replies.")
    ] = True,
    directory: Annotated[Path | None, typer.Option("--directory", help="Keep everything here.")] = None,
    books: Annotated[Path | None, typer.Option("--books", help="Write the comparable books to this file.")] = None,
    output: Annotated[Format, typer.Option("-o", "--output")] = Format.TABLE,
) -> None:
    """Run a whole season and prove that the books agree. Exit 0 only when nothing is lost, doubled or mismatched."""
    with _folder(directory) as folder:
        season = Season(folder, returns=returns, seed=seed, kills=kills, faults=faults)
        comparison = anyio.run(season.play)
    if books is not None:
        books.write_bytes(orjson.dumps(comparison.books, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    summary = {**comparison.summary, **season.summary()}
    if output is Format.TABLE:
        _print(summary, comparison)
    else:
        emit_one(summary, output)
    if not comparison.is_clean:
        raise SystemExit(FAILED)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="homeward-demo-") as name:
        os.chmod(name, 0o755)  # noqa: S103 - as root the server runs as another account, which must pass through
        yield Path(name)


OVER = {"restocked", "closed"}


@dataclass(slots=True)
class Season:
    """The processes of a demo and its progress."""

    folder: Path
    returns: int
    seed: int
    kills: int
    faults: bool
    began: float = field(default_factory=time.monotonic)
    killed: int = 0
    lines: dict[str, Any] = field(default_factory=dict)
    receipts_taken: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    matched: dict[str, Any] = field(default_factory=dict)
    _random: random.Random = field(default_factory=random.Random)
    _over_at: datetime | None = None
    _crediting: int = 1
    """Returns of the plan that end with a credit: each is about four writes."""
    _done: int = 0

    async def play(self) -> Comparison:
        self._random.seed(self.seed)
        begins = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
        sandbox = self._start(
            "sandbox", "-m", "daemon.sandbox", "--listen", "127.0.0.1:0", "--daemon", _free_address(),
            "--directory", str(self.folder), "--now", begins.isoformat(), "--seed", str(self.seed),
            stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert sandbox.stdout is not None
            line = await anyio.to_thread.run_sync(sandbox.stdout.readline)
            if not line:
                raise Stop(FAILED, f"the sandbox did not start; see {self.folder}/sandbox.log")
            told = orjson.loads(line)
            config = Path(told["config"])
            settings = load(config)
            async with (
                opening.open_database(settings, as_owner=True) as database,
                aiohttp.ClientSession(base_url=told["sandbox"]) as control,
            ):
                await opening.migrate(settings, database)
                # The server is the demo's own: the daemon is told where it is, so that it does not stop it.
                _append(config, _database_table(database.dsn))
                return await self.drive(config, database, control)
        finally:
            sandbox.terminate()
            await anyio.to_thread.run_sync(sandbox.wait)

    async def drive(self, config: Path, database: Database, control: aiohttp.ClientSession) -> Comparison:
        if self.faults:
            await _post(control, "/_sandbox/faults", {**FAULTS, "seed": self.seed})
        await _post(control, "/_sandbox/clock", {"rate": BUSY_RATE})
        await _post(control, "/_sandbox/seed", {"returns": self.returns, "seed": self.seed})
        ends = [each["units"].values() for each in (await _get(control, "/_sandbox/truth"))["returns"]]
        self._crediting = max(sum("restocked" in each for each in ends), 1)
        settings = load(config)
        merchant = settings.merchants[MERCHANT]
        assert merchant.map_file is not None
        now = datetime.fromisoformat((await _get(control, "/_sandbox/status"))["now"])
        await accept(
            database, MERCHANT, read_map(merchant.map_file), accepted_by="user:demo", reason="first version", now=now
        )
        daemon = self._start("daemon", "-m", "daemon.console.main", "run", "--config", str(config))
        show = Live(console=Console(stderr=True), refresh_per_second=4, transient=True)
        try:
            with show:
                kill_at = self._kill_plan()
                quiet_since, last = time.monotonic(), ""
                while True:
                    status = await _get(control, "/_sandbox/status")
                    await self._bring_receipts(control, database, datetime.fromisoformat(status["now"]))
                    waits, busy = await self._look(database, status)
                    # Time that passes in leaps while nobody listens is not what a season is about.
                    busy = busy or not await _is_up(control, settings.web.listen)
                    show.update(self._board())
                    moved = orjson.dumps(self.lines, default=str).decode()
                    quiet_since, last = (time.monotonic(), moved) if moved != last else (quiet_since, last)
                    self._give_up(quiet_since, daemon)
                    if kill_at and self._progress() >= kill_at[0]:
                        kill_at.pop(0)
                        daemon = self._kill_and_restart(daemon, config)
                    if not busy:
                        if waits is None:
                            break
                        await _post(control, "/_sandbox/clock", {"to": waits.isoformat(), "rate": BUSY_RATE})
                    await anyio.sleep(0.05)
        finally:
            daemon.send_signal(signal.SIGTERM)
            await anyio.to_thread.run_sync(daemon.wait)
        found = await compare(database, control, MERCHANT)
        await self._match(config, database, control, found)
        return found

    async def _match(self, config: Path, database: Database, control: aiohttp.ClientSession, found: Comparison) -> None:
        """Read both systems' books and match them, as `homeward match run` does: what is over must be matched."""
        await _post(control, "/_sandbox/faults", {})
        await _post(control, "/_sandbox/assumptions", {"requests_per_minute": 1_000_000})
        settings = load(config)
        clock = opening.build_clock(settings)
        async with application.open_clients(settings, MERCHANT, clock=clock) as clients:
            merchant = settings.merchants[MERCHANT]
            sources = Sources(MERCHANT, merchant, database, clients.brightpearl, None, clock.now)
            done = await collect(sources, clock.now(), whole=True)
        for fault in done.faults or ():
            found.mismatch(f"books not read: {fault}")
        books, _ = await run_matching(database, MERCHANT, merchant, now=clock.now(), actor="user:demo")
        for each in books.matches:
            states = {leg.facts.get("state") for leg in each.of(Kind.UNIT)}
            if states and states <= OVER and not each.is_settled:
                found.mismatch(f"match {each.key}: {each.status}, {each.reason}")
        self.matched = figures_of(books)

    async def _look(self, database: Database, status: dict[str, Any]) -> tuple[datetime | None, bool]:
        """What is waited for next, and whether anything is to be done before that."""
        now = datetime.fromisoformat(status["now"])
        async with database.reading() as connection:
            events = await inbox.backlog(connection, MERCHANT)
            effects = await outbox.backlog(connection, MERCHANT, now)
            reads = await watch.backlog(connection, MERCHANT, now)
            states = {row["state"]: row["returns"] for row in await reports.states(connection)}
            causes = {row["cause"]: row["returns"] for row in await reports.causes(connection)}
            deadlines = await connection.fetchval("SELECT min(due_at) FROM deadline WHERE due_at <= $1", now)
            observed, watched = [
                await connection.fetchval(
                    "SELECT (value->>'at')::timestamptz FROM cursor WHERE merchant = $1 AND name = $2", MERCHANT, name
                )
                for name in ("reconcile", "reevaluate")
            ]
            self._done = await connection.fetchval("SELECT count(*) FROM outbox WHERE state = 'done'")
            awaited = await connection.fetchval("SELECT count(*) FROM returns WHERE state = 'credited'")
        calls = status["calls"]
        self.calls = {**calls["brightpearl"], **calls["happy_returns"]}
        self.lines = {
            "season": f"{now:%d %b %H:%M}", "returns": sum(states.values()), "states": states, "exceptions": causes,
            "calls to Brightpearl": sum(calls["brightpearl"].values()),
            "calls to Happy Returns": sum(calls["happy_returns"].values()),
            "throttled": status["throttled"] + status["refused_by_bucket"], "faults": status["faults_struck"],
            "kills": self.killed,
        }  # fmt: skip
        is_behind = bool(awaited) and (observed is None or observed + COMPARED_WITHIN < now)
        busy = (
            bool(events["waiting"] or effects["due"] or reads["due"] or reads["due_orders"] or deadlines) or is_behind
        )
        moments = [effects["next_due"], reads["next_due"] if status["next_at"] or reads["due"] else None]
        moments.append(datetime.fromisoformat(status["next_at"]) if status["next_at"] else None)
        if awaited and observed is not None:
            moments.append(observed + timedelta(seconds=1))
        if not status["next_at"] and not effects["open"] and not self._is_settling(states, now):
            # The last thing somebody changed must have been seen, and every credit doubted once.
            self._over_at = self._over_at or now
            if watched is not None and min(watched, observed or watched) > self._over_at + LAST_LOOK:
                return None, busy
        ahead = [moment for moment in moments if moment is not None and moment > now]
        return max(min(ahead, default=now), now + STRIDE), busy

    def _is_settling(self, states: dict[str, int], now: datetime) -> bool:
        """Whether some return is still on its way although the season's own steps are over."""
        return any(states.get(state) for state in ("initiated", "scanned", "credit-pending", "credited"))

    async def _bring_receipts(self, control: aiohttp.ClientSession, database: Database, now: datetime) -> None:
        """The warehouse's file, as `homeward receipt import` takes it."""
        rows = await _get(control, f"/_sandbox/receipts?after={self.receipts_taken}")
        if not rows:
            return
        path = self.folder / "receipts.csv"
        with path.open("w", newline="") as handle:
            writer = csv.DictWriter(handle, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        await import_receipts(database, MERCHANT, path.read_bytes(), now, actor="user:demo")
        self.receipts_taken += len(rows)

    # -- processes ----------------------------------------------------------------------------------------------------

    def _start(self, name: str, *arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments], stdout=log if stdout is None else stdout, stderr=log,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def _kill_plan(self) -> list[float]:
        """At which shares of the season the daemon is killed."""
        return sorted(self._random.uniform(0.1, 0.9) for _ in range(self.kills)) if self.kills != 1 else [0.5]

    def _progress(self) -> float:
        """How much of the season's effects on Brightpearl is done: 0 to about 1."""
        return float(self._done / (self._crediting * 4.0))

    def _kill_and_restart(self, daemon: subprocess.Popen[bytes], config: Path) -> subprocess.Popen[bytes]:
        daemon.kill()
        daemon.wait()
        self.killed += 1
        return self._start("daemon", "-m", "daemon.console.main", "run", "--config", str(config))

    def _give_up(self, quiet_since: float, daemon: subprocess.Popen[bytes]) -> None:
        log = self.folder / "daemon.log"
        if daemon.poll() is not None:
            tail = log.read_text(errors="replace")[-1500:]
            raise Stop(FAILED, f"the daemon ended with code {daemon.returncode}:\n{tail}")
        if time.monotonic() - quiet_since > STALLED_SECONDS or time.monotonic() - self.began > GIVE_UP_SECONDS:
            tail = log.read_text(errors="replace")[-1500:]
            raise Stop(FAILED, f"nothing moves any more: {self.lines}\n{tail}")

    def _board(self) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False)
        for name, value in self.lines.items():
            told = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
            table.add_row(name, told)
        return table

    def summary(self) -> dict[str, Any]:
        calls = self.lines.get("calls to Brightpearl", 0) + self.lines.get("calls to Happy Returns", 0)
        return {
            "api_calls": calls,
            "calls_by_operation": dict(sorted(self.calls.items(), key=lambda each: -each[1])),
            "kills": self.killed, "faults": self.lines.get("faults", 0),
            "throttled": self.lines.get("throttled", 0), "seconds": round(time.monotonic() - self.began, 1),
            "seed": self.seed, "matches": self.matched.get("by_status", {}),
            "orphans": {name: told["count"] for name, told in self.matched.get("orphans", {}).items()},
        }  # fmt: skip


def _free_address() -> str:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def _database_table(dsn: str) -> str:
    """The roles of an installation: the daemon's, the owner's, the pages'."""
    worker, pages = (embedded.by_role(dsn, role) for role in (embedded.WORKER, embedded.PAGES))
    return f'\n[database]\ndsn = "{worker}"\nowner_dsn = "{dsn}"\npages_dsn = "{pages}"\n'


def _append(path: Path, text: str) -> None:
    with path.open("a") as handle:
        handle.write(text)


async def _get(control: aiohttp.ClientSession, path: str) -> Any:
    async with control.get(path) as reply:
        reply.raise_for_status()
        return await reply.json()


async def _is_up(http: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with http.get(f"http://{address}/healthz", timeout=aiohttp.ClientTimeout(total=UP_SECONDS)) as reply:
            return reply.ok
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _post(control: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> Any:
    async with control.post(path, json=body) as reply:
        reply.raise_for_status()
        return await reply.json()


def _print(summary: dict[str, Any], comparison: Comparison) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for key, value in summary.items():
        console.print(f"{key:<22}{orjson.dumps(value).decode() if isinstance(value, dict) else value}", markup=False)
    for problem in comparison.problems[:50]:
        console.print(f"PROBLEM  {problem}", markup=False)
    verdict = "The books agree." if comparison.is_clean else "The books do NOT agree."
    console.print(verdict, style="bold")
