"""What a draft run is asked to do: checked once, at the API."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, cast

from engine.errors import ApiError
from engine.model import MODULE_TYPES, Module, ModuleType
from engine.runtime.http import Request

#: Suffixes that mean something when a module has no type.
_SUFFIXES: Mapping[str, ModuleType] = {
    ".json": "json",
    ".txt": "text",
    ".html": "text",
    ".md": "text",
    ".css": "text",
    ".sql": "text",
    ".wasm": "wasm",
    ".bin": "data",
    ".map": "sourcemap",
}
MAX_CPU_MS = 30_000


def check_code(body: Mapping[str, Any]) -> dict[str, Any]:
    """`{"modules", "main_module"}` of a request, each module with its type; raises ApiError 10026."""
    given, main = body.get("modules"), body.get("main_module")
    if not isinstance(given, list) or not given:
        raise ApiError(10026, 'Give the code: {"modules": [{"name", "text"}], "main_module": "…"}.', 400)
    modules = [_module(each) for each in given]
    if not isinstance(main, str) or main not in {each["name"] for each in modules}:
        raise ApiError(10026, f"main_module is {main!r}, which is none of the modules.", 400)
    return {"modules": modules, "main_module": main}


def check_run(body: Mapping[str, Any]) -> dict[str, Any]:
    """The whole of a run's request, with every key there; raises ApiError 10026."""
    mode = body.get("mode", "sandbox")
    if mode not in ("sandbox", "live"):  # a list cannot be looked up in a set
        raise ApiError(10026, f'mode is {mode!r}: "sandbox" keeps writes back, "live" does them.', 400)
    limits = body.get("limits") or {}
    cpu = limits.get("cpu_ms") if isinstance(limits, dict) else -1
    if cpu is not None and (isinstance(cpu, bool) or not isinstance(cpu, int) or not 1 <= cpu <= MAX_CPU_MS):
        raise ApiError(10026, f"limits.cpu_ms must be from 1 to {MAX_CPU_MS} milliseconds.", 400)
    session = body.get("session")
    if session is not None and not isinstance(session, str):
        raise ApiError(10026, "session must be a string.", 400)
    network = body.get("network", True)
    if not isinstance(network, bool):
        raise ApiError(10026, "network must be true, or false to refuse every outgoing connection.", 400)
    return {
        **check_code(body),
        "request": _request(body.get("request") or {}),
        "mode": mode,
        "session": session,
        "trace": bool(body.get("trace", True)),
        "network": network,
        "cpu_ms": cpu,
    }


def check_choice(body: Mapping[str, Any]) -> tuple[list[int] | None, bool | list[int]]:
    """`ids` and `force` of an apply: which writes, and which of them may overwrite; raises ApiError 10026."""
    ids, force = body.get("ids"), body.get("force", False)
    if ids is not None and not _numbers(ids):
        raise ApiError(10026, "ids must be a list of the numbers of writes.", 400)
    if not isinstance(force, bool) and not _numbers(force):
        raise ApiError(10026, "force must be true, false or a list of the numbers of writes.", 400)
    return ids, force


def check_variables(body: Mapping[str, Any]) -> dict[str, Any]:
    """`variables` of a run outside any environment: name → text or JSON value; raises ApiError 10026."""
    given = body.get("variables") or {}
    if not isinstance(given, dict):
        raise ApiError(10026, 'variables must be an object: {"NAME": "text"}.', 400)
    return given


def modules_of(payload: Mapping[str, Any]) -> tuple[Module, ...]:
    """The modules of a checked request."""
    return tuple(Module(each["name"], each["type"], _content(each)) for each in payload["modules"])


def request_of(payload: Mapping[str, Any]) -> Request:
    """The HTTP request of a checked run."""
    given = payload["request"]
    body = given["body_base64"]
    return Request(
        given["method"],
        given["url"],
        [(name, value) for name, value in given["headers"]],
        None if body is None else base64.b64decode(body),
    )


def _numbers(given: Any) -> bool:
    return isinstance(given, list) and all(type(each) is int for each in given)


def _module(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or not isinstance(given.get("name"), str) or not given["name"]:
        raise ApiError(10026, "Each module must be an object with a name.", 400)
    name = given["name"]
    kind = given.get("type") or _type_of(name)
    if not isinstance(kind, str) or kind not in MODULE_TYPES:
        raise ApiError(10026, f"Module {name} has the unknown type {kind!r}.", 400)
    if not isinstance(given.get("text"), str) and not isinstance(given.get("base64"), str):
        raise ApiError(10026, f"Module {name} has neither text nor base64.", 400)
    module = {"name": name, "type": kind, "text": given.get("text"), "base64": given.get("base64")}
    try:
        _content(module)
    except binascii.Error:
        raise ApiError(10026, f"Module {name}: its base64 is broken.", 400) from None
    return module


def _content(module: Mapping[str, Any]) -> bytes:
    text = module["text"]
    if text is not None:
        return cast(str, text).encode("utf-8", "replace")
    return base64.b64decode(module["base64"], validate=True)


def _type_of(name: str) -> ModuleType:
    dot = name.rfind(".")
    return _SUFFIXES.get(name[dot:].lower(), "esm") if dot > 0 else "esm"


def _request(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ApiError(10026, "request must be an object.", 400)
    method, url, headers = given.get("method", "GET"), given.get("url"), given.get("headers") or []
    if not isinstance(method, str) or not method.isalpha():
        raise ApiError(10026, f"request.method is {method!r}: give GET, POST, …", 400)
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise ApiError(10026, "request.url must be an absolute http:// or https:// URL.", 400)
    if not isinstance(headers, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)
        for pair in headers
    ):
        raise ApiError(10026, "request.headers must be a list of [name, value] pairs.", 400)
    return {"method": method, "url": url, "headers": headers, "body_base64": _body(given)}


def _body(given: Mapping[str, Any]) -> str | None:
    text, encoded = given.get("body"), given.get("body_base64")
    if isinstance(encoded, str):
        try:
            base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ApiError(10026, "request.body_base64 is not base64.", 400) from None
        return encoded
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise ApiError(10026, "request.body must be a string or null.", 400)
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
