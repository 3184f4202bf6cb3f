"""The command line, talking to the session's engine."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from clikit import Cli, call, run
from enginekit import RunningEngine


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty settings folder, used instead of the user's."""
    monkeypatch.setenv("SVC_TUI_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture(scope="session")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """Another engine, which plays an account elsewhere."""
    running = RunningEngine(tmp_path_factory.mktemp("remote") / "state", "--no-samples", "--tls-port", "0")
    yield running
    running.stop()


@pytest.fixture
def cli(engine: RunningEngine) -> Cli:
    """A verb, run in the tests' process."""
    return partial(call, engine.state)


@pytest.fixture
def process(engine: RunningEngine) -> Cli:
    """A verb, run in a process of its own."""
    return partial(run, engine.state)


@pytest.fixture
def name() -> str:
    """A service name that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture
def answer(engine: RunningEngine) -> Callable[..., tuple[int, str]]:
    """What a hostname answers: `answer("staging.hello", "/path")` gives status and body."""

    def get(label: str, path: str = "/") -> tuple[int, str]:
        found = engine.http.get(path, headers={"host": f"{label}.dev.localhost"})
        return found.status_code, found.text

    return get
