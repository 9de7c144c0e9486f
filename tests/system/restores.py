"""Backups older than the books at the vendors: restored to a random moment, again and again, while the vendors went on.

python -m tests.system.restores --times 20

Each time the drill proves the restored database before anything is sent, and each return must then be credited and
refunded once. Exit 1 where one is not.
"""

import argparse
import functools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.store import embedded
from tests.acceptance.processes import daemon, fetch, free_address, homeward_json, open_folder, sandbox, until

ROOT = Path(__file__).resolve().parents[2]


def tell(server: embedded.Server, *statements: str) -> None:
    import asyncpg
    from anyio import run

    async def work() -> None:
        connection = await asyncpg.connect(server.dsn)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    run(work)


def given_archiving(folder: Path) -> tuple[embedded.Server, Path]:
    """A server that archives its WAL, and where to."""
    server = embedded.ensure(folder)
    archive = folder / "archive"
    archive.mkdir(mode=0o777)
    archive.chmod(0o777)
    tell(server, "ALTER SYSTEM SET archive_mode = on", "ALTER SYSTEM SET wal_level = replica",
         f"ALTER SYSTEM SET archive_command = 'cp %p \"{archive}/%f\"'")  # fmt: skip
    embedded.stop(server)
    return embedded.ensure(folder), archive


def base_backup(server: embedded.Server, into: Path) -> None:
    program = Path(shutil.which("pg_basebackup") or next(Path("/usr/lib/postgresql").glob("*/bin/pg_basebackup")))
    subprocess.run(
        [str(program), "-h", str(server.sockets), "-p", "5432", "-U", embedded.ROLE, "-D", str(into), "-X", "none",
         "-c", "fast"],
        check=True, capture_output=True,
    )  # fmt: skip


def begin(url: str, scenario: str) -> str:
    return str(fetch(f"{url}/_sandbox/scenario", {"name": scenario})[1]["truth"][0]["express_code"])


def written(url: str) -> dict[str, Any]:
    """Every write at Brightpearl so far."""
    books = fetch(f"{url}/_sandbox/books")[1]
    refunds = [each for each in books["payments"] if each["paymentType"] == "PAYMENT"]
    return {"credits": books["credits"], "refunds": refunds, "goods_in": books["goods_in"]}


def is_paid(code: str, config: Path) -> bool:
    found = [each for each in homeward_json("return", "list", config=config) if each["express_code"] == code]
    return bool(found) and bool(homeward_json("return", "show", code, config=config)["payment"])


def pass_days(url: str, days: float) -> None:
    fetch(f"{url}/_sandbox/clock", {"by_seconds": days * 86400})


@dataclass(frozen=True, slots=True)
class Past:
    """How far everything was when the backup was taken, when the archive broke off, and when the server was lost."""

    known: int
    """Returns that are in the backup."""
    archived_days: float
    """The archive goes on for so long after the backup."""
    forgotten: int
    """Returns that began after it broke off."""
    lost_days: float
    """The server works on for so long after that."""


def draw(chance: random.Random) -> Past:
    return Past(chance.randint(1, 4), chance.uniform(0.05, 7), chance.randint(1, 4), chance.uniform(0.05, 7))


def restore(past: Past) -> dict[str, Any]:
    """One life, lost and restored; raises AssertionError where anything was sent twice or stays unknown."""
    address = free_address()
    with open_folder() as folder, sandbox(folder, address, "--rate", "60") as (url, config):
        server, archive = given_archiving(folder / "server")
        original = config.read_text()
        try:
            config.write_text(f'{original}\n[database]\ndsn = "{server.dsn}"\n')
            with daemon(config):
                until(lambda: fetch(f"http://{address}/readyz")[0] == 200, "the daemon is ready")
                codes = [begin(url, "bar_single") for _ in range(past.known)]
                pass_days(url, 0.01)
                until(lambda: homeward_json("return", "list", config=config), "one is known")
                base_backup(server, folder / "backup")
                _go_on(url, past.archived_days)
                tell(server, "SELECT pg_switch_wal()", "CHECKPOINT")
                until(lambda: any(archive.iterdir()), "that is in the archive")
                tell(server, "ALTER SYSTEM SET archive_command = 'false'", "SELECT pg_reload_conf()")
                codes += [begin(url, "bar_single") for _ in range(past.forgotten)]
                _go_on(url, past.lost_days)
        finally:
            embedded.stop(server)
        before = written(url)

        config.write_text(original)
        told, seconds = _drill(folder, config, archive)
        try:
            assert told["proven"], told
            at_proof = written(url)
            ids = {each["id"] for each in before["credits"]}
            assert ids == {each["id"] for each in at_proof["credits"]}, "the drill itself sent a credit"
            database = f"postgresql://{embedded.ROLE}@/postgres?host={told['server']}"
            config.write_text(f'{original}\n[database]\ndsn = "{database}"\n')
            with daemon(config):
                until(lambda: fetch(f"http://{address}/readyz")[0] == 200, "the daemon works the restored database")
                pass_days(url, 7)
                for code in codes:
                    until(functools.partial(is_paid, code, config), f"the refund of {code} is known")
                after = written(url)
        finally:
            _stop(Path(told["server"]).parent)
    assert [len(after["credits"]), len(after["refunds"])] == [len(codes)] * 2, after
    assert ids <= {each["id"] for each in after["credits"]}
    return {"returns": len(codes), "credits_before": len(before["credits"]), "proven_after_seconds": seconds}


def _go_on(url: str, days: float) -> None:
    """The daemon keeps up, some hours at a time."""
    for _ in range(8):
        pass_days(url, days / 8)
        time.sleep(1)


def _drill(folder: Path, config: Path, archive: Path) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(ROOT / "deploy/restore-drill"), "--config", str(config), "--backup", str(folder / "backup"),
         "--wal", str(archive), "--database", "postgres", "--superuser", embedded.ROLE, "--user", embedded.ROLE,
         "--timeout", "150", "--keep", "--go-live"],
        capture_output=True, text=True, check=False,
        env={"HOMEWARD": f"{sys.executable} -m daemon.console.main", "PATH": "/usr/sbin:/usr/bin:/bin",
             "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout), round(time.monotonic() - began, 1)


def _stop(work: Path) -> None:
    pid = int((work / "data/postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGINT)
    until(lambda: not (work / "data/postmaster.pid").exists(), "the restored server has stopped")
    shutil.rmtree(work, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="restores", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance, wrong = random.Random(options.seed), 0
    for number in range(1, options.times + 1):
        past = draw(chance)
        try:
            print(f"{number}: {past}: {restore(past)}", flush=True)
        except AssertionError as error:
            wrong += 1
            print(f"{number}: {past}: WRONG: {error}", flush=True)
    print(f"{options.times} restores, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
