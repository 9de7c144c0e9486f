"""Help: what states, causes and fields mean, where each piece of data lives, who may do what."""

from aiohttp import web

from daemon.filters import FIELDS
from daemon.views.operating import OWNED
from daemon.web.access.roles import RIGHTS
from daemon.web.rendering import page


async def show(request: web.Request) -> web.Response:
    return await page(
        request, "help.html", title="Help", cli="homeward help", fields=FIELDS, rights=RIGHTS, owned=OWNED
    )
