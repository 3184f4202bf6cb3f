"""What all tests of the app share: no test reads or writes the settings of whoever runs it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def config(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty settings folder, used instead of the user's."""
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("SVC_TUI_CONFIG", str(folder))
    return folder
