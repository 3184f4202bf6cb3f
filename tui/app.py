"""SvcApp: the engine, the theme, the keys, and the first screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.command import Provider
from textual.reactive import reactive
from textual.screen import Screen
from textual.signal import Signal
from textual.timer import Timer

from tui import garbage, paths, settings
from tui.accounts import LOCAL, Account
from tui.client import Engine, EngineAway, EngineError
from tui.commands import app as commands
from tui.commands.accounts import SwitchAccount
from tui.commands.base import Command, CommandHost
from tui.drafts import FILE, Drafts
from tui.feed import Feed
from tui.launch import Launcher, Nobody
from tui.markup import escape
from tui.messages import Change, Connected, EngineState
from tui.navigation import NavigatingApp
from tui.options import Options
from tui.screens.base import SvcScreen
from tui.screens.browse import BrowseScreen
from tui.session import REST, Session
from tui.widgets.service_tree import Place

#: Seconds that the tour waits for something that it can point at.
TOUR_WAITS = 20.0
STARTED_READ_ONLY = "svc-tui was started with --read-only"


def _command_provider() -> type[Provider]:
    """The palette's commands, imported when it is first opened."""
    from tui.commands.palette import CommandProvider

    return CommandProvider


def _places_provider() -> type[Provider]:
    """What else the palette finds."""
    from tui.commands.finding import PlacesProvider

    return PlacesProvider


class SvcApp(CommandHost, NavigatingApp):
    """The terminal app.

    Args:
        options: What the command line said.
    """

    TITLE = "svc-tui"
    # The first screen's as well: Textual loads no style sheet of a default screen.
    CSS_PATH = ["styles/app.tcss", "styles/browse.tcss"]  # noqa: RUF012
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {
        _command_provider,
        _places_provider,
    }
    HELP_TITLE = "Everywhere"
    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = commands.EVERYWHERE
    # Textual declares these without ClassVar.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]  # noqa: RUF012

    engine_state: reactive[EngineState] = reactive(EngineState("starting"))
    """How the engine is; top bar, banner and screens watch it."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.animation_level = "none"
        self.options = options
        self.read_only = options.read_only
        self.read_only_because = STARTED_READ_ONLY
        self.settings, problems = settings.read(paths.config_file())
        self.problems = problems
        self.engine = Engine(options.state, read_only=options.read_only)
        self.drafts = Drafts(options.state)
        self.session = Session(options.state)
        self._writing: Timer | None = None
        self.account = Account(LOCAL)
        """The account on the screen."""
        self.account_changed: Signal[Connected | Change] = Signal(self, "account-changed")
        """What changes in the account; screens that show it subscribe."""
        launcher = Launcher(options.state, options.port, options.samples)
        self.feed = Feed(self.engine, launcher, self._engine_changed, self.account_changed.publish)
        self.set_keymap(self.settings.keymap)
        self.ascii = options.ascii or self.settings.ascii
        source = Path("--theme") if options.theme else paths.config_file()
        self.start_theme(options.theme or self.settings.theme, source)

    def get_default_screen(self) -> Screen[None]:
        """The first screen, with nothing painted before it."""
        return BrowseScreen()

    def on_mount(self) -> None:
        """Begin once the first frame is on the screen."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        garbage.set_aside()
        self.run_worker(self.feed.follow(), group="feed", exit_on_error=True)
        self.offer_themes()
        self.run_worker(self.follow_themes(), group="themes")
        if self.settings.keymap:
            from tui import keymap
            from tui.commands.known import known_commands

            self.problems += keymap.problems(self.settings, paths.config_file(), known_commands())
        for problem in self.problems:
            self.notify(escape(str(problem)), title="Settings", severity="warning", timeout=10)
        self._offer()

    @work(group="kept")
    async def _offer(self) -> None:
        """What is offered at a start: how it works, then text that was never saved."""
        seen = self.session.text("tour")
        if self.options.tour or (self.options.tour is None and self.settings.tour and not seen):
            await self.browse.filled(TOUR_WAITS)
            await self._show_tour()
        await self._offer_kept()

    @on(commands.Tour)
    @work(group="tour")
    async def _tour(self) -> None:
        if isinstance(self.screen, SvcScreen):
            await self._show_tour()

    async def _show_tour(self) -> None:
        from tui.screens.dialogs.tour import TourDialog

        await self.push_screen_wait(TourDialog())
        self.remember("tour", "seen")

    def remember(self, name: str, value: object) -> None:
        """Keep something for the next start; written a moment later: changes come in bursts."""
        self.session.remember(name, value)
        if self._writing is None:
            self._writing = self.set_timer(REST, self._write_session)

    def _write_session(self) -> None:
        self._writing = None
        try:
            self.session.write()
        except OSError as error:  # a full disk, a folder of somebody else: nothing that stops work
            self.log.warning(f"session: {error}")

    async def _offer_kept(self) -> None:
        """Text of the last session that was never saved: open it, drop it, or leave it for later."""
        found = self.drafts.all()
        if not found:
            return
        from tui.screens.dialogs.kept import KeptDialog

        choice = await self.push_screen_wait(KeptDialog(found))
        if choice == "discard":
            for draft in found:
                self.drafts.forget(draft.service, draft.environment)
        browse = self.screen_stack[0]
        if isinstance(browse, BrowseScreen):
            browse.mark_unsaved()
            if choice == "open":
                browse.open_workbench(Place(found[0].service, found[0].environment))

    def _engine_changed(self, state: EngineState) -> None:
        self.engine_state = state

    @on(commands.ChooseTheme)
    def _choose_theme(self) -> None:
        self.pick_theme()

    # ------------------------------------------------------------------ what screens ask for

    def unsaved_places(self) -> list[tuple[str, str]]:
        """Service and environment of every text that was never saved; by the files' names, none is read."""
        found = self.drafts.folder.glob(f"*/*/{FILE}")
        return [(file.parent.parent.name, file.parent.name) for file in found]

    async def copy(self, text: str, what: str = "") -> None:
        """Put text in the clipboard and say what came of it."""
        from tui import clipboard

        if await clipboard.copy(self, text):
            self.notify(f"Copied {escape(what or text)}.")
        else:
            self.notify("Too long for this terminal's clipboard.", severity="warning")

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open an address in the web browser, or say that there is none here."""
        import webbrowser  # here, like everything that the first frame can do without

        try:
            if not self.is_web:  # there, the browser that shows the app opens it
                webbrowser.get()
        except webbrowser.Error:
            self.notify(f"No web browser here. y copies {escape(url)}.", severity="warning")
            return
        super().open_url(url, new_tab=new_tab)

    @on(commands.Keys)
    def show_keys(self) -> None:
        """The keys of where the focus is."""
        from tui.screens.dialogs.keys import KeysDialog

        if not isinstance(self.screen, KeysDialog):
            self.push_screen(KeysDialog(self.focused or self.screen))

    @on(commands.EngineLog)
    def show_engine_log(self) -> None:
        """The end of the engine's log."""
        from tui.screens.dialogs.engine_log import EngineLogDialog

        self.push_screen(EngineLogDialog(self.options.state / "engine.log"))

    @on(commands.EngineStart)
    def _start_engine(self) -> None:
        self.feed.try_again()

    @on(commands.Maximise)
    def _maximise(self) -> None:
        if self.screen.maximized is not None:
            self.screen.minimize()
        elif self.focused is not None:
            self.screen.maximize(self.focused)

    @on(commands.Screenshot)
    def _save_picture(self) -> None:
        self.deliver_screenshot()

    # ------------------------------------------------------------------ accounts

    @on(SwitchAccount)
    def _switch_account(self) -> None:
        from tui import switching

        switching.offer(self, self.use_account)

    @work(exclusive=True, group="account")
    async def use_account(self, account: Account) -> None:
        """Look at another account, from its list of services on."""
        from tui import switching

        names = [screen.unsaved() for screen in self.screen_stack if isinstance(screen, SvcScreen)]
        if unsaved := ", ".join(filter(None, names)):
            self.notify(f"{escape(unsaved)} is not saved: save it, or leave its screen first.")
            return
        try:
            engine = await switching.connect(account, self.options.state, self.options.read_only)
        except (EngineAway, EngineError) as error:
            self.notify(escape(f"{account.name}: {error}"), severity="error")
            return
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.workers.cancel_group(self, "feed")
        former, self.engine, self.account = self.engine, engine, account
        self._write_session()
        self.read_only, self.drafts = engine.read_only, Drafts(engine.state)
        self.session = Session(engine.state)
        self.read_only_because = engine.read_only_because or STARTED_READ_ONLY
        local = Launcher(engine.state, self.options.port if account.name == LOCAL else None, False)
        launcher = Nobody(account.where) if account.base_url else local
        self.feed = Feed(engine, launcher, self._engine_changed, self.account_changed.publish)
        self.engine_state = EngineState("starting")
        browse = self.screen_stack[0]
        self.forget_places()
        if isinstance(browse, BrowseScreen):
            browse.forget()
        self.run_worker(self.feed.follow(), group="feed", exit_on_error=True)
        await former.close()

    # ------------------------------------------------------------------ the end

    @on(commands.Quit)
    async def action_quit(self) -> None:
        """Leave; ask first when a screen has text that is not saved."""
        self._leave()

    @work(exclusive=True, group="quit")
    async def _leave(self) -> None:
        names = [screen.unsaved() for screen in self.screen_stack if isinstance(screen, SvcScreen)]
        if unsaved := ", ".join(filter(None, names)):
            from tui.screens.dialogs.confirm import ConfirmDialog

            words = (
                f"[$warning]◆[/] [b]{escape(unsaved)}[/] is not saved. "
                "The text is kept, and offered at the next start."
            )
            if not await self.push_screen_wait(ConfirmDialog("Quit svc-tui", words, verb="Quit")):
                return
        self.workers.cancel_group(self, "feed")  # or it would start the engine that we leave
        self._write_session()
        await self.engine.close()
        self.exit()
