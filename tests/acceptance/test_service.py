"""The daemon as systemd sees it: what it is told over the notify socket, the socket it is handed."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.acceptance.processes import GIVE_UP_SECONDS, daemon, fetch, free_address, open_folder, sandbox, until

RUN = [sys.executable, "-m", "daemon.console.main", "run", "--config"]


def heard_on(channel: socket.socket) -> set[str]:
    """Everything that was said so far."""
    told: set[str] = set()
    while True:
        try:
            told |= set(channel.recv(4096).decode().splitlines())
        except BlockingIOError:
            return told


def test_systemd_hears_readiness_a_heartbeat_and_the_end(tmp_path: Path) -> None:
    with (
        open_folder() as folder,
        sandbox(folder, free_address()) as (_, config),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel,
    ):
        channel.bind(str(tmp_path / "notify"))
        channel.setblocking(False)
        environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"}
        process = subprocess.Popen([*RUN, str(config)], env=environment, stderr=subprocess.DEVNULL)
        heard: set[str] = set()

        def has_heard(*wanted: str) -> bool:
            heard.update(heard_on(channel))
            return heard.issuperset(wanted)

        try:
            until(lambda: has_heard("READY=1", "WATCHDOG=1"), "it is ready and alive")
            process.send_signal(signal.SIGSTOP)
            heard_on(channel)
            process.send_signal(signal.SIGCONT)
            until(lambda: "WATCHDOG=1" in heard_on(channel), "it beats again")
        finally:
            process.send_signal(signal.SIGTERM)
            ended = process.wait(GIVE_UP_SECONDS)

        assert ended == 0
        assert "STOPPING=1" in heard_on(channel)


def test_the_socket_systemd_holds_is_served() -> None:
    with open_folder() as folder, sandbox(folder, free_address()) as (_, config), socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        held = f"127.0.0.1:{listening.getsockname()[1]}"
        handed = 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
        process = subprocess.Popen(
            ["/bin/sh", "-c", handed, "sh", *RUN, str(config)],
            preexec_fn=lambda: os.dup2(listening.fileno(), 3),
            pass_fds=(3,),
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: fetch(f"http://{held}/readyz")[0] == 200, "the handed socket answers")
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(GIVE_UP_SECONDS) == 0


def test_a_vendor_that_cannot_even_be_asked_keeps_us_unready_and_alive() -> None:
    address = free_address()
    with open_folder() as folder, sandbox(folder, address) as (url, config):
        config.write_text(
            config.read_text().replace('account_token_file = "acme.brightpearl.token"\n', "")
            + "\n[merchants.acme.brightpearl.oauth]\nclient_id = 'app'\nrefresh_token_file = 'not-there'\n"
            f"token_url = '{url}/token/acme'\n"
        )
        with daemon(config) as process:
            log = config.parent / "daemon.log"
            until(lambda: "not-there" in log.read_text(errors="replace"), "it has tried to ask")
            until(lambda: fetch(f"http://{address}/healthz")[0] == 200, "it lives")

            assert fetch(f"http://{address}/readyz")[0] == 503
            assert process.poll() is None
