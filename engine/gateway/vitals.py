"""The end of a process that can make no isolates any more because V8 is stuck (see `Runtime.well`).

Being started anew costs half a second; waiting for V8 to abort costs every request meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable

from engine.runtime.pool import Runtime

#: Exit code of a process that gave itself up (<sysexits.h>: EX_SOFTWARE).
EXIT_SICK = 70
INTERVAL = 1.0

log = logging.getLogger("engine.vitals")


async def watch(runtime: Runtime, patience: float, farewell: Callable[[], Awaitable[None]]) -> None:
    """Look every second; when V8 does not answer for `patience` seconds, end the process.

    Args:
        runtime: the process's isolates.
        patience: in seconds; making an isolate takes milliseconds.
        farewell: called before the end: what can still be answered should be.
    """
    well = True
    while well:
        await asyncio.sleep(INTERVAL)
        well = await runtime.well(patience)
    log.error("V8 is stuck in code that cannot be stopped: this process ends and is started anew")
    await farewell()
    leave(EXIT_SICK)


def leave(code: int) -> None:
    """End the process without waiting for threads that will never come back."""
    sys.stderr.flush()
    os._exit(code)
