"""Fixtures of all tests: one engine for the session, and a fresh service for each test that wants one."""

from __future__ import annotations

import gc
import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from enginekit import RunningEngine

# The tests start many processes: without kept bytecode each would compile every module again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The suite keeps a large heap of code alive; walking through it at Python's usual rate is 6 % of its time.
gc.set_threshold(100_000, 50, 100)

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rounds N`: how often the engine is killed under load."""
    parser.addoption("--rounds", type=int, default=50, help="rounds of the kill test (default: 50)")


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """A running engine with the sample services, shared by all tests: use names of your own in it."""
    running = RunningEngine(tmp_path_factory.mktemp("engine") / "state")
    yield running
    running.stop()


@pytest.fixture
def service(engine: RunningEngine) -> str:
    """The name of a new service whose production runs the starter script."""
    name = f"fresh-{next(_numbers)}"
    engine.result("POST", "/workers/services", status=201, json={"id": name})
    return name


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[RunningEngine]:
    """An engine that one test may kill."""
    running = RunningEngine(tmp_path / "state")
    yield running
    running.stop()
