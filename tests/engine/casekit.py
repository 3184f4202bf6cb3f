"""JavaScript expressions run in a real worker, each with what came of it, for the tests of bindings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from workerkit import Lab, request

from engine.bindings import Binding
from engine.bindings.overlay import Overlay
from engine.runtime.http import read
from engine.runtime.invocation import Call, Invocation

# The outcome of a case is ["P", value], ["rejects", text, cause] or ["throws", text, cause].
WORKER = """
const HIDDEN = ["duration", "served_by", "version", "uploaded", "rows_read", "rows_written", "size_after"];
const plain = (key, value) =>
  value instanceof ArrayBuffer ? ["ArrayBuffer", ...new Uint8Array(value)]
  : HIDDEN.includes(key) ? `<${typeof value}>` : value;
const show = (value) => value === undefined ? "undefined" : JSON.parse(JSON.stringify(value, plain));
const failure = (how, error) => [how, String(error), ...(error.cause ? [String(error.cause)] : [])];
async function outcome(run) {
  let promise;
  try { promise = run(); } catch (error) { return failure("throws", error); }
  try { return ["P", show(await promise)]; } catch (error) { return failure("rejects", error); }
}
export default { async fetch(request, env, ctx) {
  const { DB, R2 } = env;
  const results = [];
  for (const run of [CASES]) results.push(await outcome(run));
  return Response.json(results);
} };
"""


async def ask(
    made: Lab, bindings: Sequence[Binding], cases: Sequence[str], invocation: Invocation | None = None
) -> list[Any]:
    """The outcomes of some JavaScript expressions, one after the other in one request."""
    worker = await made.worker(
        WORKER.replace("CASES", ", ".join(f"() => ({case})" for case in cases)), bindings=bindings
    )
    response = await worker.fetch(request(), invocation or made.invocation())
    found: list[Any] = json.loads(await read(response.body))
    return found


async def check(made: Lab, bindings: Sequence[Binding], expected: dict[str, list[Any]]) -> None:
    """Each expression has the outcome beside it."""
    outcomes = await ask(made, bindings, list(expected))
    assert dict(zip(expected, outcomes, strict=True)) == expected


async def value(
    made: Lab, bindings: Sequence[Binding], body: str, invocation: Invocation | None = None
) -> Any:
    """What the body of an async function gives."""
    [found] = await ask(made, bindings, [f"(async () => {{ {body} }})()"], invocation)
    assert found[0] == "P", found
    return found[1]


def draft(overlay: Overlay | None = None) -> tuple[Invocation, list[Call]]:
    """An invocation of a sandboxed run (or with None of a traced one), and the calls it will be told."""
    calls: list[Call] = []
    mode = "live" if overlay is None else "sandbox"
    return Invocation("caller", "production", mode, overlay, on_call=calls.append), calls  # type: ignore[arg-type]
