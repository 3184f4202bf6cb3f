"""Booting an isolate: the runtime's bundle in a V8 context of its own."""

from __future__ import annotations

import asyncio

from . import services
from .isolate import Isolate
from .services.source import library, read


def boot(loop: asyncio.AbstractEventLoop) -> Isolate:
    """A booted isolate without a program. Blocks: use a thread; little of it needs Python's lock."""
    return Isolate(read("runtime"), loop, services.answer, 0, library)
