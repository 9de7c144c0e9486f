"""The package in a Debian that boots systemd: installed, started, hung, killed, unplugged, upgraded, purged."""

from pathlib import Path

import anyio

from tests.acceptance.processes import fetch, until
from tests.system.machine import Machine
from tests.system.season import (
    InTheMachine,
    give_database,
    install,
    is_ready,
    kill_daemon,
    main_pid,
    pull_the_plug,
    service,
)


def test_a_fresh_install_says_nothing_and_waits_for_its_configuration(bare: Machine, package: Path) -> None:
    install(bare, package)
    bare.boot()

    assert bare.show("homeward.service", "LoadState", "ActiveState", "ConditionResult") == ["loaded", "inactive", "no"]
    assert bare.said("systemctl", "is-enabled", "homeward.service", "homeward.socket") == "enabled\nenabled"
    assert bare.said("systemctl", "--failed", "--no-legend", "--plain") == ""
    assert bare.run("homeward", "version", "-o", "json").startswith("{")
    assert "homeward.toml" in bare.run("man", "-w", "homeward.toml")
    assert "return" in bare.run("man", "-P", "cat", "homeward")
    assert bare.run("stat", "-c", "%U:%G %a", "/etc/homeward/secrets").strip() == "root:homeward 750"
    assert bare.run("bash", "-c", "source /usr/share/bash-completion/bash_completion; _completion_loader homeward; "
                    "complete -p homeward").strip()  # fmt: skip


def test_the_service_is_ready_hangs_is_killed_and_comes_back(bare: Machine, package: Path) -> None:
    install(bare, package)
    bare.boot()
    give_database(bare)
    with service(bare) as (_, address, _written):
        hasty = bare.tree / "etc/systemd/system/homeward.service.d/hasty.conf"
        hasty.parent.mkdir(parents=True)
        hasty.write_text("[Service]\nWatchdogSec=4\nTimeoutAbortSec=2\n")
        bare.run("systemctl", "daemon-reload")

        bare.run("systemctl", "start", "homeward.socket", "homeward.service")
        until(lambda: is_ready(address), "it is ready")
        assert bare.show("homeward.service", "ActiveState", "NRestarts", "Result") == ["active", "0", "success"]

        first = main_pid(bare)
        bare.run("kill", "-STOP", first)
        until(lambda: main_pid(bare) not in (first, "0"), "the watchdog had the hung daemon killed and started anew")
        until(lambda: is_ready(address), "it is ready again")
        assert "watchdog" in bare.journal("homeward.service").lower()

        kill_daemon(bare)
        until(lambda: is_ready(address), "it is ready after kill -9")
        assert int(bare.show("homeward.service", "NRestarts")[0]) == 2

        bare.run("systemctl", "stop", "homeward.service")
        assert bare.show("homeward.service", "Result") == ["success"]
        # The socket stayed: somebody asks, and the daemon is started for him.
        assert fetch(f"http://{address}/healthz")[0] == 200
        secrets = Path(bare.tree / "etc/homeward/acme.brightpearl.token").read_text().strip()
        assert secrets not in bare.journal("homeward.service")


def test_secrets_come_as_credentials_sealed_for_the_machine_or_plain(bare: Machine, package: Path) -> None:
    install(bare, package)
    bare.boot()
    give_database(bare)
    with service(bare) as (_, address, _written):
        token, key = "/etc/homeward/acme.brightpearl.token", "/etc/homeward/acme.happy-returns.key"
        bare.run("systemd-creds", "setup")
        bare.run("systemd-creds", "encrypt", "--with-key=host", f"--name={Path(token).name}", token,
                 "/etc/homeward/secrets/token.sealed")  # fmt: skip
        bare.run("mv", key, "/root/key")
        bare.run("rm", token)
        drop_in = bare.tree / "etc/systemd/system/homeward.service.d/credentials.conf"
        drop_in.parent.mkdir(parents=True, exist_ok=True)
        drop_in.write_text(
            "[Service]\nLoadCredential=acme.happy-returns.key:/root/key\n"
            "LoadCredentialEncrypted=acme.brightpearl.token:/etc/homeward/secrets/token.sealed\n"
        )
        bare.run("chmod", "600", "/root/key", "/etc/homeward/secrets/token.sealed")
        bare.run("systemctl", "daemon-reload")

        bare.run("systemctl", "start", "homeward.socket", "homeward.service")

        until(lambda: is_ready(address), "both vendors answer to what came as credentials")


def test_a_season_under_kills_and_a_power_cut_loses_nothing_and_doubles_nothing(bare: Machine, package: Path) -> None:
    install(bare, package)
    bare.boot()
    dsn = give_database(bare)
    with service(bare) as (url, address, written):
        season = InTheMachine(
            bare.shared, returns=80, seed=11, kills=0, faults=True, machine=bare, address=address,
            breaks=[kill_daemon, pull_the_plug, kill_daemon, pull_the_plug],
        )  # fmt: skip

        found = anyio.run(season.play_against, url, written, dsn)

    assert (found.lost, found.duplicated, found.mismatched) == (0, 0, 0), found.problems
    assert season.killed == 4


def test_an_upgrade_from_the_release_before_goes_on_under_load_and_keeps_everything(
    bare: Machine, previous_package: Path, package: Path
) -> None:
    install(bare, previous_package)
    bare.boot()
    dsn = give_database(bare)

    def upgrade(machine: Machine) -> None:
        (machine.tree / "root" / package.name).write_bytes(package.read_bytes())
        machine.run("dpkg", "-i", f"/root/{package.name}")
        until(lambda: "needs" in machine.journal("homeward.service"), "the new daemon waits for the schema")
        machine.run("runuser", "-u", "postgres", "--", "homeward", "db", "migrate")
        until(lambda: is_ready(address), "it goes on")

    with service(bare) as (url, address, written):
        old = bare.run("homeward", "version").strip()
        season = InTheMachine(
            bare.shared, returns=60, seed=13, kills=0, faults=True, machine=bare, address=address, breaks=[upgrade]
        )

        found = anyio.run(season.play_against, url, written, dsn)

        assert old != bare.run("homeward", "version").strip()
    assert (found.lost, found.duplicated, found.mismatched) == (0, 0, 0), found.problems
    assert season.killed == 1


def test_removing_keeps_what_is_the_operators_and_purging_leaves_nothing(bare: Machine, package: Path) -> None:
    install(bare, package)
    bare.boot()
    give_database(bare)
    with service(bare) as (_, address, _written):
        bare.run("systemctl", "start", "homeward.socket", "homeward.service")
        until(lambda: is_ready(address), "it is ready")

        bare.run("dpkg", "-r", "homeward")
        assert (bare.tree / "etc/homeward/homeward.toml").is_file()
        assert fetch(f"http://{address}/healthz")[0] == 0
        assert not (bare.tree / "usr/lib/homeward").exists()

        bare.run("dpkg", "--purge", "homeward")

    left = bare.run("bash", "-c", "find / -xdev -iname '*homeward*' -not -path '/proc/*' -not -path '/srv/*' "
                    "-not -path '/root/*' -not -path '/etc/systemd/system/homeward*' -not -path '/tmp/*'")  # fmt: skip
    assert left == ""
    assert bare.said("getent", "passwd", "homeward") == ""
    assert bare.said("dpkg", "-l", "homeward").count("ii ") == 0
