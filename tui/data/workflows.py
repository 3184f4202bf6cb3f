"""What a workflow did and does: its instances, and the steps of each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, ClassVar

from tui.client import Engine
from tui.data.source import Item, Json, Source, Value
from tui.format import NONE, age, clock, duration, moment, plural

SIGNS = {"complete": "✓", "errored": "✗", "terminated": "✗", "running": "◐", "waiting": "◷", "paused": "○"}


class WorkflowInstances(Source):
    """The instances of a workflow, newest first."""

    KIND: ClassVar[str] = "Workflows"
    COLUMNS: ClassVar[tuple[str, ...]] = ("instance", "status", "took", "age")
    NUMERIC: ClassVar[frozenset[int]] = frozenset({2, 3})
    ABILITIES: ClassVar[frozenset[str]] = frozenset({"delete"})
    NOUN: ClassVar[str] = "instance"

    def __init__(self, engine: Engine, workflow: str) -> None:
        super().__init__(engine, workflow)
        self.workflow = workflow

    async def page(self, cursor: str = "") -> tuple[list[Item], str]:
        found = await self.engine.workflow_instances(self.workflow, cursor)
        return [self._item(each) for each in found.items], found.cursor

    async def total(self) -> int | None:
        counts = (await self.engine.workflow(self.workflow)).get("instances") or {}
        return sum(number for number in counts.values() if isinstance(number, int))

    @staticmethod
    def _item(found: Json) -> Item:
        status = str(found["status"])
        took = _took(found.get("started_on"), found.get("ended_on"))
        sign = SIGNS.get(status, "○")
        return Item(found["id"], (found["id"], f"{sign} {status}", took, age(found.get("created_on"))), found)

    async def open(self, item: Item) -> Value:
        found = await self.engine.workflow_instance(self.workflow, item.name)
        steps = [each for each in found.get("steps") or () if each.get("type") != "termination"]
        rows = [(*_step(each),) for each in steps]
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
        lines = [
            f"{row[0]} {row[1]:<{widths[1]}}  {row[2]:<{widths[2]}}  {row[3]:>{widths[3]}}  {row[4]}".rstrip()
            for row in rows
        ]
        lines = lines or ["No step was begun."]
        for name in ("error", "params", "output"):
            if found.get(name) is not None:
                lines += ["", name, json.dumps(found[name], indent=2, ensure_ascii=False)]
        took = _took(found.get("start"), found.get("end"))
        facts = (str(found["status"]), plural(len(steps), "step"), *((took,) if took != NONE else ()))
        return Value("\n".join(lines), None, facts)

    async def delete(self, items: Sequence[Item]) -> None:
        await asyncio.gather(
            *(self.engine.delete_workflow_instance(self.workflow, item.name) for item in items)
        )


def _took(start: str | None, end: str | None) -> str:
    """How long something lasted; nothing while it lasts."""
    if not start or not end:
        return NONE
    return duration((moment(end) - moment(start)).total_seconds() * 1000)


def _step(step: Json) -> tuple[str, str, str, str, str]:
    """Sign, kind, name, how long it took, and what there is to say of it."""
    ended = step.get("success", step.get("finished"))
    error: Any = step.get("error") or {}
    sign = "✗" if ended is False and error else "✓" if ended else "◐"
    tries = len(step.get("attempts") or ())
    words = [f"{tries} attempts" if tries > 1 else "", str(error.get("message") or "")]
    if not ended and not error:
        words.append(f"since {clock(step.get('start'))}")
    kind, name = str(step.get("type")), str(step.get("name"))
    return sign, kind, name, _took(step.get("start"), step.get("end")), "  ".join(filter(None, words))
