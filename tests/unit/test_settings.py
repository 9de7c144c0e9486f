"""The configuration is checked as a whole, and every fault is told at once by its key."""

from pathlib import Path

import pytest

from daemon.errors import SettingsError
from daemon.settings import load, read_secret

GOOD = """
[merchants.acme.happy_returns]
retailer_id = "acme-apparel"
api_key_file = "hr.key"
[merchants.acme.brightpearl]
base_url = "https://euw1.brightpearlconnect.com/public-api/acme"
app_ref = "acme_homeward"
account_token_file = "bp.token"
[merchants.acme.policy]
credit_trigger = "dropped_off"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "homeward.toml"
    path.write_text(text)
    return path


def test_the_designs_example_is_valid_and_paths_are_relative_to_it(tmp_path: Path) -> None:
    settings = load(written(tmp_path, GOOD))

    merchant = settings.merchants["acme"]
    assert merchant.happy_returns.api_key_file == tmp_path / "hr.key"
    assert merchant.brightpearl.requests_per_minute == 140
    assert settings.state_dir == tmp_path / ".homeward"


def test_a_systemd_credential_of_the_same_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "hr.key").write_text("secret\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))

    settings = load(written(tmp_path, GOOD))

    assert read_secret(settings.merchants["acme"].happy_returns.api_key_file) == "secret"


def test_all_faults_are_told_at_once_with_their_keys(tmp_path: Path) -> None:
    broken = (
        GOOD.replace('retailer_id = "acme-apparel"\n', "colour = 1\n")
        .replace('"dropped_off"', '"teatime"')
        .replace('app_ref = "acme_homeward"', 'app_ref = "x"\nstaff_token_file = "s"\nrequests_per_minute = 0')
    )

    with pytest.raises(SettingsError) as caught:
        load(written(tmp_path, broken + '[web]\nlisten = "here"\n'))

    told = str(caught.value)
    for key in (
        "web.listen", "merchants.acme.happy_returns.retailer_id", "merchants.acme.happy_returns.colour",
        "merchants.acme.policy.credit_trigger", "merchants.acme.brightpearl.requests_per_minute",
        "merchants.acme.brightpearl.oauth",
    ):  # fmt: skip
        assert key in told
    assert "6 fault(s)" in told


@pytest.mark.parametrize("text", ["[[", "a = 1\na = 2\n"])
def test_what_is_no_toml_is_told_as_such(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"homeward\.toml"):
        load(written(tmp_path, text))


def test_a_secret_is_never_part_of_a_message(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_text("  \n")

    with pytest.raises(SettingsError, match="is empty"):
        read_secret(path)
