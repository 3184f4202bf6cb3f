"""Pipelines in words: the ladder of stages, gates and steps, how far a run has come, and what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tui.format import clock, duration, percent, plural, version
from tui.markup import escape

Json = Mapping[str, Any]

DONE, NOW, WAITS, FAILED, LATER = (
    "[$success]✓[/]",
    "[$accent]◐[/]",
    "[$warning]◌[/]",
    "[$error]✗[/]",
    "[$faint]○[/]",
)
BAR = 20
"""Cells of a full bar."""
STATES = {
    "running": f"{NOW} running",
    "waiting": f"{WAITS} waits for approval",
    "succeeded": f"{DONE} succeeded",
    "failed": f"{FAILED} failed",
    "rolled_back": f"{FAILED} rolled back",
    "aborted": f"{FAILED} aborted",
    "stale": "[$warning]![/] stale",
}


def state(run: Json | None) -> str:
    """How a run is, with its sign."""
    return "[$muted]never ran[/]" if run is None else STATES[run["state"]]


def ladder(pipeline: Json) -> str:
    """The stages from top to bottom, each with its gates and steps."""
    run = pipeline["run"]
    definition = run["definition"] if run and run["active"] else pipeline["definition"]
    lines = [line for index, _ in enumerate(definition["stages"]) for line in _stage(definition, index, run)]
    return "\n".join(lines)


def current_line(text: str) -> int:
    """The last line of a ladder that says where the run is: what runs, waits or failed; 0 when none does."""
    signs = (NOW, WAITS, FAILED)
    found = [number for number, line in enumerate(text.split("\n")) if any(each in line for each in signs)]
    return found[-1] if found else 0


def happened(run: Json | None) -> str:
    """The events of a run, oldest first."""
    if run is None:
        return "[$muted]It never ran. s starts it.[/]"
    return "\n".join(
        f"[$muted]{clock(event['at'])}[/]  {words(event, run['definition'])}"
        for event in run.get("events", [])
    )


def words(event: Json, definition: Json) -> str:
    """What an event says."""
    detail = event["detail"]
    where = escape(definition["stages"][event["stage"]]["environment"])
    name = escape(str(detail.get("name") or ""))
    match event["kind"]:
        case "started":
            return f"started by {escape(event['author'])}{_quoted(detail.get('message'))}"
        case "planned":
            return (
                f"{version(detail['number'])} of {escape(detail['from'])} is to go to {escape(detail['to'])}"
            )
        case "skipped":
            return f"{where} has this code already"
        case "gate.passed":
            return f"{DONE} {name}  [$muted]{detail['status']} in {duration(detail['time_ms'])}[/]"
        case "gate.failed":
            return f"{FAILED} {name}  [$error]{escape('; '.join(detail['failures']))}[/]"
        case "gate.waiting":
            return f"{WAITS} {name} [$warning]waits for approval[/]"
        case "gate.approved":
            return f"{DONE} {name} approved by {escape(event['author'])}{_quoted(detail.get('message'))}"
        case "deployed":
            return f"{version(detail['number'])} answers {percent(detail['percentage'])} of {where}"
        case "soak.passed" | "soak.failed":
            sign = DONE if event["kind"] == "soak.passed" else FAILED
            return f"{sign} {detail['errors']} of {plural(detail['requests'], 'request')} failed"
        case "rolled_back":
            return f"[$warning]{where} is back at {version(detail['number'])}[/]"
        case "stage.done":
            return f"{DONE} {where} is done"
        case "resumed":
            return "[$muted]the engine was started again[/]"
        case "ended":
            return STATES[detail["state"]] + (f"  {escape(detail['reason'])}" if detail["reason"] else "")
        case other:
            return escape(str(other))


def _stage(definition: Json, index: int, run: Json | None) -> Iterator[str]:
    stage = definition["stages"][index]
    events = [each for each in (run or {}).get("events", []) if each["stage"] == index]
    kinds = {each["kind"] for each in events}
    here = bool(run and run["active"] and run["stage"] == index)
    number = next((each["detail"]["number"] for each in reversed(events) if "number" in each["detail"]), None)
    if index == 0:
        number = (run or {}).get("source_number") if run and run["stage"] == 1 else None
    if index == 0 or kinds & {"stage.done", "skipped"}:
        sign = DONE if run else LATER
    elif here:
        sign = WAITS if run and run["state"] == "waiting" else NOW
    else:
        sign = FAILED if "ended" in kinds and run and run["state"] != "succeeded" else LATER
    name = escape(stage["environment"])
    shown = f"[b $production]▲ {name}[/]" if name == "production" else f"[b]{name}[/]"
    said = "  [$muted]has it already[/]" if "skipped" in kinds else ""
    yield f"{sign} {shown}  [$muted]{version(number) if number is not None else ''}[/]{said}".rstrip()
    for position, gate in enumerate(stage.get("gates", [])):
        yield _gate(gate, position, events, bool(here and run and run["phase"] in ("plan", "gates")), run)
    if index:
        yield from _steps(stage, events, run if here else None)


def _gate(gate: Json, position: int, events: list[Any], here: bool, run: Json | None) -> str:
    found = [each for each in events if each["kind"].startswith("gate.") and each["position"] == position]
    asks = f"{gate['method']} {gate['path']}" if gate["type"] == "request" else "approval"
    sign, said = LATER, ""
    if found:
        last = found[-1]
        kind, detail = last["kind"], last["detail"]
        if kind == "gate.passed":
            sign, said = DONE, f"{detail['status']} in {duration(detail['time_ms'])}"
        elif kind == "gate.failed":
            sign, said = FAILED, f"[/][$error]{escape('; '.join(detail['failures']))}"
        elif kind == "gate.approved":
            sign, said = DONE, f"by {escape(last['author'])}"
        elif here and run and run["state"] == "waiting":
            sign, said = WAITS, "[/][$warning]a approves, x aborts"
    elif here and run and run["phase"] == "gates" and run["position"] == position:
        sign = NOW
    return f"    {sign} {escape(gate['name'])}  [$muted]{escape(asks)}  {said}[/]"


def _steps(stage: Json, events: list[Any], run: Json | None) -> Iterator[str]:
    """One row a step; `run` only while it is in this stage."""
    deployed = {each["position"] for each in events if each["kind"] == "deployed"}
    soaked = {each["position"]: each for each in events if each["kind"].startswith("soak.")}
    back = any(each["kind"] == "rolled_back" for each in events)
    limit = stage.get("soak")
    for position, share in enumerate(stage["steps"]):
        full = round(BAR * share / 100)
        sign, said = LATER, ""
        if position in deployed:
            sign = DONE
            if limit is not None and position in soaked:
                detail = soaked[position]["detail"]
                sign = DONE if soaked[position]["kind"] == "soak.passed" else FAILED
                said = f"{detail['errors']} of {plural(detail['requests'], 'request')} failed"
            elif limit is not None and run and run["phase"] == "soak" and run["position"] == position:
                soak = run.get("soak") or {"seconds": 0, "requests": 0, "errors": 0}
                sign = NOW
                failed = f"{soak['errors']} of {soak['requests']} failed, limit {limit['max_error_rate']:g} %"
                said = f"{soak['seconds']:.0f} of {limit['seconds']:g} s, {failed}"
            elif back:
                sign = FAILED
        elif limit is not None:
            said = f"{limit['seconds']:g} s, at most {limit['max_error_rate']:g} % errors"
        tone = "$accent" if position in deployed else "$faint"
        bar = f"[{tone}]{'━' * full}[/][$line]{'━' * (BAR - full)}[/]"
        yield f"    {sign} {percent(share):>5} {bar}  [$muted]{said}[/]"


def _quoted(message: str | None) -> str:
    return f": {escape(message)}" if message else ""
