"""From a suggested reading to a rule: the map changed by one line, checked and tried before it is put in force."""

from dataclasses import replace
from typing import Any

from aiohttp import web

from daemon.actions import perform
from daemon.actions.map_changes import accept, differences
from daemon.actions.map_lint import lint
from daemon.actions.map_replay import BATCH_MAX, replay_page
from daemon.errors import RejectedError
from daemon.filters import compile_filter, term
from daemon.maps import from_content, to_content
from daemon.store import board
from daemon.store import maps as maps_store
from daemon.web.access.roles import May
from daemon.web.desk import DESK
from daemon.web.guard import must, words
from daemon.web.pages.returns import the_return
from daemon.web.rendering import page
from statemachine.credit.maps import CreditMap, plain_sku
from statemachine.states import State

SKU_MAX = 100


async def rule(request: web.Request) -> web.Response:
    """Preview and accept `[substitutions] returned → sold`."""
    desk, person = request.app[DESK], must(request, may=May.MAPS)
    merchant, number = await the_return(request)
    told = await words(request)
    returned, sold = told.get("returned_sku", "").strip(), told.get("sold_sku", "").strip()
    if not returned or not sold or max(len(returned), len(sold)) > SKU_MAX:
        raise web.HTTPBadRequest(text="A rule needs the returned and the sold SKU.")
    async with desk.database.reading() as connection:
        before = await maps_store.in_force(connection, merchant)
    after = _with_substitution(before, returned, sold)
    policy = desk.settings.merchants[merchant].policy
    async with desk.open_vendors(merchant) as vendors:
        found = await lint(after, vendors.brightpearl, desk.database, merchant=merchant, policy=policy, since=desk.now)
        faults = [fault for fault in found if fault.fault != "not covered"]
        if told.get("step") != "do":
            account = await vendors.brightpearl.account()
            instances = await perform.load(desk.database, await _concerned(request, merchant, number, returned))
            replayed = await replay_page(
                instances, before, after, vendors.brightpearl, desk.database, merchant=merchant, account=account,
                policy=policy, now=desk.now,
            )  # fmt: skip
            return await page(
                request, "rule.html", title="A rule for the map", cli="homeward map what-if; homeward map accept",
                number=number, merchant=merchant, returned_sku=returned, sold_sku=sold, before=before.version,
                after=after.version, changed=differences(before, after), faults=[fault.as_row() for fault in faults],
                replayed=[each.as_row() for each in replayed], reason=f"seen on return {number}",
            )  # fmt: skip
    reason = told.get("reason", "").strip()[:2000]
    if not reason or faults or told.get("before", "") != before.version:
        raise RejectedError(
            "The map has changed since the preview, or has faults, or the reason is missing; nothing was changed."
        )
    await accept(desk.database, merchant, after, accepted_by=person.actor, reason=reason, now=desk.now)
    desk.stir(merchant)
    raise web.HTTPSeeOther(f"/returns/{number}")


def _with_substitution(maps: CreditMap, returned: str, sold: str) -> CreditMap:
    known = {plain_sku(key): key for key in maps.substitutions}
    key = known.get(plain_sku(returned), returned)
    now = maps.substitutions.get(key, ())
    added = now if plain_sku(sold) in map(plain_sku, now) else (*now, sold)
    changed = replace(maps, substitutions={**maps.substitutions, key: added})
    content: dict[str, Any] = to_content(changed)
    return from_content(content)


async def _concerned(request: web.Request, merchant: str, number: int, returned: str) -> list[tuple[str, int]]:
    """This return, and everything that is stuck for the same SKU."""
    desk = request.app[DESK]
    condition = compile_filter(f"state={State.EXCEPTION} and {term('sku', returned)}", desk.now)
    async with desk.database.reading() as connection:
        stuck = await board.chosen(connection, condition, merchants=[merchant], rows_max=BATCH_MAX - 1)
    return list(dict.fromkeys([(merchant, number), *stuck]))
