"""Codes by time are the standard's, none is taken twice, and what is kept of a secret opens for its own account alone."""

import base64
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import SettingsError
from daemon.store.sealed import new_key as new_sealing_key
from daemon.web.access.factor import (
    Key,
    Seal,
    code_of,
    hash_of,
    is_code,
    new_key,
    new_recovery_codes,
    plain,
    step_at,
    step_that_fits,
)

RFC_SECRET = b"12345678901234567890"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


# RFC 6238, appendix B, SHA-1; six digits are the last six of its eight.
@pytest.mark.parametrize(
    ("seconds", "eight"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_the_ones_of_the_standard(seconds: int, eight: str) -> None:
    assert code_of(RFC_SECRET, step_at(datetime.fromtimestamp(seconds, UTC))) == eight[-6:]


def test_a_code_fits_within_a_step_of_its_time_and_never_after_a_later_one() -> None:
    now = step_at(NOON)

    fitting = {
        drift: step_that_fits(RFC_SECRET, code_of(RFC_SECRET, now + drift), NOON, after=0) for drift in range(-3, 4)
    }

    assert fitting == {-3: None, -2: None, -1: now - 1, 0: now, 1: now + 1, 2: None, 3: None}
    assert step_that_fits(RFC_SECRET, code_of(RFC_SECRET, now), NOON, after=now) is None
    assert step_that_fits(RFC_SECRET, code_of(RFC_SECRET, now - 1), NOON, after=now) is None
    assert step_that_fits(RFC_SECRET, code_of(RFC_SECRET, now + 1), NOON, after=now) == now + 1


@given(st.text(max_size=40), st.binary(min_size=20, max_size=20))
def test_nothing_else_that_is_typed_fits(typed: str, secret: bytes) -> None:
    right = {code_of(secret, step_at(NOON) + drift) for drift in (-1, 0, 1)}

    assert (step_that_fits(secret, typed, NOON, after=0) is not None) == (typed in right)


def test_a_recovery_code_is_found_however_it_is_typed_and_is_good_for_one_account() -> None:
    codes = new_recovery_codes()
    one = codes[0]

    assert len({plain(code) for code in codes}) == len(codes) == 10
    assert hash_of("anna", one) == hash_of("anna", one.lower().replace("-", " ")) != hash_of("bea", one)
    assert not any(is_code(plain(code)) for code in codes)
    assert len(base64.b32decode(plain(one))) * 8 == 80


def test_a_secret_is_sealed_for_its_account_and_opens_with_a_former_key_too(tmp_path: Path) -> None:
    file, key = tmp_path / "sealing", new_key("anna")
    file.write_text(former := new_sealing_key())
    sealed = Seal(file).close(key)
    file.write_text(f"{new_sealing_key()}\n{former}\n")

    assert Seal(file).open("anna", sealed) == key
    assert key.secret not in sealed
    with pytest.raises(SettingsError, match="another account"):
        Seal(file).open("mallory", sealed)
    file.write_text(new_sealing_key())
    with pytest.raises(SettingsError, match="former key"):
        Seal(file).open("anna", sealed)
    with pytest.raises(SettingsError, match="key_file"):
        Seal(None).close(key)


def test_the_picture_and_the_groups_hold_the_same_key() -> None:
    key = Key("anna@acme.example", RFC_SECRET)
    uri = urlsplit(key.uri("returns.example.com"))

    told = parse_qs(uri.query)
    picture = BytesIO()
    segno.make(key.uri(""), error="m").save(picture, kind="svg")

    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert told["secret"] == [key.in_groups.replace(" ", "")] == [base64.b32encode(RFC_SECRET).decode()]
    assert told["issuer"] == ["Homeward returns.example.com"]
    assert all(len(group) == 4 for group in key.in_groups.split())
    assert picture.getvalue().startswith(b"<?xml")
