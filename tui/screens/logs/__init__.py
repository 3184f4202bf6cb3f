"""The logs screen: what deployed workers say, live, and their numbers."""

from tui.screens.logs.screen import LogsScreen

__all__ = ["LogsScreen"]
