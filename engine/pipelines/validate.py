"""Reading a pipeline from plain values: every mistake is found, and told by the key where it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import ApiError
from engine.model import NAME
from engine.pipelines import json_path
from engine.pipelines.definition import (
    MAX_GATES,
    MAX_STAGES,
    MAX_STEPS,
    Expect,
    Gate,
    Pipeline,
    Soak,
    Stage,
)

INVALID: Final = 10421
Path = tuple[str | int, ...]

_METHOD: Final = re.compile(r"[A-Z]{1,20}")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_STAGE: Final = ("environment", "move", "steps", "gates", "soak")
_REQUEST: Final = ("type", "name", "method", "path", "headers", "body", "expect")
_EXPECT: Final = ("status", "headers", "text", "matches", "json", "time_ms")


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake, and the key it is at: ``("stages", 1, "steps")``."""

    path: Path
    message: str

    @property
    def key(self) -> str:
        """The key as a person writes it: ``stages[1].steps``."""
        return key_text(self.path)


class Invalid(ApiError):
    """10421: the definition is none; `problems` has every mistake."""

    def __init__(
        self, problems: list[Problem], where: str = "", lines: list[int | None] | None = None
    ) -> None:
        lines = lines or [None] * len(problems)
        said = [
            f"{where}{f':{line}' if line else ''}{': ' if where else ''}"
            f"{f'{each.key}: ' if each.key else ''}{each.message}"
            for each, line in zip(problems, lines, strict=True)
        ]
        super().__init__(
            INVALID, "; ".join(said[:5]) + (f"; and {len(said) - 5} more" if len(said) > 5 else "")
        )
        self.problems = problems


def key_text(path: Path) -> str:
    """A path as a person writes it."""
    text = ""
    for each in path:
        text += f"[{each}]" if isinstance(each, int) else f".{each}" if text else each
    return text


def parse(value: Mapping[str, Any], *, service: str | None = None, name: str | None = None) -> Pipeline:
    """The pipeline of plain values.

    Args:
        value: the table of `engine.pipelines.definition`.
        service: whose it must be; None when only the value says so.
        name: the name it must have, or gets when it has none.

    Raises:
        Invalid: with every mistake.
    """
    reader = _Reader()
    found = reader.pipeline(value, service, name)
    if reader.problems:
        raise Invalid(reader.problems)
    return found


class _Reader:
    """Reads a definition and collects what is wrong with it; what cannot be read becomes a default."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def pipeline(self, value: Mapping[str, Any], service: str | None, name: str | None) -> Pipeline:
        self._known(value, (), ("service", "name", "description", "stages"))
        found_service = self._name(value, "service", service)
        found_name = self._name(value, "name", name)
        description = self._text(value, (), "description", "")
        given = value.get("stages")
        stages: list[Stage] = []
        if not isinstance(given, list) or not 2 <= len(given) <= MAX_STAGES:
            self._say(
                ("stages",), f"a pipeline has 2 to {MAX_STAGES} stages: [[stages]] for each environment"
            )
        else:
            stages = [self._stage(each, ("stages", index)) for index, each in enumerate(given)]
            seen: set[str] = set()
            for index, stage in enumerate(stages):
                if stage.environment in seen:
                    self._say(("stages", index, "environment"), f"{stage.environment} is in it already")
                seen.add(stage.environment)
        return Pipeline(found_service, found_name, tuple(stages), description or "")

    def _name(self, value: Mapping[str, Any], key: str, wanted: str | None) -> str:
        given = value.get(key, wanted)
        if not isinstance(given, str) or not NAME.fullmatch(given):
            self._say((key,), "is missing" if given is None else f"{given!r:.80} is no name: {_RULE}")
        elif wanted is not None and given != wanted:
            self._say((key,), f"is {given}, where {wanted} is meant")
        return str(given)

    def _stage(self, value: Any, path: Path) -> Stage:
        if not isinstance(value, Mapping):
            self._say(path, "must be a table")
            return Stage("")
        environment = value.get("environment")
        if not isinstance(environment, str) or not NAME.fullmatch(environment):
            words = "is missing" if environment is None else f"{environment!r:.80} is no name: {_RULE}"
            self._say((*path, "environment"), words)
        if path[-1] == 0:
            for key in value:
                if key in _STAGE and key != "environment":
                    self._say(
                        (*path, key), "the first stage is where the code comes from, it has no other key"
                    )
            self._known(value, path, _STAGE)
            return Stage(str(environment))
        self._known(value, path, _STAGE)
        gates = value.get("gates", [])
        if not isinstance(gates, list) or len(gates) > MAX_GATES:
            self._say((*path, "gates"), f"must be at most {MAX_GATES} tables: [[stages.gates]]")
            gates = []
        return Stage(
            str(environment),
            self._move(value.get("move", []), (*path, "move")),
            self._steps(value.get("steps", [100]), (*path, "steps")),
            tuple(self._gate(each, (*path, "gates", index)) for index, each in enumerate(gates)),
            self._soak(value["soak"], (*path, "soak")) if "soak" in value else None,
        )

    def _move(self, value: Any, path: Path) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            self._say(path, 'must be a list of names: ["GREETING", "limits"]')
            return ()
        return tuple(each if ":" in each or each == "limits" else f"binding:{each}" for each in value)

    def _steps(self, value: Any, path: Path) -> tuple[float, ...]:
        steps = value if isinstance(value, list) else []
        rising = all(_number(each) for each in steps) and all(
            low < high for low, high in zip([0, *steps], steps, strict=False)
        )
        if not steps or len(steps) > MAX_STEPS or not rising or steps[-1] != 100:
            self._say(path, "must be percentages that rise to 100, as [10, 50, 100]")
            return (100,)
        return tuple(steps)

    def _gate(self, value: Any, path: Path) -> Gate:
        if not isinstance(value, Mapping):
            self._say(path, "must be a table")
            return Gate("approval", "")
        kind = value.get("type")
        if kind == "approval":
            self._known(value, path, ("type", "name"))
            return Gate("approval", self._text(value, path, "name", "approval") or "approval")
        if kind != "request":
            self._say((*path, "type"), 'must be "request" or "approval"')
            return Gate("approval", "")
        self._known(value, path, _REQUEST)
        method = self._text(value, path, "method", "GET") or ""
        if not _METHOD.fullmatch(method):
            self._say((*path, "method"), f"{method!r:.40} is no method: GET, POST, …")
        target = self._text(value, path, "path", "/") or ""
        if not target.startswith("/") or "#" in target or any(ord(each) <= 32 for each in target):
            self._say((*path, "path"), "must begin with / and have neither spaces nor #")
        headers = value.get("headers", {})
        if not isinstance(headers, Mapping) or not all(map(_is_header, headers.items())):
            self._say((*path, "headers"), 'must be a table of texts: { accept = "text/html" }')
            headers = {}
        body = self._text(value, path, "body", None)
        if body is not None and method in {"GET", "HEAD"}:
            self._say((*path, "body"), f"a {method} request has none")
        expect = self._expect(value.get("expect", {}), (*path, "expect"))
        name = self._text(value, path, "name", f"{method} {target}") or f"{method} {target}"
        return Gate("request", name, method, target, dict(headers), body, expect)

    def _expect(self, value: Any, path: Path) -> Expect:
        if not isinstance(value, Mapping):
            self._say(path, "must be a table: { status = 200 }")
            return Expect()
        self._known(value, path, _EXPECT)
        status = value.get("status", 200)
        if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
            self._say((*path, "status"), "must be a status from 100 to 599")
        headers = value.get("headers", {})
        if not isinstance(headers, Mapping) or not all(
            _HEADER.fullmatch(key) and isinstance(each, str | bool) for key, each in headers.items()
        ):
            self._say((*path, "headers"), "must be a table of texts, or true (any value) or false (none)")
            headers = {}
        paths = value.get("json", {})
        if not isinstance(paths, Mapping):
            self._say((*path, "json"), 'must be a table of paths: { "$.ok" = true }')
            paths = {}
        for each, wanted in paths.items():
            try:
                json_path.parse(each)
            except ValueError as error:
                self._say((*path, "json", each), f"a path {error}")
            if not _is_json(wanted):
                self._say((*path, "json", each), "must be a value of JSON; a date is a text there")
        time = value.get("time_ms")
        if time is not None and (not _number(time) or time <= 0):
            self._say((*path, "time_ms"), "must be milliseconds above 0")
        return Expect(
            status,
            {key.lower(): each for key, each in headers.items()},
            self._text(value, path, "text", None),
            self._text(value, path, "matches", None),
            dict(paths),
            time,
        )

    def _soak(self, value: Any, path: Path) -> Soak | None:
        if not isinstance(value, Mapping):
            self._say(path, "must be a table: { seconds = 60 }")
            return None
        self._known(value, path, ("seconds", "max_error_rate", "min_requests"))
        seconds: Any = value.get("seconds")
        rate: Any = value.get("max_error_rate", 0)
        requests: Any = value.get("min_requests", 1)
        if not _number(seconds) or not 0 < seconds <= 7 * 86400:
            self._say((*path, "seconds"), "must be seconds, above 0 and at most a week")
        if not _number(rate) or not 0 <= rate <= 100:
            self._say((*path, "max_error_rate"), "must be a percentage from 0 to 100")
        if not isinstance(requests, int) or isinstance(requests, bool) or requests < 1:
            self._say((*path, "min_requests"), "must be a whole number from 1 on")
        return None if self.problems else Soak(seconds, rate, requests)

    # ------------------------------------------------------------------ parts

    def _known(self, value: Mapping[str, Any], path: Path, keys: tuple[str, ...]) -> None:
        for key in value:
            if key not in keys:
                self._say((*path, str(key)), f"is no key here: {', '.join(keys)}")

    def _text(self, value: Mapping[str, Any], path: Path, key: str, default: str | None) -> str | None:
        found = value.get(key, default)
        if found is not None and not isinstance(found, str):
            self._say((*path, key), "must be text")
            return default
        return found

    def _say(self, path: Path, message: str) -> None:
        self.problems.append(Problem(path, message))


def _is_json(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_json(each) for key, each in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return (
        value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and _number(value))
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def _is_header(item: tuple[Any, Any]) -> bool:
    name, value = item
    return bool(
        isinstance(value, str) and _HEADER.fullmatch(name) and not any(ord(each) < 32 for each in value)
    )


_RULE: Final = "lower-case letters, digits and dashes, starting with a letter"
