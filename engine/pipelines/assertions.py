"""Whether an answer is what a gate expects, in words for each thing that it is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from engine.pipelines import json_path
from engine.pipelines.definition import Expect

#: Characters of a value that a message shows.
SHOWN: Final = 60


def failures(expect: Expect, answer: Mapping[str, Any]) -> list[str]:
    """What is wrong with an answer, nothing when all is as expected.

    Args:
        expect: what the gate wants.
        answer: a line of `engine.drafts.client.Drafts.probe`.
    """
    if answer.get("status") is None:
        return [str(answer.get("error") or "it did not answer")]
    found: list[str] = []
    if answer["error"]:
        found.append(str(answer["error"]))
    if expect.status is not None and answer["status"] != expect.status:
        found.append(f"status is {answer['status']}, not {expect.status}")
    found += _headers(expect, answer["headers"])
    body = str(answer["body"])
    if expect.text is not None and expect.text not in body:
        found.append(f"body has no {_short(expect.text)}: {_short(body)}")
    if expect.matches is not None and not all(answer["matches"]):
        found.append(f"body does not match /{expect.matches[:SHOWN]}/: {_short(body)}")
    if expect.json:
        found += _json(expect.json, body)
    if expect.time_ms is not None and answer["time"] > expect.time_ms:
        found.append(f"took {answer['time']:.1f} ms, not at most {expect.time_ms:g}")
    return found


def _headers(expect: Expect, given: list[list[str]]) -> list[str]:
    sent: dict[str, str] = {}
    for name, value in given:
        key = name.lower()
        sent[key] = f"{sent[key]}, {value}" if key in sent else value
    found = []
    for name, wanted in expect.headers.items():
        there = sent.get(name)
        if not isinstance(wanted, str):
            if wanted and there is None:
                found.append(f"has no header {name}")
            elif not wanted and there is not None:
                found.append(f"has header {name}: {_short(there)}")
        elif there != wanted:
            is_there = "is missing" if there is None else f"is {_short(there)}"
            found.append(f"header {name} {is_there}, not {_short(wanted)}")
    return found


def _json(wanted: Mapping[str, Any], body: str) -> list[str]:
    try:
        value = json.loads(body)
    except ValueError:
        return [f"body is no JSON: {_short(body)}"]
    found = []
    for path, each in wanted.items():
        try:
            there = json_path.find(value, json_path.parse(path))
        except json_path.Missing:
            found.append(f"JSON has nothing at {path}")
            continue
        if json.dumps(there, sort_keys=True) != json.dumps(each, sort_keys=True) and not _equal(there, each):
            found.append(f"JSON at {path} is {_short(there)}, not {_short(each)}")
    return found


def _equal(first: Any, second: Any) -> bool:
    """Numbers by their value (1 and 1.0); true is no number in JSON."""
    return type(first) in (int, float) and type(second) in (int, float) and first == second


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
