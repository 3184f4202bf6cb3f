"""The settings of an environment."""

from tui.screens.settings.screen import SettingsScreen

__all__ = ["SettingsScreen"]
