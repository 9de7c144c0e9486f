"""An administrator of one merchant gets nothing of another's and changes nothing of it: by no page, no form, no call of the
API; also where every check of the code is fooled and only the database's policies stand between.

The routes are read from the server itself: a new one without a case fails here.
"""

import ast
import dataclasses
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from daemon.actions.verbs import VERBS
from daemon.store.scope import Scope
from daemon.web import server
from daemon.web.access.door import Door
from daemon.web.access.roles import Person
from daemon.web.api import endpoints
from daemon.web.pages import people as page_of_people
from daemon.web.pages import second_factor as page_of_factors
from tests.given import Given
from tests.tenancy import COUNTED, NOWHERE, OTHER, ZED, Aim, Tenancy, changed, plain, two_tenants
from tests.visitor import Visitor
from tests.world import MERCHANT

REFUSED = frozenset({400, 403, 404, 409})


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


async def test_no_page_and_no_form_gives_or_changes_anything_of_another_tenant(given: Given) -> None:
    async with two_tenants(given) as tenancy:
        before = await tenancy.rows_of_others()

        there, tried = await attack(tenancy, tenancy.acme, CASES)
        after = await tenancy.rows_of_others()
        nowhere, _ = await attack(tenancy, NOWHERE, CASES)

        assert there.leaks(tenancy.marks, tried) == {}
        assert let_in(there, tried) == {}
        assert {status for status, _ in there.of.values()} <= {200, *REFUSED}
        assert told_apart(there, nowhere, tenancy.acme, CASES) == {}
        assert changed(before, after) == {"account": COUNTED, "access_log": COUNTED}


async def test_no_call_of_the_api_gives_or_changes_anything_of_another_tenant(given: Given) -> None:
    async with two_tenants(given) as tenancy:
        before = await tenancy.rows_of_others()

        there, tried = await call(tenancy, tenancy.acme, round_name="there")
        nowhere, _ = await call(tenancy, NOWHERE, round_name="nowhere")

        assert there.leaks(tenancy.marks, tried) == {}
        assert let_in(there, tried) == {}
        assert told_apart(there, nowhere, tenancy.acme, API) == {}
        assert changed(before, await tenancy.rows_of_others()) == {}


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
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_tenants(given) as tenancy:
        before = await tenancy.rows_of_others()
        without_checks(monkeypatch)

        pages, tried = await attack(tenancy, tenancy.acme, CASES)
        calls, called = await call(tenancy, tenancy.acme, round_name="there")

        assert pages.leaks(tenancy.marks, tried) == {}
        assert calls.leaks(tenancy.marks, called) == {}
        assert {name: told for name, told in (pages.of | calls.of).items() if told[0] >= 500 and told[0] != 503} == {}
        assert changed(before, await tenancy.rows_of_others()) == {"account": COUNTED, "access_log": COUNTED}
