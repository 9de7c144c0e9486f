"""A Debian that boots systemd, in a container of its own: installed, booted, broken, thrown away.

systemd-nspawn on an mmdebstrap tree: about a minute to make the tree the first time (kept in the user's cache), three
seconds to boot. The container shares the host's network, so that the vendors' sandbox stays outside and survives it.
"""

import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.processes import until

SUITE = "bookworm"
PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "python3", "postgresql", "iproute2", "procps", "adduser", "man-db", "bash-completion",
)  # fmt: skip
TOOLS = {"systemd-nspawn": "systemd-container", "mmdebstrap": "mmdebstrap", "nsenter": "util-linux", "dh": "debhelper"}
SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))


def why_not() -> str:
    """Why no machine can be had here; empty when one can. Missing tools are installed where that is allowed."""
    if os.geteuid() != 0:
        return "booting a machine needs root"
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing and shutil.which("apt-get"):
        quiet = {"check": False, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)  # type: ignore[call-overload]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing, "dpkg-dev", "fakeroot"],
            env=environment, **quiet,
        )  # type: ignore[call-overload]  # fmt: skip
        missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        return f"not installed, and not to be had: {', '.join(missing)}"
    if not any(source.is_file() for source in SOURCES):
        return "this is no Debian whose package sources could be used"
    return ""


def base_tree() -> Path:
    """The bare Debian as a tar, made once for this list of packages."""
    name = hashlib.sha256(repr((SUITE, PACKAGES)).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "homeward-system"
    kept = cache / f"{name}.tar"
    if not kept.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        source = next(str(source) for source in SOURCES if source.is_file())
        making = cache / f".{name}.{os.getpid()}.tar"
        subprocess.run(
            [
                "mmdebstrap",
                "--quiet",
                "--variant=minbase",
                f"--include={','.join(PACKAGES)}",
                SUITE,
                str(making),
                source,
            ],
            check=True,
        )
        making.rename(kept)
    return kept


class Machine:
    """One tree, and the container that runs it while it is booted."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self._shared = folder / "shared"
        """Seen inside as /srv/shared: what the sandbox outside keeps for the daemon inside."""
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader = ""
        self._log = folder / "console.log"

    @property
    def shared(self) -> Path:
        return self._shared

    def unpack(self) -> None:
        self._shared.mkdir(parents=True, exist_ok=True)
        self._shared.chmod(0o755)
        self.tree.mkdir()
        with tarfile.open(base_tree()) as archive:
            archive.extractall(self.tree, filter="fully_trusted")  # noqa: S202 - made by us, devices and all
        (self.tree / "etc/machine-id").write_text("")
        (self.tree / "etc/hostname").write_text("homeward-test\n")
        shutil.copy("/etc/resolv.conf", self.tree / "etc/resolv.conf")

    def chroot(self, *command: str) -> str:
        """Run in the tree while nothing is booted."""
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND": "noninteractive",
            "LC_ALL": "C.UTF-8",
        }
        done = subprocess.run(
            ["chroot", str(self.tree), *command], capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def boot(self) -> None:
        with self._log.open("ab") as log:
            self._nspawn = subprocess.Popen(
                ["systemd-nspawn", "-q", "-D", str(self.tree), "-b", "--register=no", "--keep-unit",
                 "--machine=homeward-test", "--console=pipe", f"--bind={self._shared}:/srv/shared"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        nspawn = self._nspawn
        self._leader = until(lambda: _child(nspawn.pid), "the container has a first process")
        until(lambda: self.said("systemctl", "is-system-running") in ("running", "degraded"), "the machine has booted")

    def run(self, *command: str, check: bool = True) -> str:
        """Run inside the booted machine, as root."""
        done = self._enter(*command)
        assert not check or done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def said(self, *command: str) -> str:
        return self._enter(*command).stdout.strip()

    def _enter(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["nsenter", "-t", self._leader, "-a", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
             "DEBIAN_FRONTEND=noninteractive", *command],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def show(self, unit: str, *names: str) -> list[str]:
        """Properties of a unit, in the order asked for."""
        told = dict(
            line.split("=", 1) for line in self.run("systemctl", "show", unit, f"-p{','.join(names)}").splitlines()
        )
        return [told[name] for name in names]

    def journal(self, unit: str) -> str:
        return self.run("journalctl", "-u", unit, "-o", "cat", "--no-pager")

    def power_off(self) -> None:
        if self._nspawn is not None and self._nspawn.poll() is None:
            subprocess.run(["kill", "-s", "RTMIN+4", self._leader], check=False)
            try:
                self._nspawn.wait(30)
            except subprocess.TimeoutExpired:
                self.power_cut()
        self._nspawn = None

    def power_cut(self) -> None:
        """As if the plug were pulled: every process is gone at once. Only the leader is killed, never nspawn before it."""
        assert self._nspawn is not None
        subprocess.run(["kill", "-9", self._leader], check=True)
        self._nspawn.wait(30)
        self._nspawn = None


def _child(pid: int) -> str:
    """The container's first process, once it is systemd."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    for each in found:
        comm = Path(f"/proc/{each}/comm")
        if comm.is_file() and comm.read_text().strip() == "systemd":
            return each
    return ""


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """A machine with its tree unpacked, not yet booted; switched off at the end."""
    made = Machine(folder)
    made.unpack()
    try:
        yield made
    finally:
        made.power_off()
