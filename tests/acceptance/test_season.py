"""A whole season on real parts: the books agree, and a season with kills ends with the same books."""

import json
from pathlib import Path
from typing import Any

from tests.acceptance.processes import homeward

SEASON = ("--returns", "12", "--seed", "7")


def play(books: Path, *arguments: str) -> Any:
    return json.loads(homeward("demo", *SEASON, "--books", str(books), "-o", "json", *arguments).stdout)


def test_a_season_with_kills_and_faults_ends_with_the_books_of_a_calm_one(tmp_path: Path) -> None:
    calm = play(tmp_path / "calm.json", "--kills", "0", "--no-faults")
    wild = play(tmp_path / "wild.json", "--kills", "3")

    assert (calm["lost"], calm["duplicated"], calm["mismatched"]) == (0, 0, 0)
    assert (wild["lost"], wild["duplicated"], wild["mismatched"]) == (0, 0, 0)
    assert (calm["kills"], wild["kills"]) == (0, 3)
    assert wild["faults"] > 0
    calm_books, wild_books = (json.loads((tmp_path / name).read_text()) for name in ("calm.json", "wild.json"))
    for calm_part, wild_part in zip(calm_books, wild_books, strict=True):
        assert [each for each in wild_part if each not in calm_part] == []
    assert wild["books_sha256"] == calm["books_sha256"]
    assert {"returns", "by_state", "exceptions_by_cause", "credits", "goods_in_notes", "payments", "api_calls"} <= set(
        wild
    )
