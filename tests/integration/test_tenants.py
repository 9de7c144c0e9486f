"""An administrator of one merchant gets nothing of another's and changes nothing of it: by no page, no form, no call of the
API; not by the statements behind them either, where only the database's policies stand between.

The routes are read from the server itself: a new one without a case fails here.
"""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web

import daemon.store
from daemon.actions.verbs import VERBS
from daemon.rights import Role
from daemon.store import accounts, board
from daemon.store.database import Database
from daemon.store.scope import AT_THE_DOOR, NOBODY, WHOSE, Scope
from daemon.store.sql import Statements
from daemon.web import server
from daemon.web.access import people
from daemon.web.access.door import Door
from daemon.web.access.roles import Person
from daemon.web.api import endpoints
from daemon.web.pages import people as page_of_people
from daemon.web.pages import second_factor as page_of_factors
from tests.tenancy import NOWHERE, OTHER, WRITTEN, Aim, Tenancy, plain, two_tenants, values
from tests.visitor import PASSWORD, Visitor, program, visitor
from tests.world import MERCHANT

REFUSED = frozenset({400, 403, 404, 409})
ZED = Scope((OTHER,), "zed", "administrator", (OTHER,))


@dataclass(frozen=True, slots=True)
class Try:
    """One request. `shows`: the page is zenith's own and opens; what is acme's must not be in it."""

    path: str
    fields: dict[str, str] | None = None
    body: Any = None
    shows: bool = False
    file: bytes = b""
    names: str = ""
    """What of the request is no name of anything: left out of the comparison."""


Tries = Callable[[Aim], list[Try]]


def page(*paths: str) -> Tries:
    return lambda aim: [Try(path, shows=True) for path in paths]


def about(*paths: str) -> Tries:
    """Addresses that name something of the aim."""
    return lambda aim: [Try(path.format(**dataclasses.asdict(aim))) for path in paths]


def form(path: str, **fields: str) -> Tries:
    def of(aim: Aim) -> list[Try]:
        words = dataclasses.asdict(aim)
        return [Try(path.format(**words), {name: value.format(**words) for name, value in fields.items()})]

    return of


def several(*tries: Tries) -> Tries:
    return lambda aim: [each for one in tries for each in one(aim)]


def accounts_form(what: str, **fields: str) -> Tries:
    return form("/accounts", what=what, **fields)


HOME_PAGES = tuple(f"/home/{name}" for name in ("customer-service", "finance", "warehouse", "operator"))
WHOLE = {"reason": "x", "code": "test", "note": "x", "person": "zed", "to": "closed", "way": "refuse"}
"""Whatever a verb's form may want, so that none is refused for what it lacks."""
ONE = "{merchant}:{number}"
CASES: dict[str, Tries] = {
    # one's own, or for everybody: they open, and nothing of acme's is in them
    "GET /": page("/"), "GET /home/{home}": page(*HOME_PAGES),
    "GET /sign-in": page("/sign-in"), "GET /help": page("/help"), "GET /password": page("/password"),
    "GET /second-factor": page("/second-factor"), "GET /sign-in/code": page("/sign-in/code"),
    "GET /find": several(page("/find"), about("/find?q={code}", "/find?q={order}", "/find?q={number}")),
    "GET /returns": several(page("/returns", "/returns?group=merchant", "/returns?group=assignee"),
                            lambda aim: [Try(f"/returns?where=merchant%3D{aim.merchant}", shows=True, names=aim.merchant)]),
    "GET /exceptions": page("/exceptions", "/exceptions?group=fingerprint"),
    "GET /returns.{how}": page("/returns.csv", "/returns.json"), "GET /exceptions.{how}": page("/exceptions.csv"),
    "GET /batches": page("/batches", "/batches?state=paused"), "GET /warehouse": several(
        page("/warehouse"), lambda aim: [Try(f"/warehouse?scan={aim.code}", shows=True, names=aim.code)]),
    "GET /warehouse/import": page("/warehouse/import"), "GET /accounts": page("/accounts"),
    "GET /accounts/log": page("/accounts/log", "/accounts/log?action=sign-in", "/accounts/log?action=personal-data-shown"),
    "GET /accounts/log.csv": page("/accounts/log.csv"),
    # what names something of acme's
    "GET /returns/{id}": about("/returns/{number}"), "GET /returns/{id}/compare": about("/returns/{number}/compare"),
    "POST /returns/{id}/reveal": form("/returns/{number}/reveal"),
    "POST /returns/{id}/rule": form("/returns/{number}/rule", returned_sku="a", sold_sku="b"),
    "GET /live": about("/live?return={number}"),
    "POST /views": form("/views", name="mine", page="returns", where="", shared="{merchant}"),
    "POST /views/{id}/remove": form("/views/{view}/remove", page="exceptions"),
    "POST /changes": several(
        *(form("/changes", verb=verb, ids=ONE, step="do", **WHOLE) for verb in VERBS),
        form("/changes", verb="note", scope="page", on_page=ONE, note="x", step="do"),
        form("/changes", verb="note", ids=ONE, note="x", step="preview"), form("/changes", verb="note", ids=ONE, step="ask"),
        form("/changes", verb="note", scope="matching", where="", note="x", step="do")),
    "GET /batches/{id}": about("/batches/{batch}", "/batches/{asked}"),
    "GET /batches/{id}/result.{how}": about("/batches/{batch}/result.csv"),
    "POST /batches/{id}/{decision}": several(
        form("/batches/{batch}/resume"), form("/batches/{batch}/stop", reason="x"), form("/batches/{asked}/approve"),
        form("/batches/{asked}/reject", reason="x"), form("/batches/{batch}/pause")),
    "POST /warehouse/receive": form(
        "/warehouse/receive", scan="{code}", item="x", key="0123456789abcdef", merchant="{merchant}"),
    "POST /warehouse/parked/{merchant}/{id}": form("/warehouse/parked/{merchant}/{parked}", why="x"),
    "POST /warehouse/import": lambda aim: [
        Try("/warehouse/import", {"merchant": aim.merchant}, file=b"sku,quantity\nx,1\n")],
    **{f"GET {path}": several(about(f"{path}?merchant={{merchant}}"), page(path)) for path in (
        "/books", "/books/matches", "/books/orphans", "/books/fees", "/books/periods", "/books/files", "/books/checks",
        "/checklists")},
    "GET /books/matches.{how}": about("/books/matches.csv?merchant={merchant}"),
    "GET /books/match": about("/books/match?merchant={merchant}&key={match}", "/books/match?key={match}"),
    "GET /books/orphans.{how}": about("/books/orphans.csv?merchant={merchant}"),
    "GET /books/fees.{how}": about("/books/fees.csv?merchant={merchant}"),
    "GET /books/periods/{period}.zip": about("/books/periods/{period}.zip?merchant={merchant}"),
    "GET /books/files/{id}": about("/books/files/{file}?merchant={merchant}", "/books/files/{file}"),
    "GET /books/{what}.{how}": about(
        *(f"/books/{what}.csv?merchant={{merchant}}" for what in ("files", "periods", "checks"))),
    "POST /books/decide": form("/books/decide", merchant="{merchant}", key="{match}", action="dispute", reason="x"),
    "POST /books/match-now": form("/books/match-now", merchant="{merchant}"),
    "POST /books/files": lambda aim: [
        Try("/books/files", {"merchant": aim.merchant, "step": "import"}, file=b"a,b\n1,2\n")],
    "POST /books/files/{id}/undo": form("/books/files/{file}/undo", merchant="{merchant}", reason="x"),
    "POST /books/periods/{period}/{step}": several(*(
        form(f"/books/periods/{{period}}/{step}", merchant="{merchant}", reason="x")
        for step in ("prepare", "close", "reopen"))),
    "POST /checklists": form("/checklists", merchant="{merchant}", checklist="finance-weekly", item="orphans"),
    # every form of accounts and tokens
    "POST /accounts": several(
        *(accounts_form(what, name=name, password="a new long sentence")
          for what in ("password", "unlock", "close", "open", "end", "factor")
          for name in ("{account}", "{boss}", "{colleague}")),
        *(accounts_form("role", name=name, role="viewer", sees=sees, merchants=merchants)
          for name in ("{account}", "{boss}", "{colleague}")
          for sees, merchants in (("all", ""), ("some", OTHER), ("some", "{merchant}"))),
        accounts_form("role", name="zed", role="administrator", sees="all"),
        accounts_form("role", name="zed", role="administrator", sees="some", merchants="{merchant}"),
        accounts_form("add", name="mole", role="viewer", sees="all", way="elsewhere"),
        accounts_form("add", name="mole", role="viewer", sees="some", merchants="{merchant}", way="elsewhere"),
        accounts_form("token", name="mole", scope="read", sees="all"),
        accounts_form("token", name="mole", scope="read", sees="some", merchants="{merchant}"),
        accounts_form("revoke", name="{token}")),
    # what anybody may do, to themselves alone
    "POST /sign-in": form("/sign-in", name="{account}", password="wrong"),
    "POST /sign-in/code": form("/sign-in/code", code="123456"),
    "POST /password": form("/password", old="wrong", new="another long sentence"),
    "POST /second-factor": several(*(form("/second-factor", what=what, code="123456", password="wrong")
                                     for what in ("begin", "confirm", "codes", "remove"))),
    "GET /sign-in/openid": about("/sign-in/openid"),
    "GET /sign-in/openid/answer": about("/sign-in/openid/answer?code=x&state=y"),
}  # fmt: skip
LAST = {"POST /sign-out": form("/sign-out")}
"""Ends what the others need."""
NOTE = {"verb": "note", "options": {"note": "x"}}
API: dict[str, Tries] = {
    "GET /openapi.json": page("/openapi.json"), "GET /returns": page("/returns", "/returns?where=state%3Dexception"),
    "GET /returns/{id}": about("/returns/{number}"), "GET /returns/{id}/timeline": about("/returns/{number}/timeline"),
    "GET /exceptions": page("/exceptions"),
    "GET /exceptions/groups": page("/exceptions/groups", "/exceptions/groups?by=merchant"),
    "GET /matches": page("/matches"), "GET /receipts": page("/receipts"), "GET /batches/{number}": about("/batches/{batch}"),
    "GET /answers/{name}": about("/answers/{code}", "/answers/{order}"), "GET /health": page("/health"),
    "GET /books/matches": several(about("/books/matches?merchant={merchant}"), page("/books/matches")),
    "GET /books/match": about("/books/match?merchant={merchant}&key={match}", "/books/match?key={match}"),
    "GET /books/orphans": about("/books/orphans?merchant={merchant}"),
    "POST /returns/{id}/{verb}": lambda aim: [
        Try(f"/returns/{aim.number}/{verb}",
            body={"reason": "test", "note": "x", "to": "zoe", "state": "closed", "way": "refuse"})
        for verb in VERBS],
    "POST /changes": lambda aim: [
        Try("/changes", body={**NOTE, "ids": [int(aim.number)]}), Try("/changes", body={**NOTE, "ids": [int(aim.number), 1]}),
        Try("/changes", body={**NOTE, "where": "state=exception"}, shows=True)],
    "POST /receipts": lambda aim: [
        Try("/receipts", body={"merchant": aim.merchant, "receipts": [{"express_code": aim.code, "sku": "x"}]})],
}  # fmt: skip


def routes() -> tuple[set[str], set[str]]:
    """Method and address of every page and of every call of the API, as the server has them."""
    app = web.Application()
    server.add_pages(app)
    endpoints.add(app)
    found = {
        f"{route.method} {route.resource.canonical}" for route in app.router.routes() if route.resource is not None
    }
    found = {route for route in found if not route.startswith("HEAD")}
    return {each for each in found if "/api/v1" not in each}, {
        each.replace("/api/v1", "") for each in found if "/api/v1" in each
    }


def test_every_route_has_its_case() -> None:
    pages, calls = routes()

    assert pages == {*CASES, *LAST}
    assert calls == set(API)


def test_every_form_of_an_address_that_serves_several_has_its_case() -> None:
    for handler, route in ((page_of_people.change, "POST /accounts"), (page_of_factors.change, "POST /second-factor")):
        tree = ast.parse(inspect.getsource(handler))
        forms = {ast.literal_eval(node.value) for node in ast.walk(tree) if isinstance(node, ast.MatchValue)}

        tried = {one.fields["what"] for one in CASES[route](NOWHERE) if one.fields}

        assert len(forms) > 3
        assert tried == forms


@dataclass(slots=True)
class Answers:
    """What was answered to each try: status and text."""

    of: dict[str, tuple[int, str]] = field(default_factory=dict)

    def leaks(self, marks: list[str], tries: dict[str, Try]) -> dict[str, list[str]]:
        """Words of acme's in an answer that the request did not bring itself."""
        found = {}
        for name, (_, text) in self.of.items():
            asked = f"{tries[name].path} {tries[name].fields} {tries[name].body} {tries[name].names}"
            if left := [mark for mark in marks if mark in text and mark not in asked]:
                found[name] = left
        return found


async def attack(tenancy: Tenancy, aim: Aim, cases: dict[str, Tries]) -> tuple[Answers, dict[str, Try]]:
    answers, tried = Answers(), {}
    for route, tries in cases.items():
        method = route.split()[0]
        for number, one in enumerate(tries(aim)):
            name = f"{route} #{number}"
            tried[name] = one
            answers.of[name] = await _asked(tenancy.zed, method, one)
    return answers, tried


async def _asked(zed: Visitor, method: str, one: Try) -> tuple[int, str]:
    timeout = aiohttp.ClientTimeout(20)
    if method == "GET":
        return await zed.get(one.path, timeout=timeout)
    if one.file:
        sent = aiohttp.FormData()
        for name, value in {"csrf": zed.csrf, **(one.fields or {})}.items():
            sent.add_field(name, value)
        sent.add_field("file", one.file, filename="a.csv")
        async with zed.http.post(f"{zed.world.url}{one.path}", data=sent) as reply:
            return reply.status, await reply.text()
    return await zed.post(one.path, one.fields, timeout=timeout)


async def call(tenancy: Tenancy, aim: Aim, *, round_name: str) -> tuple[Answers, dict[str, Try]]:
    answers, tried = Answers(), {}
    for route, tries in API.items():
        method = route.split()[0]
        for number, one in enumerate(tries(aim)):
            name = f"{route} #{number}"
            tried[name] = one
            headers = tenancy.program | {"Idempotency-Key": re.sub(r"[^A-Za-z0-9]", "-", f"{round_name} {name}")}
            url = f"{tenancy.world.url}/api/v1{one.path}"
            async with tenancy.world.http.request(method, url, headers=headers, json=one.body) as reply:
                answers.of[name] = (reply.status, await reply.text())
    return answers, tried


def told_apart(there: Answers, nowhere: Answers, acme: Aim, cases: dict[str, Tries]) -> dict[str, tuple[str, str]]:
    """Tries that were answered otherwise where there is something than where there is nothing."""
    found = {}
    naming = [
        f"{route} #{number}" for route, tries in cases.items()
        for number, (one, other) in enumerate(zip(tries(acme), tries(NOWHERE), strict=True)) if one != other
    ]  # fmt: skip
    for name in naming:
        status, text = there.of[name]
        other_status, other_text = nowhere.of[name]
        here, there_is_none = plain(text, acme), plain(other_text, NOWHERE)
        if (status, here) != (other_status, there_is_none):
            found[name] = (f"{status} {here[:400]}", f"{other_status} {there_is_none[:400]}")
    return found


def let_in(answers: Answers, tried: dict[str, Try]) -> dict[str, int]:
    """Tries for something of acme's that were not refused."""
    return {
        name: status for name, (status, _) in answers.of.items()
        if not tried[name].shows and status not in REFUSED
    }  # fmt: skip


async def test_no_page_and_no_form_gives_or_changes_anything_of_another_tenant(
    database: Database, tmp_path: Path
) -> None:
    async with two_tenants(database, tmp_path) as tenancy:
        before = await tenancy.rows_of_others()

        there, tried = await attack(tenancy, tenancy.acme, CASES)
        after = await tenancy.rows_of_others()
        nowhere, _ = await attack(tenancy, NOWHERE, CASES)

        assert there.leaks(tenancy.marks, tried) == {}
        assert let_in(there, tried) == {}
        assert {status for status, _ in there.of.values()} <= {200, *REFUSED}
        assert told_apart(there, nowhere, tenancy.acme, CASES) == {}
        assert changed(before, after) == {"account": COUNTED, "access_log": COUNTED}


COUNTED = "one row: a wrong password was counted, and written down"


def changed(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, Any]:
    """Tables whose rows of others differ; what a wrong password at the front door does to its account is named."""
    differing: dict[str, Any] = {}
    for table, rows in after.items():
        fresh = [row for row in rows if row not in before[table]]
        gone = [row for row in before[table] if row not in rows]
        if not fresh and not gone:
            continue
        is_counted = len(fresh) == 1 and '"cleo.acme"' in fresh[0] and (
            ('"failures": 1' in fresh[0] and len(gone) == 1) or ("sign-in-refused" in fresh[0] and not gone)
        )  # fmt: skip
        differing[table] = COUNTED if is_counted else (fresh, gone)
    return differing


async def test_no_call_of_the_api_gives_or_changes_anything_of_another_tenant(
    database: Database, tmp_path: Path
) -> None:
    async with two_tenants(database, tmp_path) as tenancy:
        before = await tenancy.rows_of_others()

        there, tried = await call(tenancy, tenancy.acme, round_name="there")
        nowhere, _ = await call(tenancy, NOWHERE, round_name="nowhere")

        assert there.leaks(tenancy.marks, tried) == {}
        assert let_in(there, tried) == {}
        assert told_apart(there, nowhere, tenancy.acme, API) == {}
        assert changed(before, await tenancy.rows_of_others()) == {}


# -- by the database's policies alone -------------------------------------------------------------------------------------


def without_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check of the code is fooled: whoever comes is an administrator of everything. The database is told the truth."""
    session, program_of = Door.session, Door.program

    async def everybody(self: Door, *args: Any, **more: Any) -> Person | None:
        person = await session(self, *args, **more)
        return None if person is None else dataclasses.replace(person, merchants=(MERCHANT, OTHER), reach=None)

    async def every_program(self: Door, *args: Any, **more: Any) -> tuple[Person, str] | None:
        found = await program_of(self, *args, **more)
        return None if found is None else (dataclasses.replace(found[0], merchants=(MERCHANT, OTHER)), found[1])

    def truth(self: Person) -> Scope:
        return ZED if self.token is None else Scope((OTHER,), f"token:{self.name}", token=self.token)

    monkeypatch.setattr(Door, "session", everybody)
    monkeypatch.setattr(Door, "program", every_program)
    monkeypatch.setattr(Person, "scope", property(truth))
    monkeypatch.setattr(Scope, "may_administer", lambda self, meant: True)


async def test_with_every_check_of_the_code_fooled_the_database_still_gives_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_tenants(database, tmp_path) as tenancy:
        before = await tenancy.rows_of_others()
        without_checks(monkeypatch)

        pages, tried = await attack(tenancy, tenancy.acme, CASES)
        calls, called = await call(tenancy, tenancy.acme, round_name="there")

        assert pages.leaks(tenancy.marks, tried) == {}
        assert calls.leaks(tenancy.marks, called) == {}
        assert {name: told for name, told in (pages.of | calls.of).items() if told[0] >= 500 and told[0] != 503} == {}
        assert changed(before, await tenancy.rows_of_others()) == {"account": COUNTED, "access_log": COUNTED}


STORE = {
    name: module.SQL
    for name in (each.name for each in pkgutil.iter_modules(daemon.store.__path__))
    if isinstance(getattr(module := importlib.import_module(f"daemon.store.{name}"), "SQL", None), Statements)
}
"""Every named statement there is, by its module."""


def given(tenancy: Tenancy, name: str, kind: str) -> Any:
    """What is put into a parameter: acme's own, where its name says of what; else something of its type."""
    acme, now = tenancy.acme, tenancy.world.now
    number, soon = int(acme.number), tenancy.world.now + timedelta(days=999)
    own: dict[str, Any] = {
        "merchant": MERCHANT, "merchants": [MERCHANT], "name": acme.account, "account": acme.account, "key": acme.match,
        "ids": [number], "return_ids": [number], "return_id": number, "batch_id": int(acme.batch), "file_id": int(acme.file),
        "token_id": 1, "text": acme.code, "now": now, "since": now - timedelta(days=999), "until": soon, "before": soon,
        "rows_max": 99, "batch_max": 99, "room": 9, "window": 99, "items_max": 99, "role": "viewer", "page": "exceptions",
        "sets_merchants": True, "is_shared": True, "scope": "read", "state": "running",
        "froms": ["paused", "awaits-approval"],
        "subject": acme.account, "actor": "user:cleo.acme", "action": "account-changed", "but": None, "after": 0, "skip": 0,
        "owner": "test", "order_key": acme.order, "order_keys": [acme.order], "express_code": acme.code, "word": b"acme",
        "expires_at": soon, "is_global": True, "created_by": "user:cleo.acme", "lease_until": soon, "idle_since": now,
        "from_on": None, "until_on": None, "statuses": None, "currency": None, "order_number": acme.order, "zone": "UTC",
        "rows": [{"position": 1, "return_id": number, "id": int(acme.parked), "state": "skipped", "outcome": "x",
                  "topic": "x",
                  "natural_key": "x", "event": "noted", "happy_return_id": "x", "order_number": "1", "order_key": "1",
                  "payload": {}, "source": "x", "actor": "x", "reason": "", "note": "", "received_at": now.isoformat(),
                  "version": 99, "team": "finance", "severity": "notice", "level": 1, "key": "x", "seq": 1, "link": "00"}],
        "codes": [acme.code], "words": [acme.code], "verb": "note", "password_hash": "x", "token_hash": b"x" * 32,
        "code_hashes": [b"x" * 32], "sealed": b"x", "disabled": True, "gives_merchants": True,
    }  # fmt: skip
    if name == "id":
        return int(acme.parked)
    if name == "words" and kind == "bytea[]":
        return [acme.code.encode()]
    if name in own and (kind.endswith("[]") == isinstance(own[name], list) or own[name] is None or kind == "jsonb"):
        return own[name]
    plain_values: dict[str, Any] = {
        "text": "x", "int4": 1, "int8": 1, "float8": 1.0, "numeric": 1, "bool": True, "bytea": b"x", "jsonb": {},
        "date": now.date(),
        "timestamptz": now, "interval": timedelta(1), "uuid": "00000000-0000-0000-0000-000000000001",
    }  # fmt: skip
    return [] if kind.endswith("[]") else plain_values[kind]


NOTHING: tuple[Any, ...] = (None, 0, False, "", [], {}, b"")
"""What a count, a sum or a look finds where there is nothing."""


async def run_each(tenancy: Tenancy, asked: Database, *, keeps: bool) -> dict[str, str]:
    """Run every statement for acme's things; what each gave or touched, where it did."""
    got: dict[str, str] = {}
    for module, statements in STORE.items():
        for name in statements.names:
            text = statements.text(name)
            async with asked.pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                try:
                    await asked._say_who_asks(connection, None)
                    prepared = await connection.prepare(text)
                    kinds = [_kind(each) for each in prepared.get_parameters()]
                    values_of = [
                        None if _is_optional(text, place) else given(tenancy, parameter, kind)
                        for place, (parameter, kind) in enumerate(
                            zip(statements.parameters(name), kinds, strict=True), 1
                        )
                    ]
                    rows = await prepared.fetch(*values_of)
                    touched = prepared.get_statusmsg().rsplit(" ", 1)[-1]
                    is_change = re.match(r"(INSERT|UPDATE|DELETE)", prepared.get_statusmsg()) is not None
                    said = " ".join(values(row) for row in rows)
                    says_something = any(value not in NOTHING for row in rows for value in dict(row).values())
                    if (is_change and touched != "0") or says_something:
                        got[f"{module}.{name}"] = f"{prepared.get_statusmsg()}: {said[:200]}"
                except (asyncpg.PostgresError, asyncpg.InterfaceError):
                    await transaction.rollback()
                    continue
                await (transaction.commit() if keeps else transaction.rollback())
                await connection.execute("SELECT pg_advisory_unlock_all()")
    return got


def _is_optional(text: str, place: int) -> bool:
    """Whether a filter is off where nothing is given."""
    return re.search(rf"\${place}(::\w+(\[\])?)? IS NULL\s+OR", text) is not None


def _kind(kind: Any) -> str:
    name = str(kind.name)
    return f"{name[1:]}[]" if name.startswith("_") else name.replace("array", "")


async def test_no_statement_of_the_store_reaches_another_tenant_as_the_role_of_the_pages(
    database: Database, tmp_path: Path
) -> None:
    async with two_tenants(database, tmp_path) as tenancy:
        before = await tenancy.rows_of_others()
        by_owner = await run_each(tenancy, database, keeps=False)

        WHOSE.set(ZED)
        got = await run_each(tenancy, tenancy.world.desk.database, keeps=True)
        WHOSE.set(NOBODY)
        by_nobody = await run_each(tenancy, tenancy.world.desk.database, keeps=True)

        assert len(by_owner) > 130, "too few of the statements would reach acme if nothing stood between"
        assert {name: said for name, said in got.items() if "SELECT" not in said} == {}
        assert {
            name: said for name, said in got.items() if any(mark in said for mark in (*tenancy.marks, MERCHANT))
        } == {}
        assert set(by_nobody) == NOBODYS
        assert changed(before, await tenancy.rows_of_others()) == {}


NOBODYS = {
    "evidence.database_roles", "evidence.policies", "evidence.schema", "health.database", "returns.next_ids",
    "returns.units_of_families",
}  # fmt: skip
"""What is no tenant's: the database's own catalog and size, the next free number, and no units of what is asked for."""


async def test_no_row_of_another_tenant_is_read_written_changed_or_removed_in_any_table(
    database: Database, tmp_path: Path
) -> None:
    async with two_tenants(database, tmp_path) as tenancy:
        before = await tenancy.rows_of_others()
        reached: dict[str, str] = {}
        for table, rows in before.items():
            for what, words in (
                ("read", "SELECT count(*) FROM {table} AS t WHERE to_jsonb(t)->>'{column}' = ANY($1)"),
                ("change", "UPDATE {table} SET {column} = {column} WHERE {column} = ANY($1) RETURNING 1"),
                ("remove", "DELETE FROM {table} WHERE {column} = ANY($1) RETURNING 1"),
                ("copy", "INSERT INTO {table} OVERRIDING SYSTEM VALUE "
                         "SELECT (jsonb_populate_record(NULL::{table}, $1::text::jsonb)).* RETURNING 1"),
            ):  # fmt: skip
                if not rows:
                    continue
                column, names = OWNERS.get(table, ("merchant", [MERCHANT]))
                given_words: Any = rows[0] if what == "copy" else names
                try:
                    async with tenancy.world.desk.database.transaction(scope=ZED) as connection:
                        if await connection.fetchval(words.format(table=table, column=column), given_words):
                            reached[table] = what
                except (asyncpg.InsufficientPrivilegeError, asyncpg.GeneratedAlwaysError):
                    continue

        assert len([table for table, rows in before.items() if rows]) > 30
        assert reached == {}
        assert changed(before, await tenancy.rows_of_others()) == {}


PEOPLE_OF_OTHERS = ["cleo.acme", "wanda.global", "quentin.both", "adam.acme"]
OWNERS: dict[str, tuple[str, list[str]]] = {
    **dict.fromkeys(
        ("web_session", "second_factor", "recovery_code", "sign_in_step", "saved_view"), ("account", PEOPLE_OF_OTHERS)
    ),
    "account": ("name", PEOPLE_OF_OTHERS), "api_token": ("name", ["acme.helpdesk"]),
    "access_log": ("actor", [f"user:{name}" for name in PEOPLE_OF_OTHERS]),
    "api_answer": ("key", ["the-very-same-1-receipts"]),
}  # fmt: skip


async def test_at_the_door_no_table_is_seen_and_only_the_functions_speak(database: Database, tmp_path: Path) -> None:
    async with two_tenants(database, tmp_path) as tenancy:
        async with tenancy.world.desk.database.reading(scope=AT_THE_DOOR) as connection:
            counts = {
                table: await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608
                for table in ("account", "api_token", "access_log", "returns", "saved_view", "web_session", "merchant")
            }
        for scope in (ZED, NOBODY):
            for speak in DOORS:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with tenancy.world.desk.database.transaction(scope=scope) as connection:
                        await connection.execute(speak)

        assert set(counts.values()) == {0}


DOORS = (
    "SELECT count_attempt('cleo.acme', now(), 5, '1 min')",
    "SELECT begin_session('x', 'wanda.global', 'x', 'password', now(), now())",
    "SELECT account_at_the_door('wanda.global')", "SELECT admit('zed', 'administrator', NULL, true, now())",
    "SELECT token_of('x', now())", "SELECT factor_of('cleo.acme')", "SELECT take_recovery_code('cleo.acme', 'x', now())",
    "SELECT begin_step('x', 'wanda.global', '/', now(), now())", "SELECT session_of('x', now(), now())",
    "SELECT forget_attempts('cleo.acme', 'a new hash')", "SELECT end_session('x')", "SELECT end_openid('x', now())",
    "SELECT password_hash FROM account", "SELECT token_hash FROM web_session", "SELECT csrf FROM web_session",
    "SELECT sealed FROM second_factor", "SELECT code_hash FROM recovery_code", "SELECT token_hash FROM api_token",
    "SELECT sealed FROM sealed_secret", "SELECT role FROM reporting_reader", "UPDATE account SET name = 'wanda.global'",
    "DELETE FROM account", "DELETE FROM api_token", "DELETE FROM access_log", "UPDATE merchant SET held_since = NULL",
)  # fmt: skip


async def test_the_role_of_the_pages_may_call_no_function_that_lends_rights_but_those_at_the_door(
    database: Database,
) -> None:
    async with database.reading() as connection:
        open_to_all = await connection.fetch(
            "SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = current_schema()::regnamespace AND p.prosecdef "
            "AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0))"
        )
        unbound = await connection.fetch(
            "SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = current_schema()::regnamespace AND p.prosecdef "
            "AND NOT coalesce(p.proconfig::text, '') LIKE '%search_path%pg_temp%'"
        )

    assert [row["proname"] for row in open_to_all] == []
    assert [row["proname"] for row in unbound] == []


# -- nobody gives what he does not have ----------------------------------------------------------------------------------


async def test_a_limited_administrator_does_their_own_work_within_their_own_merchants(
    database: Database, tmp_path: Path
) -> None:
    async with two_tenants(database, tmp_path) as tenancy:
        zed = tenancy.zed
        mine = {"role": "warehouse", "sees": "some", "merchants": OTHER}

        done = [
            (await zed.post("/accounts", {"what": "add", "name": "wim", "password": PASSWORD, **mine}))[0],
            (await zed.post("/accounts", {"what": "add", "name": "wanda.global", "password": PASSWORD, **mine}))[0],
            (await zed.post("/accounts", {"what": "role", "name": "zoe", **mine}))[0],
            (await zed.post("/accounts", {"what": "password", "name": "zoe", "password": "quite another sentence"}))[0],
            (await zed.post("/accounts", {"what": "close", "name": "zoe"}))[0],
            (await zed.post("/accounts", {"what": "open", "name": "zoe"}))[0],
        ]
        status, shown = await zed.post("/accounts", {"what": "token", "name": "erp", "scope": "read", **mine})
        _, log = await zed.get("/accounts/log.csv")

        assert done == [200] * len(done)
        assert status == 200
        async with database.reading() as connection:
            names = {row["name"]: row["merchants"] for row in await accounts.listing(connection, tenancy.world.now)}
            tokens = {row["name"] for row in await connection.fetch("SELECT name FROM api_token")}
        # A name that somebody else has is free in their own space, and nobody learns that it is taken.
        assert (names["wim@zenith"], names["wanda.global@zenith"], names["wanda.global"]) == ([OTHER], [OTHER], None)
        assert "zenith.erp" in tokens
        assert "hw_" in shown
        assert "wim@zenith" in log
        async with visitor(tenancy.world, "vera", Role.VIEWER, signs_in=False) as browser:
            assert await browser.sign_in("wim@zenith") == 200


async def test_the_last_who_can_administer_a_tenant_stays_and_a_global_one_counts(
    database: Database, tmp_path: Path
) -> None:
    async with two_tenants(database, tmp_path) as tenancy:
        common: dict[str, Any] = {"by": "user:test", "now": tenancy.world.now}
        lower = {"what": "role", "name": "zed", "role": "viewer", "sees": "some", "merchants": OTHER}
        for name in ("quentin.both", "wanda.global"):
            await people.add_account(
                database, f"{name}-too", role=Role.ADMINISTRATOR, merchants=None, password=None, **common
            )  # fmt: skip
            await people.change_account(database, name, role=Role.VIEWER, **common)
        for name in ("quentin.both-too", "wanda.global-too"):
            if name == "wanda.global-too":
                with pytest.raises(Exception, match="last administrator"):
                    await people.change_account(database, name, role=Role.VIEWER, **common)
            else:
                await people.change_account(database, name, role=Role.VIEWER, **common)

        status, _ = await tenancy.zed.post("/accounts", lower)  # a global administrator is left, who can make another

        assert status in (200, 403)  # lowered, and so not allowed to see the page any more
        async with database.reading() as connection:
            row = await accounts.read(connection, "zed")
        assert row is not None
        assert row["role"] == "viewer"


async def test_a_return_is_given_only_to_those_who_see_it(database: Database, tmp_path: Path) -> None:
    async with two_tenants(database, tmp_path) as tenancy, visitor(tenancy.world, "gina", Role.OPERATOR) as gina:
        number = tenancy.acme.number
        give = {"verb": "assign", "ids": f"{MERCHANT}:{number}", "step": "do"}

        _, asked = await gina.post("/changes", {**give, "step": "ask"})
        refused = [(await gina.post("/changes", {**give, "person": name}))[0] for name in ("zed", "zoe", "nobody")]
        taken, _ = await gina.post("/changes", {**give, "person": "cleo.acme"})
        await tenancy.world.settle()
        headers = await program(tenancy.world, "write", merchants=[MERCHANT], name="acme.more")
        url = f"{tenancy.world.url}/api/v1/returns/{number}/assign"
        async with tenancy.world.http.post(
            url, headers=headers | {"Idempotency-Key": "to-another-tenant"}, json={"to": "zed"}
        ) as reply:
            by_token = reply.status

        assert (refused, taken, by_token) == ([400] * 3, 200, 400)
        assert "cleo.acme" in asked
        assert "zed" not in asked
        assert "zoe" not in asked
        assert (await tenancy.world.show(str(number)))["assignee"] == "cleo.acme"


async def test_a_view_is_shared_with_whom_it_is_for(database: Database, tmp_path: Path) -> None:
    async with (
        two_tenants(database, tmp_path) as tenancy,
        visitor(tenancy.world, "gina", Role.OPERATOR) as gina,
        visitor(tenancy.world, "abel", Role.OPERATOR, merchants=[MERCHANT]) as abel,
    ):
        for name, shared in (("for acme", MERCHANT), ("for zenith", OTHER), ("for global", "*"), ("my own", "")):
            await gina.post("/views", {"name": name, "page": "returns", "where": "age>2d", "shared": shared})

        seen = {}
        for name, person in (("abel", abel), ("zed", tenancy.zed), ("gina", gina)):
            _, text = await person.get("/returns")
            seen[name] = [view for view in ("for acme", "for zenith", "for global", "my own") if f">{view}</a>" in text]

        assert seen == {
            "abel": ["for acme"], "zed": ["for zenith"], "gina": ["for acme", "for zenith", "for global", "my own"],
        }  # fmt: skip


async def test_an_answer_that_was_kept_is_given_again_to_the_very_token_alone(
    database: Database, tmp_path: Path
) -> None:
    async with two_tenants(database, tmp_path) as tenancy:
        world = tenancy.world
        key = {"Idempotency-Key": "the-very-same-1-receipts"}
        stray = {"receipts": [{"express_code": "HRNOBODY", "sku": "STRAY"}]}

        async with world.http.post(f"{world.url}/api/v1/receipts", headers=tenancy.program | key, json=stray) as reply:
            status, replayed = reply.status, reply.headers.get("Idempotency-Replayed")

        assert (status, replayed) == (200, None)
        WHOSE.set(Scope((OTHER,), "token:zenith.write", token=10**6))
        async with tenancy.world.desk.database.reading() as connection:
            assert await connection.fetchval("SELECT count(*) FROM api_answer") == 0


async def test_figures_kept_for_one_are_not_given_to_another(database: Database, tmp_path: Path) -> None:
    async with two_tenants(database, tmp_path) as tenancy, visitor(tenancy.world, "gina", Role.OPERATOR) as gina:
        await gina.get("/home/operator")

        WHOSE.set(ZED)
        figures = tenancy.world.desk.figures
        snapshots, freshness = await figures.of([MERCHANT, OTHER]), await figures.heard_of([MERCHANT, OTHER])

        assert [each.merchant for each in snapshots] == [OTHER]
        assert [each.merchant for each in freshness] == [OTHER]


async def test_whose_a_row_of_the_log_is_the_database_decides(database: Database, tmp_path: Path) -> None:
    async with two_tenants(database, tmp_path) as tenancy:
        pages, now = tenancy.world.desk.database, tenancy.world.now
        forged = [
            {"actor": "user:wanda.global", "action": "sign-in"},
            {"actor": "user:zed", "action": "account-changed", "subject": "cleo.acme"},
            {"actor": "user:zed", "action": "personal-data-shown", "merchant": MERCHANT},
            {"actor": "user:zed", "action": "token-revoked", "subject": "acme.helpdesk"},
        ]  # fmt: skip
        for row in forged:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with pages.transaction(scope=ZED) as connection:
                    await accounts.log(connection, now=now, **row)

        async with pages.reading(scope=ZED) as connection:
            seen = {row["actor"] for row in await accounts.logged(connection, rows_max=1000)}
            pages_of_acme = await board.listing(connection, board.EVERYTHING, merchants=[MERCHANT], rows_max=9)

        assert "user:cleo.acme" not in seen
        assert "user:zed" in seen
        assert pages_of_acme == []
        assert WRITTEN not in str(seen)
