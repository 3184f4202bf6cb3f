"""Pane 3 of the workbench: the request that the draft gets, one row, and its headers and body on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label, Select, TextArea

from tui.curl import is_curl
from tui.format import plural, size
from tui.requests import BODILESS, METHODS, DraftRequest, headers_text, parse_headers
from tui.widgets.code_editor import CodeEditor
from tui.widgets.pane import Pane

CLOSED, HEADERS, BODY = 0, 1, 2
BODY_SUFFIXES = {
    "json": "json",
    "html": "html",
    "xml": "xml",
    "javascript": "js",
    "css": "css",
    "plain": "txt",
}
"""How a body is coloured and commented, by the subtype of its content type."""


class UrlInput(Input):
    """A URL; a curl command line that is pasted goes to the request bar as a whole."""

    @dataclass
    class Pasted(Message):
        """A curl command line."""

        text: str

    def _on_paste(self, event: events.Paste) -> None:
        if is_curl(event.text):
            event.stop()
            event.prevent_default()
            self.post_message(self.Pasted(event.text))


class RequestBar(Pane):
    """Method and URL; ctrl+l or the arrow down in the URL opens headers and body below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "open", "Headers and body", show=False, id="request-open"),
    ]

    class Changed(Message):
        """The request is another one."""

    @dataclass
    class Pasted(Message):
        """A curl command line was pasted into the URL."""

        text: str

    class Submitted(Message):
        """Enter in the URL: run it."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(number=3, title="Request", id=id)
        self.request = DraftRequest()
        self.fault = ""
        """What is wrong with the headers; empty when all is well."""
        self._open = CLOSED

    def compose(self) -> ComposeResult:
        """One row, and two editors that are hidden at first."""
        with Horizontal(id="request-row"):
            yield Select(
                [(name, name) for name in METHODS], value="GET", compact=True, allow_blank=False, id="method"
            )
            yield UrlInput(
                "/", compact=True, id="url", select_on_focus=False, placeholder="/path, URL or curl command"
            )
            yield Label(id="request-facts")
        yield CodeEditor(
            "headers.txt",
            id="request-headers",
            placeholder="name: value",
            soft_wrap=True,
            show_line_numbers=False,
        )
        yield CodeEditor("body.json", id="request-body", placeholder="body", show_line_numbers=False)

    def on_mount(self) -> None:
        """Closed."""
        self._show()

    def load(self, request: DraftRequest) -> None:
        """Show a request."""
        self.request = request
        with self.prevent(Input.Changed, Select.Changed, TextArea.Changed):
            self.query_one("#method", Select).value = request.method
            self.query_one("#url", Input).value = request.url
            self.query_one("#request-headers", CodeEditor).load_text(headers_text(request.headers))
            self.query_one("#request-body", CodeEditor).load_text(request.body)
        self._dress_body()
        self._show()

    @property
    def is_open(self) -> bool:
        """Whether headers or body are shown."""
        return self._open != CLOSED

    def open(self, part: int = HEADERS) -> None:
        """Show headers (1) or body (2) below the URL, with the focus there."""
        self._open = part
        self._show()
        self.query_one("#request-headers" if part == HEADERS else "#request-body").focus()

    def close(self) -> None:
        """Back to one row."""
        if self.is_open:
            self._open = CLOSED
            self._show()
            self.query_one("#url").focus()

    def focus_url(self) -> None:
        """To the URL; when that has the focus already, headers and body open."""
        url = self.query_one("#url", Input)
        if url.has_focus:
            self.action_open()
        else:
            url.focus()
            url.cursor_position = len(url.value)

    def action_open(self) -> None:
        """Show what a request of this method is likely to need."""
        if self.query_one("#url").has_focus:
            self.open(HEADERS if self.request.method in BODILESS else BODY)

    def _show(self) -> None:
        headers, body = self.request.headers, len(self.request.body.encode())
        facts = f"[@click=tab({HEADERS})]{plural(len(headers), 'header') if headers else 'no headers'}[/]"
        bodiless = self.request.method in BODILESS
        words = "no body" if bodiless or not body else f"body {size(body)}"
        label = self.query_one("#request-facts", Label)
        label.update(f"[$muted]{facts}  [@click=tab({BODY})]{words}[/][/]")
        label.display = not self.is_open
        self.query_one("#request-headers").display = self._open == HEADERS
        self.query_one("#request-body").display = self._open == BODY
        self.set_class(self.is_open, "-open")
        if self.is_open:
            body_tab = f"Body {size(body)}" if body else "Body"
            self.tabs = ("Request", f"Headers {len(headers)}" if headers else "Headers", body_tab)
            self.active = self._open
        else:
            self.tabs = ()

    @on(Pane.TabChosen)
    def _tab_chosen(self, event: Pane.TabChosen) -> None:
        event.stop()
        if event.index == CLOSED:
            self.close()
        else:
            self.open(event.index)

    def action_tab(self, index: int) -> None:
        """A click on a tab, or on the facts of the closed row."""
        if self.is_open:
            super().action_tab(index)
        else:
            self.open(index)

    @on(Select.Changed, "#method")
    @on(Input.Changed, "#url")
    @on(TextArea.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        headers, self.fault = parse_headers(self.query_one("#request-headers", CodeEditor).text)
        self.request = DraftRequest(
            str(self.query_one("#method", Select).value),
            self.query_one("#url", Input).value,
            headers,
            self.query_one("#request-body", CodeEditor).text,
        )
        self._dress_body()
        self._show()
        self.post_message(self.Changed())

    @on(TextArea.SelectionChanged)
    def _moved(self, event: TextArea.SelectionChanged) -> None:
        event.stop()

    @on(UrlInput.Pasted)
    def _curl(self, event: UrlInput.Pasted) -> None:
        event.stop()
        self.post_message(self.Pasted(event.text))

    def offer(self, urls: Sequence[str]) -> None:
        """Complete the URL from these; the arrow right takes what is shown.

        Args:
            urls: The likeliest first.
        """
        self.query_one("#url", Input).suggester = SuggestFromList(urls, case_sensitive=True)

    def _dress_body(self) -> None:
        """Colour the body by its content type."""
        kind = next((value for name, value in self.request.headers if name.lower() == "content-type"), "")
        subtype = kind.partition(";")[0].rpartition("/")[2].rpartition("+")[2].strip().lower()
        name = f"body.{BODY_SUFFIXES.get(subtype, 'json' if not subtype else 'txt')}"
        editor = self.query_one("#request-body", CodeEditor)
        if editor.module != name:
            editor.rename_module(name)

    @on(Input.Submitted, "#url")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted())
