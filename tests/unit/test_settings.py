"""The configuration is checked as a whole, and every fault is told at once by its key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.errors import SettingsError
from daemon.settings import load
from daemon.settings_section import read_secret
from statemachine.deadlines import deadline_for, ladder
from statemachine.policy import Severity
from statemachine.states import State

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


CALENDAR = """
[merchants.acme.calendar]
timezone = "Europe/London"
opens = "08:30:00"
country = "GB"
subdivision = "ENG"
closed_on = [2026-12-24]
"""


def test_a_merchants_clocks_stand_still_at_its_nights_weekends_and_holidays(tmp_path: Path) -> None:
    policy = load(written(tmp_path, GOOD + CALENDAR)).merchants["acme"].machine_policy()
    wednesday = datetime(
        2026, 12, 23, 15, tzinfo=UTC
    )  # then a day off, Christmas, a weekend, and Boxing Day made up for

    due = deadline_for(State.EXCEPTION, policy, entered_at=wednesday, cause="tax-code-missing")

    assert due == datetime(2026, 12, 29, 15, tzinfo=UTC)
    assert deadline_for(State.SCANNED, policy, entered_at=wednesday) == wednesday + timedelta(hours=24)


LADDER = """
[[merchants.acme.ladders.tax-code-missing]]
after = "4h"
tell = "finance"
[[merchants.acme.ladders.tax-code-missing]]
after = "1d"
tell = "operations"
severity = "urgent"
[[merchants.acme.ladders.scanned]]
after = "2d"
tell = "warehouse"
in_business_time = false
"""


def test_a_merchants_own_ladder_goes_before_the_default_and_leads_to_the_same_exception(tmp_path: Path) -> None:
    policy = load(written(tmp_path, GOOD + LADDER)).merchants["acme"].machine_policy()

    stuck = ladder(State.EXCEPTION, policy, cause="tax-code-missing")
    assert [(rung.after, rung.tell, rung.severity) for rung in stuck] == [
        (timedelta(hours=4), "finance", Severity.WARNING),
        (timedelta(days=1), "operations", Severity.URGENT),
    ]
    assert [rung.cause for rung in ladder(State.SCANNED, policy)] == ["drop-off-unconfirmed"]
    assert ladder(State.CREDIT_PENDING, policy, cause="tax-code-missing")[-1].cause == "tax-code-missing"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ('[merchants.acme.calendar]\ntimezone = "Mars/Olympus"', "Mars/Olympus"),
        ('[merchants.acme.calendar]\ncountry = "ZZ"', "ZZ"),
        ("[merchants.acme.calendar]\nopens = 18:00:00", "must close later"),
        ("[merchants.acme.calendar]\nweekdays = []", "at least one"),
        ('[[merchants.acme.ladders.nowhere]]\nafter = "1d"\ntell = "finance"', "no state or cause 'nowhere'"),
        ("[merchants.acme.ladders]\nscanned = []", "has no rung"),
        (LADDER.replace('"1d"', '"3h"'), "later than the one before"),
        (LADDER.replace('severity = "urgent"', "in_business_time = false"), "mixes business time"),
        (LADDER.replace('"4h"', '"soon"'), "ladders.tax-code-missing.0.after"),
    ],
)
def test_a_calendar_or_ladder_that_cannot_be_is_refused_with_the_reason(told: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=why.replace("[", "\\[")):
        load(written(tmp_path, GOOD + told))
