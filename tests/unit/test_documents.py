"""What the documents say is what the code does."""

import re
import subprocess
import sys
from pathlib import Path

from daemon.maps import read_map
from daemon.settings_table import table
from statemachine.diagram import mermaid
from statemachine.states import SENTENCES

ROOT = Path(__file__).resolve().parents[2]
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
        "bundles",
        "substitutions",
        "fees",
    )
    assert all(getattr(found, name) for name in named)
