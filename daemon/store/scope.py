"""Who asks: whose rows a transaction of pages and API may see and change. The policies in schema.sql read exactly this."""

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from daemon.rights import Role

_AT_THE_DOOR, _NOBODY, _EVERY, _NONE = "?", "-", "*", "-"  # no account is called that


@dataclass(frozen=True, slots=True)
class Scope:
    """An account, a program, a part of the daemon's own work, or nobody.

    `merchants`: whose rows may be seen. `reach`: what an account is for, and so the most it may hand out; None is every
    merchant there is.
    """

    merchants: tuple[str, ...] = ()
    account: str = _NOBODY
    role: str = ""
    reach: tuple[str, ...] | None = ()
    token: int | None = None

    def may_administer(self, meant: Sequence[str] | None) -> bool:
        """Whether this one may see, give and take what is meant for these merchants; None is every merchant.

        The same as the function of this name in the database, which decides; this only finds the words for it.
        """
        if self.role != Role.ADMINISTRATOR:
            return False
        if self.reach is None:
            return True
        return bool(meant) and set(meant or ()) <= set(self.reach)

    @property
    def is_global(self) -> bool:
        return self.reach is None

    def as_settings(self) -> tuple[str, str, str, str, str]:
        """homeward.merchants, .account, .role, .reach and .token."""
        reach = _EVERY if self.reach is None else ",".join(self.reach)
        token = "" if self.token is None else str(self.token)
        return ",".join(self.merchants) or _NONE, self.account, self.role, reach, token


NOBODY = Scope()
AT_THE_DOOR = Scope(account=_AT_THE_DOOR)
"""While it is not yet known who comes: the functions at the door, and no row of any table."""
UNBOUND = Scope(role=Role.ADMINISTRATOR, reach=None)
"""The rights of a database role that sees every row: the command line by an operator's."""


def of_merchants(merchants: Sequence[str]) -> Scope:
    """The daemon's own work for these merchants, asked for by nobody: webhooks, metrics, figures."""
    return Scope(tuple(merchants))


def of_installation(merchants: Sequence[str]) -> Scope:
    """The daemon's own look at what the work of these merchants depends on, with what concerns every merchant."""
    return Scope(tuple(merchants), role=Role.OPERATOR, reach=None)


def of_program(token: int, name: str, merchants: Sequence[str]) -> Scope:
    return Scope(tuple(merchants), account=f"token:{name}", token=token)


WHOSE: ContextVar[Scope] = ContextVar("whose", default=NOBODY)
"""Who asks in this context. Nobody, unless it was said."""
