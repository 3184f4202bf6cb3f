"""Durable Objects: ids, stubs, one instance an id, gates, life and end, deployments."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from durablekit import BINDING, Engine, engine
from hibernationkit import until
from storekit import ANA, deployed, upload
from workerkit import request

from engine.bindings.overlay import Overlay
from engine.clone import clone
from engine.deploy import deploy
from engine.durable.storage import Storage
from engine.durable.worker import ObjectWorker
from engine.errors import ApiError
from engine.gateway.environments import Environments
from engine.promote import promote
from engine.runtime.errors import WorkerError
from engine.runtime.http import read
from engine.runtime.invocation import Invocation
from engine.runtime.limits import Limits
from engine.services import delete
from engine.store import durable, environments
from engine.wrangler.config import load

COUNTER = """
export class Thing extends DurableObject {
  made = crypto.randomUUID();
  instance() { return this.made; }
  async bump() {
    const value = (await this.ctx.storage.get("n")) ?? 0;
    await null; await null;
    await this.ctx.storage.put("n", value + 1);
    return value + 1;
  }
  async fetch(request) {
    const { pathname } = new URL(request.url);
    return new Response([request.method, pathname, this.ctx.id.name, await this.bump()].join());
  }
  who() { return [this.ctx.id.toString(), this.ctx.id.name]; }
  fail() { throw new RangeError("no"); }
}
"""


@pytest.fixture
async def made(tmp_path: Path):
    async with engine(tmp_path) as opened:
        yield opened


async def test_ids(made: Engine):
    found = await made.run(
        COUNTER,
        "const a = DO.idFromName('a'), b = DO.idFromName('b'), u = DO.newUniqueId();"
        " return [a.toString() === DO.idFromName('a').toString(), a.equals(b), a.equals(DO.idFromName('a')),"
        " a.name, u.name === undefined, /^[0-9a-f]{64}$/.test(u.toString()),"
        " DO.idFromString(a.toString()).equals(a), await failure(() => DO.idFromString('xyz')),"
        " await failure(() => DO.idFromString('0'.repeat(64))), await failure(() => DO.get('a')),"
        " DO.get(a).id.equals(a), DO.getByName('a').name, (await DO.get(a)) !== undefined];",
    )
    assert found[:7] == [True, False, True, "a", True, True, True]
    assert found[7] == ["TypeError", "Invalid Durable Object ID: must be 64 hex digits"]
    assert found[8] == ["TypeError", "Durable Object ID is not valid for this namespace."]
    assert found[9][0] == "TypeError"
    assert found[10:] == [True, "a", True]


async def test_jurisdictions(made: Engine):
    found = await made.run(
        "export class Thing extends DurableObject {"
        " who() { return [this.ctx.id.name, this.ctx.id.jurisdiction ?? null]; } }",
        "const eu = DO.jurisdiction('eu'), us = DO.jurisdiction('fedramp');"
        " const plain = DO.idFromName('a'), named = eu.idFromName('a'), unique = eu.newUniqueId();"
        " const also = DO.newUniqueId({ jurisdiction: 'eu' });"
        " return [plain.equals(named), named.equals(us.idFromName('a')), named.equals(eu.idFromName('a')),"
        " [plain, named, unique, also].map((id) => id.jurisdiction ?? null),"
        " DO.idFromString(unique.toString()).jurisdiction, eu.idFromString(also.toString()).equals(also),"
        " await eu.getByName('a').who(), await DO.get(also).who(), await DO.getByName('a').who(),"
        " await failure(() => us.get(named)), await failure(() => eu.idFromString(plain.toString())),"
        " await failure(() => DO.jurisdiction('moon')), eu.jurisdiction().idFromName('a').equals(plain)];",
    )
    text = "called on jurisdictional subnamespace with an ID from a different jurisdiction"
    assert found == [
        False,
        False,
        True,
        [None, "eu", "eu", "eu"],
        "eu",
        True,
        ["a", "eu"],
        [None, "eu"],
        ["a", None],
        ["TypeError", f"get {text}"],
        ["TypeError", f"idFromString {text}"],
        ["Error", 'There is no jurisdiction "moon": it is one of eu, fedramp and fedramp-high.'],
        True,
    ]


async def test_fetch_and_methods_reach_one_instance(made: Engine):
    found = await made.run(
        COUNTER,
        "const s = DO.getByName('x'), t = DO.get(DO.idFromName('x'));"
        " const r = await s.fetch('http://do/path', { method: 'POST' });"
        " return [await r.text(), await t.bump(), (await s.instance()) === (await t.instance()),"
        " (await DO.getByName('y').instance()) === (await s.instance()), await failure(() => s.fail()),"
        " await failure(() => s.ctx), (await s.who())[1]];",
    )
    assert found[:4] == ["POST,/path,x,1", 2, True, False]
    assert found[4] == ["RangeError", "no"]
    assert found[5][0] == "TypeError"
    assert found[6] == "x"


RACE = (
    "const s = DO.getByName('r'); await Promise.all(Array.from({ length: 40 }, () => s.bump()));"
    " return s.bump();"
)


async def test_the_input_gate_keeps_events_apart(made: Engine):
    assert await made.run(COUNTER, RACE) == 41


async def test_without_the_input_gate_updates_are_lost(made: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ObjectWorker, "gated", False)
    assert await made.run(COUNTER, RACE) < 41


TELL = """
export class Thing extends DurableObject {
  async set(other) { this.ctx.storage.put("a", 1); if (other) await other("told"); return "done"; }
  get() { return 1; }
}
"""
TOLD = """
const s = DO.getByName("x");
const other = () => { console.log("told"); };
return new URL(request.url).pathname === "/get" ? s.get() : s.set(other);
"""


class Disk:
    """A disk that has nothing before it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = asyncio.Event()
        self.asked = asyncio.Event()

        async def sync(storage: Storage) -> None:
            self.asked.set()
            await self.free.wait()
            storage._synced = storage._committed
            storage._wake(storage._committed, None)
            storage._syncing = None

        monkeypatch.setattr(Storage, "_sync", sync)


async def begin(
    made: Engine, monkeypatch: pytest.MonkeyPatch
) -> tuple[Disk, list[str], asyncio.Task[object]]:
    """An object has written, what it said to others meanwhile, and its answer to come."""
    disk, told = Disk(monkeypatch), []
    await made.deploy(TELL, TOLD)
    assert await made.ask("/get") == 1
    invocation = Invocation("things", "production", on_console=lambda line: told.append(line.text))
    task = asyncio.ensure_future(made.ask(invocation=invocation))
    await asyncio.wait_for(disk.asked.wait(), 30)
    return disk, told, task


async def test_the_output_gate_holds_answers_and_calls_until_the_disk_has_them(
    made: Engine, monkeypatch: pytest.MonkeyPatch
):
    disk, told, task = await begin(made, monkeypatch)
    await asyncio.sleep(0.3)
    assert not told
    assert not task.done()
    disk.free.set()
    assert await asyncio.wait_for(task, 30) == "done"
    assert told == ["told"]
    disk.free.clear()
    assert await asyncio.wait_for(made.ask("/get"), 30) == 1  # who writes nothing waits for nothing


async def test_without_the_output_gate_they_are_not_held(made: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ObjectWorker, "gated", False)
    disk, told, task = await begin(made, monkeypatch)
    await until(lambda: bool(told))
    disk.free.set()
    assert await asyncio.wait_for(task, 30) == "done"


async def test_block_concurrency_while_keeps_events_out(made: Engine):
    found = await made.run(
        """
        export class Thing extends DurableObject {
          log = [];
          constructor(ctx, env) {
            super(ctx, env);
            ctx.blockConcurrencyWhile(async () => {
              await new Promise((r) => setTimeout(r, 50)); this.log.push("ready");
            });
          }
          note(x) { this.log.push(x); return this.log; }
        }
        """,
        "const s = DO.getByName('x');"
        " const all = await Promise.all([s.note(1), s.note(2), s.note(3)]); return all[2];",
    )
    assert found == ["ready", 1, 2, 3]


async def test_an_object_may_wait_for_another_event(made: Engine):
    found = await made.run(
        """
        export class Thing extends DurableObject {
          wait() { return new Promise((resolve) => { this.open = resolve; }); }
          let_go(x) { this.open(x); return true; }
        }
        """,
        "const s = DO.getByName('x'); const waiting = s.wait(); await new Promise((r) => setTimeout(r, 150));"
        " await s.let_go(5); return waiting;",
    )
    assert found == 5


async def test_abort_resets_the_object(made: Engine):
    found = await made.run(
        """
        export class Thing extends DurableObject {
          n = 0;
          count() { return ++this.n; }
          stop() { this.ctx.abort("enough"); }
        }
        """,
        "const s = DO.getByName('x'); await s.count(); const e = await failure(() => s.stop());"
        " return [e, await s.count()];",
    )
    assert found[0] == ["Error", "enough"]
    assert found[1] == 1


async def test_an_idle_object_leaves_memory_and_keeps_its_data(made: Engine):
    await made.deploy(COUNTER, "const s = DO.getByName('x'); return [await s.instance(), await s.bump()];")
    first = await made.ask()
    made.house.idle = 0.05
    second = await made.ask()
    assert second == [first[0], 2]
    for _ in range(100):
        await asyncio.sleep(0.05)
        if not made.house.living:
            break
    assert not made.house.living
    third = await made.ask()
    assert third[0] != first[0]
    assert third[1] == 3


async def test_objects_that_call_each_other_without_end_are_stopped(made: Engine):
    found = await made.run(
        """
        export class Thing extends DurableObject {
          deeper(n) { return this.env.DO.getByName(`${n}`).deeper(n + 1); }
        }
        """,
        "return failure(() => DO.getByName('x').deeper(0));",
    )
    assert found[0] == "Error"
    assert "limit exceeded" in found[1]


async def test_many_objects_keep_few_files_open(made: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.durable.house.FILES", 20)
    await made.deploy(
        COUNTER,
        "const at = +new URL(request.url).searchParams.get('at'); return (await Promise.all("
        "Array.from({ length: 25 }, (_, j) => DO.getByName(`o${at + j}`).bump()))).length;",
    )
    for at in range(0, 100, 25):
        assert await made.ask(f"/?at={at}") == 25
    await asyncio.sleep(0.2)
    assert len(made.house.living) >= 100
    assert sum(actor.storage.is_open for actor in made.house.living) <= 50


async def test_new_code_starts_the_objects_anew(made: Engine):
    await made.deploy(COUNTER, "return DO.getByName('x').bump();")
    assert await made.ask() == 1
    await made.deploy(COUNTER.replace("value + 1", "value + 10"), "return DO.getByName('x').bump();")
    assert await made.ask() == 11


async def test_data_survives_the_end_of_the_engine(tmp_path: Path):
    async with engine(tmp_path) as first:
        await first.deploy(COUNTER, "return DO.getByName('x').bump();")
        assert await first.ask() == 1
    async with engine(tmp_path) as second:
        assert await second.ask() == 2


async def refused(code: int, work: object) -> str:
    with pytest.raises(ApiError) as caught:
        await work  # type: ignore[misc]  # a coroutine
    assert caught.value.code == code
    return caught.value.message


async def test_migrations(made: Engine):
    store = made.store
    await refused(10061, deployed(store, "m", COUNTER, (BINDING,)))
    step = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Thing"]}]}
    await deployed(store, "m", COUNTER, (BINDING,), migrations=step)
    await deployed(store, "m", COUNTER, (BINDING,), migrations=step)  # the same tag again does nothing
    again = {"old_tag": "v1", "new_tag": "v2", "steps": [{"new_sqlite_classes": ["Thing"]}]}
    await refused(10074, deployed(store, "m", COUNTER, (BINDING,), migrations=again))
    await refused(10079, deployed(store, "m", COUNTER, (), migrations={**again, "old_tag": "v0"}))
    renamed = {"new_tag": "v3", "renamed_classes": [{"from": "Thing", "to": "Other"}]}
    other = ({**BINDING, "class_name": "Other"},)
    await deployed(store, "m", COUNTER, other, migrations=renamed)
    moved = {"new_tag": "t1", "transferred_classes": [{"from": "Other", "from_script": "m", "to": "Taken"}]}
    taken = ({**BINDING, "class_name": "Taken"},)
    await deployed(store, "n", COUNTER, taken, migrations=moved)
    spaces = await store.read(durable.listing)
    assert [(each.service, each.class_name) for each in spaces] == [("n", "Taken")]
    await deployed(store, "n", COUNTER, (), migrations={"new_tag": "t2", "deleted_classes": ["Taken"]})
    assert await store.read(durable.listing) == []


async def test_a_class_must_be_exported(made: Engine):
    async def nothing(draft: object) -> dict[str, object]:
        return {"handlers": ["fetch"], "named_handlers": []}

    step = {"new_tag": "v1", "new_sqlite_classes": ["Thing"]}
    await refused(
        10070,
        deploy(
            made.store, "m", "production", upload(COUNTER, (BINDING,), migrations=step), ANA, validate=nothing
        ),
    )


async def test_a_clone_has_objects_of_its_own_and_promotion_keeps_the_targets(made: Engine):
    await made.deploy(COUNTER, "return DO.getByName('x').bump();")
    assert await made.ask() == 1
    await clone(made.store, "things", "production", "staging", ANA)
    assert await made.ask(place="things/staging") == 1
    assert await made.ask(place="things/staging") == 2
    assert await made.ask() == 2
    await promote(made.store, "things", "staging", "production", ANA)
    assert await made.ask() == 3
    assert await made.ask(place="things/staging") == 3


async def test_deleting_the_service_deletes_the_files(made: Engine):
    await made.deploy(COUNTER, "return DO.getByName('x').bump();")
    await made.ask()
    (folder,) = list((made.folder / "do").iterdir())
    await delete(made.store, "things", ANA)
    for _ in range(100):
        if not folder.exists():
            break
        await asyncio.sleep(0.02)
    assert not folder.exists()


async def test_a_binding_to_another_scripts_class(made: Engine):
    await made.deploy(COUNTER, "return 0;")
    await made.deploy(
        "",
        "return DO.getByName('x').bump();",
        "user",
        migrations=None,
        bindings=({**BINDING, "script_name": "things"},),
    )
    assert await made.ask(place="user") == 1


async def test_a_sandboxed_draft_works_on_a_copy(made: Engine, tmp_path: Path):
    await made.deploy(COUNTER, "return DO.getByName('x').bump();")
    assert await made.ask() == 1
    drafts = Environments(made.store, made.runtime, made.compiler, Limits(), follows=False)
    overlay = Overlay()

    async def draft(mode: str = "sandbox") -> bytes:
        given = Invocation("things", "production", mode, overlay if mode == "sandbox" else None)  # type: ignore[arg-type]
        return await read((await drafts.fetch("things", "production", request(), given)).body)

    assert await draft() == b"2"
    assert await draft() == b"3"
    assert await made.ask() == 2
    assert [(each.binding, each.operation) for each in overlay.since()] == [("DO", "bump"), ("DO", "bump")]
    with pytest.raises(WorkerError, match="runs live"):
        await draft("live")
    overlay.drop()
    await asyncio.sleep(0.05)
    await drafts.objects.close()


async def test_exports_are_described(made: Engine):
    await made.deploy(COUNTER, "return 0;")
    place = await made.store.read(lambda connection: environments.live(connection, "things", "production"))
    assert place.version is not None
    await made.ask()
    slot = next(iter(made.environments._entries._slots.values()))
    found = await slot.worker.describe()
    assert {"name": "Thing", "handlers": ["fetch"]} in found["named_handlers"]


async def test_a_failing_start_resets_the_object(made: Engine):
    found = await made.run(
        """
        let tries = 0;
        export class Thing extends DurableObject {
          constructor(ctx, env) {
            super(ctx, env);
            ctx.blockConcurrencyWhile(async () => { if (tries++ === 0) throw new Error("bad start"); });
          }
          x() { return "x"; }
        }
        """,
        "const s = DO.getByName('x'); return [await failure(() => s.x()), await s.x()];",
    )
    assert found == [["Error", "bad start"], "x"]


def test_the_configuration_file_names_objects_and_migrations(tmp_path: Path):
    file = tmp_path / "wrangler.toml"
    file.write_text(
        'name = "x"\nmain = "x.js"\n[[durable_objects.bindings]]\nname = "C"\nclass_name = "Thing"\n'
        'script_name = "other"\n[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Thing"]\n'
        '[version_metadata]\nbinding = "V"\n'
    )
    found = load(file)
    assert found.bindings == (
        {"name": "C", "type": "durable_object_namespace", "class_name": "Thing", "script_name": "other"},
        {"name": "V", "type": "version_metadata"},
    )
    assert found.settings["migrations"] == [{"tag": "v1", "new_sqlite_classes": ["Thing"]}]
