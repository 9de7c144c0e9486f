"""One line of `homeward doctor`."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well, and if not, what to do."""

    check: str
    ok: bool
    detail: str
    fix: str = ""

    def as_row(self) -> dict[str, Any]:
        result = "ok" if self.ok else "FAILED"
        return {"result": result, "check": self.check, "detail": self.detail, "fix": self.fix}
