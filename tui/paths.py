"""Where things are: settings, state, the themes and styles that come with the app."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

NAME = "svc-tui"
PACKAGE = Path(__file__).resolve().parent
STYLES = PACKAGE / "styles"
THEMES = PACKAGE.parent / "themes"


def state_folder(given: str | None = None) -> Path:
    """The engine's state folder: the option, else `$SVC_TUI_STATE`, else the platform's own place."""
    chosen = given or os.environ.get("SVC_TUI_STATE") or platformdirs.user_state_dir(NAME)
    return Path(chosen).expanduser().absolute()


def config_folder() -> Path:
    """The settings folder: `$SVC_TUI_CONFIG`, else the platform's own place (`~/.config/svc-tui`)."""
    chosen = os.environ.get("SVC_TUI_CONFIG") or platformdirs.user_config_dir(NAME)
    return Path(chosen).expanduser().absolute()


def config_file() -> Path:
    """The settings file."""
    return config_folder() / "config.toml"
