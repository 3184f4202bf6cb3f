"""What objects ask of the host about their sockets (js/src/websocket/hibernation.js)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from engine.bindings.binding import BindingError, Result
from engine.durable.crossing import Crossing
from engine.durable.sockets import ROOMS, SOCKETS, ObjectSockets

if TYPE_CHECKING:
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation

Answer = tuple[Any, bytes | None]


def _room(handle: int) -> ObjectSockets:
    room = ROOMS.get(handle)
    if room is None:
        raise BindingError("This Durable Object is no longer running: its WebSockets cannot be used.")
    return room


def _accept(args: list[Any], data: bytes) -> Answer:
    """``[object, tags, whether it has an attachment]`` → its number."""
    handle, tags, attached = args
    return _room(handle).accept(tuple(tags), data if attached else None), None


def _list(args: list[Any], data: bytes) -> Answer:
    """``[object, tag or null]`` → numbers."""
    return _room(args[0]).listing(args[1]), None


def _closed(args: list[Any], data: bytes) -> Answer:
    """``[socket]``: the event that says so begins."""
    socket = SOCKETS.get(args[0])
    if socket is not None:
        socket.room.unlist(socket)
    return None, None


def _tags(args: list[Any], data: bytes) -> Answer:
    """``[socket]`` → its tags."""
    socket = SOCKETS.get(args[0])
    return [] if socket is None else list(socket.tags), None


def _attachment(args: list[Any], data: bytes) -> Answer:
    """``[socket]`` → whether it has one, and which."""
    socket = SOCKETS.get(args[0])
    found = None if socket is None else socket.attachment
    return found is not None, found


def _answered_at(args: list[Any], data: bytes) -> Answer:
    """``[socket]`` → milliseconds since 1970, or null."""
    socket = SOCKETS.get(args[0])
    at = None if socket is None else socket.answered_at
    return None if at is None else int(at * 1000), None


def _set_answer(args: list[Any], data: bytes) -> Answer:
    """``[object, request or null, response]``."""
    room, (_, request, response) = _room(args[0]), args
    room.response = (response or "").encode("utf-8", "replace")
    room.request = None if request is None else request.encode("utf-8", "replace")
    return None, None


def _answer(args: list[Any], data: bytes) -> Answer:
    """``[object]`` → ``[request, response]`` or null."""
    room = _room(args[0])
    request = room.request
    return None if request is None else [request.decode(), room.response.decode()], None


def _set_timeout(args: list[Any], data: bytes) -> Answer:
    """``[object, milliseconds or null]``."""
    _room(args[0]).timeout_ms = args[1]
    return None, None


def _timeout(args: list[Any], data: bytes) -> Answer:
    """``[object]`` → milliseconds or null."""
    return _room(args[0]).timeout_ms, None


SYNC: Final = {
    "accept": _accept,
    "list": _list,
    "closed": _closed,
    "tags": _tags,
    "attachment": _attachment,
    "answeredAt": _answered_at,
    "setAnswer": _set_answer,
    "answer": _answer,
    "setTimeout": _set_timeout,
    "timeout": _timeout,
}
"""Answered on the isolate's thread, as runtime service "sockets"."""


async def _open(invocation: Invocation, args: list[Any], body: Body) -> Result:
    """``[socket]`` and a body of messages: its other end is in the isolate that calls."""
    socket = SOCKETS.get(args[0])
    if socket is None or body is None or isinstance(body, bytes):
        raise BindingError("The WebSocket was closed.")
    line = Crossing(body)
    if not socket.attach(line):
        raise BindingError("The WebSocket was closed, or is in use already.")
    line.start()
    return Result({"duplex": True}, line)


ASYNC: Final = {"open": _open}
"""Answered on the event loop."""
