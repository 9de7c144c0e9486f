"""Which line of a bank statement is which: known already, known and told otherwise now, or new.

A bank names its lines, if at all, with references that may repeat, change with the next download, or be left out; texts are
worded anew; two lines of one day may be equal in everything. So a line is known by its account, day and sum together with
what is sure besides:

1. The same reference, where the file uses it for one line only: the same line. In camt.053 and in files whose column of ids
   the settings name, also where day or sum differ: the line was issued anew, and what it says now counts.
2. Lines of two different statements, or of one format with different references, are two lines.
3. Else the same text; of several equal ones each stands for one.
4. Else, on the same account, words that overlap, or none on one side.

What is left is new, and said to be a possible double where day and sum are the same all the same.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from statemachine.books.legs import Leg

CAMT = "camt.053"
FREE_REFS = frozenset({"ofx", "bank-csv", "mt940"})
"""Formats whose references come and go: they prove that a line is known, never that it changed."""
NUMBER_MIN = 6  # digits of an account's number that tell it from others
WORD_MIN = 4
TRIED_MAX = 50  # lines of one day and sum that are looked through for overlapping words
_WORD = re.compile(rf"[^\W_]{{{WORD_MIN},}}")

Sum = tuple[object, ...]
"""Day, currency and amount of a line."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a line of a file turned out to be. `leg` carries the key it is, or will be, stored under."""

    leg: Leg
    is_known: bool
    is_changed: bool = False
    note: str = ""


@dataclass(slots=True)
class Lines:
    """The lines of one file, judged a few at a time."""

    repeated_refs: Collection[str] = ()
    """References, each under its account, that the file uses for several lines: they name none of them."""
    _claimed: set[str] = field(default_factory=set)
    """Keys of known lines that a line of this file is."""
    _new: Counter[bytes] = field(default_factory=Counter)
    """Digest of a new line's key → how many lines of this file had it: a file may have very many lines."""

    def judge(self, lines: Sequence[tuple[Leg, str]], known: Sequence[Leg]) -> list[Judged]:
        """`lines`: each with the key it had by release 0.3. `known`: every stored line of the days and sums, or of the
        references, of these.
        """
        stored = _Stored(known)
        legs = [(self._without_doubtful_ref(leg), former) for leg, former in lines]
        found: dict[int, Judged] = {}
        for step in (self._by_ref, self._by_text, self._by_words):
            for place, (leg, former) in enumerate(legs):
                if place not in found and (judged := step(leg, former, stored)) is not None:
                    found[place] = judged
                    self._claimed.add(judged.leg.key)
        return [found.get(place) or self._as_new(leg, stored) for place, (leg, _) in enumerate(legs)]

    def _without_doubtful_ref(self, leg: Leg) -> Leg:
        ref = ref_of(leg)
        if not ref or f"{account_of(leg)}/{ref}" not in self.repeated_refs:
            return leg
        return replace(leg, facts={name: told for name, told in leg.facts.items() if name != "ref"})

    def _by_ref(self, leg: Leg, former: str, stored: "_Stored") -> Judged | None:
        if former and (other := stored.by_key.get(former)) is not None and other.key not in self._claimed:
            return _the_same(leg, other)
        if not ref_of(leg):
            return None
        for other in stored.by_ref.get(ref_of(leg), ()):
            if other.key in self._claimed or not same_account(account_of(leg), account_of(other)):
                continue
            if sum_of(other) == sum_of(leg) and not _are_two(leg, other):
                is_worded_anew = format_of(leg) == format_of(other) and text_of(leg) != text_of(other)
                return _told_anew(leg, other) if is_worded_anew else _the_same(leg, other)
            if _is_issued_anew(leg, other):
                return _told_anew(leg, other)
        return None

    def _by_text(self, leg: Leg, former: str, stored: "_Stored") -> Judged | None:
        others = stored.by_text.get((*sum_of(leg), text_of(leg)), ())
        return next((_the_same(leg, other) for other in others if self._may_be(leg, other)), None)

    def _by_words(self, leg: Leg, former: str, stored: "_Stored") -> Judged | None:
        for other in stored.by_sum.get(sum_of(leg), ())[:TRIED_MAX]:
            is_on_account = bool(account_of(leg)) and same_account(account_of(leg), account_of(other))
            if is_on_account and self._may_be(leg, other) and _overlap(text_of(leg), text_of(other)):
                return _the_same(leg, other)
        return None

    def _may_be(self, leg: Leg, other: Leg) -> bool:
        mine, theirs = account_of(leg), account_of(other)
        is_account = not mine or not theirs or same_account(mine, theirs)
        return other.key not in self._claimed and is_account and not _are_two(leg, other)

    def _as_new(self, leg: Leg, stored: "_Stored") -> Judged:
        key, digest = "", hashlib.sha256(leg.key.encode()).digest()[:12]
        while not key or key in stored.by_key:
            self._new[digest] += 1
            key = leg.key if self._new[digest] == 1 else f"{leg.key}/{self._new[digest]}"
        like = next((each for each in stored.by_sum.get(sum_of(leg), ())[:TRIED_MAX] if self._is_like(leg, each)), None)
        return Judged(replace(leg, key=key), is_known=False, note=_doubt(leg, like) if like is not None else "")

    def _is_like(self, leg: Leg, other: Leg) -> bool:
        """Whether people should look: one day, one sum, and nothing proves that they are two."""
        mine, theirs = account_of(leg), account_of(other)
        is_account = not mine or not theirs or same_account(mine, theirs)
        is_two = _are_two(leg, other) and text_of(leg) != text_of(other)
        is_of_statements = bool(statement_of(leg) and statement_of(other)) and statement_of(leg) != statement_of(other)
        return other.key not in self._claimed and is_account and not is_two and not is_of_statements


class _Stored:
    """Known lines by everything they are looked up by."""

    def __init__(self, known: Sequence[Leg]) -> None:
        self.by_key: dict[str, Leg] = {leg.key: leg for leg in known}
        self.by_ref: dict[str, list[Leg]] = {}
        self.by_sum: dict[Sum, list[Leg]] = {}
        self.by_text: dict[Sum, list[Leg]] = {}
        for leg in sorted(known, key=lambda each: each.key):
            if ref_of(leg):
                self.by_ref.setdefault(ref_of(leg), []).append(leg)
            self.by_sum.setdefault(sum_of(leg), []).append(leg)
            self.by_text.setdefault((*sum_of(leg), text_of(leg)), []).append(leg)


def sum_of(leg: Leg) -> Sum:
    return leg.on, leg.currency, leg.amount


def account_of(leg: Leg) -> str:
    return str(leg.facts.get("account") or "")


def ref_of(leg: Leg) -> str:
    return str(leg.facts.get("ref") or "")


def statement_of(leg: Leg) -> str:
    return str(leg.facts.get("statement") or "")


def text_of(leg: Leg) -> str:
    return " ".join(str(leg.facts.get("text") or "").casefold().split())


def format_of(leg: Leg) -> str:
    """Lines of release 0.3 have it in their key alone."""
    return str(leg.facts.get("format") or leg.key.removeprefix("bank:").partition("/")[0])


def same_account(one: str, other: str) -> bool:
    """Whether two ways of writing it are one account: an IBAN ends with the bank's own number."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= NUMBER_MIN and long.endswith(short))


def _are_two(leg: Leg, other: Leg) -> bool:
    """Whether something proves that these are not one line."""
    if statement_of(leg) and statement_of(other) and statement_of(leg) != statement_of(other):
        return not (ref_of(leg) and ref_of(leg) == ref_of(other))
    is_one_format = format_of(leg) == format_of(other)
    return is_one_format and bool(ref_of(leg) and ref_of(other)) and ref_of(leg) != ref_of(other)


def _is_issued_anew(leg: Leg, other: Leg) -> bool:
    """The bank says the same line otherwise: in its statement issued again, or in another day's word for it."""
    if format_of(leg) != format_of(other) or format_of(leg) in FREE_REFS or leg.currency != other.currency:
        return False
    if format_of(leg) != CAMT:
        return True  # the settings say that its ids are the lines' own
    is_one_statement = bool(statement_of(leg)) and statement_of(leg) == statement_of(other)
    return is_one_statement or leg.amount == other.amount


def _the_same(leg: Leg, other: Leg) -> Judged:
    """The known line, which keeps its key. That it is worded otherwise, or by another format, changes nothing."""
    return Judged(replace(other, known_from=None), is_known=True)


def _told_anew(leg: Leg, other: Leg) -> Judged:
    """The known line, of which what is said now counts."""
    return Judged(replace(leg, key=other.key), is_known=True, is_changed=True)


def _overlap(one: str, other: str) -> bool:
    if not one or not other or one in other or other in one:
        return True
    return bool(set(_WORD.findall(one)) & set(_WORD.findall(other)))


def _doubt(leg: Leg, other: Leg) -> str:
    known: Mapping[str, object] = other.facts
    words = str(known.get("text") or "")[:60]
    return (
        f"the same day and sum as a line known by {format_of(other)} ('{words}', {other.key}): both are kept; if they"
        " are one, undo the import of one file"
    )
