"""Importing and exporting a D1 database, in the steps that wrangler goes (API.md §7.7 and §7.8).

The work goes on when a client stops asking. How far it has come is kept by the bookmark that the client was
given, in memory: an engine that stops takes unfinished imports back, as one transaction.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from starlette.responses import Response

from engine.api.call import Call, resource
from engine.api.d1_databases import DATABASE, find
from engine.api.envelope import success
from engine.api.transfers import Transfer, address, transfers
from engine.bindings.d1 import bookmark
from engine.d1 import Database, SqlError
from engine.d1.connection import Connection
from engine.d1.dump import dump
from engine.errors import ApiError
from engine.model import D1Database
from engine.store import Store

PATIENCE: Final = 5.0
"""Seconds that an answer waits for the end of the work: small files need no second question."""
KEPT: Final = 64


@dataclass(slots=True)
class Work:
    """One import or export; `result` is what its end answers."""

    task: asyncio.Task[dict[str, Any]]
    began: float = field(default_factory=time.perf_counter)


_works: WeakKeyDictionary[Store, dict[str, Work]] = WeakKeyDictionary()


async def bring(call: Call) -> Response:
    """`POST import` with `action` "init", "ingest" or "poll"."""
    found = await find(call)
    body = await call.json_object()
    match body.get("action"):
        case "init":
            etag = _text(body, "etag")
            filename = f"{found.id}.{etag}.sql"
            ready = transfers(call.engine).named(filename)
            if ready is not None:
                return await _begin(call, found, _ingest(call, found, ready))
            secret, _ = transfers(call.engine).add(filename, incoming=True)
            return success({"upload_url": address(call.engine, secret), "filename": filename})
        case "ingest":
            ready = transfers(call.engine).named(_text(body, "filename"))
            if ready is None or ready.md5 != _text(body, "etag"):
                raise ApiError(
                    7500, "This file has not been uploaded, or has other contents: begin again", 400
                )
            return await _begin(call, found, _ingest(call, found, ready))
        case "poll":
            return await _poll(call, _text(body, "current_bookmark"))
    raise ApiError(7400, 'action is "init", "ingest" or "poll".', 400)


async def take(call: Call) -> Response:
    """`POST export` with `output_format` "polling", again with `current_bookmark` until it is complete."""
    found = await find(call)
    body = await call.json_object()
    if body.get("output_format") != "polling":
        raise ApiError(7400, 'output_format is "polling": nothing else is known.', 400)
    if body.get("current_bookmark"):
        return await _poll(call, _text(body, "current_bookmark"))
    options = body.get("dump_options") or {}
    if not isinstance(options, dict):
        raise ApiError(7400, "dump_options is an object.", 400)
    return await _begin(call, found, _export(call, found, options))


async def _begin(call: Call, found: D1Database, work: Any) -> Response:
    works = _works.setdefault(call.store, {})
    mark = bookmark(found.id)
    works[mark] = Work(asyncio.ensure_future(work))
    for old in [each for each, known in works.items() if known.task.done()][:-KEPT]:
        del works[old]
    return await _poll(call, mark)


async def _poll(call: Call, mark: str) -> Response:
    work = _works.get(call.store, {}).get(mark)
    if work is None:
        raise ApiError(
            7500, "Nothing is known under this bookmark (the engine was restarted?): begin again", 400
        )
    done, _ = await asyncio.wait({work.task}, timeout=PATIENCE)
    if not done:
        seconds = time.perf_counter() - work.began
        return success(
            {
                "success": True,
                "status": "active",
                "at_bookmark": mark,
                "messages": [f"Working for {seconds:.0f} s"],
            }
        )
    try:
        result = work.task.result()
    except (SqlError, ApiError) as error:
        return success(
            {
                "success": False,
                "status": "error",
                "at_bookmark": mark,
                "messages": [],
                "error": error.message,
                "errors": [error.message],
            }
        )
    return success(
        {"success": True, "status": "complete", "at_bookmark": mark, "messages": result["messages"], **result}
    )


async def _ingest(call: Call, found: D1Database, file: Transfer) -> dict[str, Any]:
    began = time.perf_counter()

    def work(connection: Connection) -> tuple[int, int, int]:
        return connection.bring(file.path.read_text("utf-8", errors="replace"))

    try:
        count, written, size = await _database(call, found).do(work)
    finally:
        transfers(call.engine).drop(file)
    meta = {
        "served_by": "svc-tui.db",
        "duration": (time.perf_counter() - began) * 1000,
        "changes": written,
        "last_row_id": 0,
        "changed_db": True,
        "size_after": size,
        "rows_read": written,
        "rows_written": written,
    }
    result = {"num_queries": count, "final_bookmark": bookmark(found.id), "meta": meta}
    return {"type": "import", "result": result, "messages": [f"Processed {count} queries."]}


async def _export(call: Call, found: D1Database, options: dict[str, Any]) -> dict[str, Any]:
    tables = options.get("tables") or []
    filename = f"{found.name}.sql"
    secret, file = transfers(call.engine).add(filename, incoming=False)

    def work(connection: Connection) -> None:
        lines = dump(
            connection,
            no_schema=bool(options.get("no_schema")),
            no_data=bool(options.get("no_data")),
            tables=[str(each) for each in tables] if isinstance(tables, list) else [],
        )
        with connection.snapshot():
            _write(file.path, lines)

    await _database(call, found).do(work)
    result = {"filename": filename, "signed_url": address(call.engine, secret)}
    return {"type": "export", "result": result, "messages": ["Generated the SQL."]}


def _database(call: Call, found: D1Database) -> Database:
    return call.store.databases.get(found.id)


def _write(path: Path, lines: Any) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for line in lines:
            file.write(line + "\n")


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ApiError(7400, f"{name} is missing.", 400)
    return value


ROUTES = [resource(DATABASE + "/import", post=bring), resource(DATABASE + "/export", post=take)]
