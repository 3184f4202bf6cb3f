"""What Durable Objects have under way beyond an answer: timers and calls live as long as the object."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from durablekit import Engine, engine
from hibernationkit import until

LIVELY = """
export class Thing extends DurableObject {
  ticks = 0;
  get other() { return this.env.DO.getByName("other"); }
  later() {
    setTimeout(async () => {
      await this.other.note("a");
      await this.other.note("b");
      this.ctx.storage.put("later", (await this.other.notes()).length);
    }, 10);
    return "answered";
  }
  adrift() {
    this.other.note("c").then(() => this.other.note("d")).then(() => this.ctx.storage.put("later", 2));
    return "answered";
  }
  beat() { this.timer = setInterval(() => { this.ticks++; }, 5); return "answered"; }
  still() { clearInterval(this.timer); return "answered"; }
  end() {
    setInterval(() => { this.other.note("never"); }, 5);
    this.ctx.abort("enough");
  }
  async join() {
    const { webSocket } = await this.other.fetch("http://x/", { headers: { Upgrade: "websocket" } });
    webSocket.accept();
    webSocket.addEventListener("message", async ({ data }) => { await this.other.note(data); });
    return "answered";
  }
  fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }
  say() { for (const socket of this.ctx.getWebSockets()) socket.send("heard"); }
  sockets() { return this.ctx.getWebSockets().length; }
  count() { return this.ticks; }
  async note(word) { await this.ctx.storage.put(word, 1); }
  async notes() { return [...(await this.ctx.storage.list()).keys()]; }
  async done() { return (await this.ctx.storage.get("later")) ?? 0; }
}
"""
ASK = """
const [, name, method] = new URL(request.url).pathname.split("/");
return failure(() => DO.getByName(name)[method]());
"""


@pytest.fixture
async def made(tmp_path: Path):
    async with engine(tmp_path) as opened:
        await opened.deploy(LIVELY, ASK)
        yield opened


async def ask(made: Engine, what: str) -> object:
    """What a method gave; a failure is its name and message."""
    first, second = await made.ask(f"/{what}")
    return second if first == "no error" else [first, second]


@pytest.mark.parametrize("how", ["later", "adrift"])
async def test_what_nobody_waits_for_goes_on(made: Engine, how: str):
    assert await ask(made, f"x/{how}") == "answered"

    async def done() -> bool:
        return await ask(made, "x/done") == 2

    await until(done)
    assert await ask(made, "other/notes") == (["a", "b"] if how == "later" else ["c", "d"])


async def test_an_interval_keeps_its_object_for_some_time_only(made: Engine):
    assert await ask(made, "x/beat") == "answered"
    made.house.idle = 0.01

    async def beats() -> bool:
        return len(made.house.living) == 1 and await ask(made, "x/count") > 20

    await until(beats)
    made.house.longest = 0.0  # the object is idle then, whatever its timers do
    await until(lambda: not made.house.living)
    await until(lambda: made.house._worker.result().channels[0].idle)
    made.house.idle = 10.0
    assert await ask(made, "x/count") == 0


async def test_a_socket_to_elsewhere_goes_on(made: Engine):
    assert await ask(made, "other/sockets") == 0
    made.house.idle = 0.01
    assert await ask(made, "x/join") == "answered"
    await asyncio.sleep(0.1)
    await ask(made, "other/say")

    async def heard() -> bool:
        return await ask(made, "other/notes") == ["heard"]

    await until(heard)
    assert await ask(made, "other/sockets") == 1
    made.house.longest = 0.0

    async def ended() -> bool:
        return await ask(made, "other/sockets") == 0

    await until(ended)  # with the instance that had it


async def test_an_interval_that_is_cleared_keeps_nothing(made: Engine):
    assert await ask(made, "x/beat") == "answered"
    made.house.idle = 0.01
    assert await ask(made, "x/still") == "answered"
    await until(lambda: not made.house.living)


async def test_timers_end_with_an_instance_that_fails(made: Engine):
    assert await ask(made, "x/end") == ["Error", "enough"]
    assert await ask(made, "x/count") == 0
    await asyncio.sleep(0.1)
    assert await ask(made, "other/notes") == []


async def test_new_code_does_not_wait_for_timers(made: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.durable.house.GRACE", 3600.0)
    assert await ask(made, "x/beat") == "answered"
    await made.deploy(LIVELY.replace("return this.ticks", "return -1"), ASK)
    assert await asyncio.wait_for(ask(made, "x/count"), 30) == -1
