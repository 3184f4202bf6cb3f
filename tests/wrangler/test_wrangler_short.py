"""One way through a Worker's life with wrangler 4.86.0: each command once, in the order of a working day."""

from __future__ import annotations

import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from enginekit import RunningEngine
from wranglerkit import Tail, Wrangler

CODE = """export default {
  async fetch(request, env) {
    console.log("asked for", new URL(request.url).pathname);
    return new Response(`TURN ${env.PLAIN} ${env.SECRET ?? "-"} ${await env.STORE.get("key")}`);
  },
};
"""


def test_a_working_day(engine: RunningEngine, tmp_path: Path):
    wrangler = Wrangler("4.86.0", engine, tmp_path)
    name = f"day-{uuid.uuid4().hex[:8]}"
    config = {
        "name": name,
        "main": "index.js",
        "compatibility_date": "2026-01-01",
        "vars": {"PLAIN": "plain"},
        "kv_namespaces": [{"binding": "STORE"}],  # wrangler makes it, and finds it again
    }
    wrangler.write(wrangler__json=json.dumps(config), index__js=CODE.replace("TURN", "one"))
    first = wrangler.run("deploy").out
    assert re.search(r"Current Version ID: [0-9a-f-]{36}", first)
    assert engine.get(name).text == "one plain - null"

    with ThreadPoolExecutor(2) as both:  # a command takes seconds to start
        secret = both.submit(wrangler.run, "secret", "put", "SECRET", stdin="hidden")
        both.submit(wrangler.run, "kv", "key", "put", "--binding=STORE", "--remote", "key", "value").result()
        assert "Success" in secret.result().out
    assert engine.get(name).text == "one plain hidden value"

    with Tail(wrangler, name) as tail:
        wrangler.write(index__js=CODE.replace("TURN", "two"))
        wrangler.run("deploy", "--message", "the second")
        assert engine.get(name).text == "two plain hidden value"

        versions = wrangler.json("versions", "list", "--json")
        assert [each["number"] for each in versions] == [1, 2, 3]
        assert versions[-1]["annotations"]["workers/message"] == "the second"

        wrangler.run("rollback", versions[1]["id"], "--message", "back", "--yes")
        assert engine.get(name).text == "one plain hidden value"
        tail.until("/tailed", lambda: engine.get(name, "/tailed"))
    assert "asked for" in tail.text
    assert '"outcome": "ok"' in tail.text
    wrangler.run("delete", "--force")
    assert engine.get(name).status_code == 404
