"""WebSockets to another service by its binding, several at once in one isolate."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from enginekit import RunningEngine

ECHO = """
export default { fetch() {
  const [client, server] = Object.values(new WebSocketPair());
  server.accept();
  server.addEventListener("message", ({ data }) => server.send(`echo ${data}`));
  return new Response(null, { status: 101, webSocket: client });
} };
"""
ASKS = """
export default { async fetch(request, { TARGET }) {
  const { webSocket } = await TARGET.fetch("http://target/", { headers: { upgrade: "websocket" } });
  webSocket.accept();
  const answer = new Promise((resolve) => webSocket.addEventListener("message", ({ data }) => resolve(data)));
  webSocket.send("hi");
  const late = new Promise((resolve) => setTimeout(resolve, 10_000, "no answer"));
  return new Response(await Promise.race([answer, late]));
} };
"""


def test_a_socket_ends_with_the_event_that_opened_it_and_no_other(engine: RunningEngine) -> None:
    # Answers that come in one batch: the last event that was entered is not the one a socket is for.
    name = f"sockets-{uuid.uuid4().hex[:8]}"
    engine.deploy(f"{name}-echo", ECHO)
    binding = {"type": "service", "name": "TARGET", "service": f"{name}-echo"}
    engine.deploy(name, ASKS, bindings=[binding])
    with ThreadPoolExecutor(8) as pool:
        found = Counter(pool.map(lambda _: engine.get(name).text, range(300)))
    assert found == {"echo hi": 300}
