"""A backup older than the books at the vendors: restored, proven by the drill, and nothing is done a second time."""

from tests.system.restores import Past, restore


def test_a_restored_database_takes_over_what_it_forgot_before_anything_is_sent() -> None:
    told = restore(Past(known=1, archived_days=6, forgotten=1, lost_days=7))

    assert (told["returns"], told["credits_before"]) == (2, 2)
