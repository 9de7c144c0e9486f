"""Times as people read them."""

from datetime import datetime


def age(moment: datetime | None, now: datetime) -> str:
    """'3 h ago' for people."""
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    word = "ago" if seconds >= 0 else "from now"
    seconds = abs(seconds)
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {name} {word}"
    return f"{int(seconds)} s {word}"
