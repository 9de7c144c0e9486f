"""A primary and its standby under Patroni with etcd, all of Debian, on this machine; broken as machines break."""

import functools
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.processes import free_address, until

TOOLS = {"patroni": "patroni", "etcd": "etcd-server"}
TTL_SECONDS = 20  # the least Patroni allows: a primary that is gone is replaced after at most so long


def why_not() -> str:
    """Why no cluster can be had here; empty when one can. What is missing is installed where that is allowed."""
    if os.geteuid() != 0:
        return "the servers run by accounts of their own, which needs root"
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        subprocess.run(
            [str(Path(__file__).parents[1] / "tools"), *(f"{tool}:{package}" for tool, package in TOOLS.items())],
            check=False,
        )
        missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        return f"not installed, and not to be had: {', '.join(missing)}"
    if not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        return "no PostgreSQL of Debian's"
    return ""


@dataclass(slots=True)
class Node:
    """One PostgreSQL with the Patroni that minds it."""

    name: str
    port: int
    rest: int
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None


@dataclass(slots=True)
class Cluster:
    folder: Path
    nodes: list[Node] = field(default_factory=list)
    etcd: "subprocess.Popen[bytes] | None" = None
    endpoint: str = ""

    @property
    def dsn(self) -> str:
        """Both hosts; whoever takes writes is meant."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://postgres@{hosts}/homeward?target_session_attrs=read-write"

    def start(self) -> None:
        self.folder.chmod(0o755)
        self.endpoint, peer = free_address(), free_address()
        (self.folder / "etcd").mkdir(mode=0o700)
        self.etcd = _logged(
            self.folder / "etcd.log",
            "etcd", "--data-dir", str(self.folder / "etcd"), "--listen-client-urls", f"http://{self.endpoint}",
            "--advertise-client-urls", f"http://{self.endpoint}", "--listen-peer-urls", f"http://{peer}",
            "--initial-advertise-peer-urls", f"http://{peer}", "--initial-cluster", f"default=http://{peer}",
        )  # fmt: skip
        for name in ("one", "two"):
            port, rest = (int(free_address().split(":")[1]) for _ in range(2))
            home = self.folder / name
            home.mkdir(mode=0o700)
            owner = pwd.getpwnam("postgres")
            os.chown(home, owner.pw_uid, owner.pw_gid)
            node = Node(name, port, rest, home)
            self.nodes.append(node)
            self.begin(node)
            until(functools.partial(self.answers, node), f"{name} answers")
        until(lambda: self.standby() is not None, "the standby follows")

    def begin(self, node: Node) -> None:
        """Start a node's Patroni, which starts its server: as primary, or as standby of who is."""
        config = node.folder / "patroni.yml"
        config.write_text(_configuration(node, self.endpoint))
        shutil.chown(config, "postgres")
        node.process = _logged(
            self.folder / f"{node.name}.log", "runuser", "-u", "postgres", "--", "patroni", str(config)
        )

    def asked(self, node: Node, statement: str, database: str = "postgres") -> str:
        """What this very server answers; empty when it does not."""
        told = subprocess.run(
            ["psql", "-X", "-A", "-t", "-h", "127.0.0.1", "-p", str(node.port), "-U", "postgres", "-d", database, "-c",
             statement],
            capture_output=True, text=True, check=False, env={**os.environ, "PGCONNECT_TIMEOUT": "2"},
        )  # fmt: skip
        return told.stdout.strip()

    def answers(self, node: Node) -> str:
        """`primary` or `standby`, as the server itself says; empty when it does not answer."""
        return self.asked(node, "SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END")

    def primary(self) -> Node | None:
        return next((node for node in self.nodes if self.answers(node) == "primary"), None)

    def standby(self) -> Node | None:
        return next((node for node in self.nodes if self.answers(node) == "standby"), None)

    def is_cut_off(self, standby: Node) -> bool:
        """Whether the standby hears no more, so that what is committed is known to the primary alone; cut it if not."""
        # One that has only just come up does not hear either, and is about to.
        deaf = "SELECT current_setting('primary_conninfo') = '' AND NOT EXISTS (SELECT FROM pg_stat_wal_receiver)"
        if self.asked(standby, deaf) == "t":
            return True
        self._tell(standby, "ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
        return False

    def mend_replication(self, node: Node) -> None:
        """What `is_cut_off` did to this node is undone, for the day it follows again."""
        self._tell(node, "ALTER SYSTEM RESET primary_conninfo", "SELECT pg_reload_conf()")

    def _tell(self, node: Node, *statements: str) -> None:
        for statement in statements:
            self.asked(node, statement)

    def lose(self, node: Node) -> None:
        """The machine of this node is gone: its Patroni and every process of its server, at once."""
        postmaster = int((node.folder / "data/postmaster.pid").read_text().split()[0])
        assert node.process is not None
        os.killpg(node.process.pid, signal.SIGKILL)
        for pid in [postmaster, *_below(postmaster)]:
            with _gone_is_fine():
                os.kill(pid, signal.SIGKILL)
        node.process.wait(30)

    def end(self) -> None:
        for node in self.nodes:
            pidfile = node.folder / "data/postmaster.pid"
            if node.process is not None and node.process.poll() is None:
                with _gone_is_fine():
                    os.killpg(node.process.pid, signal.SIGKILL)
                node.process.wait(30)
            if pidfile.is_file():
                with _gone_is_fine():
                    os.kill(int(pidfile.read_text().split()[0]), signal.SIGQUIT)
        if self.etcd is not None:
            self.etcd.kill()
            self.etcd.wait(30)


def _logged(log: Path, *command: str) -> "subprocess.Popen[bytes]":
    with log.open("ab") as out:
        return subprocess.Popen(command, start_new_session=True, cwd="/", stdout=out, stderr=subprocess.STDOUT)


def _below(pid: int) -> list[int]:
    told = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(each) for each in told.split()]


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except ProcessLookupError:
        return


def _configuration(node: Node, endpoint: str) -> str:
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    return f"""
scope: homeward
name: {node.name}
restapi: {{listen: "127.0.0.1:{node.rest}", connect_address: "127.0.0.1:{node.rest}"}}
etcd3: {{host: "{endpoint}"}}
bootstrap:
  dcs:
    ttl: {TTL_SECONDS}
    loop_wait: 1
    retry_timeout: 3
    maximum_lag_on_failover: 1073741824
    postgresql:
      use_pg_rewind: true
      parameters: {{synchronous_commit: "local", wal_log_hints: "on", max_connections: 60}}
  initdb: [{{encoding: UTF8}}, data-checksums]
postgresql:
  listen: "127.0.0.1:{node.port}"
  connect_address: "127.0.0.1:{node.port}"
  data_dir: {node.folder}/data
  bin_dir: {binaries}
  pgpass: {node.folder}/pgpass
  remove_data_directory_on_rewind_failure: true
  remove_data_directory_on_diverged_timelines: true
  pg_hba:
    - local all all trust
    - host all all 127.0.0.1/32 trust
    - host replication all 127.0.0.1/32 trust
  authentication:
    superuser: {{username: postgres}}
    replication: {{username: postgres}}
    rewind: {{username: postgres}}
  parameters: {{unix_socket_directories: "{node.folder}"}}
"""


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    made = Cluster(folder)
    try:
        made.start()
        yield made
    finally:
        made.end()
