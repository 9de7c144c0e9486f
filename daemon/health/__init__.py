"""Health: whether work is possible, and if not, why, since when, for whom, and what to do."""
