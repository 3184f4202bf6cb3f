"""What the parts of the workbench share: which environment it is, its text, its panes, its marks."""

from __future__ import annotations

from typing import Any

from tui.commands import workbench as commands
from tui.drafts import Drafts
from tui.format import plural, version
from tui.markup import escape
from tui.requests import Requests
from tui.run_report import Location, RunReport
from tui.screens.base import SvcScreen
from tui.widgets.answer_pane import AnswerPane
from tui.widgets.editor_pane import EditorPane
from tui.widgets.modules_list import ModulesList
from tui.widgets.pane import Pane
from tui.widgets.request_bar import RequestBar
from tui.workspace import Workspace

Json = dict[str, Any]


class WorkbenchBase(SvcScreen[None]):
    """The state of the workbench. The classes that follow add what can be done with it.

    Args:
        service: The service.
        environment: The environment whose code is edited and whose bindings a run gets.
    """

    def __init__(self, service: str, environment: str) -> None:
        super().__init__()
        self.service, self.environment = service, environment
        self.workspace = Workspace()
        self.detail: Json = {}
        """The environment as the engine describes it."""
        self.loaded = False
        self.run_wanted = False
        """Whether a run was asked for before the text was there."""
        self.running: RunReport | None = None
        """The run in progress."""
        self.writes_next = False
        """Whether the next run, and only that one, really writes."""
        self.wanted: tuple[Location, str | None] | None = None
        """Where to go when the text is there, and the version that the place is of."""
        self.set_reactive(WorkbenchBase.production, environment == "production")
        self.set_reactive(WorkbenchBase.crumb, self._crumb())

    # ------------------------------------------------------------------ panes

    @property
    def editor_pane(self) -> EditorPane:
        """Pane 2."""
        return self.query_one(EditorPane)

    @property
    def request_bar(self) -> RequestBar:
        """Pane 3."""
        return self.query_one(RequestBar)

    @property
    def answer(self) -> AnswerPane:
        """Pane 4."""
        return self.query_one(AnswerPane)

    # ------------------------------------------------------------------ places

    @property
    def drafts(self) -> Drafts:
        """Where unsaved text is kept."""
        return self.svc.drafts

    @property
    def requests(self) -> Requests:
        """Where requests are remembered."""
        return Requests(self.svc.engine.state, self.service)

    @property
    def place(self) -> str:
        """`notes › staging`, production with its mark; markup."""
        mark = "[$production]▲ production[/]" if self.production else escape(self.environment)
        return f"{escape(self.service)} › {mark}"

    @property
    def base_url(self) -> str:
        """The environment's own URL, without a slash at the end."""
        return str(self.detail.get("url") or f"http://{self.hostname}").rstrip("/")

    @property
    def hostname(self) -> str:
        """The environment's hostname, without the port."""
        known = str(self.detail.get("hostname") or "")
        own = self.service if self.production else f"{self.environment}.{self.service}"
        return known.partition(":")[0] or f"{own}.dev.localhost"

    def unsaved(self) -> str:
        """`notes › staging` when there is unsaved text; it is kept in a file all the while."""
        return f"{self.service} › {self.environment}" if self.workspace.dirty else ""

    def go_to(self, where: Location) -> None:
        """Put the cursor at a place in the code."""
        if not self.editor_pane.go_to(where):
            self.tell(f"{where.file} is not one of this environment's modules.")

    def arrive(self, where: Location, version_id: str | None) -> None:
        """Put the cursor at a place that something deployed told of; its version may be another one."""
        self.go_to(where)
        if version_id is not None and version_id != self.workspace.version_id:
            self.tell(f"That was another version than {self.based_on()}: the line may have moved.")

    # ------------------------------------------------------------------ what is shown of it

    def show_state(self) -> None:
        """Paint what follows from the text: the marks in the top bar, the tabs, the list of modules."""
        unsaved = "◆ unsaved" if self.production else "[$warning]◆ unsaved[/]"
        parts = [unsaved] if self.workspace.dirty else []
        self.marks = "  ".join([*parts, self._badge()])
        names = list(self.workspace.modules.values())
        self.query_one(ModulesList).fill(names, self.workspace.main, self.editor_pane.current)
        self.query_one("#modules", Pane).bottom = plural(len(names), "module")

    def _badge(self) -> str:
        """Safe states whisper, dangerous ones shout."""
        live = self.writes_next or (self.running is not None and self.running.mode == "live")
        if live:
            return "[b $on-fill on $error] LIVE WRITES [/]"
        if self.production:
            return "[b $production on $on-fill] ⊘ sandbox [/]"
        return "[b $foreground on $cursor] ⊘ sandbox [/]"

    def _crumb(self) -> str:
        name = escape(self.environment)
        return f"{escape(self.service)} › " + (name if self.environment == "production" else f"[b]{name}[/]")

    def based_on(self) -> str:
        """`v41`, the version that the text was made from."""
        return version(self.workspace.number)

    def tell(self, words: str, trouble: bool = False) -> None:
        """A toast in plain words; what people typed in it is not taken for markup."""
        self.notify(escape(words), severity="error" if trouble else "information")


__all__ = ["Json", "WorkbenchBase", "commands"]
