"""Who asks, and what they may: the rights of a role, bounded by the merchants of an account."""

from dataclasses import dataclass

from daemon.rights import HOMES, PROGRAM_ROLES, RIGHTS, RUNS, May, Rights, Role
from daemon.store.batch import Asker
from daemon.store.scope import Scope, of_program

__all__ = ["HOMES", "PROGRAM_ROLES", "RIGHTS", "RUNS", "May", "Person", "Rights", "Role"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: a person with an account, or a program with a token."""

    name: str
    role: Role
    merchants: tuple[str, ...]
    """The configured merchants whose returns they may see."""
    csrf: str = ""
    """What every form of theirs must carry."""
    actor: str = ""
    """As the journal shows them."""
    reach: tuple[str, ...] | None = ()
    """The merchants the account is for, None for every one: what it may hand out. Nothing, for a program."""
    session: int = 0
    """The number of the session this is asked in."""
    token: int | None = None
    """The number of a program's token."""
    stands_for: str = ""
    """Of a program, who made its token: who wants something with it is that one."""
    must_add_factor: bool = False
    """Nothing but adding a second factor is open to them yet."""

    @property
    def rights(self) -> Rights:
        return RIGHTS[self.role]

    @property
    def is_global(self) -> bool:
        """Whether the account is for every merchant."""
        return self.reach is None

    @property
    def runs_installation(self) -> bool:
        """Whether they see what concerns every merchant: the database, the disk, the way alerts leave."""
        return self.is_global and self.role in RUNS

    @property
    def asker(self) -> Asker:
        """By whose rights runs what they begin."""
        if self.token is not None:
            return Asker(token=self.token, stands_for=self.stands_for)
        return Asker(account=self.name)

    @property
    def scope(self) -> Scope:
        """What the database is told of who asks."""
        if self.token is not None:
            return of_program(self.token, self.name, self.merchants)
        return Scope(self.merchants, self.name, str(self.role), self.reach)

    def may_do(self, verb: str) -> bool:
        return verb in self.rights.verbs

    def may(self, what: May) -> bool:
        return what in self.rights.may
