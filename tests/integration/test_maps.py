"""Maps as files: read as a whole, checked against the live account, tried on the past, accepted."""

from datetime import timedelta
from pathlib import Path

import pytest

from daemon.errors import SettingsError
from daemon.maps import from_content, read_map, to_content
from daemon.store.database import Database
from tests.given import Given
from tests.world import World, open_world

DAYS = timedelta(days=1)
SINCE = ("--since", "2026-01-01")  # the command's own clock is the machine's, the world's stands in March 2026

GOOD = """
[reasons.damaged]
status_id = 11
note = "Came back damaged"
disposition = "quarantine"
custom_fields = { PCF_WHY = "damaged" }

[reasons."*"]

[tax]
T9 = "T0"

[nominal]
"4000" = "4900"

[warehouses]
"*" = 2

[refund_methods]
SHOPIFY = "SHOPIFY"

[fees.processing]
nominal_code = "4090"
tax_code = "T20"
"""
FAULTS = {
    "tax.T20": ("[tax]\nT9", '[tax]\nT20 = "T5"\nT9', "wrong rate"),
    "nominal.4000": ('"4000" = "4900"', '"4000" = "4998"', "inactive"),
    "reasons.damaged.status_id": ("status_id = 11", "status_id = 4", "wrong order type"),
    "refund_methods.SHOPIFY": ('SHOPIFY = "SHOPIFY"', 'SHOPIFY = "CHEQUE"', "inactive"),
    "reasons.mercury-in-retrograde": ('[reasons."*"]', "", "not covered"),
}


def planted() -> str:
    """The good map with five deliberate faults, and only reasons the season gives so that one is uncovered."""
    text = GOOD
    for before, after, _ in FAULTS.values():
        assert before in text
        text = text.replace(before, after)
    covered = ("too-small", "too-big", "changed-mind", "not-as-described", "arrived-late")
    return text + "".join(f"\n[reasons.{slug}]\n" for slug in covered)


async def a_season(world: World) -> None:
    """Some returns that ended well, and one whose reason nobody foresaw."""
    for scenario in ("bar_single", "mixed_tax", "foreign_currency", "unknown_reason", "sku_of_nobody"):
        world.begin(scenario)
    await world.pass_time(25 * DAYS)


async def test_five_planted_faults_are_found_and_none_is_invented(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("unknown_reason")
        await world.pass_time(20 * DAYS)
        good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
        good.write_text(GOOD)
        bad.write_text(planted())

        clean_code, clean, _ = await world.homeward("map", "lint", str(good), *SINCE)
        exit_code, found, _ = await world.homeward("map", "lint", str(bad), *SINCE)

        assert (clean_code, clean) == (0, [])
        assert exit_code == 1
        assert {fault["entry"]: fault["fault"] for fault in found} == {
            entry: fault for entry, (_, _, fault) in FAULTS.items()
        }
        assert all(fault["detail"] and fault["fix"] for fault in found)


async def test_bundles_and_substitutions_are_checked_against_the_catalogue(given: Given, tmp_path: Path) -> None:
    async with given.world(a_season) as (world, _):
        products = world.sandbox.books.products.values()
        bundle = next(product for product in products if product.components)
        single = next(product for product in products if not product.components)
        parts = [world.sandbox.books.products[part].sku for part, _ in bundle.components]
        file = tmp_path / "maps.toml"
        file.write_text('[files]\nsubstitutions = "subs.csv"\nbundles = "bundles.csv"\n')
        (tmp_path / "subs.csv").write_text(f"returned_sku,sold_sku\nOLD-1,{single.sku}\nOLD-2,NO-SUCH-SKU\n")
        rows = [f"{bundle.sku},{parts[0]},2,0.5", f"{bundle.sku},{parts[1]},1,0.4"]
        (tmp_path / "bundles.csv").write_text("\n".join(["bundle_sku,component_sku,count,share", *rows]) + "\n")

        _, found, _ = await world.homeward("map", "lint", str(file), *SINCE)

        assert sorted((fault["entry"], fault["fault"]) for fault in found) == [
            (f"bundles.{bundle.sku}", "wrong composition"), (f"bundles.{bundle.sku}", "wrong shares"),
            ("substitutions.GHOST-1", "not covered"), ("substitutions.OLD-2", "missing"),
        ]  # fmt: skip


async def test_what_if_shows_every_posting_that_would_differ_and_changes_nothing(given: Given, tmp_path: Path) -> None:
    async with given.world(a_season) as (world, _):
        before = world.books()
        file = tmp_path / "changed.toml"
        file.write_text('[nominal]\n"4000" = "4900"\n\n[substitutions]\n"GHOST-1" = ["' + _stuck_sku(world) + '"]\n')

        exit_code, found, said = await world.homeward("map", "what-if", str(file), *SINCE, "--exit-code")

        assert exit_code == 3
        fates = sorted(row["fate"] for row in found)
        assert fates == ["posting differs"] * 4 + ["stops otherwise"]
        (otherwise,) = [row["then"] for row in found if row["fate"] == "stops otherwise"]
        assert otherwise == "needs a person: amount-differs", "the article is found, and its price is another"
        assert all("nominal code 4000 → 4900" in row["changes"] for row in found if row["fate"] == "posting differs")
        assert "5 returns" in said
        assert world.books() == before
        assert (await world.homeward("map", "what-if", str(_none(tmp_path)), *SINCE, "--exit-code"))[:2] == (0, [])


def _stuck_sku(world: World) -> str:
    truth = next(each for each in world.sandbox.season.truth if each["scenario"] == "sku_of_nobody")
    order = next(o for o in world.sandbox.books.orders.values() if o.reference == truth["order_number"])
    return order.rows[0].sku


def _none(folder: Path) -> Path:
    path = folder / "none.toml"
    path.write_text("")
    return path


async def test_a_faulty_map_is_not_accepted_and_a_good_one_is_recorded(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
        good.write_text(GOOD)
        bad.write_text(planted())

        refused, _, said = await world.homeward("map", "accept", str(bad), "--reason", "try", "--yes")
        previewed, preview, _ = await world.homeward("map", "accept", str(good), "--reason", "try", "--dry-run")
        accepted, told, _ = await world.homeward("map", "accept", str(good), "--reason", "reviewed by finance", "--yes")
        again, repeated, _ = await world.homeward("map", "accept", str(good), "--reason", "again", "--yes")
        _, history, _ = await world.homeward("map", "history")

        assert (refused, previewed, accepted, again) == (6, 0, 0, 0)
        assert "tax.T20" in said
        assert (preview["changed"], told["changed"], repeated["changed"]) == (False, True, False)
        assert told["changes"]["nominal"] == ["+4000"]
        assert [(row["version"], row["reason"]) for row in history] == [(told["version"], "reviewed by finance")]
        assert (await world.workplace.maps()).version == told["version"]


def test_every_fault_of_a_file_is_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "maps.toml"
    file.write_text(
        '[reasons.damaged]\ndisposition = "burn"\nnoote = "x"\n\n[warehouses]\nwh-1 = "two"\n\n'
        '[fees.processing]\nname = "Fee"\n\n[files]\ntax = "missing.csv"\nmagic = "x.csv"\n\n[taxes]\n'
    )

    with pytest.raises(SettingsError) as raised:
        read_map(file)

    said = str(raised.value)
    for key in (
        "files.tax", "files.magic", "reasons.damaged.disposition", "reasons.damaged.noote", "warehouses.wh-1",
        "fees.processing.nominal_code", "fees.processing.tax_code", "taxes",
    ):  # fmt: skip
        assert key in said, said


def test_what_is_given_twice_or_means_nothing_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "maps.toml"
    file.write_text(
        '[tax]\nT17 = "T9"\n\n[bundles.SET.CUP]\ncount = 0\nshare = "1.5"\n\n'
        '[fees.restocking]\nnominal_code = "1"\ntax_code = "T"\npercent = 150\namount = 2\n'
    )

    with pytest.raises(SettingsError) as nonsense:
        read_map(file)
    file.write_text(file.read_text() + '\n[files]\ntax = "tax.csv"\n')
    (tmp_path / "tax.csv").write_text("from,to,why\nT17,T20,moved\n")
    with pytest.raises(SettingsError) as odd:
        read_map(file)
    (tmp_path / "tax.csv").write_text("from,to\nT17,T20\n")
    with pytest.raises(SettingsError) as twice:
        read_map(file)

    for key in ("bundles.SET.CUP.count", "bundles.SET.CUP.share", "fees.restocking.percent", "not both"):
        assert key in str(nonsense.value)
    assert "unknown column(s) why" in str(odd.value)
    assert "'T17' is given twice" in str(twice.value)


async def test_past_postings_are_set_against_the_map_that_made_them(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await world.accept(nominal={"4000": "4900"})
        world.begin("bar_single")
        await world.pass_time(20 * DAYS)
        await world.accept(reasons={"never-given": {}})
        world.begin("bar_single")
        await world.pass_time(8 * DAYS)
        file = tmp_path / "changed.toml"
        file.write_text('[nominal]\n"4000" = "4900"\n')

        _, found, _ = await world.homeward("map", "what-if", str(file), *SINCE, "--all")

        assert sorted(row["fate"] for row in found) == ["unchanged", "would pass"]


def test_a_version_names_the_content_and_not_its_layout(tmp_path: Path) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text('[tax]\nA = "B"\nC = "D"\n')
    two.write_text('# the same, otherwise laid out\ntax = { C = "D", A = "B" }\n')

    assert read_map(one).version == read_map(two).version
    assert from_content(to_content(read_map(one))) == read_map(one)
    assert read_map(one).version != from_content({"tax": {"A": "B"}}).version
