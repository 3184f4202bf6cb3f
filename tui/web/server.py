"""The server behind `svc-tui --web`: textual-serve, for this machine and this person only.

It listens on loopback, and the way in is a token in the address: `http://127.0.0.1:8790/TOKEN/`. A page of
the web cannot get in by the browser: it does not know the token, and its Host (a name of its own that leads
to 127.0.0.1) or its Origin gives it away before that. Each window is a process of the app; all share one
engine.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from string import Template

from aiohttp import web
from textual_serve.server import Server, to_int

HOST = "127.0.0.1"
#: Names under which a browser on this machine (or at the other end of `ssh -L`) may call us.
NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
#: Windows at a time; each is a process.
MOST = 8
PAGE = Path(__file__).with_name("page.html")
POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebServer(Server):
    """Serves the app to browsers of this machine.

    Args:
        command: The app's command line, a process for each window.
        port: The port; 0 for a free one.
    """

    def __init__(self, command: Sequence[str], port: int) -> None:
        super().__init__(shlex.join(command), host=HOST, port=port, title="svc-tui")
        self.token = secrets.token_urlsafe(24)
        self.windows = 0

    @property
    def address(self) -> str:
        """The address to open; it lets in whoever has it."""
        return f"http://{self.host}:{self.port}/{self.token}/"

    async def start(self) -> web.AppRunner:
        """Listen; the port is known from then on.

        Returns:
            What is to be cleaned up at the end.

        Raises:
            OSError: The port cannot be had.
        """
        # No access log: its lines would carry the token.
        runner = web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=2)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
        except OSError:
            await runner.cleanup()
            raise
        self.port = runner.addresses[0][1]
        return runner

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/{token}/", self.handle_index),
                web.get("/{token}/ws", self.handle_websocket),
                web.get("/{token}/download/{key}", self.handle_download),
                web.static(f"/{self.token}/static", self.statics_path),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in only what a browser of this machine sends from our own page."""
        if why := self.refusal(request):
            return web.Response(status=403, text=f"svc-tui: {why}\n", headers=HEADERS)
        response = await handler(request)
        if not response.prepared:
            response.headers.update({name: v for name, v in HEADERS.items() if name not in response.headers})
        return response

    def refusal(self, request: web.Request) -> str:
        """Why a request is refused; empty when it is let in."""
        name = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
        if name not in NAMES:
            return "this address is for this machine only."
        origin = request.headers.get("origin")
        if origin is not None and origin != f"http://{request.host}":
            return "another site's page may not call this."
        if origin is None and request.headers.get("upgrade") is not None:
            return "a socket must say which page it is of."
        token = request.path.split("/")[1]
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return "the address has no token, or an old one. `svc-tui --web` prints the right one."
        return ""

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page with the terminal in it."""
        nonce = secrets.token_urlsafe(16)
        text = Template(PAGE.read_text(encoding="utf-8")).substitute(
            token=self.token,
            nonce=nonce,
            websocket=f"ws://{request.host}/{self.token}/ws",
            size=max(8, min(40, to_int(request.query.get("fontsize", ""), 15))),
        )
        policy = POLICY.format(nonce=nonce, host=request.host)
        headers = {**HEADERS, "content-security-policy": policy}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A window: a process of the app for as long as it is open."""
        if self.windows >= MOST:
            raise web.HTTPServiceUnavailable(text=f"svc-tui: {MOST} windows are open already.\n")
        self.windows += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self.windows -= 1


def serve(command: Sequence[str], port: int) -> int:
    """Serve until ctrl+c.

    Args:
        command: The app's command line.
        port: The port; 0 for a free one.

    Returns:
        The exit code.
    """
    return asyncio.run(_serve(WebServer(command, port)))


async def _serve(server: WebServer) -> int:
    try:
        runner = await server.start()
    except OSError as error:
        reason = error.strerror or error
        print(f"svc-tui: port {server.port}: {reason}. --web-port N takes another.", file=sys.stderr)
        return 69  # EX_UNAVAILABLE, as the engine's own
    print(f"svc-tui in a browser of this machine: {server.address}\nctrl+c ends it.", flush=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
    except NotImplementedError:
        pass  # Windows: ctrl+c ends the loop itself
    try:
        await ended.wait()
    finally:
        await runner.cleanup()
    return 0
