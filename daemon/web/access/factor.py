"""A second factor: codes by time as authenticator programs make them (RFC 6238), and recovery codes for who lost theirs.

The few lines over `hmac` are the standard's own, checked against its test vectors. A library's check says only whether a
code is right; which time step it is of must be known too, so that none is taken twice.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import orjson
from cryptography.fernet import InvalidToken

from daemon.errors import SettingsError
from daemon.store.sealed import opener

DIGITS = 6
STEP_SECONDS = 30
DRIFT_STEPS = 1  # a device's clock may be so many steps early or late
SECRET_BYTES = 20  # the length RFC 4226 recommends, and what every authenticator takes
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10  # 80 bits: out of reach of guessing even where the hash is known
ISSUER = "Homeward"


def code_of(secret: bytes, step: int) -> str:
    """The code of a time step. Source: RFC 4226, section 5.3."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_at(now: datetime) -> int:
    return int(now.timestamp()) // STEP_SECONDS


def step_that_fits(secret: bytes, code: str, now: datetime, *, after: int) -> int | None:
    """The time step whose code this is, within the drift allowed and later than `after`; None when there is none.

    Every step is compared, so that the time it takes tells nothing.
    """
    fitting = None
    for step in range(step_at(now) - DRIFT_STEPS, step_at(now) + DRIFT_STEPS + 1):
        is_same = hmac.compare_digest(code_of(secret, step).encode(), code.encode("utf-8", "surrogateescape"))
        if is_same and step > after:
            fitting = step
    return fitting


def is_code(typed: str) -> bool:
    """Whether this is a code by time, and no recovery code."""
    return len(typed) == DIGITS and typed.isascii() and typed.isdigit()


def plain(typed: str) -> str:
    """A code as it was typed, without spaces and hyphens."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())[:64]


# -- what is shown once ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """The secret an authenticator is given, in the forms it takes."""

    account: str
    secret: bytes

    @property
    def letters(self) -> str:
        return base64.b32encode(self.secret).decode().rstrip("=")

    @property
    def in_groups(self) -> str:
        """For typing."""
        return " ".join(_groups(self.letters))

    def uri(self, place: str) -> str:
        """What a QR picture holds. `place` tells this installation from others in the authenticator's list."""
        issuer = f"{ISSUER} {place}".strip()
        label = quote(f"{issuer}:{self.account}", safe="")
        return f"otpauth://totp/{label}?secret={self.letters}&issuer={quote(issuer, safe='')}"


def new_key(account: str) -> Key:
    return Key(account, secrets.token_bytes(SECRET_BYTES))


def new_recovery_codes() -> list[str]:
    letters = (base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES))
    return ["-".join(_groups(each)) for each in letters]


def hash_of(account: str, recovery_code: str) -> bytes:
    """What is kept of a recovery code: good for this account alone."""
    return hashlib.sha256(f"{account}\0{plain(recovery_code)}".encode()).digest()


def _groups(letters: str) -> list[str]:
    return [letters[start : start + 4] for start in range(0, len(letters), 4)]


# -- what is kept ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals keys for the database with the first line of `secrets.key_file`; opens with every line of it."""

    key_file: Path | None

    def close(self, key: Key) -> bytes:
        """Raises SettingsError without a usable key file."""
        return opener(self._file()).encrypt(orjson.dumps({"account": key.account, "secret": key.letters}))

    def open(self, account: str, sealed: bytes) -> Key:
        """Raises SettingsError when it cannot be opened, or was sealed for another account."""
        try:
            content = orjson.loads(opener(self._file()).decrypt(sealed))
        except InvalidToken as error:
            raise SettingsError(
                f"the second factor of {account} cannot be opened with {self.key_file}: put the former key below the new one"
            ) from error
        if content["account"] != account:
            raise SettingsError(f"what is kept as the second factor of {account} was made for another account")
        letters = str(content["secret"])
        return Key(account, base64.b32decode(letters + "=" * (-len(letters) % 8)))

    def _file(self) -> Path:
        if self.key_file is None:
            raise SettingsError(
                "secrets.key_file: is needed for a second factor; homeward db new-key prints a key for it"
            )
        return self.key_file
