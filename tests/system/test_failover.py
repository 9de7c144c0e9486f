"""The primary's machine is lost under load, and with it what it had not handed on: found at the vendors, never doubled."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import cluster as clusters
from tests.system.cluster import Cluster, cluster
from tests.system.failovers import lose_primaries, said


@pytest.fixture
def pair() -> Iterator[Cluster]:
    if why := clusters.why_not():
        pytest.skip(why)
    with (
        tempfile.TemporaryDirectory(prefix="homeward-cluster-", ignore_cleanup_errors=True) as name,
        cluster(Path(name)) as made,
    ):
        yield made


def test_what_a_lost_primary_had_done_alone_is_found_at_the_vendors_and_not_done_again(
    pair: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    found, season = lose_primaries(pair, times=2, returns=200, seed=5)

    with capsys.disabled():
        print(f"\n{said(season)}")
    assert (found.lost, found.duplicated, found.mismatched) == (0, 0, 0), found.problems
    assert season.killed == 2
    # Patroni mends the cut by itself sooner or later: not every time is a tail lost.
    assert any(forgotten > 0 for forgotten in season.forgotten), "no tail was lost: the test proves nothing"
