"""The evidence pack: what happened in a span, provable, without a secret; the control map names what there is."""

import csv
import hashlib
import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from daemon.store.database import Database
from daemon.store.evidence import HAPPENED, STANDING
from daemon.web.access.roles import Role
from tests.given import Given
from tests.tenancy import OTHER, WRITTEN, two_tenants
from tests.visitor import visitor
from tests.world import MERCHANT, open_world

ROOT = Path(__file__).resolve().parents[2]
CONTROLS = (ROOT / "deploy/compliance/controls.md").read_text()
THREATS = (ROOT / "deploy/compliance/threats.md").read_text()


def rows_of(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode())))


async def test_the_pack_holds_what_people_did_and_its_own_digests(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        code = str(world.begin("cancelled_order")["express_code"])
        await world.pass_time(timedelta(days=8))
        await world.homeward(
            "return", "force", code, "--to", "closed", "--reason", "goodwill", "--note", "agreed", "--yes"
        )
        await world.settle()
        day = f"{world.now:%Y-%m-%d}"
        asked = ("audit", "evidence", "--from", f"{world.now - timedelta(days=30):%Y-%m-%d}", "--to", day)

        first = await world.homeward(*asked, "--file", str(tmp_path / "one.zip"))
        before = await world.homeward(
            "audit", "evidence", "--from", "2020-01-01", "--to", "2020-01-31", "--file", str(tmp_path / "old.zip")
        )

    assert [first[0], before[0]] == [0, 0], first
    with zipfile.ZipFile(tmp_path / "one.zip") as archive, zipfile.ZipFile(tmp_path / "old.zip") as old:
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
        assert set(archive.namelist()) == {f"{name}.csv" for name in (*STANDING, *HAPPENED)} | {"manifest.json"}
        for name, told in manifest["files"].items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == told["sha256"]
        (forced,) = rows_of(archive, "overrides")
        assert (forced["event"], forced["to_state"]) == ("forced", "closed")
        assert manifest["journals"][0]["is_whole"]
        assert rows_of(archive, "schema")
        assert any(row["table_name"] == "journal" for row in rows_of(archive, "database_roles"))
        assert all(rows_of(old, name) == [] for name in HAPPENED)
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"argon2" not in everything


async def test_the_pack_of_one_merchant_holds_nothing_of_another(given: Given, tmp_path: Path) -> None:
    async with two_tenants(given) as tenancy:
        world = tenancy.world
        async with visitor(world, "zara", Role.OPERATOR, merchants=[OTHER]):
            pass
        day, file = f"{world.now:%Y-%m-%d}", tmp_path / "zenith.zip"
        code, _, said = await world.homeward(
            "audit", "evidence", "--from", "2026-01-01", "--to", day, "--merchant", OTHER, "--file", str(file)
        )

    assert code == 0, said
    with zipfile.ZipFile(file) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
        people = {row["name"]: row["merchants"] for row in rows_of(archive, "accounts")}
        logged = {row["subject"] for row in rows_of(archive, "access_log")}
    # Who may see it is told, whoever they are, and of those for others too no other merchant.
    assert people == {
        "wanda.global": "", "quentin.both": '["zenith","others"]', "zed": '["zenith"]', "zoe": '["zenith"]',
        "zara": '["zenith"]',
    }  # fmt: skip
    assert "zara" in logged
    assert not [word for word in (MERCHANT, "cleo.acme", "acme.helpdesk", WRITTEN) if word in everything]


def test_the_control_map_and_the_threat_model_name_only_what_there_is() -> None:
    told = CONTROLS + THREATS
    named = re.findall(r"`([a-zA-Z_./-]+/[a-zA-Z0-9_./-]+|[A-Z]+\.md|schema\.sql)`", told)
    files = {each for each in named if "/" in each or "." in each}
    lists = {name.strip() for told in re.findall(r"pack: ([a-z_, ]+)", CONTROLS) for name in told.split(",")}
    targets = set(re.findall(r"`make ([a-z-]+)`", told))

    assert {each for each in files if not (ROOT / each).exists() and not each.startswith("/")} == set()
    assert lists - {"journal"} <= {*STANDING, *HAPPENED}
    assert targets <= set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    assert "certified" not in CONTROLS.lower()
