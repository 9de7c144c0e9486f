"""A backup older than the books at the vendors: restored, proven by the drill, and nothing is done a second time."""

import functools
import json
import shutil
import subprocess
import sys
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


def test_a_restored_database_takes_over_what_it_forgot_before_anything_is_sent() -> None:
    address = free_address()
    with open_folder() as folder, sandbox(folder, address, "--rate", "60") as (url, config):
        server, archive = given_archiving(folder / "server")
        original = config.read_text()
        try:
            config.write_text(f'{original}\n[database]\ndsn = "{server.dsn}"\n')
            with daemon(config):
                until(lambda: fetch(f"http://{address}/readyz")[0] == 200, "the daemon is ready")
                known = begin(url, "bar_single")
                pass_days(url, 0.01)
                until(lambda: homeward_json("return", "list", config=config), "it is known")
                base_backup(server, folder / "backup")
                pass_days(url, 6)
                until(lambda: is_paid(known, config), "it is refunded, after the backup")
                tell(server, "SELECT pg_switch_wal()", "CHECKPOINT")
                until(lambda: any(archive.iterdir()), "that is in the archive")
                tell(server, "ALTER SYSTEM SET archive_command = 'false'", "SELECT pg_reload_conf()")
                forgotten = begin(url, "bar_single")
                pass_days(url, 7)
                until(lambda: is_paid(forgotten, config), "another is refunded, and never archived")
        finally:
            embedded.stop(server)
        before = written(url)

        config.write_text(original)
        done = subprocess.run(
            [sys.executable, str(ROOT / "deploy/restore-drill"), "--config", str(config), "--backup", str(folder / "backup"),
             "--wal", str(archive), "--database", "postgres", "--superuser", embedded.ROLE, "--user", embedded.ROLE,
             "--timeout", "150", "--keep", "--go-live"],
            capture_output=True, text=True, check=False,
            env={"HOMEWARD": f"{sys.executable} -m daemon.console.main", "PATH": "/usr/sbin:/usr/bin:/bin",
                 "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        told = json.loads(done.stdout)
        try:
            assert told["proven"]
            assert written(url) == before
            config.write_text(
                f'{original}\n[database]\ndsn = "postgresql://{embedded.ROLE}@/postgres?host={told["server"]}"\n'
            )
            with daemon(config):
                until(lambda: fetch(f"http://{address}/readyz")[0] == 200, "the daemon works the restored database")
                for code in (known, forgotten):
                    until(functools.partial(is_paid, code, config), "its refund is known again")
                after = written(url)
        finally:
            _stop(Path(told["server"]).parent)

    assert [len(after["credits"]), len(after["refunds"])] == [2, 2]
    assert {each["id"] for each in after["credits"]} == {each["id"] for each in before["credits"]}


def _stop(work: Path) -> None:
    import os
    import signal

    pid = int((work / "data/postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGINT)
    until(lambda: not (work / "data/postmaster.pid").exists(), "the restored server has stopped")
    shutil.rmtree(work, ignore_errors=True)
