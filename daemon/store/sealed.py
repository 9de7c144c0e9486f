"""Tokens that change by themselves, kept in the database sealed with a key that is not in it.

Sealed is Fernet of `cryptography` (AES-128-CBC with HMAC-SHA-256). The key file holds one key a line: the first seals, all
of them open, so a key is rotated by putting a new one before the old. Kept in the database, a token goes with its merchant
to whichever daemon works it next.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from daemon.clock import Clock
from daemon.errors import SettingsError
from daemon.settings_section import read_secret
from daemon.store.database import COMMAND_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS, Database
from daemon.store.sql import statements

SQL = statements(__file__)


def new_key() -> str:
    """A line for the key file."""
    return Fernet.generate_key().decode()


def opener(key_file: Path) -> MultiFernet:
    """Raises SettingsError for a file without a usable key."""
    try:
        return MultiFernet([Fernet(line.encode()) for line in read_secret(key_file).split()])
    except ValueError as error:
        raise SettingsError(f"secret file {key_file}: not a key as `homeward db new-key` prints it") from error


class SealedTokens:
    """The tokens of one merchant's OAuth, in the database."""

    NAME = "brightpearl-oauth"

    def __init__(self, database: Database, clock: Clock, merchant: str, *, key_file: Path, seed_file: Path) -> None:
        self._database, self._clock, self._merchant = database, clock, merchant
        self._key_file, self._seed_file = key_file, seed_file

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Nobody else renews these tokens meanwhile: a refresh token is good for one use. If we die, our turn ends."""
        connection = await asyncpg.connect(
            self._database.session_dsn, timeout=CONNECT_TIMEOUT_SECONDS, command_timeout=COMMAND_TIMEOUT_SECONDS
        )
        try:
            await SQL.value(connection, "take_turn", merchant=self._merchant)
            yield
        finally:
            connection.terminate()

    async def read(self) -> dict[str, str]:
        """`refresh_token`, and `access_token` where one was got. An operator's newer refresh token goes before what is kept.

        Raises SettingsError when what is kept cannot be opened with the keys there are.
        """
        seed = read_secret(self._seed_file)
        async with self._database.reading() as connection:
            row = await SQL.row(connection, "read", merchant=self._merchant, name=self.NAME)
        if row is None or row["seed_sha256"] != _digest(seed):
            return {"refresh_token": seed}
        try:
            found: dict[str, str] = orjson.loads(opener(self._key_file).decrypt(row["sealed"]))
        except InvalidToken as error:
            raise SettingsError(
                f"{self._merchant}: the stored token cannot be opened with {self._key_file}: put the former key below the new"
            ) from error
        return found

    async def write(self, tokens: dict[str, str]) -> None:
        """All at once, or nothing."""
        sealed = opener(self._key_file).encrypt(orjson.dumps(tokens))
        async with self._database.transaction("tokens") as connection:
            await SQL.run(
                connection, "write", merchant=self._merchant, name=self.NAME, sealed=sealed,
                seed_sha256=_digest(read_secret(self._seed_file)), now=self._clock.now(),
            )  # fmt: skip


def _digest(seed: str) -> bytes:
    return hashlib.sha256(seed.encode()).digest()
