"""The next step of a cause, for people at a page: buttons in place of commands. Pure."""

import re
from collections.abc import Callable

_PAGE_WORDS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"homeward map lint; homeward map what-if; homeward map accept"),
     "Finance or an operator checks the map, tries it on past returns, and puts it in force"),
    (re.compile(r"homeward return force ID --to credited --adopt CREDIT_ID --reason CODE --note TEXT"),
     "“Force” it to credited and name the credit"),
    (re.compile(r"homeward return force (?:ID|\d+) --to ([a-z-]+) --reason CODE --note TEXT"), r"“Force” it to \1"),
    (re.compile(r"homeward (?:exception|return) (accept|retry|release|hold|receive) (?:ID|\d+)(?: --reason \w+)?"),
     lambda found: f"“{found[1].capitalize()}”"),
    (re.compile(r"homeward (?:exception|return) (reissue|resolve) (?:ID|\d+) --reason CODE --note TEXT"),
     lambda found: f"“{found[1].capitalize()}”"),
    (re.compile(r"let the events that were put aside in again: homeward event retry"),
     "an operator lets the events that were put aside in again"),
    (re.compile(r"homeward exception same-goods (?:ID|\d+) --do adopt\|merge\|refuse\|tell-apart --reason CODE --note TEXT"),
     "“Same goods”: adopt, merge, refuse or tell-apart"),
    (re.compile(r"homeward exception same-goods (?:ID|\d+) --do adopt --reason CODE --note TEXT"), "“Same goods”: adopt"),
    (re.compile(r"--do (merge|refuse|tell-apart)"), r"\1"),
    (re.compile(r": name it with --adopt CREDIT_ID"), ": name it under “Credit to take over”"),
    (re.compile(r"homeward effect list --return (?:ID|\d+)"), "the attempts below"),
    (re.compile(r"homeward return watch (?:ID|\d+)"), "this page keeps itself fresh"),
)  # fmt: skip


def on_a_page(text: str) -> str:
    """The same step where there are buttons."""
    for command, words in _PAGE_WORDS:
        text = command.sub(words, text)
    return text
