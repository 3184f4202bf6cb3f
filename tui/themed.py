"""The app's themes: which one it starts with, which ones it offers, and keeping the one that was picked.

What the terminal cannot show is left out here, too: colours (`NO_COLOR`), or signs that are not ASCII.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.filter import LineFilter
from textual.reactive import reactive
from textual.theme import Theme

from tui import paths, settings, themes
from tui.markup import escape
from tui.settings import AUTO, Problem


class ThemedApp(App[None]):
    """An app whose themes are files: those in `themes/`, and the user's own beside config.toml."""

    problems: list[Problem]
    """What was wrong in settings and themes; told when the first frame is there."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Foreign themes know nothing of our colours: lend them those of the default one, dark or light."""
        return _shipped(themes.DEFAULT if self.current_theme.dark else themes.DEFAULT_LIGHT).variables

    ascii: reactive[bool] = reactive(False, init=False)
    """Whether lines and marks are painted with ASCII signs alone."""

    FITTING: ClassVar[dict[str | None, str]] = {"256": "xterm", "standard": "ansi", "windows": "ansi"}
    """Themes for terminals with fewer colours, by Rich's names for them."""

    _fitted: Sequence[LineFilter] | None = None

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What is done to every line: Textual's own, then what the terminal (or NO_COLOR) asks for."""
        if self._fitted is None:
            self._fitted = self._fit()
        return self._fitted

    def watch_theme(self) -> None:
        """Another theme may want other filters."""
        self._fitted = None
        self.set_class(self._native is not None, "-native")

    def watch_ascii(self) -> None:
        """Paint everything anew."""
        self._fitted = None
        self.refresh_css()

    @property
    def _native(self) -> themes.FileTheme | None:
        """The theme, if it is one of the terminal's own sixteen colours."""
        theme = self.current_theme
        return theme if isinstance(theme, themes.FileTheme) and theme.native else None

    def _fit(self) -> Sequence[LineFilter]:
        found: list[LineFilter] = []
        native = self._native
        if self.no_color or native or self.ascii:
            from tui import filters  # most terminals need none of it

            if self.no_color:
                found.append(filters.without_colour(self.theme_variables))
            elif native:
                found.append(filters.sixteen(native))
            if self.ascii:
                found.append(filters.Ascii())
        # Textual's own answer to NO_COLOR is greys.
        return found if self.no_color else [*super().get_line_filters(), *found]

    def start_theme(self, name: str, source: Path) -> None:
        """Use a theme, loading only what that takes; the default one when it cannot be used.

        Args:
            name: The theme's name; `auto` for the one that fits the terminal.
            source: Where the name was given: config.toml, or the option.
        """
        if name == AUTO:
            name = self.FITTING.get(self.console.color_system, themes.DEFAULT)
        self.register_theme(_shipped(themes.DEFAULT))
        broken = False
        for folder in (self._own_themes, paths.THEMES):
            if not broken and (file := folder / f"{name}.toml").is_file():
                try:
                    self.register_theme(themes.load(file))
                    break
                except themes.ThemeFileError as error:
                    self.problems.append(error.problem)
                    broken = True
        if broken or name not in self.available_themes:
            self.theme = themes.DEFAULT
        else:
            self.theme = name
        if not broken and self.theme != name:
            names = [*(file.stem for file in self._theme_files), *self.available_themes]
            message = f"no theme {name}. {themes.nearest(name, names)}"
            self.problems.append(Problem(source, None, "theme", message))

    def offer_themes(self) -> None:
        """Register what the picker offers besides the one in use."""
        found, problems = themes.load_all(self._theme_files)
        for theme in found:
            self.register_theme(theme)
        self.problems += [problem for problem in problems if problem not in self.problems]

    async def follow_themes(self) -> None:
        """Take the user's own themes anew whenever one of their files changes; for a worker."""
        folder = self._own_themes
        if not folder.is_dir():
            return
        from watchfiles import awatch

        # The system tells of changes; the step is how often the thread looks whether it did.
        async for changes in awatch(folder, debounce=200, step=100, rust_timeout=60_000):
            for file in sorted({Path(name) for _, name in changes if name.endswith(".toml")}):
                if file.is_file():
                    self._take(file)

    def _take(self, file: Path) -> None:
        """Register a theme of a file that is new or was changed; show it if it is the one in use."""
        try:
            theme = themes.load(file)
        except themes.ThemeFileError as error:
            self.notify(escape(f"{error}  The colours stay as they were."), title="Theme", severity="warning")
            return
        self.register_theme(theme)
        if theme.name == self.theme:
            # The same name: Textual sees no change.
            self.mutate_reactive(ThemedApp.theme)

    def pick_theme(self) -> None:
        """Show the picker; what is picked is kept in config.toml."""
        self.theme_changed_signal.subscribe(self.screen, self._keep)
        self.search_themes()

    @property
    def _own_themes(self) -> Path:
        return paths.config_folder() / "themes"

    @property
    def _theme_files(self) -> list[Path]:
        return themes.files(paths.THEMES, self._own_themes)

    def _keep(self, theme: Theme) -> None:
        self.theme_changed_signal.unsubscribe(self.screen)
        try:
            settings.remember_theme(paths.config_file(), theme.name)
        except OSError as error:
            self.notify(f"{paths.config_file()} cannot be written ({error.strerror}).", severity="warning")


@lru_cache
def _shipped(name: str) -> Theme:
    """A theme that comes with the app; one that cannot be read is a broken installation."""
    return themes.load(paths.THEMES / f"{name}.toml")
