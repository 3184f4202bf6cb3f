"""Python's garbage collector, kept from stopping the app.

A full collection walks over everything there is; with Textual's widgets, styles and modules that is a tenth
of a second, again and again while a long answer is read. What exists after the first paint stays for good: it
is set aside, and collections look at what came since.
"""

from __future__ import annotations

import gc

THRESHOLDS = (10_000, 5, 1_000)
"""New objects between two collections of the young, and how many of those before the older ones follow."""


def put_off() -> None:
    """Collect nothing until the first paint: what imports and style sheets make is there to stay."""
    gc.disable()


def set_aside() -> None:
    """Leave out of every later collection what exists now, and collect from now on."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(*THRESHOLDS)
