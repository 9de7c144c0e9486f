"""Secrets: rotated without a restart, sealed at rest, never lost between a token service and the database."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from daemon import app as application
from daemon.clients.brightpearl import BrightpearlClient
from daemon.errors import NotPermittedError, SettingsError
from daemon.sandbox.brightpearl_gateway import FIRST_REFRESH_TOKEN, OAUTH_CLIENT_SECRET
from daemon.settings import load
from daemon.store.database import Database
from daemon.store.sealed import new_key
from daemon.telemetry import Telemetry
from daemon.web.tls import Certificate
from tests.world import MovedByHand, World, open_world


def given_oauth(world: World, folder: Path, *, key: str) -> Path:
    """The world's configuration, signed by OAuth with sealed tokens."""
    (folder / "refresh").write_text(FIRST_REFRESH_TOKEN)
    (folder / "client").write_text(OAUTH_CLIENT_SECRET)
    (folder / "sealing").write_text(key)
    told = world.config.read_text().replace('account_token_file = "acme.brightpearl.token"\n', "")
    config, url = folder / "oauth.toml", world.workplace.settings.happy_returns.base_url
    config.write_text(
        f"{told}\n[secrets]\nkey_file = 'sealing'\n[merchants.acme.brightpearl.oauth]\nclient_id = 'acme_homeward'\n"
        f"client_secret_file = 'client'\nrefresh_token_file = 'refresh'\ntoken_url = '{url}/token/acme'\n"
    )
    return config


def client_of(world: World, config: Path) -> BrightpearlClient:
    """As another process would have it."""
    return application.build_clients(
        load(config), "acme", clock=MovedByHand(world.sandbox), telemetry=Telemetry(otlp_endpoint=None), http=world.http,
        database=world.database,
    ).brightpearl  # fmt: skip


async def test_a_new_token_is_sealed_in_the_database_and_the_next_process_goes_on_with_it(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        config = given_oauth(world, tmp_path, key=new_key())
        await client_of(world, config).locked_until()
        world.sandbox.assumptions.token_life_seconds = 60

        world.sandbox.clock.move(to=world.now + timedelta(days=1))
        await client_of(world, config).locked_until()
        tokens = len(world.sandbox.brightpearl.gateway.access_tokens)
        await client_of(world, config).locked_until()

        async with database.reading() as connection:
            (row,) = await connection.fetch("SELECT sealed, name FROM sealed_secret")
        assert len(world.sandbox.brightpearl.gateway.access_tokens) == tokens, (
            "a third process needed no token of its own"
        )
        assert not any(each.encode() in row["sealed"] for each in world.sandbox.brightpearl.gateway.access_tokens)
        assert (tmp_path / "refresh").read_text() == FIRST_REFRESH_TOKEN


async def waiting_for_locks(database: Database) -> int:
    async with database.reading() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))


async def test_two_processes_that_refresh_at_once_do_not_shut_each_other_out(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        config = given_oauth(world, tmp_path, key=new_key())
        one, two = client_of(world, config), client_of(world, config)
        await one.locked_until()
        await two.locked_until()
        gateway = world.sandbox.brightpearl.gateway
        gateway.access_tokens.clear()

        async with anyio.create_task_group() as group, database.transaction() as connection:
            await connection.execute("SELECT FROM sealed_secret FOR UPDATE")  # what was got cannot be kept yet
            group.start_soon(one.locked_until)
            group.start_soon(two.locked_until)
            while await waiting_for_locks(database) < 2:
                await anyio.lowlevel.checkpoint()

        assert len(gateway.access_tokens) == 1


async def test_the_sealing_key_is_rotated_by_putting_a_new_one_first(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        old = new_key()
        config = given_oauth(world, tmp_path, key=old)
        await client_of(world, config).locked_until()

        (tmp_path / "sealing").write_text(new_key())
        with pytest.raises(SettingsError, match="put the former key below"):
            await client_of(world, config).locked_until()
        (tmp_path / "sealing").write_text(f"{new_key()}\n{old}\n")
        await client_of(world, config).locked_until()


async def test_a_token_an_operator_wrote_goes_before_what_is_kept(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        config = given_oauth(world, tmp_path, key=new_key())
        await client_of(world, config).locked_until()
        gateway = world.sandbox.brightpearl.gateway
        gateway.access_tokens.clear()
        gateway.refresh_tokens.clear()

        with pytest.raises(NotPermittedError):
            await client_of(world, config).locked_until()
        gateway.refresh_tokens.add("authorised again")
        (tmp_path / "refresh").write_text("authorised again")

        await client_of(world, config).locked_until()


async def test_keys_are_rotated_without_a_restart(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        happy, bright = world.workplace.happy_returns, world.workplace.brightpearl
        files = [tmp_path / "acme.happy-returns.key", tmp_path / "acme.brightpearl.token"]
        good = [file.read_text() for file in files]
        for file in files:
            file.write_text("revoked")
        for ask in (happy.check, bright.locked_until):
            with pytest.raises(NotPermittedError):
                await ask()

        for file, secret in zip(files, good, strict=True):
            file.write_text(secret)

        await happy.check()
        await bright.locked_until()


def given_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = folder / "tls.crt", folder / "tls.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


async def test_a_renewed_certificate_is_served_without_a_restart(tmp_path: Path) -> None:
    served = Certificate(*given_certificate(tmp_path, "first"))
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=served.context).start()
    port = runner.addresses[0][1]

    async def subject() -> str:
        told = await anyio.to_thread.run_sync(ssl.get_server_certificate, ("127.0.0.1", port))
        return str(x509.load_pem_x509_certificate(told.encode()).subject.rfc4514_string())

    first = await subject()
    assert not served.renew()
    given_certificate(tmp_path, "second")
    assert served.renew()
    second = await subject()
    key = (tmp_path / "tls.key").read_bytes()
    given_certificate(tmp_path, "third")
    (tmp_path / "tls.key").write_bytes(key)  # the new certificate is there, its key is not yet
    assert not served.renew()
    third = await subject()
    await runner.cleanup()

    assert [first, second, third] == ["CN=first", "CN=second", "CN=second"]
