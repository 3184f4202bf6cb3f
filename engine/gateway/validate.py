"""The check before a deploy: the drafts process compiles the script and runs its global scope.

Not the live process: a script whose first line exhausts V8's memory must not reach the one that answers
for every environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.drafts.client import Drafts
from engine.gateway.programs import StoredPrograms
from engine.model import VersionDraft


class Validator:
    """`engine.deploy.Validate`, by way of the drafts process.

    Args:
        drafts: the drafts process.
        programs: gets what was compiled there, so that the first request after the deploy need not.
    """

    def __init__(self, drafts: Drafts, programs: StoredPrograms) -> None:
        self._drafts = drafts
        self._programs = programs

    async def __call__(self, draft: VersionDraft) -> Mapping[str, Any]:
        """`{"handlers", "named_handlers", "startup_time_ms"}`; raises ApiError 10021 with file and line."""
        found = await self._drafts.describe(draft)
        await self._programs.put(found.pop("hash"), found.pop("program").encode())
        return found
