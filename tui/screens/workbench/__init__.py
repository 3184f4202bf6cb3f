"""The workbench: an environment's modules under edit, a request, and what the draft answers."""

from tui.screens.workbench.screen import WorkbenchScreen

__all__ = ["WorkbenchScreen"]
