"""The `homeward` command without its start: a process that has everything imported forks for each call.

What runs is the command's own main() in a process of its own, behind real pipes; only the imports, two thirds of its time,
are paid once. The command as its users start it runs at the terminals of test_command.py and in tests/system.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib import import_module

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


def _read(descriptor: int, said: dict[int, bytes]) -> None:
    with os.fdopen(descriptor, "rb") as pipe:
        said[descriptor] = pipe.read()


def _serve(control: socket.socket) -> None:
    """In the process that forks: one call after the other."""
    from daemon.console import main

    main.build()
    for name in ("beside", "adoption", "recheck", "map_replay"):
        import_module(f"daemon.actions.{name}")
    import_module("daemon.app")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 3)
        if not message:
            return
        child = os.fork()
        if child == 0:
            control.close()
            arguments, environment = json.loads(message)
            _become(arguments, environment, descriptors)
        for each in descriptors:
            os.close(each)
        _, status = os.waitpid(child, 0)
        control.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(arguments: list[str], environment: dict[str, str], descriptors: list[int]) -> None:
    """In the child: be the command, and end as it ends."""
    from daemon.console import main

    for number, each in enumerate(descriptors):
        os.dup2(each, number)
        os.close(each)
    os.environ.clear()
    os.environ.update(environment)
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
