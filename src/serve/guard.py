"""What every request has to show, and what every answer tells the browser."""

from __future__ import annotations

from collections.abc import Container

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

# The browser itself sees to it that the page takes nothing from elsewhere and is shown inside of no other.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
TOLD = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Refuses what another web site makes a browser send here: by a foreign origin, or by a name that it points here.

    hosts: the names the server may be called by; None for any.
    """

    def __init__(self, app, hosts: Container[str] | None):
        self._app, self._hosts = app, hosts

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_told(message):
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(TOLD)
            await send(message)

        met = self._foreign(Headers(scope=scope))
        app = PlainTextResponse(f"error: {met}\n", 403) if met else self._app
        await app(scope, receive, send_told)

    def _foreign(self, headers):
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._hosts is not None and host.rpartition(":")[0] not in self._hosts and host not in self._hosts:
            return "this server goes by another name"
        if origin is not None and origin.partition("://")[2] != host:
            return "requests come from the page of this server only"
        return None
