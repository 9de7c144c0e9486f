"""The whole command as a user drives it: every noun and verb through a pipe, the questions through a pseudo-terminal."""

import csv
import io
import os
import pty
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import openpyxl
import orjson
import yaml
from typer.main import get_command

from daemon.console.main import build
from daemon.console.schemas import SCHEMAS, schema_of
from daemon.finance.collect import collect
from daemon.finance.importing import import_file
from daemon.finance.matching import run_matching
from daemon.finance.periods import prepare
from daemon.store import batch, matches
from daemon.store.batch import Item
from daemon.store.database import Database
from daemon.store.sealed import new_key
from daemon.web.access import people
from daemon.web.access.factor import Key
from daemon.web.access.roles import Role
from statemachine.events import Noted
from tests.closed_season import sources
from tests.command import Program, homeward, start
from tests.finance_files import SHOPIFY
from tests.integration.test_misleading_vendor import CREDIT, keyless, plan
from tests.visitor import account, code_now, given_factor, program
from tests.world import MERCHANT, World, open_world

DAYS = timedelta(days=1)
SERIOUS = ("--reason", "goodwill", "--note", "agreed", "--yes")
PLAIN = frozenset({"schema", "run", "sandbox", "demo", "docs operating-model", "docs data", "db new-key"})
"""Commands without -o: schemas, and programs that are proven elsewhere by what they do."""


ELSEWHERE = {"batch watch", "training begin", "training score"}
"""Commands that wait for a daemon that works; their schemas are held to where they are tried."""


@dataclass(frozen=True, slots=True)
class Case:
    """One command: what succeeds, and what is refused with which exit code."""

    name: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    code: int
    typed: Callable[[], str] = lambda: "a long enough sentence"
    """What is typed into the one that succeeds."""


def cases(ids: dict[str, str], files: Path, key: Key) -> list[Case]:
    """In an order in which each finds what it needs."""
    stuck, waivable, done, fresh, held, lost = (
        ids[name] for name in ("stuck", "waivable", "done", "fresh", "held", "lost")
    )
    nobody = ("nobody-knows",)
    told = []
    for noun, one in (("return", fresh), ("exception", stuck)):
        told += [
            Case(f"{noun} note", (one, "--note", f"seen as {noun}"), (one,), 2),
            Case(f"{noun} assign", (one, "--to", f"alice-{noun}"), (one,), 2),
            Case(f"{noun} snooze", (one, "--until", "2h"), (one, "--until", "soon"), 2),
            Case(f"{noun} retry", (stuck, "--reason", "mended", "--dry-run"), (done, "--reason", "x", "--yes"), 6),
            Case(f"{noun} accept", (waivable, "--reason", "fine", "--dry-run"), (stuck, "--reason", "x", "--yes"), 6),
            Case(f"{noun} hold", (one, "--reason", "fraud?", "--dry-run"), (done, "--reason", "x", "--yes"), 6),
            Case(f"{noun} release", (held, "--reason", "cleared", "--dry-run"), (held,), 2),
            Case(
                f"{noun} resolve", (stuck, *SERIOUS, "--dry-run"), (stuck, "--reason", "x", "--note", "y", "--yes"), 2
            ),
            Case(f"{noun} same-goods", (stuck, "--do", "adopt", *SERIOUS, "--dry-run"), (stuck, *SERIOUS), 2),
            Case(f"{noun} reissue", (lost, *SERIOUS, "--dry-run"), (stuck, *SERIOUS), 6),
            Case(
                f"{noun} force", (one, "--to", "closed", *SERIOUS, "--dry-run"), (one, "--to", "restocked", *SERIOUS), 6
            ),
            Case(
                f"{noun} receive",
                (one, "--reason", "here", "--dry-run"),
                (one, "--unit", "NO-SUCH", "--reason", "x", "--yes"),
                6,
            ),
        ]
    told += [
        Case("return list", ("--state", "exception", "--age", ">1h"), ("--where", "foo=1"), 2),
        Case("return show", (done,), nobody, 5),
        Case("return timeline", (done,), nobody, 5),
        Case("return explain", (stuck,), nobody, 5),
        Case("return watch", (done, "--timeout", "5"), nobody, 5),
        Case("exception list", ("--group-by", "cause"), ("--group-by", "colour"), 2),
        Case("exception list", ("--team", "customer-service"), ("--team", "nobody"), 2),
        Case("exception show", (stuck,), (done,), 5),
        Case("exception explain", (stuck,), nobody, 5),
        Case("exception recheck", (), ("--rate", "5"), 2),
        Case("batch list", (), ("--state", "asleep"), 2),
        Case("batch show", (ids["running"],), ("999",), 5),
        Case("batch result", (ids["running"],), ("999",), 5),
        Case("batch pause", (ids["running"],), (ids["asked"],), 6),
        Case("batch resume", (ids["running"],), (ids["asked"],), 6),
        Case(
            "batch stop", (ids["running"], "--reason", "enough", "--yes"), (ids["asked"], "--reason", "x", "--yes"), 6
        ),
        Case("batch approve", (ids["asked"], "--yes"), (ids["own"], "--yes"), 4),
        Case("batch reject", (ids["own"], "--reason", "no"), (ids["asked"], "--reason", "no"), 6),
        Case("apply", (str(files / "plan.json"), "--dry-run"), (str(files / "bad.json"), "--yes"), 2),
        Case("top", ("--once",), ("--every", "0"), 2),
        Case("event list", ("--state", "applied"), ("--state", "happy"), 2),
        Case("event pull", (ids["code"],), ("HRNOBODY",), 5),
        Case("event import", (str(files / "hooks.json"),), (str(files / "absent.json"),), 2),
        Case("event retry", (), ("999",), 5),
        Case("effect list", ("--return", done), ("--limit", "0"), 2),
        Case("receipt import", (str(files / "receipts.csv"),), (str(files / "absent.csv"),), 2),
        Case("receipt list", (), ("--merchant", "nobody"), 5),
        Case("alert list", (), ("--team", "nobody"), 2),
        Case("alert messages", (), ("--limit", "0"), 2),
        Case("alert test", ("finance",), ("nobody",), 2),
        Case("journal verify", (), ("--head", "nonsense"), 2),
        Case("journal export", ("--since", "2026-01-01"), ("--since", "2026-02-01", "--until", "2026-01-01"), 2),
        Case("map lint", (str(files / "maps.toml"),), (str(files / "absent.toml"),), 2),
        Case("map what-if", (str(files / "maps.toml"),), (str(files / "maps.toml"), "--since", "once"), 2),
        Case("map accept", (str(files / "maps.toml"), "--reason", "reviewed", "--yes"), ("--reason", " "), 2),
        Case("map show", (), ("--merchant", "nobody"), 5),
        Case("map history", (), ("--merchant", "nobody"), 5),
        Case("merchant list", (), ("--nothing",), 2),
        Case("merchant status", (), ("--nothing",), 2),
        Case(
            "audit evidence",
            ("--from", "2026-01-01", "--to", "2026-12-31", "--file", str(files / "evidence.zip")),
            ("--from", "2026-02-01", "--to", "2026-01-01", "--file", str(files / "evidence.zip")),
            2,
        ),
        Case("privacy find", ("nobody@example.com",), ("x",), 2),
        Case(
            "privacy erase",
            (done, "--reason", "asked for", "--dry-run"),
            ("nobody", "--reason", "asked for", "--yes"),
            5,
        ),
        Case("privacy log", (), ("--nothing",), 2),
        Case("training packs", (), ("--nothing",), 2),
        Case("checklist show", ("finance-weekly",), ("nothing",), 2),
        Case(
            "checklist done",
            ("customer-service-daily", "overdue", "--note", "called them"),
            ("finance-weekly", "overdue"),
            2,
        ),
        Case("checklist history", (), ("nothing",), 2),
        Case("merchant hold", (MERCHANT, "--reason", "a look", "--yes"), ("nobody", "--reason", "a look", "--yes"), 5),
        Case(
            "merchant go-live", (MERCHANT, "--reason", "looked", "--yes"), ("nobody", "--reason", "looked", "--yes"), 5
        ),
        Case("db status", (), ("--nothing",), 2),
        Case("db migrate", (), ("--nothing",), 2),
        Case("db restored", ("--reason", "a dump", "--yes"), ("--yes",), 2),
        Case(
            "db prune", ("--older-than", "400", "--reason", "x", "--dry-run"), ("--older-than", "1", "--reason", "x"), 2
        ),
        Case("doctor", (), ("--nothing",), 2),
        Case("health", ("--all",), ("--merchant", "nobody"), 5),
        Case("help", ("filters",), ("nonsense",), 5),
        Case("version", (), ("--nothing",), 2),
    ]
    told += [
        Case("import file", (str(files / "payouts.csv"),), (str(files / "bad.json"),), 1),
        Case("import list", (), ("--limit", "0"), 2),
        Case("import show", ("1",), ("999",), 5),
        Case("match run", (), ("--merchant", "nobody"), 5),
        Case("match list", ("--open", "--currency", "GBP"), ("--status", "happy"), 2),
        Case("match show", (ids["leg"],), nobody, 5),
        Case("match runs", (), ("--limit", "0"), 2),
        Case("match diff", (), ("--since", "yesterday"), 2),
        *(
            Case(
                f"match {verb}", (ids["leg"], "--reason", "agreed", "--dry-run"), (*nobody, "--reason", "x", "--yes"), 5
            )
            for verb in ("dispute", "write-off", "out-of-scope", "reopen")
        ),
        Case("match accept", (ids["leg"], ids["other"], "--reason", "same", "--dry-run"), (ids["leg"],), 2),
        Case(
            "match unmatch", (ids["pair"], "--reason", "other", "--dry-run"), (ids["leg"], "--reason", "x", "--yes"), 6
        ),
        Case("orphan list", ("--team", "finance"), ("--class", "happy"), 2),
        Case("orphan show", (ids["orphan"],), nobody, 5),
        Case("period list", (), ("--merchant", "nobody"), 5),
        Case("period show", ("2026-02",), ("february",), 2),
        Case("period prepare", ("2026-02", "--yes"), ("2099-01", "--yes"), 6),
        Case("period close", ("2026-01", "--yes", "--out", str(files / "close.zip")), ("2099-01", "--yes"), 6),
        Case("period diff", ("2026-01",), ("2025-06",), 5),
        Case("period pack", ("2026-02", "--out", str(files / "pack.zip")), ("2026-13",), 2),
        Case("period reopen", ("2026-01", "--reason", "late", "--yes"), ("2026-01", "--yes"), 2),
        Case("fee list", ("--finding", "overcharged"), ("--period", "soon"), 2),
        Case("fee summary", (), ("--merchant", "nobody"), 5),
        Case("fee journal", (), ("--merchant", "nobody"), 5),
        Case("audit books", (), ("--check", "nonsense"), 5),
        Case("audit gaps", ("--returns", "5", "--days", "30"), ("--only", "nonsense"), 2),
        Case("audit backfill", ("--returns", "5", "--days", "30", "--dry-run"), ("--per-hour", "0"), 2),
        Case("import undo", ("1", "--reason", "wrong month", "--yes"), ("999", "--reason", "x", "--yes"), 5),
        Case("user add", ("bea", "--role", "viewer", "--no-password"), ("bea", "--role", "viewer"), 2),
        Case("user list", (), ("--nonsense",), 2),
        Case("user role", ("walt", "--role", "warehouse", "--merchant", "acme"), (*nobody, "--role", "viewer"), 5),
        Case("user password", ("walt", "--password-stdin"), ("walt",), 2),
        Case("user close", ("clara", "--yes"), (*nobody, "--yes"), 5),
        Case("user open", ("clara",), nobody, 5),
        Case("user unlock", ("walt",), nobody, 5),
        Case("user sign-out", ("walt",), nobody, 5),
        Case("user factor", ("gus",), nobody, 5),
        Case("user factor-add", ("ida",), ("gus",), 6),
        Case("user factor-confirm", (key.account, "--code-stdin"), (key.account,), 2, lambda: code_now(key)),
        Case("user factor-codes", ("gus",), ("hal",), 6),
        Case("user factor-remove", ("jon", "--yes"), ("hal", "--yes"), 6),
        Case("user log", (), ("--limit", "0"), 2),
        Case("token add", ("zendesk", "--scope", "helpdesk"), ("zendesk", "--scope", "everything"), 6),
        Case("token list", (), ("--nonsense",), 2),
        Case("token revoke", ("old",), nobody, 5),
    ]
    return told


async def run(world: World, *arguments: str, given: bytes = b"", **environment: str) -> tuple[int, bytes, str]:
    told = {**os.environ, "HOMEWARD_CONFIG": str(world.config), **environment}
    code, out, said = await homeward(*arguments, given=given, environment=told)
    return code, out, said.decode()


async def given_a_world(world: World, folder: Path) -> dict[str, str]:
    """One return in each situation, and batches that wait for somebody."""
    truths = {name: world.begin(scenario) for name, scenario in (
        ("stuck", "sku_of_nobody"), ("waivable", "edited_order"), ("done", "bar_single"), ("held", "sku_of_nobody"),
    )}  # fmt: skip
    await world.pass_time(20 * DAYS)
    truths["lost"] = await given_lost_credit(world)
    late = world.begin("bar_single")
    while len(await world.all_returns()) < 6:
        await world.pass_time(timedelta(minutes=10))
    ids = {}
    for name, truth in {**truths, "fresh": late}.items():
        ids[name] = str((await world.show(str(truth["express_code"])))["id"])
    ids["code"] = str(late["express_code"])
    await run(world, "return", "hold", ids["held"], "--reason", "fraud?", "--yes")
    await world.settle()
    item = Item(int(ids["stuck"]), "x", Noted.name, {}, None)
    me = (await anyio.run_process(["id", "-un"])).stdout.decode().strip()
    for name, state, who in (
        ("running", batch.RUNNING, "user:bob"), ("asked", batch.AWAITS_APPROVAL, "user:bob"),
        ("own", batch.AWAITS_APPROVAL, f"user:{me}"),
    ):  # fmt: skip
        async with world.database.transaction() as connection:
            opened = await batch.begin(
                connection, MERCHANT, [item], batch_key=name, default_key=name, verb="note", options={},
                filter_text="id=1", reason="", note="by batch", actor=who, state=state, rate_per_minute=None,
                stop_after_errors=None, now=world.now,
            )  # fmt: skip
        ids[name] = str(opened.id)
    (folder / "bad.json").write_text("{}")
    (folder / "hooks.json").write_text("[]")
    (folder / "maps.toml").write_text('[reasons."*"]\n')
    (folder / "receipts.csv").write_text("express_code,sku\nHRNOBODY,NO-SUCH\n")
    await run(world, "return", "assign", ids["fresh"], "--to", "carol", "--plan", str(folder / "plan.json"))
    (folder / "payouts.csv").write_text(SHOPIFY.replace("#1041", "#7041"))
    return ids | await given_books(world, folder)


async def given_lost_credit(world: World) -> dict[str, Any]:
    """A return whose credit Brightpearl may have, or not: it keeps no keys, and finds nothing."""
    keyless(world)
    plan(world, CREDIT, "error-before", count=1)
    truth = world.begin("bar_single")
    await world.pass_until(lambda: world.sandbox.faults.struck["error-before"])
    await world.pass_time(timedelta(hours=2))
    return truth


async def given_books(world: World, folder: Path) -> dict[str, str]:
    """A payout of an unknown refund, matched, overdue, and January prepared by somebody else."""
    settings, raw = world.workplace.settings, SHOPIFY.encode()
    await import_file(world.database, MERCHANT, settings, raw, name="s.csv", now=world.now, actor="user:bob")
    done = await collect(sources(world), world.now)
    assert not done.faults
    await run_matching(world.database, MERCHANT, settings, now=world.now, actor="user:bob")
    await prepare(world.database, MERCHANT, settings, "2026-01", actor="user:bob", reason="", now=world.now)
    async with world.database.reading() as connection:
        found = await matches.listing(connection, MERCHANT, matches.Wanted(is_return=True), rows_max=1000)
        orphans = await matches.orphans(connection, MERCHANT, None)
    lines = sorted(row["key"] for row in found if row["key"].startswith("payout:"))
    pair = next(row["legs"][0] for row in found if len(row["legs"]) > 1)
    return {"leg": lines[0], "other": lines[1], "pair": pair, "orphan": orphans[0]["key"]}


def commands() -> set[str]:
    """Every command there is, as people type it."""
    found: set[str] = set()
    for name, command in get_command(build()).commands.items():  # type: ignore[attr-defined]
        children = getattr(command, "commands", None)
        found |= {f"{name} {child}" for child in children} if children else {name}
    return found


async def test_every_command_succeeds_is_refused_and_prints_what_its_schema_says(
    database: Database, tmp_path: Path
) -> None:
    wrong: list[str] = []
    config = '[alerts.teams.finance]\nwebhook_url = "http://127.0.0.1:1/nobody"\n[secrets]\nkey_file = "sealing"\n'
    (tmp_path / "sealing").write_text(new_key())
    async with open_world(database, tmp_path, extra_config=config) as world:
        ids = await given_a_world(world, tmp_path)
        for name in ("walt", "clara"):
            await people.add_account(
                database, name, role=Role.VIEWER, merchants=None, password=None, by="user:test", now=world.now
            )
        for name in ("fay", "gus", "hal", "ida", "jon"):
            await account(world, name, role=Role.VIEWER)
        for name in ("gus", "jon"):
            await given_factor(world, name)
        await program(world, "read", name="old")
        told = cases(ids, tmp_path, await given_factor(world, "fay", is_confirmed=False))
        limiter = anyio.Semaphore(2)

        async def try_one(case: Case) -> None:
            name = case.name.split()
            allowed = {0, 8} if case.name in ("alert test", "doctor", "event import", "receipt import") else {0}
            allowed |= (
                {1} if case.name in ("doctor", "health", "map lint", "audit books") else set()
            )  # what they find is not their failure
            async with limiter:
                code, out, said = await run(world, *name, *case.good, "-o", "json", given=f"{case.typed()}\n".encode())
                if code not in allowed:
                    wrong.append(f"{case.name} {case.good}: exit {code}: {said}")
                    return
                for value in _values(case.name, out):
                    schema = schema_of(f"{case.name} --group-by" if "--group-by" in case.good else case.name)
                    for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
                        wrong.append(f"{case.name}: {error.json_path}: {error.message}"[:300])
                code, _, said = await run(world, *name, *case.bad, "-o", "json")
                if code != case.code or not said.strip():
                    wrong.append(f"{case.name} {case.bad}: exit {code}, not {case.code}: {said}")

        nouns = ("batch", "match", "period", "import", "orphan", "fee", "audit")
        in_order = [
            case for case in told if case.name.split()[0] in nouns or case.name in ("map accept", "map history")
        ]
        async with anyio.create_task_group() as group:
            for case in told:
                if case not in in_order:
                    group.start_soon(try_one, case)
        for case in in_order:
            await try_one(case)
        code, _, _ = await run(world, "batch", "watch", ids["asked"], "--timeout", "0", "-o", "json")

    assert wrong == [], "\n".join(wrong)
    assert code in (6, 8)
    assert commands() - PLAIN - ELSEWHERE == {case.name for case in told}
    assert commands() - PLAIN == {name for name in SCHEMAS if "--" not in name}


def _values(name: str, out: bytes) -> list[Any]:
    """What was printed; a watched return is a line a move."""
    if name == "return watch":
        return [orjson.loads(line) for line in out.splitlines()]
    return [orjson.loads(out)]


async def test_lists_come_in_every_format_and_empty_ones_are_empty(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        _, empty, _ = await run(world, "return", "list", "-o", "json")
        _, no_lines, _ = await run(world, "return", "list", "-o", "ndjson")
        _, no_ids, _ = await run(world, "return", "list", "-o", "ids")
        world.begin("sku_of_nobody")
        await world.pass_time(10 * DAYS)
        select_ = ("exception", "list", "--fields", "id,express_code,cause,credit.id")

        _, as_json, _ = await run(world, *select_, "-o", "json")
        _, as_yaml, _ = await run(world, *select_, "-o", "yaml")
        _, as_csv, _ = await run(world, *select_, "-o", "csv")
        _, as_tsv, _ = await run(world, *select_, "-o", "tsv")
        _, as_xlsx, _ = await run(world, *select_, "-o", "xlsx")
        _, as_ids, _ = await run(world, "exception", "list", "-o", "ids")
        _, enveloped, _ = await run(world, "exception", "list", "--limit", "1", "-o", "json", "--envelope")
        unwatched, _, _ = await run(world, "exception", "list", "--watch")
        _, table, _ = await run(world, "exception", "list", NO_COLOR="1")
        piped, _, _ = await run(world, "exception", "assign", "--to", "alice", "-", "--yes", given=as_ids)
        await world.settle()

        assert (orjson.loads(empty), no_lines, no_ids) == ([], b"", b"")
        (row,) = orjson.loads(as_json)
        assert row["cause"] == "sku-unknown-to-order"
        assert row["credit.id"] is None
        assert yaml.safe_load(as_yaml) == [row]
        for text, separator in ((as_csv, ","), (as_tsv, "\t")):
            head, line = csv.reader(io.StringIO(text.decode()), delimiter=separator)
            assert head == ["id", "express_code", "cause", "credit.id"]
            assert line == [str(row["id"]), row["express_code"], row["cause"], ""]
        sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx)).active
        assert sheet is not None
        assert [cell.value for cell in sheet[2]][:3] == [str(row["id"]), row["express_code"], row["cause"]]
        assert as_ids.decode().split() == [str(row["id"])]
        told = orjson.loads(enveloped)
        assert told["schema"] == schema_of("exception list")["$id"]
        assert (told["data"][0]["id"], told["page"]["next"]) == (row["id"], row["id"])
        assert unwatched == 2
        assert b"\x1b[" not in table
        assert piped == 0
        assert (await world.all_returns())[0]["assignee"] == "alice"


class Terminal:
    """A command at a pseudo-terminal: what it wrote, and what is typed.

    `is_started`: as its users start it, which takes a second of a core; else it forks as all others here.
    """

    def __init__(self, world: World, *arguments: str, is_started: bool, **environment: str) -> None:
        self.seen = ""
        told = {**os.environ, "HOMEWARD_CONFIG": str(world.config), "TERM": "xterm", "COLUMNS": "200", **environment}
        self._program: Program | None = None
        if not is_started:
            self._end, theirs = pty.openpty()
            self._program = start(arguments, told, stdin=theirs, stdout=theirs, stderr=theirs)
            self.pid = self._program.pid
            os.close(theirs)
            return
        self.pid, self._end = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests in the background ignores it
            os.execve(sys.executable, [sys.executable, "-m", "daemon.console.main", *arguments], told)  # noqa: S606

    def until(self, fact: Callable[[str], bool]) -> str:
        """Read on until the fact holds or the command has ended."""
        while not fact(self.seen):
            ready, _, _ = select.select([self._end], [], [], 60)
            assert ready, f"nothing more came; so far: {self.seen}"
            try:
                more = os.read(self._end, 65536)
            except OSError:  # the other end is gone
                break
            self.seen += more.decode(errors="replace")
        return self.seen

    def type(self, text: str) -> None:
        os.write(self._end, text.encode())

    def ends(self) -> int:
        self.until(lambda _: False)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]) if self._program is None else self._program.wait()
        os.close(self._end)
        return code


async def at_a_terminal(
    world: World, *arguments: str, type_: str, at: str, is_started: bool = False, **environment: str
) -> tuple[int, str]:
    def play() -> tuple[int, str]:
        terminal = Terminal(world, *arguments, is_started=is_started, **environment)
        terminal.until(lambda seen: at in seen)
        if type_ == "^C":
            os.kill(terminal.pid, signal.SIGINT)
        else:
            terminal.type(type_)
        return terminal.ends(), terminal.seen

    return await anyio.to_thread.run_sync(play)


async def test_a_person_at_a_terminal_is_asked_and_obeyed(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truths = [world.begin("sku_of_nobody") for _ in range(2)]
        await world.pass_time(10 * DAYS)
        number = str((await world.show(str(truths[0]["express_code"])))["id"])
        hold = ("return", "hold", number, "--reason", "fraud?", "--wait", "0")
        close = ("exception", "resolve", "--where", "state=exception", "--reason", "fraud", "--note", "police")

        unasked, said_unasked = await at_a_terminal(world, *hold, "--no-input", at="--yes", type_="")
        no, said_no = await at_a_terminal(world, *hold, at="[y/N]", type_="n\n")
        nothing = (await world.show(number))["exception"]["cause"]
        yes, said_yes = await at_a_terminal(world, *hold, at="[y/N]", type_="y\n", is_started=True)
        await world.settle()
        miscounted, _ = await at_a_terminal(world, *close, at="Type the number", type_="7\n")
        counted, _ = await at_a_terminal(world, *close, at="Type the number", type_="2\n")
        await world.settle()
        live = ("top", "--every", "0.5")
        plain = await at_a_terminal(world, *live, at="alerts", type_="^C", is_started=True, NO_COLOR="1")
        coloured = await at_a_terminal(world, *live, at="alerts", type_="^C", is_started=True)

        assert (unasked, no, nothing, yes) == (2, 130, "sku-unknown-to-order", 0)
        assert "[y/N]" not in said_unasked
        assert "exception → exception" in said_no
        assert "homeward return release" in said_yes
        assert (miscounted, counted) == (6, 0)
        assert {row["state"] for row in await world.all_returns()} == {"closed"}
        assert plain[0] == coloured[0] == 130
        assert "\x1b[31m" not in plain[1]
