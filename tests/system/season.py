"""A season played by the installed service: the vendors outside, the daemon and its PostgreSQL inside the machine."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import anyio

from daemon import opening
from daemon.console.compare import Comparison
from daemon.console.demo import Season
from daemon.settings import load
from daemon.store.database import DISCONNECTED, Database
from tests.acceptance.processes import fetch, free_address, sandbox, until
from tests.system.machine import Machine

DATABASE_PORT = 15432


def install(machine: Machine, package: Path) -> str:
    shutil.copy(package, machine.tree / "root" / package.name)
    return machine.chroot("dpkg", "-i", f"/root/{package.name}")


def give_database(machine: Machine) -> str:
    """Roles and schema as the handbook says; answers how the judge outside comes in."""
    version = next((machine.tree / "etc/postgresql").iterdir()).name
    folder = machine.tree / f"etc/postgresql/{version}/main"
    (folder / "conf.d/judge.conf").write_text(f"port = {DATABASE_PORT}\nlisten_addresses = '127.0.0.1'\n")
    access = folder / "pg_hba.conf"
    access.write_text("host all judge 127.0.0.1/32 trust\n" + access.read_text())
    machine.run("systemctl", "restart", "postgresql")
    until(lambda: "accepting" in machine.said("pg_isready", "-p", str(DATABASE_PORT)), "PostgreSQL answers")
    roles = "/usr/share/doc/homeward/examples/roles.sql"
    as_admin = ("runuser", "-u", "postgres", "--", "psql", "-q", "-v", "ON_ERROR_STOP=1", "-p", str(DATABASE_PORT))
    machine.run(*as_admin, "-f", roles)
    machine.run(*as_admin, "-c", "CREATE ROLE judge LOGIN SUPERUSER")
    return f"postgresql://judge@127.0.0.1:{DATABASE_PORT}/homeward"


def configure(machine: Machine, written: Path) -> None:
    """The configuration the sandbox wrote, as an operator puts it into /etc/homeward."""
    inside = machine.tree / "etc/homeward"
    text = written.read_text().replace(str(machine.shared), "/srv/shared")
    where = f"postgresql:///homeward?host=/var/run/postgresql&port={DATABASE_PORT}"
    text += f'\n[database]\ndsn = "{where}"\nowner_dsn = "{where}&role=homeward_owner"\n'
    for secret in written.parent.glob("acme.*"):
        (inside / secret.name).write_bytes(secret.read_bytes())
        machine.run("chown", "root:homeward", f"/etc/homeward/{secret.name}")
        machine.run("chmod", "640", f"/etc/homeward/{secret.name}")
    (inside / "homeward.toml").write_text(text)
    machine.run("runuser", "-u", "postgres", "--", "homeward", "db", "migrate")


@contextmanager
def service(machine: Machine, *arguments: str) -> Iterator[tuple[str, str, Path]]:
    """The installed package with its database and a sandbox outside: (sandbox, address of the daemon, configuration)."""
    address = free_address()
    with sandbox(machine.shared, address, *arguments) as (url, written):
        machine.shared.chmod(0o755)
        configure(machine, written)
        (machine.tree / "etc/systemd/system/homeward.socket.d").mkdir(parents=True, exist_ok=True)
        (machine.tree / "etc/systemd/system/homeward.socket.d/address.conf").write_text(
            f"[Socket]\nListenStream=\nListenStream={address}\n"
        )
        machine.run("systemctl", "daemon-reload")
        yield url, address, written


def is_ready(address: str) -> bool:
    return fetch(f"http://{address}/readyz")[0] == 200


@dataclass(slots=True)
class InTheMachine(Season):
    """The season's driver, with the daemon as a unit of the machine. `breaks` are what befalls it, in this order."""

    machine: Machine | None = None
    address: str = ""
    breaks: list[Callable[[Machine], None]] = field(default_factory=list)

    async def play_against(self, url: str, written: Path, dsn: str) -> Comparison:
        """The sandbox at `url`, the database at `dsn`."""
        judged = _for_the_judge(written, dsn)
        self.kills = len(self.breaks)
        async with (
            opening.open_database(load(judged)) as database,
            aiohttp.ClientSession(base_url=url) as control,
        ):
            return await self.drive(judged, database, control)

    def _start(self, name: str, *arguments: str, stdout: int | None = None) -> Any:
        assert self.machine is not None
        self.machine.run("systemctl", "start", "homeward.socket", "homeward.service")
        return self

    def _kill_and_restart(self, daemon: Any, config: Path) -> Any:
        assert self.machine is not None
        self.breaks.pop(0)(self.machine)
        self.killed += 1
        return self

    async def _look(self, database: Database, status: dict[str, Any]) -> tuple[datetime | None, bool]:
        try:
            return await Season._look(self, database, status)
        except DISCONNECTED:  # the power was cut under our own look
            await anyio.sleep(0.2)
            return await Season._look(self, database, status)

    # What the driver asks of the daemon's process.

    def poll(self) -> None:
        return None

    returncode = None

    def send_signal(self, number: int) -> None:
        assert self.machine is not None
        self.machine.run("systemctl", "stop", "homeward.service", "homeward.socket")

    def wait(self) -> None:
        """Stopped by `send_signal`."""


def _for_the_judge(written: Path, dsn: str) -> Path:
    judged = written.with_name("judge.toml")
    judged.write_text(f'{written.read_text()}\n[database]\ndsn = "{dsn}"\n')
    return judged


def main_pid(machine: Machine, unit: str = "homeward.service") -> str:
    return machine.show(unit, "MainPID")[0]


def kill_daemon(machine: Machine) -> None:
    """kill -9, and systemd brings it back."""
    before = main_pid(machine)
    machine.run("systemctl", "kill", "-s", "KILL", "--kill-who=main", "homeward.service")
    until(lambda: main_pid(machine) not in (before, "0"), "systemd started it again")


def pull_the_plug(machine: Machine) -> None:
    machine.power_cut()
    machine.boot()
    until(lambda: machine.said("systemctl", "is-active", "homeward.service") == "active", "the daemon is back")
