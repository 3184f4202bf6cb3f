"""Requests: saved, sent, as curl, and the deployed answer beside the draft's."""

from __future__ import annotations

import re
from functools import partial

from textual import on, work

from tui import curl, live
from tui.commands import requests as commands
from tui.format import ago, version
from tui.markup import escape
from tui.requests import BODILESS, DraftRequest
from tui.run_report import RunReport
from tui.saved_requests import RequestFileError, SavedRequests, file_name
from tui.screens.dialogs.confirm import ConfirmDialog
from tui.screens.diff import DiffScreen
from tui.screens.workbench.ask import AskDialog
from tui.screens.workbench.editing import EditingScreen
from tui.widgets.editor_pane import EditorPane
from tui.widgets.request_bar import RequestBar

PATH = re.compile(r"""["'`](/[\w./-]*)["'`]""")
"""A path in the code: what it may be asked for."""
MOST_PATHS = 40


class RequestingScreen(EditingScreen):
    """What can be done with the request."""

    @property
    def saved(self) -> SavedRequests:
        """The service's saved and sent requests."""
        return SavedRequests(self.svc.engine.state, self.service)

    def remember(self, report: RunReport) -> None:
        """Write the request down, and complete URLs from it."""
        if report.outcome == "canceled":
            return
        try:
            self.saved.remember(self.request_bar.request, report.status, self.environment)
        except OSError as error:
            self.tell(f"The request cannot be remembered: {error.strerror or error}.", True)
        self.offer_urls()

    @on(EditorPane.Opened)
    def offer_urls(self) -> None:
        """Complete URLs from what was sent and saved, the environment's routes, and paths in the code."""
        sent = [item.request.url for item in self.saved.sent()]
        routes = [str(url).rstrip("*") for url in self.detail.get("urls") or ()]
        paths = [
            path
            for module in self.workspace.modules.values()
            for path in PATH.findall(module.text or "")[:MOST_PATHS]
        ]
        self.request_bar.offer(list(dict.fromkeys([*sent, *paths, *routes])))

    def take_request(self, request: DraftRequest) -> None:
        """Make this the request."""
        self.request_bar.load(request)
        self.request_bar.post_message(RequestBar.Changed())
        self.add_class("-request-open")
        self.request_bar.focus_url()

    @on(RequestBar.Pasted)
    def _pasted(self, event: RequestBar.Pasted) -> None:
        try:
            request = curl.read(event.text)
        except curl.CurlError as error:
            self.tell(f"Not taken over: {error}", True)
            return
        self.take_request(request)
        self.tell("Taken over from curl.")

    @on(commands.CopyCurl)
    async def _copy_curl(self) -> None:
        await self.svc.copy(curl.write(self.request_bar.request, self.base_url), "the request as curl")

    @on(commands.SaveRequest)
    @work(exclusive=True, group="request")
    async def _save_request(self) -> None:
        request = self.request_bar.request
        known = set(self.saved.names())

        def check(typed: str) -> tuple[str, str]:
            name = file_name(typed)
            if not name:
                return "A name has letters or digits.", ""
            return "", f"replaces {name}.http" if name in known else f"{self.saved.path(name)}"

        dialog = AskDialog(
            f"Save {escape(request.method)} {escape(request.url)}",
            "A file that can be read and edited, offered to every environment of "
            f"[b]{escape(self.service)}[/].",
            "Save",
            "Name",
            check,
        )
        if name := await self.app.push_screen_wait(dialog):
            try:
                path = self.saved.save(name, request)
            except OSError as error:
                self.tell(f"Not saved: {error.strerror or error}.", True)
            else:
                self.tell(f"Saved {path.name}.")

    @on(commands.OpenRequest)
    async def _open_request(self) -> None:
        found = []
        for name in self.saved.names():
            try:
                request = self.saved.read(name)
            except RequestFileError as error:
                found.append((name, partial(self.tell, str(error), True), str(error)))
            else:
                found.append((name, partial(self.take_request, request), f"{request.method} {request.url}"))
        for sent in self.saved.sent():
            status = f"{sent.status}, " if sent.status else ""
            title = f"{sent.request.method} {sent.request.url}"
            hint = f"sent to {sent.environment}, {status}{ago(sent.at)} ago"
            found.append((title, partial(self.take_request, sent.request), hint))
        if found:
            await self.app.search_commands(found, placeholder="Saved or sent request")
        else:
            self.tell("No requests yet: f5 sends one, alt+k saves one.")

    @on(commands.DeleteRequest)
    async def _delete_request(self) -> None:
        names = self.saved.names()
        if names:
            found = [(name, partial(self._delete, name), "deletes it, after a question") for name in names]
            await self.app.search_commands(found, placeholder="Delete a saved request")
        else:
            self.tell("No requests are saved.")

    @work(exclusive=True, group="request")
    async def _delete(self, name: str) -> None:
        dialog = ConfirmDialog(f"Delete {escape(name)}.http", "The file is removed.", verb="Delete")
        if await self.app.push_screen_wait(dialog):
            self.saved.delete(name)
            self.tell(f"Deleted {name}.http.")

    # ------------------------------------------------------------------ draft beside live

    @on(commands.CompareLive)
    @work(exclusive=True, group="live")
    async def _compare_live(self) -> None:
        report = self.report
        if report is None or report.status is None or report.running:
            self.tell("Run the draft first: f5.")
            return
        request = self.request_bar.request
        if request.method not in BODILESS:
            dialog = ConfirmDialog(
                f"Send {request.method} to {self.place}",
                "What is deployed gets the request for real: what it writes stays written.",
                verb="Send",
                typed="production" if self.production else None,
                production=self.production,
            )
            if self.svc.read_only:
                self.tell("svc-tui was started with --read-only: only GET and HEAD are sent.", True)
                return
            if not await self.app.push_screen_wait(dialog):
                return
        try:
            there = await live.ask(request, self.svc.engine.address, self.base_url)
        except live.NoAnswer as error:
            self.tell(f"{version(self.workspace.number)} was not asked: {error}.", True)
            return
        here = live.Answer(report.status, tuple(report.headers), report.body()[: live.LONGEST])
        compared = live.compare(there, here, self.environment, self.workspace.number)
        self.app.push_screen(DiffScreen(self.service, compared))
