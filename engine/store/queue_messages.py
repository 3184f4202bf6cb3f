"""Messages of queues: sent, given out, settled. Times are milliseconds since 1970."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.store.database import Connection
from engine.store.queues import Queue

NEVER: Final = 1 << 62
"""When a message is due that a worker has now."""

_COLUMNS: Final = "seq, id, content_type, body, sent, attempts, lease"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `content_type` is json, text, bytes or v8; `attempts` counts deliveries so far.

    `due` is used when it is sent only; `lease` is what whoever pulled it settles it with.
    """

    id: str
    content_type: str
    body: bytes
    sent: int
    attempts: int = 0
    due: int = 0
    seq: int = 0
    lease: str | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in a queue: how many messages, their bytes, and when the oldest was sent (0 without one)."""

    count: int
    bytes: int
    oldest: int


def new_id() -> str:
    """An id for a message: 32 hex, as Cloudflare's are."""
    return secrets.token_hex(16)


def send(connection: Connection, queue_id: str, messages: Iterable[Message]) -> None:
    """Adds messages."""
    connection.executemany(
        "INSERT INTO queue_messages (id, queue_id, content_type, body, sent, due, attempts)"
        " VALUES (?, ?, ?, ?, ?, ?, 0)",
        ((each.id, queue_id, each.content_type, each.body, each.sent, each.due) for each in messages),
    )


def backlog(connection: Connection, queue_id: str) -> Backlog:
    """What waits in a queue, also what is being delivered."""
    row = connection.execute(
        "SELECT messages, bytes, (SELECT coalesce(min(sent), 0) FROM queue_messages WHERE queue_id = ?1)"
        " FROM queues WHERE id = ?1",
        (queue_id,),
    ).fetchone()
    return Backlog(*row) if row else Backlog(0, 0, 0)


def ready(connection: Connection, queue: Queue, now: int, limit: int) -> tuple[int, int, int | None]:
    """How many messages are due (counted up to `limit`), since when the first is, and when the next will be.

    Returns:
        The number; the earliest `due` of them, 0 without one; the earliest later `due`, None without one.
    """
    rows = connection.execute(
        "SELECT due FROM queue_messages WHERE queue_id = ? AND due <= ? ORDER BY due, seq LIMIT ?",
        (queue.id, now, limit),
    ).fetchall()
    later = connection.execute(
        "SELECT min(due) FROM queue_messages WHERE queue_id = ? AND due > ? AND due < ?",
        (queue.id, now, NEVER),
    ).fetchone()[0]
    return len(rows), rows[0][0] if rows else 0, later


def take(
    connection: Connection, queue: Queue, now: int, limit: int, *, until: int = NEVER, lease: bool = False
) -> list[Message]:
    """Gives out up to `limit` messages that are due: they are due again at `until`, unless they are settled.

    What has been kept for as long as the queue says is removed first.

    Args:
        lease: whether each gets a lease id of its own.
    """
    connection.execute(
        "DELETE FROM queue_messages WHERE queue_id = ? AND sent <= ?",
        (queue.id, now - queue.retention * 1000),
    )
    found = [
        Message(
            id,
            kind,
            bytes(body),
            sent,
            attempts + 1,
            until,
            seq,
            secrets.token_urlsafe(24) if lease else None,
        )
        for seq, id, kind, body, sent, attempts, _ in connection.execute(
            f"SELECT {_COLUMNS} FROM queue_messages WHERE queue_id = ? AND due <= ?"
            " ORDER BY due, seq LIMIT ?",
            (queue.id, now, limit),
        )
    ]
    connection.executemany(
        "UPDATE queue_messages SET attempts = attempts + 1, due = ?, lease = ? WHERE seq = ?",
        ((until, each.lease, each.seq) for each in found),
    )
    return found


def settle(connection: Connection, done: Iterable[int], again: Iterable[tuple[int, int]]) -> None:
    """Removes the messages `done`, by seq; those of `again`, pairs of seq and time, are due then."""
    connection.executemany("DELETE FROM queue_messages WHERE seq = ?", ((seq,) for seq in done))
    connection.executemany(
        "UPDATE queue_messages SET due = ?, lease = NULL WHERE seq = ?", ((due, seq) for seq, due in again)
    )


def bury(connection: Connection, messages: Sequence[Message], dead: Queue | None, now: int) -> None:
    """Moves messages that failed too often to the dead letter queue, or drops them where there is none.

    They keep their id and the time they were sent, and are delivered there as if for the first time.
    """
    if dead is None:
        settle(connection, (each.seq for each in messages), ())
        return
    due = now + dead.delivery_delay * 1000
    connection.executemany(
        "UPDATE queue_messages SET queue_id = ?, due = ?, attempts = 0, lease = NULL WHERE seq = ?",
        ((dead.id, due, each.seq) for each in messages),
    )


def leased(connection: Connection, queue_id: str, leases: Sequence[str]) -> dict[str, Message]:
    """The messages of these lease ids, by lease; one whose lease has ended is not among them."""
    marks = ", ".join("?" * len(leases))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM queue_messages WHERE queue_id = ? AND lease IN ({marks})",
        (queue_id, *leases),
    )
    return {row[6]: _message(row) for row in rows}


def exhausted(connection: Connection, queue_id: str, now: int, most: int) -> list[Message]:
    """Messages that were pulled `most` times, and whose last lease has ended."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM queue_messages WHERE queue_id = ? AND due <= ? AND attempts >= ?",
        (queue_id, now, most),
    )
    return [_message(row) for row in rows]


def peek(connection: Connection, queue_id: str, limit: int) -> list[tuple[Message, int]]:
    """The oldest messages with the time they are due, without giving them out."""
    rows = connection.execute(
        f"SELECT {_COLUMNS}, due FROM queue_messages WHERE queue_id = ? ORDER BY seq LIMIT ?",
        (queue_id, limit),
    )
    return [(_message(row[:7]), row[7]) for row in rows]


def purge(connection: Connection, queue_id: str) -> int:
    """Removes every message of a queue; gives how many."""
    return connection.execute("DELETE FROM queue_messages WHERE queue_id = ?", (queue_id,)).rowcount


def release(connection: Connection, now: int) -> int:
    """Makes what workers had when the engine ended due now; gives how many messages."""
    return connection.execute(
        "UPDATE queue_messages SET due = ? WHERE due = ? AND lease IS NULL", (now, NEVER)
    ).rowcount


def sweep(connection: Connection, now: int, limit: int) -> int:
    """Removes up to `limit` messages that were kept for as long as their queue says; gives how many."""
    freed = 0
    for queue_id, retention in connection.execute("SELECT id, retention FROM queues").fetchall():
        freed += connection.execute(
            "DELETE FROM queue_messages WHERE seq IN (SELECT seq FROM queue_messages"
            " WHERE queue_id = ? AND sent <= ? LIMIT ?)",
            (queue_id, now - retention * 1000, limit - freed),
        ).rowcount
    return freed


def _message(row: Sequence[Any]) -> Message:
    seq, id, kind, body, sent, attempts, lease = row
    return Message(id, kind, bytes(body), sent, attempts, 0, seq, lease)
