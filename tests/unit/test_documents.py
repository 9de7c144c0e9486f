"""What the documents say is what the code does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from daemon.maps import read_map
from daemon.settings import load
from daemon.settings_table import table
from daemon.views.checklists import CHECKLISTS
from daemon.views.operating import operating_model
from statemachine.books.orphans import OrphanClass
from statemachine.causes import CAUSES, TEAMS
from statemachine.diagram import mermaid
from statemachine.states import SENTENCES
from tests.typed import commands_in, why_not

ROOT = Path(__file__).resolve().parents[2]
RULES = yaml.safe_load((ROOT / "deploy/alerts/homeward.rules.yml").read_text(encoding="utf-8"))["groups"]
ALERTS = [rule for group in RULES for rule in group["rules"] if "alert" in rule]
MINIMAL = """
[merchants.acme.happy_returns]
retailer_id = "acme"
api_key_file = "key"
[merchants.acme.brightpearl]
base_url = "https://eu.example.com/public-api/acme"
app_ref = "app"
account_token_file = "token"
"""
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readmes_diagram_is_the_tables() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "statemachine.diagram"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.strip()

    assert printed == mermaid()
    assert f"```mermaid\n{printed}\n```" in README


def test_the_readme_names_every_setting_and_state() -> None:
    assert table() in README
    assert all(sentence in README for sentence in SENTENCES.values())


def test_the_lock_files_name_no_index_and_pin_with_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://|--index-url|--find-links|file:", text)
        assert all("==" in line for line in text.splitlines() if line and line[0] not in " #")
        assert text.count("--hash=sha256:") > 50


def test_the_readmes_map_is_one_that_can_be_read(tmp_path: Path) -> None:
    example = README.split("```toml\n[reasons.damaged]", 1)[1].split("```", 1)[0].split("[files]", 1)[0]
    file = tmp_path / "maps.toml"
    file.write_text("[reasons.damaged]" + example)

    found = read_map(file)

    named = (
        "reasons",
        "tax",
        "nominal",
        "channels",
        "warehouses",
        "refund_methods",
        "refund_types",
        "bundles",
        "substitutions",
        "fees",
    )
    assert all(getattr(found, name) for name in named)


@pytest.mark.parametrize(
    "file",
    ["README.md", "ARCHITECTURE.md", "RELIABILITY.md", *(f"deploy/{name}.md" for name in ("OPERATIONS", "CAPACITY")),
     *(f"deploy/guides/{name}.md" for name in ("customer-service", "finance", "warehouse", "tenants")),
     *(f"deploy/compliance/{name}.md" for name in ("controls", "privacy", "threats"))],
)  # fmt: skip
def test_every_command_and_link_of_a_document_leads_somewhere(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")

    wrong = {command: why for command in commands_in(text) if (why := why_not(command))}
    links = [link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) if "//" not in link]

    assert wrong == {}
    assert [link for link in links if not ((ROOT / file).parent / link).exists()] == []


def test_every_command_of_a_checklist_can_be_typed() -> None:
    told = [item.do.removeprefix("homeward ") for items in CHECKLISTS.values() for item in items]

    assert {command: why for command in told if (why := why_not(command))} == {}


def test_the_operating_model_names_an_owner_and_a_clock_for_everything_that_can_go_wrong(tmp_path: Path) -> None:
    config = tmp_path / "homeward.toml"
    config.write_text(MINIMAL)
    settings = load(config)
    model = operating_model(settings, ALERTS)
    config.write_text(MINIMAL + '[[merchants.acme.ladders.order-not-found]]\nafter = "7h"\ntell = "warehouse"\n')

    for cause in CAUSES.values():
        (row,) = [line for line in model.splitlines() if line.startswith(f"| `{cause.code}` |")]
        _, _, owner, told, means, do, _ = row.split("|")
        assert owner.strip() in TEAMS
        assert all(cell.strip() for cell in (told, means, do))
    for name in [
        *OrphanClass,
        *(alert["alert"] for alert in ALERTS),
        *(i.title for c in CHECKLISTS.values() for i in c),
    ]:
        assert str(name) in model
    assert "warehouse, 7 h of work (warning)" in operating_model(load(config), ALERTS)
