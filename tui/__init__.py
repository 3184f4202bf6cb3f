"""svc-tui: the terminal app. It knows the engine by its HTTP API only (`tui.client`)."""

__version__ = "0.1.0"
