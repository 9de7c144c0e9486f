"""The `homeward` command without its start: a process that has everything imported forks for each call.

What runs is the command's own main() in a process of its own, behind real pipes; only the imports, two thirds of its time,
are paid once. So begin, too, the programs that stay, the daemon and the sandbox: `start`. The command as its users start it
runs at terminals of test_command.py, the daemon in test_service.py, and both in tests/system.
"""

import gc
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module

import anyio
from anyio import to_thread

SPARE = 2  # calls at once; two cores
_free: list["Starter"] = []
_turn = threading.BoundedSemaphore(SPARE)


async def homeward(*arguments: str, given: bytes = b"", environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """Exit code, stdout and stderr of one call; `given` is its stdin."""
    return await to_thread.run_sync(call, arguments, given, dict(environment))


def call(arguments: tuple[str, ...], given: bytes, environment: dict[str, str]) -> tuple[int, bytes, bytes]:
    """The same for who does not await."""
    with _turn:
        starter = _free.pop() if _free else Starter()
        try:
            return starter.call(arguments, given, environment)
        finally:
            _free.append(starter)


def start(
    arguments: tuple[str, ...], environment: Mapping[str, str], *, stdout: int, stderr: int, stdin: int | None = None
) -> "Program":  # fmt: skip
    """Begin a call that stays; it writes to these descriptors, and reads nothing unless it is told what."""
    with _turn:
        starter = _free.pop() if _free else Starter()
        try:
            return starter.start(arguments, dict(environment), stdout=stdout, stderr=stderr, stdin=stdin)
        finally:
            _free.append(starter)


class Program:
    """A process that stays, with what `subprocess.Popen` offers for one."""

    def __init__(self, pid: int, keeper: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._keeper = keeper

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._keeper.settimeout(timeout)
            try:
                self.returncode = int(self._keeper.recv(16))
            except (TimeoutError, BlockingIOError) as error:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0) from error
            self._keeper.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Starter:
    """The process that forks; it ends when we do, since it reads its next call from us."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "tests.command", str(theirs.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        theirs.close()

    def call(self, arguments: tuple[str, ...], given: bytes, environment: dict[str, str]) -> tuple[int, bytes, bytes]:
        pipes = [os.pipe() for _ in range(3)]
        (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = pipes
        message = json.dumps([list(arguments), environment]).encode()
        socket.send_fds(self._control, [message], [stdin, stdout, stderr])
        for each in (stdin, stdout, stderr):
            os.close(each)
        said: dict[int, bytes] = {}
        readers = [threading.Thread(target=_read, args=(each, said)) for each in (from_stdout, from_stderr)]
        for reader in readers:
            reader.start()
        try:
            with os.fdopen(to_stdin, "wb") as pipe:
                pipe.write(given)
        except BrokenPipeError:
            pass  # it did not want to know
        for reader in readers:
            reader.join()
        return int(self._control.recv(16)), said[from_stdout], said[from_stderr]

    def start(
        self, arguments: tuple[str, ...], environment: dict[str, str], *, stdout: int, stderr: int, stdin: int | None
    ) -> Program:  # fmt: skip
        ours, keepers = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        message = json.dumps([list(arguments), environment]).encode()
        with open(os.devnull, "rb") as nothing, keepers:
            given = nothing.fileno() if stdin is None else stdin
            socket.send_fds(self._control, [message], [given, stdout, stderr, keepers.fileno()])
        return Program(int(ours.recv(16)), ours)


def _read(descriptor: int, said: dict[int, bytes]) -> None:
    with os.fdopen(descriptor, "rb") as pipe:
        said[descriptor] = pipe.read()


def _serve(control: socket.socket) -> None:
    """In the process that forks: one call after the other. A program that stays is waited for by a process of its own."""
    from daemon.console import main

    main.build()
    for name in ("beside", "adoption", "recheck", "map_replay"):
        import_module(f"daemon.actions.{name}")
    for name in ("daemon.app", "daemon.sandbox.coins", "iso4217"):
        import_module(name)
    anyio.run(anyio.sleep, 0)  # it imports its half when it first runs
    for ending in ([], ["--nothing"]):  # and the parser its own, for what it takes and what it refuses
        sys.argv = ["homeward", "version", *ending]
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere), suppress(SystemExit):
            main.main()
    gc.collect()
    gc.freeze()  # what is imported stays: a fork's collector need not copy it
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 4)
        if not message:
            return
        arguments, environment = json.loads(message)
        stays = len(descriptors) == 4
        child = os.fork()
        if child == 0:
            control.close()
            if stays:
                _keep(arguments, environment, descriptors)
            _become(arguments, environment, descriptors)
        for each in descriptors:
            os.close(each)
        if not stays:
            _, status = os.waitpid(child, 0)
            control.send(str(os.waitstatus_to_exitcode(status)).encode())
        _bury()


def _bury() -> None:
    """Keepers whose programs are over."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _keep(arguments: list[str], environment: dict[str, str], descriptors: list[int]) -> None:
    """In a child: begin the program, tell who it is, and how it ended."""
    *given, told_on = descriptors
    child = os.fork()
    if child == 0:
        os.close(told_on)
        _become(arguments, environment, given)
    for each in given:
        os.close(each)
    with suppress(OSError), socket.socket(fileno=told_on) as whoever:  # who asked may be gone
        whoever.send(str(child).encode())
        _, status = os.waitpid(child, 0)
        whoever.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(arguments: list[str], environment: dict[str, str], descriptors: list[int]) -> None:
    """In the child: be the command, and end as it ends."""
    from daemon.console import main

    for number, each in enumerate(descriptors):
        os.dup2(each, number)
        os.close(each)
    os.environ.clear()
    os.environ.update(environment)
    random.seed()  # not the numbers of every other fork
    sys.argv = ["homeward", *arguments]
    code: object = 0
    try:
        main.main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter does it at the end of a program
        sys.excepthook(*sys.exc_info())
        code = 1
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(code or 0))  # type: ignore[call-overload]


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
