"""Waiting in tests of the app until something has come about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot

#: Seconds between two looks. Not by `pilot.pause`, which asks every widget of the screen each time.
INTERVAL = 0.02


async def until(pilot: Pilot[None], holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something holds, and until the app has painted it.

    Raises:
        AssertionError: It did not come about; says what was on the screen.
    """
    app = pilot.app
    looks = int(seconds / INTERVAL)
    while not holds():
        # An app that failed ends the test by itself.
        if app._exception is not None:
            break
        looks -= 1
        toasts = [str(toast.message) for toast in app._notifications]
        assert looks, f"it did not come about; toasts: {toasts}\n{seen(pilot)}"
        await asyncio.sleep(INTERVAL)
    await pilot.pause()


def seen(pilot: Pilot[None]) -> str:
    """What a person sees."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)
