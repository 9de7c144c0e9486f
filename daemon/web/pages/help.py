"""Help: what states, causes and fields mean, where each piece of data lives, who may do what."""

from aiohttp import web

from daemon.filters import FIELDS
from daemon.web.access.roles import RIGHTS
from daemon.web.rendering import page

OWNED = (
    ("that a return was started, for what, why, by which way back", "Happy Returns", "shopper and Happy Returns"),
    ("hand-over, approval, departure of bags", "Happy Returns", "Happy Returns' hosts and hubs"),
    ("order, prices, tax codes, customer", "Brightpearl", "the shop"),
    ("sales credit, refund record, invoice", "Brightpearl", "made by Homeward, or by finance"),
    ("stock, goods-in notes", "Brightpearl", "made by Homeward or by the warehouse, by policy"),
    ("that a unit arrived, and its condition", "Homeward", "the warehouse, by scan, file or API"),
    ("what reasons, codes, bundles and fees mean", "Homeward: the map", "finance, reviewed and accepted"),
    ("state, cause, owner, clock, every decision and attempt", "Homeward: the journal", "the daemon; never changed"),
    ("notes, assignments, forced moves and why", "Homeward: the journal", "whoever did it, by name"),
    ("who came in, who saw personal data", "Homeward: the access log", "the daemon; never changed"),
)


async def show(request: web.Request) -> web.Response:
    return await page(
        request, "help.html", title="Help", cli="homeward help", fields=FIELDS, rights=RIGHTS, owned=OWNED
    )
