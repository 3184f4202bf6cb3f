"""The command line, talking to the session's engine."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial

import pytest
from clikit import Cli, call, run
from enginekit import RunningEngine


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
