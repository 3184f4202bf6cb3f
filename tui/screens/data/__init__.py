"""What an environment's bindings hold."""

from tui.screens.data.screen import DataScreen

__all__ = ["DataScreen"]
