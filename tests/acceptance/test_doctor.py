"""`homeward doctor` finds each planted fault and says how to mend it; a healthy installation has none."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.processes import free_address, homeward, open_folder, sandbox


def replace(old: str, new: str) -> Callable[[Path], object]:
    def plant(config: Path) -> None:
        text = config.read_text()
        assert old in text
        config.write_text(text.replace(old, new))

    return plant


def secret(name: str, content: str | None, mode: int = 0o600) -> Callable[[Path], object]:
    def plant(config: Path) -> None:
        path = config.parent / name
        if content is None:
            path.unlink()
        else:
            path.write_text(content)
            path.chmod(mode)

    return plant


def append(text: str) -> Callable[[Path], object]:
    return lambda config: config.write_text(config.read_text() + text)


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "an unknown setting": (append("colour = 'blue'\n"), "settings"),
    "a missing secret": (secret("acme.brightpearl.token", None), "acme: brightpearl.account_token_file"),
    "an empty secret": (secret("acme.happy-returns.key", "\n"), "acme: happy_returns.api_key_file"),
    "a secret others can read": (
        secret("acme.happy-returns.webhook", "sandbox-webhook-secret", 0o644),
        "acme: happy_returns.webhook_secret_file",
    ),
    "a wrong Happy Returns key": (secret("acme.happy-returns.key", "wrong"), "acme: happy returns"),
    "a retailer that is not linked": (replace('"acme-apparel"', '"somebody-else"'), "acme: retailer"),
    "a wrong Brightpearl token": (secret("acme.brightpearl.token", "wrong"), "acme: brightpearl"),
    "a wrong Brightpearl address": (replace("/public-api/acme", "/public-api/other"), "acme: brightpearl"),
    "an unreachable Happy Returns": (
        lambda config: config.write_text(_other_port(config.read_text())),
        "acme: happy returns",
    ),
    "a credit status that does not exist": (append("credit_status_id = 4\n"), "acme: policy.credit_status_id"),
    "a payment method that is not active": (
        append('refund_payment_method = "CHEQUE"\n'),
        "acme: policy.refund_payment_method",
    ),
    "a warehouse that does not exist": (append("return_warehouse_id = 99\n"), "acme: policy.return_warehouse_id"),
    "a database that does not answer": (
        append('\n[database]\ndsn = "postgresql://nobody@127.0.0.1:9/none"\n'), "database",
    ),
    "an address that is not ours": (replace('listen = "127.', 'listen = "203.0.113.9:80"  # "'), "web address"),
}  # fmt: skip


def _other_port(text: str) -> str:
    line = next(each for each in text.splitlines() if each.startswith("base_url") and "public-api" not in each)
    return text.replace(line, 'base_url = "http://127.0.0.1:9"')


@pytest.fixture(scope="module")
def installation() -> Iterator[Path]:
    """A healthy installation: both vendors' sandbox, a migrated database, and the configuration's folder."""
    with open_folder() as folder, sandbox(folder, free_address()) as (_, config):
        homeward("db", "migrate", config=config)
        yield config


@pytest.fixture
def config(installation: Path, tmp_path: Path) -> Path:
    """A configuration of one's own for the same installation, with its secrets beside it."""
    state = installation.parent / "state"
    for each in installation.parent.iterdir():
        if each.is_file():
            shutil.copy(each, tmp_path / each.name)
    mine = tmp_path / installation.name
    mine.write_text(mine.read_text().replace('state_dir = "state"', f'state_dir = "{state}"'))
    return mine


def test_a_healthy_installation_has_no_fault(config: Path) -> None:
    found = json.loads(homeward("doctor", "-o", "json", config=config).stdout)

    assert [row for row in found if row["result"] != "ok"] == []


def test_an_installation_without_webhooks_is_healthy_and_told_what_they_would_bring(config: Path) -> None:
    replace('webhook_secret_file = "acme.happy-returns.webhook"\n', "")(config)

    found = json.loads(homeward("doctor", "-o", "json", config=config).stdout)

    (told,) = [row for row in found if row["check"] == "acme: webhooks"]
    assert told["result"] == "ok"
    assert "webhook_secret_file" in told["fix"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_with_its_fix(fault: str, config: Path) -> None:
    plant, check = FAULTS[fault]
    plant(config)

    found = json.loads(homeward("doctor", "-o", "json", config=config, check=1).stdout)

    failed = {row["check"]: row["fix"] for row in found if row["result"] != "ok"}
    assert check in failed
    assert failed[check]
