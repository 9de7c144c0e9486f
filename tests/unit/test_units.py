"""The systemd units: understood without a word, hardened, and the template the same as the service."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = (
    "homeward.service", "homeward@.service", "homeward.socket", "homeward-prune@.service", "homeward-prune@.timer",
)  # fmt: skip
EXPOSURE_MAX = 1.5

if shutil.which("systemd-analyze") is None and not os.environ.get("HOMEWARD_NEEDS_SYSTEMD"):
    pytest.skip("systemd-analyze is not installed", allow_module_level=True)


def given_units(folder: Path) -> list[Path]:
    """The units as they would be, were the program installed here."""
    program = shutil.which("true")
    for name in UNITS:
        text = (DEPLOY / name).read_text().replace("/usr/bin/homeward", str(program))
        (folder / name).write_text(text)
    return [folder / name.replace("@.", "@one.") if "@" in name else folder / name for name in UNITS]


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    units = given_units(tmp_path)

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, units)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["homeward.service", "homeward@.service"])
def test_the_service_is_hardly_exposed(name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX * 10:.0f}", "--no-pager",
         str(DEPLOY / name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-2000:]


def test_the_template_differs_from_the_service_by_its_name_alone() -> None:
    service, template = [
        [line for line in (DEPLOY / name).read_text().splitlines() if line and not line.startswith("#")]
        for name in UNITS[:2]
    ]

    assert [line.replace("/%i.toml", "/homeward.toml").replace("homeward/%i", "homeward").replace(" %i:", ":")
            for line in template] == service  # fmt: skip
