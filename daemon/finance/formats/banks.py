"""The headings under which banks write their CSV statements, as data: what a column says, by its name.

The layouts are those of the banks' own exports as people show them; none is confirmed by the bank. A layout that is not
here is a mapped file (finance.files).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

DATES = (
    "booking date", "date booked", "posting date", "posted date", "posted on", "transaction date", "completed date",
    "date completed (utc)", "date", "value date",
)  # fmt: skip
AMOUNTS = (
    "amount",
    "value",
    "transaction amount",
    "net amount",
    "amount (gbp)",
    "amount (eur)",
    "amount (usd)",
    "local amount",
)
OUT = (
    "debit", "debit amount", "debits", "paid out", "money out", "withdrawals", "withdrawal", "amount debit", "payments",
    "debit (£)", "paid out (£)", "money out (£)",
)  # fmt: skip
IN = (
    "credit", "credit amount", "credits", "paid in", "money in", "deposits", "deposit", "amount credit", "receipts",
    "credit (£)", "paid in (£)", "money in (£)",
)  # fmt: skip
DIRECTIONS = (
    "d/c", "dr/cr", "cr/dr", "c/d", "debit/credit", "credit/debit", "debit / credit", "cdtdbtind", "credit debit indicator",
    "debit or credit", "credit or debit", "direction", "sign", "+/-", "dc", "soll/haben", "af bij",
)  # fmt: skip
TEXTS = (
    "reference", "payment reference", "description", "transaction description", "details", "narrative", "memo",
    "counter party", "counterparty", "counterparty name", "payee", "name", "text", "notes",
)  # fmt: skip
CURRENCIES = ("currency", "ccy", "currency code", "account currency", "payment currency")
ACCOUNTS = ("iban", "account number", "account no", "account", "account id")
SORT_CODES = ("sort code", "sortcode")
BALANCES = (
    "balance",
    "running balance",
    "account balance",
    "balance (gbp)",
    "balance (eur)",
    "balance (usd)",
    "balance (£)",
)
REFS = ("transaction id", "transferwise id", "id", "bank reference")
STATES = ("state", "status")

DEBIT_WORDS = frozenset({"d", "dr", "debit", "dbit", "-", "out", "withdrawal", "money out", "soll", "s", "af"})
CREDIT_WORDS = frozenset({"c", "cr", "credit", "crdt", "+", "in", "deposit", "money in", "haben", "h", "bij"})
BOOKED_WORDS = frozenset({"", "completed", "booked", "settled", "posted", "cleared"})


@dataclass(frozen=True, slots=True)
class Preset:
    """What the file of one bank does not say: its currency, and which of two numbers of a day comes first."""

    bank: str
    headings: frozenset[str]
    """All of these stand in its heading."""
    currency: str = "GBP"
    renames: Mapping[str, str] = field(default_factory=dict)
    """A column of its own name → the name above that it means."""


PRESETS = (
    Preset("Barclays", frozenset({"number", "date", "account", "amount", "subcategory", "memo"})),
    Preset("Lloyds", frozenset({
        "transaction date", "transaction type", "sort code", "account number", "transaction description", "debit amount",
        "credit amount", "balance",
    })),
    Preset("NatWest", frozenset({"date", "type", "description", "value", "balance", "account name", "account number"})),
    Preset("HSBC", frozenset({"date", "type", "description", "paid out", "paid in", "balance"})),
    Preset("Nationwide", frozenset({"date", "transaction type", "description", "paid out", "paid in", "balance"})),
    Preset("Santander", frozenset({"date", "description", "money in", "money out", "balance"})),
    Preset("Starling", frozenset({"date", "counter party", "reference", "type", "amount (gbp)", "balance (gbp)"})),
    Preset("Metro Bank", frozenset({"date", "details", "transaction type", "in", "out", "balance"}),
           renames={"in": "paid in", "out": "paid out"}),
    Preset("Tide", frozenset({"date", "transaction id", "transaction description", "amount"})),
    Preset("Monzo", frozenset({"transaction id", "date", "time", "type", "name", "amount", "currency"})),
    Preset("Virgin Money", frozenset({"date", "description", "debit", "credit", "balance"})),
    Preset("Revolut", frozenset({"date completed (utc)", "state", "type", "description", "amount", "payment currency"}),
           currency=""),
    Preset("Wise", frozenset({"transferwise id", "date", "amount", "currency", "running balance"}), currency=""),
)  # fmt: skip


def preset_of(columns: frozenset[str]) -> Preset | None:
    """The bank whose headings these are: the one that names the most of them."""
    fitting = [each for each in PRESETS if each.headings <= columns]
    return max(fitting, key=lambda each: len(each.headings), default=None)
