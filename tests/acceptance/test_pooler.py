"""Behind PgBouncer in transaction mode, where no session outlives a transaction, a return is worked to its end."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.store import embedded
from tests.acceptance.processes import (
    GIVE_UP_SECONDS,
    daemon,
    fetch,
    free_address,
    homeward_json,
    open_folder,
    sandbox,
    until,
)

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
pytestmark = pytest.mark.skipif(
    PGBOUNCER is None and not os.environ.get("HOMEWARD_NEEDS_PGBOUNCER"), reason="PgBouncer is not installed"
)


@contextmanager
def pooler(folder: Path, server: embedded.Server) -> Iterator[str]:
    """PgBouncer before this server; answers its address."""
    host, port = free_address().split(":")
    folder.mkdir()
    config = folder / "pgbouncer.ini"
    config.write_text(f"""
[databases]
homeward = host={server.sockets} port=5432 dbname=postgres user=homeward
[pgbouncer]
listen_addr = {host}
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = 4
unix_socket_dir =
logfile = {folder}/log
pidfile = {folder}/pid
""")
    as_somebody = []
    if os.geteuid() == 0:  # it refuses to run as root
        owner = pwd.getpwnam("postgres" if _exists("postgres") else "nobody")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        as_somebody = ["-u", owner.pw_name]
    process = subprocess.Popen([str(PGBOUNCER), "-q", *as_somebody, str(config)], stderr=subprocess.DEVNULL)
    try:
        yield f"{host}:{port}"
    finally:
        process.terminate()
        process.wait(GIVE_UP_SECONDS)


def _exists(account: str) -> bool:
    return any(each.pw_name == account for each in pwd.getpwall())


def test_a_return_is_worked_through_a_pooler_and_the_lease_by_a_session_of_its_own() -> None:
    address = free_address()
    with open_folder() as folder, sandbox(folder, address, "--rate", "120") as (url, config):
        server = embedded.ensure(folder / "server")
        try:
            with pooler(folder / "pooler", server) as pooled:
                config.write_text(
                    f'{config.read_text()}\n[database]\ndsn = "postgresql://homeward@{pooled}/homeward"\n'
                    f'pooled = true\nsession_dsn = "{server.dsn}"\n'
                )
                with daemon(config):
                    until(lambda: fetch(f"http://{address}/readyz")[0] == 200, "the daemon is ready")
                    code = fetch(f"{url}/_sandbox/scenario", {"name": "bar_single"})[1]["truth"][0]["express_code"]
                    for days in (0.01, 6):
                        fetch(f"{url}/_sandbox/clock", {"by_seconds": days * 86400})
                        until(lambda: homeward_json("return", "list", config=config), "the return is known")
                    until(
                        lambda: homeward_json("return", "show", code, config=config)["payment"],
                        "the refund is recorded",
                    )
                    (merchant,) = homeward_json("merchant", "list", config=config)
        finally:
            embedded.stop(server)

    assert merchant["is_held"]
