"""Times as people read them."""

from datetime import datetime


def age(moment: datetime | None, now: datetime) -> str:
    """'3 h ago' or 'in 2 d' for people."""
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    told = "{} ago" if seconds >= 0 else "in {}"
    seconds = abs(seconds)
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return told.format(f"{int(seconds // size)} {name}")
    return told.format(f"{int(seconds)} s")
