"""What JavaScript has asked its host for and waits for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from engine.bindings.binding import BindingError, Result

from .errors import WorkerError
from .flow import Bodies, Send
from .frames import ERROR, RESULT, STREAM, WHOLE, dumps, pack
from .http import Body
from .passed import Passed

_log = logging.getLogger(__name__)

# What a binding answers is in memory already: only more than this is worth streaming.
_WHOLE_RESULT = 32 << 20
_FAULT = b'["Error","internal error"]'


class Calls:
    """The calls of one isolate that are under way.

    Args:
        send: Puts a frame on the way to the isolate.
        bodies: The isolate's streams.
    """

    def __init__(self, send: Send, bodies: Bodies) -> None:
        self._send = send
        self._bodies = bodies
        self.running: dict[int, asyncio.Task[None]] = {}

    def start(self, number: int, work: Coroutine[Any, Any, Result], body: Body = None) -> None:
        """Do ``work``, which reads ``body``, and send what it gives as the answer of call ``number``."""
        self.running[number] = asyncio.get_running_loop().create_task(self._answer(number, work, body))

    def cancel(self, number: int) -> None:
        """JavaScript no longer wants the answer."""
        task = self.running.get(number)
        if task is not None:
            task.cancel()

    def close(self) -> None:
        """The isolate is gone."""
        for task in list(self.running.values()):
            task.cancel()

    async def _answer(self, number: int, work: Coroutine[Any, Any, Result], given: Body) -> None:
        upgraded = False
        try:
            result = await work
            # A WebSocket or a TCP socket: the call's body goes on, as what JavaScript sends.
            value = result.value if isinstance(result.value, dict) else {}
            upgraded = value.get("status") == 101 or value.get("duplex") is True
            text, body = dumps(result.value), result.body
            if body is None:
                self._send(pack(RESULT, 0, number, text))
            elif isinstance(body, bytes) and len(body) <= _WHOLE_RESULT:
                self._send(pack(RESULT, WHOLE, number, text, body))
            else:
                self._send(pack(RESULT, STREAM, number, text))
                self._bodies.send(number, body)
        except (BindingError, WorkerError) as error:
            self._send(pack(ERROR, 0, number, dumps([error.name, error.message])))
        except Exception:
            _log.exception("A call of JavaScript failed")
            self._send(pack(ERROR, 0, number, _FAULT))
        finally:
            self.running.pop(number, None)
            if not upgraded:
                self._bodies.stop_reading(number)
                if isinstance(given, Passed):
                    await given.aclose()
