"""What stands before Brightpearl's resources: authentication, the throttle and its headers, OAuth tokens (sheet 2, 3)."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import web

from daemon.sandbox.books import Books, Refusal
from daemon.sandbox.limits import FixedWindow

APP_REF, ACCOUNT_TOKEN, STAFF_TOKEN = "acme_homeward", "sandbox-account-token", "sandbox-staff-token"
OAUTH_CLIENT_SECRET = "sandbox-client-secret"
FIRST_REFRESH_TOKEN = "sandbox-refresh-token"
THROTTLED = "You have sent too many requests. Please wait before sending another request"

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(slots=True)
class Gateway:
    """Lets a request through to its handler, or answers in its place."""

    books: Books
    window: FixedWindow = field(default_factory=FixedWindow)
    refresh_tokens: set[str] = field(default_factory=lambda: {FIRST_REFRESH_TOKEN})
    access_tokens: dict[str, datetime] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    throttled: int = 0
    units_used: int = 0

    def guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            now = self.books.clock.now()
            limit = self.books.assumptions.requests_per_minute
            pays_itself = not (
                request.path.endswith("/multi-message") and self.books.assumptions.multi_message_costs_each
            )
            passes, remaining, left_ms = self.window.take(now, limit=limit, units=int(pays_itself))
            key = f"{request.method} {handler.__name__}"
            self.calls[key] = self.calls.get(key, 0) + 1
            headers = {
                "brightpearl-requests-remaining": str(remaining),
                "brightpearl-next-throttle-period": str(left_ms),
                "Ruid": secrets.token_hex(8),
            }
            if self.books.assumptions.instance_id is not None:
                headers["Brightpearl-Installed-Integration-Instance-Id"] = str(self.books.assumptions.instance_id)
            self.units_used += int(pays_itself and passes)
            if not passes:
                self.throttled += 1
                return web.json_response({"response": THROTTLED}, status=503, headers=headers)
            if (why := self._not_authenticated(request, now)) is not None:
                return web.json_response({"response": why}, status=401, headers=headers)
            self.books.settle_invoices()
            try:
                answer = await handler(request)
            except Refusal as refusal:
                answer = errors(refusal.status, refusal.code, refusal.message)
            if not pays_itself:
                headers["brightpearl-requests-remaining"] = str(self.window.take(now, limit=limit, units=0)[1])
            answer.headers.update(headers)
            return answer

        guarded.__name__ = handler.__name__
        return guarded

    def is_member_throttled(self) -> bool:
        """Where each member of a multi-message counts, whether this one is over the limit."""
        assumptions, now = self.books.assumptions, self.books.clock.now()
        if not assumptions.multi_message_costs_each:
            return False
        passes, _, _ = self.window.take(now, limit=assumptions.requests_per_minute)
        self.throttled += not passes
        self.units_used += passes
        return not passes

    def _not_authenticated(self, request: web.Request, now: datetime) -> str | None:
        headers = request.headers
        if bearer := headers.get("Authorization", ""):
            expires = self.access_tokens.get(bearer.removeprefix("Bearer "))
            if expires is None:
                return "Invalid instance token: unknown"
            return "Authorization token expired" if expires <= now else None
        if headers.get("brightpearl-app-ref") != APP_REF:
            return "Not authenticated. You must provide a valid authentication token."
        tokens = (headers.get("brightpearl-account-token"), headers.get("brightpearl-staff-token"))
        if tokens[0] == ACCOUNT_TOKEN or tokens[1] == STAFF_TOKEN:
            return None
        return "Not authenticated. You must provide a valid authentication token."

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        refresh = str(form.get("refresh_token", ""))
        if form.get("client_secret") != OAUTH_CLIENT_SECRET:
            return web.json_response({"error": "invalid_client"}, status=400)
        if form.get("grant_type") != "refresh_token" or refresh not in self.refresh_tokens:
            return web.json_response({"error": "invalid_grant", "error_description": "unknown token"}, status=400)
        if self.books.assumptions.rotate_refresh_token:
            self.refresh_tokens.discard(refresh)
            refresh = secrets.token_urlsafe(16)
            self.refresh_tokens.add(refresh)
        access = secrets.token_urlsafe(16)
        life = self.books.assumptions.token_life_seconds
        self.access_tokens[access] = self.books.clock.now() + timedelta(seconds=life)
        return web.json_response(
            {"access_token": access, "refresh_token": refresh, "api_domain": "127.0.0.1", "token_type": "Bearer",
             "expires_in": int(life)}
        )  # fmt: skip


def errors(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "message": message}]}, status=status)
