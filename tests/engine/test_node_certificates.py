"""X509Certificate of node:crypto says of a certificate what Node says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nodekit import node_lab

from engine.model import Module

FIXTURES = Path(__file__).parent.parent / "fixtures" / "certificates"
GIVEN: dict[str, Any] = json.loads((FIXTURES / "certificates.json").read_text())
MAIN = """
import { run } from "./certificates.js";
import { X509Certificate } from "node:crypto";
import path from "node:path";

const caught = (act) => {
  try {
    return act();
  } catch ({ name, code, message }) {
    return { name, code, message };
  }
};
async function answer(request) {
  const pems = await request.json();
  const one = new X509Certificate(pems.ec), again = new X509Certificate(one.raw);
  return {
    all: run(pems),
    same: [`${one}`, one.toJSON(), `${again}`].map((text) => text === pems.ec),
    dates: [+one.validFromDate === Date.parse(one.validFrom), +one.validToDate === Date.parse(one.validTo)],
    bad: ["x", 1].map((bad) => caught(() => new X509Certificate(bad))),
    // Workers has no globs; in its words.
    globs: [caught(() => path.matchesGlob("/a", "/*")), caught(() => path.win32.matchesGlob("a", "*"))],
  };
}
"""


async def told() -> Any:
    async with node_lab(spares=0) as bench:
        run = Module("certificates.js", "esm", (FIXTURES / "certificates.js").read_bytes())
        worker = await bench.node(MAIN, run)
        return json.loads(await bench.text(worker, "/", "POST", body=json.dumps(GIVEN["pems"]).encode()))


async def test_certificates() -> None:
    found = await told()
    assert set(found) == {"all", "same", "dates", "bad", "globs"}, found
    for name, facts in GIVEN["node"].items():
        for key, value in facts.items():
            assert found["all"][name][key] == value, f"{name}.{key}"
    assert (found["same"], found["dates"]) == ([True] * 3, [True] * 2)
    assert [each["code"] for each in found["bad"]] == [
        "ERR_INVALID_ARG_VALUE",
        "ERR_INVALID_ARG_TYPE",
    ]
    message = "The argument 'buffer' is not a valid certificate. Received <Buffer 78>"
    assert found["bad"][0]["message"] == message
    assert found["globs"] == [
        {"name": "Error", "message": "path.posix.matchesGlob() is not implemented."},
        {"name": "Error", "message": "path.win32.matchesGlob() is not implemented."},
    ]
