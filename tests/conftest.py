"""Fixtures of all tests: one engine for the session, and a fresh service for each test that wants one."""

from __future__ import annotations

import gc
import itertools
import os
import sys
from collections.abc import Iterator

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


@pytest.fixture(scope="session")
def mortal_engines() -> Iterator[list[RunningEngine]]:
    """The one of `own_engine`, while it runs."""
    running: list[RunningEngine] = []
    yield running
    for each in running:
        each.stop()


@pytest.fixture
def own_engine(
    mortal_engines: list[RunningEngine], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEngine]:
    """An engine whose processes a test may kill; the next such test goes on with it, so use own names."""
    if not mortal_engines:
        mortal_engines.append(RunningEngine(tmp_path_factory.mktemp("mortal") / "state"))
    running = mortal_engines[0]
    yield running
    if running.process.poll() is not None or not running.answers():
        mortal_engines.remove(running)
        running.stop()
