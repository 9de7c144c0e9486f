"""The primary's machine is lost under load, again and again, and with it what it had not handed on.

python -m tests.system.failovers --times 20

It needs root, and Patroni with etcd, which it installs where it may. Exit 1 where anything was lost, doubled or differs.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import anyio

from daemon import opening
from daemon.console.compare import Comparison
from daemon.console.demo import BUSY_RATE, Season
from daemon.settings import load
from daemon.store.database import DISCONNECTED, Database
from tests.acceptance.processes import fetch, free_address, sandbox, until
from tests.system import cluster as clusters
from tests.system.cluster import Cluster, Node, cluster

EFFECTS_DONE = "SELECT count(*) FROM outbox WHERE state = 'done'"
FORGOTTEN_MIN = 5  # effects that must be done beyond what the standby knows, before the primary is lost


@dataclass(slots=True)
class UnderFailover(Season):
    """The season's driver; where it would kill the daemon, the database's primary is lost instead."""

    pair: Cluster | None = None
    url: str = ""
    without_service: list[float] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)

    async def play_against(self, url: str, config: Path) -> Comparison:
        async with opening.open_database(load(config)) as database, aiohttp.ClientSession(base_url=url) as control:
            await database.migrate()
            return await self.drive(config, database, control)

    def _kill_and_restart(self, daemon: "subprocess.Popen[bytes]", config: Path) -> "subprocess.Popen[bytes]":
        """Both daemons go on; the primary does not."""
        assert self.pair is not None
        primary = self.pair.primary()
        assert primary is not None
        standby = self.pair.standby()
        assert standby is not None
        until(lambda: self._is_ahead(primary, standby), "the primary is ahead of its standby")
        fetch(
            f"{self.url}/_sandbox/clock", {"rate": 1}
        )  # the world waits with us: no clock of a return runs out meanwhile
        done = self._effects_done(primary)
        self.pair.lose(primary)
        lost_at = time.monotonic()
        self.killed += 1
        until(self.pair.primary, "the standby is promoted")
        promoted = self.pair.primary()
        assert promoted is not None
        self.forgotten.append(done - self._effects_done(promoted))
        until(lambda: self._is_worked(promoted), "a daemon works again")
        self.without_service.append(round(time.monotonic() - lost_at, 1))
        until(lambda: not self._is_doubted(promoted), "whatever was sent can be seen by now")
        self.pair.mend_replication(promoted)
        self.pair.begin(primary)
        until(lambda: self.pair is not None and self.pair.standby() is not None, "the lost one is a standby again")
        fetch(f"{self.url}/_sandbox/clock", {"rate": BUSY_RATE})
        print(said(self), file=sys.stderr, flush=True)
        return daemon

    def _is_ahead(self, primary: Node, standby: Node) -> bool:
        assert self.pair is not None
        if not self.pair.is_cut_off(standby):
            return False
        fetch(f"{self.url}/_sandbox/clock", {"by_seconds": 300})
        known = self.pair.asked(standby, EFFECTS_DONE, "homeward")
        return known != "" and self._effects_done(primary) >= int(known) + FORGOTTEN_MIN

    def _effects_done(self, node: Node) -> int:
        assert self.pair is not None
        return int(
            until(lambda: self.pair is not None and self.pair.asked(node, EFFECTS_DONE, "homeward"), "it answers")
        )

    def _is_worked(self, node: Node) -> bool:
        assert self.pair is not None
        held = "SELECT count(*) FROM merchant WHERE lease_until > clock_timestamp() AND epoch = database_epoch()"
        return self.pair.asked(node, held, "homeward") == "1"

    def _is_doubted(self, node: Node) -> bool:
        assert self.pair is not None
        return (
            self.pair.asked(node, "SELECT count(*) FROM merchant WHERE doubted_until > clock_timestamp()", "homeward")
            != "0"
        )

    async def _look(self, database: Database, status: dict[str, Any]) -> tuple[datetime | None, bool]:
        while True:
            try:
                return await Season._look(self, database, status)
            except DISCONNECTED:
                await anyio.sleep(0.2)

    async def _bring_receipts(self, control: aiohttp.ClientSession, database: Database, now: datetime) -> None:
        try:
            await Season._bring_receipts(self, control, database, now)
        except DISCONNECTED:
            return  # brought again with the next look: what was taken is known by its key


def lose_primaries(pair: Cluster, *, times: int, returns: int, seed: int) -> tuple[Comparison, UnderFailover]:
    """A season of so many returns, in whose midst the primary's machine is lost so often."""
    until(lambda: pair.primary() is not None, "there is a primary")
    primary = pair.primary()
    assert primary is not None
    pair.asked(primary, "CREATE DATABASE homeward")
    folder = pair.folder / "season"
    now = ("--now", "2026-03-02T08:00:00+00:00", "--seed", str(seed))
    with sandbox(folder, free_address(), *now) as (url, config):
        config.write_text(f'{config.read_text()}\n[database]\ndsn = "{pair.dsn}"\n')
        season = UnderFailover(folder, returns=returns, seed=seed, kills=times, faults=True, pair=pair, url=url)
        return anyio.run(season.play_against, url, config), season


def said(season: UnderFailover) -> str:
    return (
        f"primary lost {season.killed} times: seconds without service {season.without_service}, "
        f"effects done that the new primary had not heard of {season.forgotten}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="failovers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--returns", type=int, default=800)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    if why := clusters.why_not():
        print(why, file=sys.stderr)
        return 2
    with (
        tempfile.TemporaryDirectory(prefix="homeward-cluster-", ignore_cleanup_errors=True) as name,
        cluster(Path(name)) as pair,
    ):
        found, season = lose_primaries(pair, times=options.times, returns=options.returns, seed=options.seed)
    print(said(season))
    print(f"{found.lost} lost, {found.duplicated} doubled, {found.mismatched} mismatched")
    for problem in found.problems:
        print(problem)
    return 0 if found.is_clean and season.killed == options.times else 1


if __name__ == "__main__":
    sys.exit(main())
