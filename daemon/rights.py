"""What each role may do, of people and of programs. Data only; a role's home is where its holder lands."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    CUSTOMER_SERVICE = "customer-service"
    FINANCE = "finance"
    WAREHOUSE = "warehouse"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class May(StrEnum):
    """What is asked for beside the verbs on returns."""

    REVEAL = "reveal"
    """See personal data; the asking is logged."""
    RECEIVE = "receive"
    """Scan and import what the warehouse received, and report it to Happy Returns."""
    MAPS = "maps"
    """Put a reviewed rule into the merchant's maps."""
    BOOKS = "books"
    """Import files, decide on matches, prepare and close months."""
    ACCOUNTS = "accounts"
    """People, tokens, the log of who came in."""


@dataclass(frozen=True, slots=True)
class Rights:
    home: str
    does: str
    """For the person who gives out roles."""
    verbs: frozenset[str] = frozenset()
    may: frozenset[May] = frozenset()


_MILD = frozenset({"note", "assign", "snooze"})
_CARE = _MILD | {"retry", "hold", "release"}
_ALL = _CARE | {"accept", "resolve", "reissue", "force", "same-goods", "receive"}

RIGHTS: dict[Role, Rights] = {
    Role.VIEWER: Rights("customer-service", "sees every list and page, changes nothing"),
    Role.CUSTOMER_SERVICE: Rights(
        "customer-service", "works the queue: notes, assigns, snoozes, retries, holds, releases, accepts, resolves",
        _CARE | {"accept", "resolve"}, frozenset({May.REVEAL}),
    ),
    Role.FINANCE: Rights(
        "finance",
        "as customer service, forces states, makes lost writes anew, settles whose goods it is, puts map rules in force, "
        "closes the books",
        _CARE | {"accept", "resolve", "reissue", "force", "same-goods"}, frozenset({May.REVEAL, May.MAPS, May.BOOKS}),
    ),
    Role.WAREHOUSE: Rights(
        "warehouse", "receives goods, notes and assigns", _MILD | {"receive"}, frozenset({May.RECEIVE})
    ),
    Role.OPERATOR: Rights(
        "operator", "every verb on returns and goods, and map rules", _ALL, frozenset({May.REVEAL, May.RECEIVE, May.MAPS})
    ),
    Role.ADMINISTRATOR: Rights("operator", "everything, and accounts and tokens", _ALL, frozenset(May)),
}  # fmt: skip
RUNS = (Role.OPERATOR, Role.ADMINISTRATOR)
"""Roles that run the installation where the account is for every merchant: see `Person.runs_installation`."""
HOMES = ("customer-service", "finance", "warehouse", "operator")

PROGRAM_ROLES: dict[str, Role] = {
    "helpdesk": Role.VIEWER,
    "read": Role.VIEWER,
    "warehouse": Role.WAREHOUSE,
    "write": Role.OPERATOR,
}
"""The role by which a token of each scope acts."""
