"""The steps of a run, each inside one write transaction: what it deploys and where it then is go together.

So a process that dies leaves a run before or after a step, never in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import promote, publish
from engine.errors import ApiError, Conflict
from engine.model import Actor, Environment
from engine.pipelines.run import Run, State
from engine.plan import Plan, identify
from engine.rollback import check_resources
from engine.store import Connection, Store, changes, deployments, environments, pipeline_runs, versions

SOURCE = "pipeline"
NOT_NOW = 10423


def planned(connection: Connection, store: Store, run: Run, made: Plan) -> Run:
    """The stage begins: its gates come next, or the next stage when nothing would move.

    Raises:
        ApiError: 10409, something was deployed since the plan was made: make another one.
    """
    promote.check_unchanged(connection, made)
    if made.blocked:
        return end(connection, store, run, "failed", promote.blocked_words(made))
    if all(row.after in ("same", "stays") for row in made.rows):
        noted = note(connection, store, run, "skipped", detail={"environment": run.target.environment})
        return _next_stage(connection, store, noted)
    before = deployments.current(connection, made.target.id)
    data = {
        "plan": made.id,
        "target_id": made.target.id,
        "source_number": made.source_version.number,
        "before": before.id if before else None,
        "before_shares": [list(pair) for pair in before.versions] if before else [],
        "before_number": made.target_version.number if made.target_version else None,
    }
    detail = {"from": run.origin, "to": run.target.environment, "number": made.source_version.number}
    return note(connection, store, run, "planned", detail=detail, phase="gates", position=0, data=data)


def staleness(connection: Connection, run: Run) -> str | None:
    """Why a stage that has been planned cannot go on, or None: somebody else changed one of its ends."""
    target = environments.by_id(connection, str(run.data.get("target_id")))
    if target is None:
        return f"{run.target.environment} was deleted: start a new run"
    current = deployments.current(connection, target.id)
    wanted = run.data.get("deployment") or run.data.get("before")
    if (current.id if current else None) != wanted:
        return _changed_words(connection, target) + ": start a new run"
    if run.data.get("deployment"):
        return None  # what comes next is fixed: the candidate's version
    ours = environments.find(connection, run.service, run.origin)
    if ours is None:
        return f"{run.origin} was deleted: start a new run"
    live, theirs = environments.live_of(connection, ours), environments.live_of(connection, target)
    if live.version is None:
        return f"{run.origin} has no version any more: start a new run"
    same = run.data["plan"] == identify(ours, live.version, target, theirs.version, run.target.move)
    return None if same else f"{_changed_words(connection, ours)}: start a new run"


def passed(connection: Connection, store: Store, run: Run, position: int, detail: Mapping[str, Any]) -> Run:
    """A request gate held; after the last gate the first step comes."""
    return note(
        connection, store, run, "gate.passed", event_at=position, detail=detail, position=position + 1
    )


def refused(connection: Connection, store: Store, run: Run, position: int, detail: Mapping[str, Any]) -> Run:
    """A request gate did not hold: the run ends, and nothing was changed in its target."""
    noted = note(connection, store, run, "gate.failed", event_at=position, detail=detail)
    gate = run.target.gates[position]
    return end(connection, store, noted, "failed", f"gate {gate.name}: {'; '.join(detail['failures'])}")


def wait(connection: Connection, store: Store, run: Run) -> Run:
    """An approval is needed."""
    name = run.gate.name if run.gate else ""
    return note(connection, store, run, "gate.waiting", detail={"name": name}, state="waiting")


def approve(connection: Connection, store: Store, run: Run, actor: Actor, message: str | None) -> Run:
    """Somebody approves; raises ApiError 10423 (HTTP 409) when the run waits for nobody."""
    if run.state != "waiting":
        raise Conflict(NOT_NOW, f"{run.title} waits for no approval: it is {run.state.replace('_', ' ')}")
    detail = {"name": run.gate.name if run.gate else "", "message": message}
    data = {**run.data, "approved_by": [*run.data.get("approved_by", []), actor.author]}
    return note(
        connection,
        store,
        run,
        "gate.approved",
        actor,
        detail=detail,
        state="running",
        position=run.position + 1,
        data=data,
    )


def deploy(connection: Connection, store: Store, run: Run, made: Plan | None) -> Run:
    """Gives the candidate the next step's share; with the first step it becomes a version.

    Args:
        made: the plan of now, for the first step.
    """
    why = staleness(connection, run)
    if why is not None or (made is not None and made.id != run.data["plan"]):
        return end(connection, store, run, "stale", why or "the plan is stale: start a new run")
    place = environments.by_id(connection, str(run.data["target_id"]))
    if place is None:
        raise AssertionError("an environment that is not stale is there")
    before, position, data = run.data["before_shares"], run.position, dict(run.data)
    if not before:
        position = len(run.target.steps) - 1  # nothing is live that could answer the rest
    share = run.target.steps[position]
    actor = Actor(run.author, SOURCE)
    words = publish.Note(actor, "promotion", _message(run, share))
    if made is not None:
        version = publish.version(connection, store, place, promote.content(connection, store, made), words)
        data |= {"candidate": version.id, "candidate_number": version.number}
    shares = [(str(data["candidate"]), float(share))]
    if share < 100:
        old = max(before, key=lambda pair: float(pair[1]))[0]
        shares.insert(0, (str(old), 100 - float(share)))
    live = publish.deployment(connection, store, place, shares, words, number=int(data["candidate_number"]))
    data |= {"deployment": live.id, "share": share, "soak": {"seconds": 0.0, "requests": 0, "errors": 0}}
    detail = {"percentage": share, "deployment_id": live.id, "number": data["candidate_number"]}
    if run.target.soak is not None:
        return note(
            connection,
            store,
            run,
            "deployed",
            event_at=position,
            detail=detail,
            phase="soak",
            position=position,
            data=data,
        )
    noted = note(
        connection, store, run, "deployed", event_at=position, detail=detail, position=position, data=data
    )
    return _after_step(connection, store, noted)


def soaked(connection: Connection, store: Store, run: Run, soak: Mapping[str, Any]) -> Run:
    """Keeps how far the watch over a step has come; ends it when its time is up or its limit exceeded."""
    why = staleness(connection, run)
    if why is not None:
        return end(connection, store, run, "stale", why)
    limit = run.target.soak
    data = {**run.data, "soak": dict(soak)}
    if limit is None:
        raise AssertionError("only a stage that soaks is watched")
    requests, errors = int(soak["requests"]), int(soak["errors"])
    if limit.exceeded(requests, errors):
        noted = note(connection, store, run, "soak.failed", detail=soak, data=data)
        rate = errors * 100 / requests
        reason = (
            f"{errors} of {requests} requests failed ({rate:.3g} %), more than {limit.max_error_rate:g} %"
        )
        return end(connection, store, noted, "rolled_back", reason)
    if soak["seconds"] >= limit.seconds:
        noted = note(connection, store, run, "soak.passed", detail=soak, data=data)
        return _after_step(connection, store, noted)
    return pipeline_runs.update(connection, run, store.now(), data=data)


def end(
    connection: Connection, store: Store, run: Run, state: State, reason: str, actor: Actor | None = None
) -> Run:
    """Ends a run; a step that is not over is taken back, in the same transaction."""
    restored = False
    if state not in ("succeeded", "stale") and run.phase in ("step", "soak"):
        try:
            restored = _restore(connection, store, run, actor or Actor(run.author, SOURCE), reason)
        except ApiError as error:
            reason += f"; {run.target.environment} could not be rolled back: {error.message}"
    if state == "rolled_back" and not restored:
        state = "failed"
    detail = {"state": state, "reason": reason, "restored": restored}
    return note(
        connection,
        store,
        run,
        "ended",
        actor,
        detail=detail,
        state=state,
        reason=reason,
        ended_on=store.now(),
    )


def abort(connection: Connection, store: Store, run: Run, actor: Actor, message: str | None) -> Run:
    """Somebody ends a run; raises ApiError 10423 (HTTP 409) when it has ended already."""
    if not run.active:
        raise Conflict(NOT_NOW, f"{run.title} has ended already: {run.state.replace('_', ' ')}")
    words = f"aborted by {actor.author}" + (f": {message}" if message else "")
    return end(connection, store, run, "aborted", words, Actor(actor.author, SOURCE))


def note(
    connection: Connection,
    store: Store,
    run: Run,
    kind: str,
    actor: Actor | None = None,
    *,
    event_at: int | None = None,
    detail: Mapping[str, Any] | None = None,
    **changed: Any,
) -> Run:
    """Writes what happened and what changed of the run by it, and tells the change feed."""
    at, who = store.now(), actor or Actor(run.author, SOURCE)
    new = pipeline_runs.update(connection, run, at, **changed)
    pipeline_runs.add_event(connection, run, at, kind, who.author, position=event_at, detail=detail)
    changes.append(
        connection,
        at,
        "pipeline.run",
        who,
        service=run.service,
        message=str(new.reason) if new.reason else None,
        detail={"pipeline": run.pipeline.name, "run": run.number, "state": new.state, "event": kind},
    )
    return new


def _after_step(connection: Connection, store: Store, run: Run) -> Run:
    if run.position + 1 < len(run.target.steps):
        return pipeline_runs.update(connection, run, store.now(), phase="step", position=run.position + 1)
    done = note(connection, store, run, "stage.done", detail={"environment": run.target.environment})
    return _next_stage(connection, store, done)


def _next_stage(connection: Connection, store: Store, run: Run) -> Run:
    if run.stage + 1 < len(run.pipeline.stages):
        return pipeline_runs.update(
            connection, run, store.now(), stage=run.stage + 1, phase="plan", position=0, data={}
        )
    return end(connection, store, run, "succeeded", "")


def _restore(connection: Connection, store: Store, run: Run, actor: Actor, reason: str) -> bool:
    """Makes live again what was, unless nothing was, or somebody else has deployed since."""
    place = environments.by_id(connection, str(run.data.get("target_id")))
    shares = [(str(version), float(share)) for version, share in run.data.get("before_shares", [])]
    current = deployments.current(connection, place.id) if place else None
    if place is None or not shares or current is None or current.id != run.data.get("deployment"):
        return False
    chosen = [versions.get(connection, place.id, version) for version, _ in shares]
    for version in chosen:
        check_resources(connection, version)
    main = chosen[max(range(len(shares)), key=lambda index: shares[index][1])]
    words = publish.Note(actor, "rollback", f"{run.title}: {reason}"[:1000])
    live = publish.deployment(connection, store, place, shares, words, number=main.number)
    detail = {"number": main.number, "deployment_id": live.id, "reason": reason}
    pipeline_runs.add_event(connection, run, store.now(), "rolled_back", actor.author, detail=detail)
    return True


def _message(run: Run, share: float) -> str:
    """What the history of deployments says: which run, from where, why, and who approved it."""
    words = f"{run.title}: {run.message}" if run.message else run.title
    words += f", {run.origin} v{run.data['source_number']}"
    if share < 100:
        words += f" at {share:g} %"
    approved = run.data.get("approved_by")
    return words + (f", approved by {', '.join(approved)}" if approved else "")


def _changed_words(connection: Connection, place: Environment) -> str:
    current = deployments.current(connection, place.id)
    if current is None:
        return f"{place.name} has changed meanwhile"
    version = versions.by_id(connection, current.main_version_id)
    number = f"v{version.number}" if version else "a version"
    return f"{current.author} deployed {number} to {place.name} meanwhile"
