"""What a pipeline is: the environments of a service in order, and what must hold before code goes on.

The same keys are the JSON of the API and the TOML of ``pipeline.toml``::

    service = "notes"                      # may be left out where the service is known
    name = "release"

    [[stages]]                             # the first one: where the code comes from
    environment = "staging"

    [[stages]]
    environment = "production"
    move = ["GREETING"]                    # bindings, variables or "limits" that move with the code
    steps = [10, 50, 100]                  # percentages of the traffic, rising to 100; [100] when left out

    [[stages.gates]]                       # in order, all of them before the first step
    type = "request"                       # asks the candidate, sandboxed: nothing that it writes is kept
    name = "health"
    method = "POST"
    path = "/health?deep=1"
    headers = { accept = "application/json" }
    body = "{}"
    expect.status = 200                    # the default
    expect.headers = { content-type = "application/json", x-debug = false }   # true: any value, false: none
    expect.text = "ok"                     # is in the body
    expect.matches = "^\\\\{.*\\\\}$"          # a regular expression of JavaScript, flag m
    expect.json = { "$.notes[0].id" = 1 }  # equals, at a path of names and indices
    expect.time_ms = 500                   # answered within, body included

    [[stages.gates]]
    type = "approval"                      # waits until somebody approves
    name = "ana or bob"

    [stages.soak]                          # after each step
    seconds = 300                          # while the engine runs
    max_error_rate = 1.0                   # percent of the candidate's requests; more: back to what was live
    min_requests = 20                      # fewer say nothing; 1 when left out
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: Most stages of a pipeline, gates and steps of a stage.
MAX_STAGES: Final = 20
MAX_GATES: Final = 50
MAX_STEPS: Final = 20


@dataclass(frozen=True, slots=True)
class Expect:
    """What a response must be; `time_ms` in milliseconds. None or empty: whatever it is."""

    status: int | None = 200
    headers: Mapping[str, str | bool] = field(default_factory=dict)
    text: str | None = None
    matches: str | None = None
    json: Mapping[str, Any] = field(default_factory=dict)
    time_ms: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The table; what expects nothing is left out."""
        found: dict[str, Any] = {}
        for key in ("status", "headers", "text", "matches", "json", "time_ms"):
            value = getattr(self, key)
            if value is not None and value != {}:
                found[key] = dict(value) if isinstance(value, Mapping) else value
        return found


@dataclass(frozen=True, slots=True)
class Gate:
    """What must hold before a stage's first step: `type` is "request" or "approval"."""

    type: str
    name: str
    method: str = "GET"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    expect: Expect = field(default_factory=Expect)

    def to_json(self) -> dict[str, Any]:
        """The table."""
        if self.type == "approval":
            return {"type": self.type, "name": self.name}
        found: dict[str, Any] = {
            "type": self.type,
            "name": self.name,
            "method": self.method,
            "path": self.path,
        }
        if self.headers:
            found["headers"] = dict(self.headers)
        if self.body is not None:
            found["body"] = self.body
        return {**found, "expect": self.expect.to_json()}


@dataclass(frozen=True, slots=True)
class Soak:
    """How long a step is watched (seconds), and the percentage of failed requests that takes it back."""

    seconds: float
    max_error_rate: float = 0.0
    min_requests: int = 1

    def exceeded(self, requests: int, errors: int) -> bool:
        """Whether so many errors of so many requests are too many."""
        return requests >= max(1, self.min_requests) and errors * 100 > self.max_error_rate * requests

    def to_json(self) -> dict[str, Any]:
        """The table."""
        return {
            "seconds": self.seconds,
            "max_error_rate": self.max_error_rate,
            "min_requests": self.min_requests,
        }


@dataclass(frozen=True, slots=True)
class Stage:
    """One environment; the first stage of a pipeline has nothing but that."""

    environment: str
    move: tuple[str, ...] = ()
    steps: tuple[float, ...] = (100,)
    gates: tuple[Gate, ...] = ()
    soak: Soak | None = None

    def to_json(self, *, first: bool = False) -> dict[str, Any]:
        """The table."""
        if first:
            return {"environment": self.environment}
        found: dict[str, Any] = {"environment": self.environment}
        if self.move:
            found["move"] = list(self.move)
        found["steps"] = list(self.steps)
        if self.soak is not None:
            found["soak"] = self.soak.to_json()
        return {**found, "gates": [gate.to_json() for gate in self.gates]}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of a service; names are unique within it."""

    service: str
    name: str
    stages: tuple[Stage, ...]
    description: str = ""

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments in order."""
        return tuple(stage.environment for stage in self.stages)

    def to_json(self) -> dict[str, Any]:
        """The whole, as `engine.pipelines.validate.parse` reads it."""
        found: dict[str, Any] = {"service": self.service, "name": self.name}
        if self.description:
            found["description"] = self.description
        found["stages"] = [stage.to_json(first=not index) for index, stage in enumerate(self.stages)]
        return found
