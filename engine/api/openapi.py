"""What the API has, as OpenAPI 3.1, made from the routes: `GET /openapi.json`.

Paths, methods and names in paths are exact. What a body or a query may hold is told in words, by the first
line of each handler's documentation; query parameters are those that the handler's own code asks for.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from functools import cache
from importlib import import_module
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from engine.api.call import Call, Endpoint, Handler, resource
from engine.api.envelope import dumps

#: Answers that go on until the client leaves or the engine stops.
ENDLESS: Final = frozenset({"/accounts/{account}/changes", "/logs/stream"})

_ENVELOPE: Final = {
    "type": "object",
    "required": ["success", "errors", "messages", "result"],
    "properties": {
        "success": {"type": "boolean"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
            },
        },
        "messages": {"type": "array"},
        "result": {},
        "result_info": {"type": "object"},
    },
}
_PARAMETER: Final = re.compile(r"\{(\w+)(?::path)?\}")


async def show(call: Call) -> Response:
    """`GET openapi.json`: this description."""
    return Response(dumps(describe()), media_type="application/json")


@cache
def describe() -> dict[str, Any]:
    """The whole description, as JSON values."""
    from engine.api.app import RESOURCES

    paths: dict[str, Any] = {}
    for name in RESOURCES:
        for route in import_module(f"engine.api.{name}").ROUTES:
            path = _PARAMETER.sub(r"{\1}", route.path)
            paths.setdefault(path, {}).update(_operations(name, route, path))
    return {
        "openapi": "3.1.0",
        "info": {"title": "svc-tui", "version": "4", "description": "Cloudflare's v4 API, on this machine."},
        "servers": [{"url": "/client/v4"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Envelope": _ENVELOPE},
        },
    }


def _operations(name: str, route: Route, path: str) -> dict[str, Any]:
    endpoint = route.endpoint
    assert isinstance(endpoint, Endpoint)
    names = [
        {"name": each, "in": "path", "required": True, "schema": {"type": "string"}}
        for each in _PARAMETER.findall(route.path)
    ]
    return {
        method.lower(): _operation(name, path, method, handler, names)
        for method, handler in endpoint.handlers.items()
    }


def _operation(name: str, path: str, method: str, handler: Handler, names: list[Any]) -> dict[str, Any]:
    asked = [
        {"name": each, "in": "query", "required": False, "schema": {"type": "string"}}
        for each in queries_of(handler)
    ]
    envelope = {"application/json": {"schema": {"$ref": "#/components/schemas/Envelope"}}}
    made: dict[str, Any] = {
        "operationId": f"{method.lower()}_{re.sub(r'[^a-z0-9]+', '_', path.lower()).strip('_')}",
        "tags": [name],
        "description": inspect.getdoc(handler) or "",
        "parameters": [*names, *asked],
        "responses": {
            "2XX": {
                "description": "Done; contents of files and values come as they are.",
                "content": envelope,
            },
            "4XX": {"description": "Refused: the first error says why.", "content": envelope},
        },
    }
    if method in {"POST", "PUT", "PATCH"}:
        made["requestBody"] = {"content": {"application/json": {}, "multipart/form-data": {}, "*/*": {}}}
    if any(path.endswith(each) for each in ENDLESS):
        made["x-endless"] = True
    return made


def queries_of(handler: Handler) -> list[str]:
    """The query parameters that a handler reads: texts given to `call.query` or to what reads one of it."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(handler)))
    except (OSError, TypeError, SyntaxError):  # no sources are installed: it is described without
        return []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            told = ast.unparse(node)
            if "call.query" in told.partition("'")[0] or told.startswith("call.flag("):
                found |= {each for each in texts[:1] if isinstance(each, str) and each}
    return sorted(found)


ROUTES = [resource("/openapi.json", get=show)]
