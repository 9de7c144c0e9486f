"""One's own second factor: adding it, new recovery codes, removing it.

The key is shown in answer to the form that asked for it, and again only where the first code did not fit; recovery codes are
shown once. No address leads to either, and nothing of them is in a page after that.
"""

import segno
from aiohttp import web
from yarl import URL

from daemon.errors import SettingsError
from daemon.store import accounts, factors
from daemon.web.access import factor
from daemon.web.access.door import RESTS
from daemon.web.access.factor import Key
from daemon.web.access.roles import Person
from daemon.web.desk import DESK, PERSON, Desk
from daemon.web.guard import address_of, words
from daemon.web.rendering import page

NO_FIT = f"This code does not fit, or was used before. {RESTS}"
CLOCK = "This code does not fit. Type the one that is shown now, and see that the device's clock is right."


async def show(request: web.Request) -> web.Response:
    return await _show(request)


async def _show(
    request: web.Request, *, refused: str = "", key: Key | None = None, codes: list[str] | None = None, did: str = "",
    status: int = 200,
) -> web.Response:  # fmt: skip
    desk, person = request.app[DESK], request[PERSON]
    async with desk.database.reading() as connection:
        account, kept = await accounts.read(connection, person.name), await factors.of(connection, person.name)
    uri = key.uri(_place(desk)) if key is not None else ""
    return await page(
        request, "second_factor.html", title="Second factor", status=400 if refused and status == 200 else status,
        cli=f"homeward user factor {person.name}", refused=refused, did=did, key=key, uri=uri,
        picture=segno.make(uri, error="m").svg_data_uri(scale=5, light="#fff") if uri else "", codes=codes or [],
        kept=kept if kept is not None and kept.confirmed_at is not None else None,
        has_password=account is not None and account["has_password"],
        can_be_kept=desk.settings.secrets.key_file is not None, is_due=person.must_add_factor,
        is_asked_for=desk.door.asks_for_factor(person.role), came_by_recovery=request.query.get("came") == "recovery",
    )  # fmt: skip


def _place(desk: Desk) -> str:
    """What tells this installation from others in somebody's authenticator."""
    host = URL(desk.settings.web.url).host if desk.settings.web.url else ""
    return desk.settings.web.environment or host or ""


async def change(request: web.Request) -> web.Response:
    """Every form of the page; `what` says which."""
    desk, person, sent = request.app[DESK], request[PERSON], await words(request)
    try:
        match sent.get("what", ""):
            case "begin":
                return await _begin(request, desk, person, sent.get("password", ""))
            case "confirm":
                return await _confirm(request, desk, person, factor.plain(sent.get("code", "")))
            case "codes":
                return await _new_codes(request, desk, person, sent.get("code", ""))
            case "remove":
                return await _remove(request, desk, person, sent.get("code", ""))
    except SettingsError as error:
        return await _show(request, refused=f"A second factor cannot be kept here: {error}. An operator must mend it.")
    raise web.HTTPBadRequest(text="There is no such change.")


async def _begin(request: web.Request, desk: Desk, person: Person, password: str) -> web.Response:
    """The password is asked for: whoever finds an open browser must not be able to shut its owner out."""
    if await desk.door.try_password(person.name, password[:300], address=address_of(request), now=desk.now) is None:
        return await _show(request, refused=f"The password does not fit. {RESTS}", status=403)
    await desk.door.forget_attempts(person.name)
    key = factor.new_key(person.name)
    async with desk.database.transaction() as connection:
        is_begun = await factors.begin(connection, person.name, desk.door.seal.close(key), desk.now)
    if not is_begun:
        return await _show(request, refused="There is a second factor already: remove it before you add another.")
    return await _show(request, key=key)


async def _confirm(request: web.Request, desk: Desk, person: Person, code: str) -> web.Response:
    async with desk.database.reading() as connection:
        kept = await factors.of(connection, person.name)
    if kept is None or kept.confirmed_at is not None:
        return await _show(request, refused="There is nothing to confirm: begin again.")
    key = desk.door.seal.open(person.name, kept.sealed)
    step = factor.step_that_fits(key.secret, code, desk.device_now, after=kept.last_step)
    if step is None:
        return await _show(request, refused=CLOCK, key=key)
    codes = factor.new_recovery_codes()
    async with desk.database.transaction() as connection:
        if not (
            await factors.take_step(connection, person.name, step, kept.sealed)
            and await factors.confirm(connection, person.name, desk.now)
        ):
            raise web.HTTPConflict(text="This was confirmed a moment ago, in another window.")
        await factors.put_codes(connection, person.name, [factor.hash_of(person.name, each) for each in codes])
        await accounts.end_sessions(connection, person.name, but=person.session)
        await accounts.log(
            connection, actor=person.actor, action="second-factor-added", now=desk.now, subject=person.name,
            address=address_of(request),
        )  # fmt: skip
    return await _show(request, codes=codes, did="The second factor is on. Every other session of yours has ended.")


async def _new_codes(request: web.Request, desk: Desk, person: Person, code: str) -> web.Response:
    if not await _proves(request, desk, person, code):
        return await _show(request, refused=NO_FIT, status=403)
    codes = factor.new_recovery_codes()
    async with desk.database.transaction() as connection:
        await factors.put_codes(connection, person.name, [factor.hash_of(person.name, each) for each in codes])
        await accounts.log(
            connection, actor=person.actor, action="recovery-codes-made", now=desk.now, subject=person.name,
            address=address_of(request),
        )  # fmt: skip
    return await _show(request, codes=codes, did="These are your recovery codes now; the former ones are void.")


async def _remove(request: web.Request, desk: Desk, person: Person, code: str) -> web.Response:
    if not await _proves(request, desk, person, code):
        return await _show(request, refused=NO_FIT, status=403)
    async with desk.database.transaction() as connection:
        await factors.remove(connection, person.name)
        await accounts.end_sessions(connection, person.name, but=person.session)
        await accounts.log(
            connection, actor=person.actor, action="second-factor-removed", now=desk.now, subject=person.name,
            address=address_of(request),
        )  # fmt: skip
    raise web.HTTPSeeOther("/second-factor")


async def _proves(request: web.Request, desk: Desk, person: Person, code: str) -> bool:
    """Whether whoever sits there holds the device, or a recovery code."""
    way = await desk.door.try_code(
        person.name, code[:100], address=address_of(request), now=desk.now, device_now=desk.device_now
    )
    if way is not None:
        await desk.door.forget_attempts(person.name)
    return way is not None
