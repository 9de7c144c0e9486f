"""What nobody would notice otherwise is noticed: loops that stopped, alerts that reach nobody, webhooks that do not come,
tokens that cannot be renewed, clocks, certificates, backups, a database that fills."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from daemon.app import build_workplace
from daemon.clock import machine_now
from daemon.loops.probe import Probe
from daemon.loops.runner import BREAKS_MIN, Runner
from daemon.loops.workplace import Lease, Workplace
from daemon.sandbox.brightpearl_gateway import FIRST_REFRESH_TOKEN, OAUTH_CLIENT_SECRET
from daemon.settings import Settings, load
from daemon.store import health as health_store
from daemon.store import merchant as merchant_store
from daemon.store.database import Database
from daemon.store.health import DatabaseState
from daemon.web.access.roles import Role
from tests.integration.test_alerts import Receiver, configured, given_stuck, work
from tests.integration.test_health import ready
from tests.integration.test_operations_told import live, monitor_of, of
from tests.integration.test_vendor_out import DAY, HOUR, MINUTE, stands
from tests.visitor import visitor
from tests.world import MERCHANT, World, open_world


async def subjects(world: World) -> dict[str, str]:
    """What is stored as a trouble: subject → kind."""
    async with world.database.reading() as connection:
        found = await health_store.read(connection, [MERCHANT])
    return {each.subject: each.status for each in found if each.is_trouble}


# -- work -----------------------------------------------------------------------------------------------------------------


async def test_a_merchant_nobody_works_is_told_and_is_not_ready(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        monitor = monitor_of(world)
        async with database.transaction() as connection:
            await merchant_store.release(connection, "test", [MERCHANT])
        for minute in range(10):
            await monitor.run_once(world.now + minute * MINUTE)
        during, (status, _) = await subjects(world), await ready(world)
        async with database.transaction() as connection:
            await merchant_store.acquire(connection, [MERCHANT], owner="test", lease_seconds=10**7)
        for minute in range(10, 20):
            await monitor.run_once(world.now + minute * MINUTE)

    assert (during, status) == ({"work": "not-worked"}, 503)
    assert [(each["kind"], each["state"]) for each in of(receiver)] == [("not-worked", "began"), ("not-worked", "over")]


async def test_a_merchant_that_only_changes_hands_is_no_trouble(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        monitor = monitor_of(world)
        async with database.transaction() as connection:
            await merchant_store.release(connection, "test", [MERCHANT])
        await monitor.run_once(world.now)

        assert await subjects(world) == {}


def stands_still(runner: Runner) -> bool:
    return any(each.subject == "loop:reevaluate" and each.is_trouble for each in runner.troubles())


async def test_a_loop_that_breaks_again_and_again_is_named_by_the_daemon_and_stored(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        async with database.transaction() as connection:
            await merchant_store.release(connection, "test", [MERCHANT])
            await connection.execute("ALTER TABLE credit_map RENAME TO gone")

        def open_workplace(lease: Lease) -> Workplace:
            at = world.workplace
            return build_workplace(
                Settings(merchants={MERCHANT: at.settings}), MERCHANT, database=at.database, clock=at.clock,
                telemetry=at.telemetry, http=world.http, lease=lease,
            )  # fmt: skip

        runner = Runner(
            database=database, clock=world.workplace.clock, telemetry=world.workplace.telemetry, owner="test-loops",
            merchants=[MERCHANT], open_workplace=open_workplace,
        )  # fmt: skip
        monitor = monitor_of(world, troubles=runner.troubles)
        async with anyio.create_task_group() as group:
            group.start_soon(runner.run)
            with anyio.fail_after(60):
                while not stands_still(runner):
                    await anyio.lowlevel.checkpoint()
            await monitor.run_once(world.now)
            during = await subjects(world)
            async with database.transaction() as connection:
                await connection.execute("ALTER TABLE gone RENAME TO credit_map")
            with anyio.fail_after(60):
                while stands_still(runner):
                    await anyio.lowlevel.checkpoint()
            await monitor.run_once(world.now)
            after = await subjects(world)
            runner.stop()

    assert during["loop:reevaluate"] == "loop-stands-still"
    assert "loop:reevaluate" not in after
    assert BREAKS_MIN > 1


# -- alerts that reach nobody ---------------------------------------------------------------------------------------------


async def test_messages_to_a_team_that_do_not_arrive_are_told_to_operations(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    config = configured(tmp_path, receiver).replace(
        f'[alerts.teams.finance]\nwebhook_url = "{receiver.url}"',
        '[alerts.teams.finance]\nwebhook_url = "http://127.0.0.1:9/"',
    )
    async with open_world(database, tmp_path, extra_config=config) as world:
        monitor = monitor_of(world)
        await given_stuck(world, 1, "tax-code-missing")
        for _ in range(20):
            world.sandbox.clock.move(to=world.now + 2 * MINUTE)
            await work(world, world.now)
            await monitor.run_once(world.now)
        found = await subjects(world)
        async with visitor(world, "ann", Role.ADMINISTRATOR) as ann, visitor(world, "vera", Role.VIEWER) as vera:
            (_, hers), (_, not_hers) = await ann.get("/returns"), await vera.get("/returns")

    assert found == {"alerts:finance:webhook": "alerts-undelivered"}
    (alert,) = [each for each in of(receiver) if each["kind"] == "alerts-undelivered"]
    assert (alert["merchant"], alert["subject"]) == ("", "alerts:finance:webhook")
    assert "alerts, finance:webhook: alerts undelivered" in hers
    assert "undelivered" not in not_hers


async def test_where_operations_cannot_be_reached_whoever_can_be_is_told_within_a_quarter_of_an_hour(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    config = configured(tmp_path, receiver).replace(
        f'[alerts.teams.operations]\nwebhook_url = "{receiver.url}"',
        '[alerts.teams.operations]\nwebhook_url = "http://127.0.0.1:9/"',
    )
    async with open_world(database, tmp_path, extra_config=config) as world:
        await world.settle()
        monitor, began = monitor_of(world), world.now
        (tmp_path / "acme.brightpearl.token").write_text("revoked")
        await live(world, monitor, 15 * MINUTE)

    told = {team: of(receiver, team) for team in ("finance", "customer-service", "warehouse")}
    assert all([each["kind"] for each in alerts][:1] == ["vendor-refuses-us"] for alerts in told.values())
    assert began == world.now - 15 * MINUTE


# -- vendors' quieter troubles --------------------------------------------------------------------------------------------


async def test_webhooks_that_stop_coming_are_told_and_the_first_that_comes_ends_it(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        monitor = monitor_of(world)
        for _ in range(3):
            world.begin("bar_single")
        await live(world, monitor, 10 * DAY, step=6 * HOUR)
        while_they_come = await subjects(world)
        address, world.sandbox.happy_returns.webhook_url = world.sandbox.happy_returns.webhook_url, ""
        for _ in range(12):
            code = world.begin("bar_single")["express_code"]
            world.sandbox.clock.move(to=world.now + timedelta(seconds=2))
            await world.settle()
            await world.pull(code)
        await live(world, monitor, 10 * DAY, step=6 * HOUR)
        without = await subjects(world)
        world.sandbox.happy_returns.webhook_url = address
        world.begin("bar_single")
        await live(world, monitor, 2 * DAY, step=6 * HOUR)
        again = await subjects(world)

    assert while_they_come == {}
    assert without == {"webhooks": "webhooks-missing"}
    assert again == {}
    assert [each["state"] for each in of(receiver)][:: len(of(receiver)) - 1] == ["began", "over"]


async def test_clocks_that_differ_are_told(receiver: Receiver, database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        monitor = monitor_of(world)
        await live(world, monitor, HOUR, step=10 * MINUTE)
        agreed = await subjects(world)
        world.sandbox.assumptions.clock_offset_seconds = 300
        await live(world, monitor, 2 * HOUR, step=10 * MINUTE)
        apart = await subjects(world)
        world.sandbox.assumptions.clock_offset_seconds = 0
        await live(world, monitor, HOUR, step=10 * MINUTE)
        again = await subjects(world)

    assert agreed == {}
    assert apart == {"brightpearl:clock": "clock-skew", "happy-returns:clock": "clock-skew"}
    assert again == {}
    assert {each["subject"] for each in of(receiver)} == set(apart)


async def test_a_period_lock_that_cannot_be_read_is_told_by_its_name(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        monitor = monitor_of(world)
        await world.settle()
        world.sandbox.faults.plan({"rules": [{"match": "accounting-period-lock", "kind": "forbidden"}]})
        await live(world, monitor, 2 * HOUR, step=5 * MINUTE)

        assert await subjects(world) == {"brightpearl:get-period-lock": "resource-forbidden"}
        assert of(receiver)[0]["subject"] == "brightpearl:get-period-lock"


def with_oauth(world: World, folder: Path) -> Workplace:
    """The world's merchant, signed by OAuth."""
    (folder / "client.secret").write_text(OAUTH_CLIENT_SECRET)
    (folder / "refresh").write_text(FIRST_REFRESH_TOKEN)
    url = str(world.workplace.settings.brightpearl.base_url).split("/public-api")[0]
    text = world.config.read_text().replace('account_token_file = "acme.brightpearl.token"\n', "")
    oauth = (
        f'[merchants.acme.brightpearl.oauth]\nclient_id = "acme_homeward"\nclient_secret_file = "client.secret"\n'
        f'refresh_token_file = "refresh"\ntoken_url = "{url}/token/acme"\n'
    )
    config = folder / "oauth.toml"
    config.write_text(f"{text}\n{oauth}")
    return build_workplace(
        load(config), MERCHANT, database=world.database, clock=world.workplace.clock,
        telemetry=world.workplace.telemetry, http=world.http, lease=world.workplace.lease,
    )  # fmt: skip


async def test_a_token_is_renewed_ahead_and_one_that_cannot_be_is_told_while_it_still_works(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        at = with_oauth(world, tmp_path)
        gateway, probe = world.sandbox.brightpearl.gateway, Probe(at)
        await probe.run_once(world.now)
        first = set(gateway.access_tokens)
        world.sandbox.clock.move(to=world.now + 5 * DAY)
        await probe.run_once(world.now)
        early = set(gateway.access_tokens)
        world.sandbox.clock.move(to=world.now + DAY + HOUR)
        await probe.run_once(world.now)
        renewed = set(gateway.access_tokens)
        gateway.refresh_tokens.clear()
        world.sandbox.clock.move(to=world.now + 6 * DAY + HOUR)
        await probe.run_once(world.now)
        warned, works = await subjects(world), await stands(world)
        world.sandbox.clock.move(to=world.now + DAY)
        await probe.run_once(world.now)
        ended = await subjects(world)

    assert (len(first), early == first, len(renewed)) == (1, True, 2)
    assert warned == {"brightpearl:renew-token": "token-not-renewable"}
    assert works["brightpearl"] == "well"
    assert ended["brightpearl"] == "vendor-refuses-us"


async def test_a_key_that_cannot_be_read_is_a_refusal_that_parks_nothing(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        at = with_oauth(world, tmp_path)
        (tmp_path / "refresh").unlink()
        world.begin("bar_single")

        await Probe(at).run_once(world.now)

        (whole, *_) = at.health("brightpearl").signals(world.now)
        assert (whole.status, whole.file) == ("vendor-refuses-us", str(tmp_path / "refresh"))
        assert "refresh" in whole.why


# -- the installation -----------------------------------------------------------------------------------------------------


def certificate(folder: Path, *, days: float) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "homeward")])
    now = machine_now()
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days)).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / f"tls-{days}.crt"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return file


async def told_of(world: World, **changed: Any) -> dict[str, str]:
    """What a monitor with these settings finds wrong with the installation, and then stores."""
    monitor = monitor_of(world)
    monitor._settings = monitor._settings.model_copy(update=changed)
    await monitor.run_once(world.now)
    return await subjects(world)


async def test_a_database_that_fills_a_backup_that_is_late_and_a_certificate_that_ends_are_told(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        settings = load(world.config)
        soon, late = certificate(tmp_path, days=5), certificate(tmp_path, days=90)
        proof = tmp_path / "backup.done"
        proof.touch()
        web = settings.web.model_copy(update={"tls_certificate_file": soon})
        healthy = await told_of(
            world,
            database=settings.database.model_copy(update={"full_at_gb": 100.0}),
            backups=settings.backups.model_copy(update={"proof_file": proof}),
            web=web.model_copy(update={"tls_certificate_file": late}),
        )
        old = (datetime.now(UTC) - timedelta(hours=30)).timestamp()
        os.utime(proof, (old, old))
        wrong = await told_of(
            world,
            database=settings.database.model_copy(update={"full_at_gb": 0.001}),
            backups=settings.backups.model_copy(update={"proof_file": proof}),
            web=web,
        )
        mended = await told_of(world, web=web.model_copy(update={"tls_certificate_file": late}))
        status, _ = await ready(world)

    assert healthy == {}
    assert sorted(wrong.values()) == ["backup-late", "certificate-expires", "database-nearly-full"]
    assert (mended, status) == ({}, 200)


async def test_a_segment_that_was_not_archived_is_a_late_backup(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        monitor, now = monitor_of(world), world.now
        fine = DatabaseState(False, 1, now, archives=True, archived_at=now, archive_failed_at=now - HOUR)
        failing = DatabaseState(False, 1, now, archives=True, archived_at=now - HOUR, archive_failed_at=now)
        never = DatabaseState(False, 1, now, archives=False, archived_at=None, archive_failed_at=None)

        found = [[each.status for each in monitor._backups(state, now)] for state in (fine, failing, never)]

    assert found == [[], ["backup-late"], []]
