"""The app's themes: which one it starts with, which ones it offers, and keeping the one that was picked."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from textual.app import App
from textual.theme import Theme

from tui import paths, settings, themes
from tui.settings import Problem


class ThemedApp(App[None]):
    """An app whose themes are files: those in `themes/`, and the user's own beside config.toml."""

    problems: list[Problem]
    """What was wrong in settings and themes; told when the first frame is there."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Foreign themes know nothing of our colours: lend them those of the default one, dark or light."""
        return _shipped(themes.DEFAULT if self.current_theme.dark else themes.DEFAULT_LIGHT).variables

    def start_theme(self, name: str, source: Path) -> None:
        """Use a theme, loading only what that takes; the default one when it cannot be used.

        Args:
            name: The theme's name.
            source: Where the name was given: config.toml, or the option.
        """
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
