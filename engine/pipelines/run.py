"""Runs of pipelines, as frozen values: where a run is, and what happened in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from engine.pipelines.definition import Gate, Pipeline, Stage

State = Literal["running", "waiting", "succeeded", "failed", "rolled_back", "aborted", "stale"]
"""waiting: for an approval. stale: it stopped, since somebody else deployed meanwhile."""
Phase = Literal["plan", "gates", "step", "soak"]
"""plan: nothing of the stage is known yet. step: `position` of its steps comes next. soak: it is watched."""
ACTIVE: Final[frozenset[str]] = frozenset({"running", "waiting"})


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a pipeline.

    Attributes:
        id: unique in the account.
        number: from 1 on, in its pipeline.
        pipeline: as it was when the run started.
        stage: index of the environment that code goes to now.
        position: index of the gate or step.
        revision: goes up with each change; who writes names the one it has seen.
        data: of the stage: ``plan`` (id), ``target_id``, ``source_number``, ``before`` (deployment id),
            ``before_shares``, ``candidate`` (version id), ``candidate_number``, ``deployment`` (ours),
            ``approved_by``, ``soak`` ``{seconds, requests, errors}``.
        reason: why it ended as it did.
    """

    id: int
    pipeline_id: str
    number: int
    pipeline: Pipeline
    state: State
    stage: int
    phase: Phase
    position: int
    revision: int
    data: Mapping[str, Any]
    author: str
    source: str
    message: str | None
    reason: str | None
    started_on: str
    modified_on: str
    ended_on: str | None = None

    @property
    def service(self) -> str:
        """The service it is of."""
        return self.pipeline.service

    @property
    def active(self) -> bool:
        """Whether it is still under way."""
        return self.state in ACTIVE

    @property
    def target(self) -> Stage:
        """The stage that code goes to now."""
        return self.pipeline.stages[self.stage]

    @property
    def origin(self) -> str:
        """The environment that code comes from now."""
        return self.pipeline.stages[self.stage - 1].environment

    @property
    def gate(self) -> Gate | None:
        """The gate that it is at, or None when all of the stage have been passed."""
        gates = self.target.gates
        return gates[self.position] if self.phase == "gates" and self.position < len(gates) else None

    @property
    def title(self) -> str:
        """How the history names it: ``release #3``."""
        return f"{self.pipeline.name} #{self.number}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a run; `seq` only rises, `position` is the gate or step it is about.

    Kinds: ``started``, ``planned``, ``skipped`` (the stage has the code already), ``gate.passed``,
    ``gate.failed``, ``gate.waiting``, ``gate.approved``, ``deployed`` (a step),
    ``soak.passed``, ``soak.failed``, ``stage.done``, ``rolled_back``, ``ended``,
    ``resumed`` (after a restart).
    """

    seq: int
    at: str
    kind: str
    stage: int
    position: int
    author: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The event as the API sends it."""
        return {
            "seq": self.seq,
            "at": self.at,
            "kind": self.kind,
            "stage": self.stage,
            "position": self.position,
            "author": self.author,
            "detail": dict(self.detail),
        }
