"""What all tests of the app share: neither the settings nor the terminal of whoever runs them matter."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def config(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty settings folder, used instead of the user's."""
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("SVC_TUI_CONFIG", str(folder))
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return folder
