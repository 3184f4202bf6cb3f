"""Promotion: what moves, what stays, what stops it; stale plans; the diff beside it; uses in code."""

from __future__ import annotations

from pathlib import Path

import pytest
from storekit import ANA, BOB, deployed, esm, kv_binding, opened, secret, service_binding, text

from engine import environments, namespaces
from engine.diff import diff
from engine.diff import lines as compare
from engine.errors import ApiError
from engine.model import Module, Settings
from engine.promote import plan, promote
from engine.store import Store
from engine.store import environments as rows
from engine.usage import uses

OLD = "export default {\n  fetch(request, env) {\n    return env.NOTES.get('a')\n  }\n}\n"
NEW = (
    "export default {\n  async fetch(request, env) {\n    const note = await env.NOTES.get('a')\n"
    "    await env.MAIL.fetch(request)\n    return new Response(note)\n  }\n}\n"
)


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


@pytest.fixture
async def notes(store: Store) -> dict[str, str]:
    """notes: production with OLD; staging with NEW, own KV and variable, and MAIL that production lacks."""
    ids = {
        name: (await namespaces.create(store, f"notes-{name}", ANA)).id for name in ("production", "staging")
    }
    await deployed(store, "mail")
    for place, code, limit, more in (
        ("production", OLD, "500", ()),
        ("staging", NEW, "50", (service_binding("MAIL", "mail"), text("UNUSED", "x"))),
    ):
        await deployed(
            store,
            f"notes/{place}",
            code,
            (
                kv_binding("NOTES", ids[place]),
                text("MAX_NOTES", limit),
                text("SAME", "s"),
                secret("TOKEN", place),
                *more,
            ),
            settings=Settings("2026-01-01" if place == "production" else "2026-06-01", limits={"cpu_ms": 5}),
        )
    return ids


async def live(store: Store, environment: str):
    return (await store.read(lambda connection: rows.live(connection, "notes", environment))).version


async def refused(code: int, waiting) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await waiting
    assert caught.value.code == code
    return caught.value


async def test_the_plan_tells_what_moves_what_stays_and_what_stops_it(store: Store, notes) -> None:
    made = (await plan(store, "notes", "staging", "production")).to_json()
    found = {row["key"]: (row["kind"], row["source"], row["target"], row["after"]) for row in made["rows"]}
    assert found == {
        "code": ("code", "v2", "v1", "moves"),
        "compatibility_date": ("setting", "2026-06-01", "2026-01-01", "moves"),
        "limits": ("setting", "cpu_ms 5", "cpu_ms 5", "same"),
        "binding:NOTES": ("KV", "notes-staging", "notes-production", "stays"),
        "binding:MAX_NOTES": ("text", "50", "500", "stays"),
        "binding:SAME": ("text", "s", "s", "same"),
        "binding:TOKEN": ("secret", "set", "set", "stays"),
        "binding:MAIL": ("service", "mail", None, "stops"),
        "binding:UNUSED": ("text", "x", None, "stays"),
    }
    rows = {row["key"]: row for row in made["rows"]}
    assert rows["binding:MAIL"]["location"] == "worker.js:4"
    assert rows["binding:NOTES"]["location"] == "worker.js:3"
    assert made["blocked"] == [{"key": "binding:MAIL", "reason": "production has no MAIL"}]
    assert [key for key in rows if rows[key]["movable"]] == [
        "binding:NOTES",
        "binding:MAX_NOTES",
        "binding:TOKEN",
        "binding:MAIL",
        "binding:UNUSED",
    ]
    assert made["confirm"] == "production"
    assert made["to"]["hostnames"] == ["notes.dev.localhost"]
    assert (made["from"]["number"], made["to"]["number"], made["to"]["production"]) == (2, 1, True)
    assert (made["code"]["added"], made["code"]["removed"]) == (4, 2)
    assert made["code"]["modules"][0]["status"] == "changed"


async def test_a_blocked_promotion_changes_nothing(store: Store, notes) -> None:
    before = await store.last_change()
    error = await refused(10410, promote(store, "notes", "staging", "production", ANA))
    assert "production has no MAIL, which worker.js:4 uses" in error.message
    assert await store.last_change() == before


async def test_code_moves_and_the_target_keeps_its_own(store: Store, notes) -> None:
    looked_at = await plan(store, "notes", "staging", "production", ["binding:MAIL"])
    assert looked_at.blocked == ()
    before = await live(store, "production")
    made = await promote(
        store, "notes", "staging", "production", BOB, move=["binding:MAIL"], plan_id=looked_at.id
    )
    after = await live(store, "production")
    assert after == made.version
    assert after.etag == (await live(store, "staging")).etag
    for name in ("NOTES", "MAX_NOTES", "SAME", "TOKEN"):
        assert after.binding(name) == before.binding(name)
    assert after.binding("MAIL").settings == {"service": "mail"}
    assert after.binding("UNUSED") is None
    assert after.settings.compatibility_date == "2026-06-01"
    assert (after.number, after.triggered_by, after.author) == (3, "promotion", "bob")
    assert after.message == "Promoted from staging v2"
    assert made.deployment.versions == ((after.id, 100),)


async def test_picked_rows_move(store: Store, notes) -> None:
    picked = ["binding:MAIL", "binding:NOTES", "binding:TOKEN", "binding:MAX_NOTES"]
    made = await promote(store, "notes", "staging", "production", ANA, move=picked)
    source = await live(store, "staging")
    for key in picked:
        name = key.removeprefix("binding:")
        assert made.version.binding(name) == source.binding(name)
    assert made.version.binding("NOTES").settings == {"namespace_id": notes["staging"]}


async def test_a_stale_plan_is_refused(store: Store, notes) -> None:
    move = ["binding:MAIL"]
    looked_at = await plan(store, "notes", "staging", "production", move)
    assert (await plan(store, "notes", "staging", "production", move)).id == looked_at.id
    await refused(10409, promote(store, "notes", "staging", "production", ANA, plan_id=looked_at.id))
    await deployed(store, "notes/staging", NEW + "// more\n", (service_binding("MAIL", "mail"),))
    error = await refused(
        10409, promote(store, "notes", "staging", "production", ANA, move=move, plan_id=looked_at.id)
    )
    assert error.status == 409
    again = await plan(store, "notes", "staging", "production", move)
    await deployed(store, "notes", OLD + "// more\n")
    await refused(10409, promote(store, "notes", "staging", "production", ANA, move=move, plan_id=again.id))


async def test_a_deploy_between_plan_and_promotion_is_noticed(
    store: Store, notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    import engine.promote as module

    async def slow(*arguments):
        made = await plan(*arguments)
        await deployed(store, "notes", "meanwhile")
        return made

    monkeypatch.setattr(module, "plan", slow)
    await refused(10409, promote(store, "notes", "staging", "production", ANA, move=["binding:MAIL"]))


async def test_a_picked_namespace_that_is_gone(store: Store, notes) -> None:
    await namespaces.delete(store, notes["staging"], ANA)
    move = ["binding:MAIL", "binding:NOTES"]
    assert "(gone)" in next(
        row.source
        for row in (await plan(store, "notes", "staging", "production", move)).rows
        if row.key == "binding:NOTES"
    )
    await refused(10041, promote(store, "notes", "staging", "production", ANA, move=move))


@pytest.mark.parametrize("key", ["binding:NO", "nonsense", "placement"])
async def test_rows_that_cannot_move(store: Store, notes, key: str) -> None:
    await refused(10026, plan(store, "notes", "staging", "production", [key]))


async def test_picking_what_is_the_same_changes_nothing(store: Store, notes) -> None:
    move = ["binding:MAIL", "binding:SAME", "code"]
    made = await plan(store, "notes", "staging", "production", move)
    assert {row.key: row.after for row in made.rows}["binding:SAME"] == "same"
    await promote(store, "notes", "staging", "production", ANA, move=move, plan_id=made.id)


async def test_ends_that_cannot_be(store: Store, notes) -> None:
    await refused(10026, plan(store, "notes", "staging", "staging"))
    await refused(10092, plan(store, "notes", "staging", "no"))
    await refused(10092, plan(store, "notes", "no", "production"))
    await refused(10007, plan(store, "no", "staging", "production"))


async def test_the_same_code_is_said_to_be_the_same(store: Store, notes) -> None:
    await environments.create(store, "notes", "a", ANA)
    await environments.create(store, "notes", "b", ANA)
    made = await plan(store, "notes", "a", "b")
    assert [(row.key, row.after) for row in made.rows] == [("code", "same"), ("compatibility_date", "same")]
    assert made.to_json()["confirm"] is None
    assert (await promote(store, "notes", "a", "b", ANA)).version.number == 5


async def test_the_diff_of_two_environments(store: Store, notes) -> None:
    made = (await diff(store, "notes", "production", "staging")).to_json()
    assert {row["key"]: (row["from"], row["to"]) for row in made["settings"]} == {
        "compatibility_date": ("2026-01-01", "2026-06-01"),
        "binding:NOTES": ("notes-production", "notes-staging"),
        "binding:MAX_NOTES": ("500", "50"),
        "binding:TOKEN": ("set", "set anew"),
        "binding:MAIL": (None, "mail"),
        "binding:UNUSED": (None, "x"),
    }
    assert (made["from"]["number"], made["to"]["environment"]) == (1, "staging")
    (module,) = made["modules"]
    assert module["hunks"][0]["header"] == "@@ -1,5 +1,7 @@"
    first = module["hunks"][0]["lines"][:3]
    assert first == [
        {"op": " ", "old": 1, "new": 1, "text": "export default {"},
        {"op": "-", "old": 2, "new": None, "text": "  fetch(request, env) {"},
        {"op": "-", "old": 3, "new": None, "text": "    return env.NOTES.get('a')"},
    ]


async def test_the_diff_of_two_versions(store: Store) -> None:
    first = await deployed(store, "notes", "a\n")
    await deployed(store, "notes", "b\n")
    made = (await diff(store, "notes", first.version.id, "production")).to_json()
    assert (made["added"], made["removed"], made["from"]["number"]) == (1, 1, 1)
    same = (await diff(store, "notes", first.version.id, first.version.id)).to_json()
    assert (same["modules"][0]["status"], same["added"], same["settings"]) == ("same", 0, [])
    await refused(10071, diff(store, "notes", "no", "production"))


@pytest.mark.parametrize(
    ("old", "new", "counts", "headers"),
    [
        ("", "a\n", (1, 0), ["@@ -0,0 +1 @@"]),
        ("a\n", "", (0, 1), ["@@ -1 +0,0 @@"]),
        ("a\nb\n", "a\nb\n", (0, 0), []),
        (
            "".join(f"{n}\n" for n in range(40)),
            "".join(f"{n}\n" for n in range(1, 39)),
            (0, 2),
            ["@@ -1,4 +1,3 @@", "@@ -37,4 +36,3 @@"],
        ),
    ],
)
def test_hunks(old: str, new: str, counts: tuple[int, int], headers: list[str]) -> None:
    added, removed, hunks = compare(old, new)
    assert (added, removed) == counts
    assert [hunk.header for hunk in hunks] == headers


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("export default { fetch(r, env) { return env.NOTES.get('a') } }", True),
        ("x(env?.NOTES)", True),
        ("x(env['NOTES'])", True),
        ("x(this.env.NOTES)", True),
        ("const { A, NOTES: kv } = env", True),
        ("const { NOTES } = this.env;", True),
        ("const { notes } = env.other; ", False),
        ("x(`${env.NOTES}`)", True),
        ("function list({ NOTES }) { }", True),
        ("// env.NOTES\n/* env.NOTES */", False),
        ("const s = 'env.NOTES is missing'", False),
        ("env.NOTES2; env.MY_NOTES; x.NOTES", False),
        ("env.notes", False),
    ],
)
def test_uses_of_a_name(code: str, found: bool) -> None:
    assert ("NOTES" in uses([esm(code)], {"NOTES"}, "worker.js")) is found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("env.notes.get()", True),
        ("export default { async fetch(request, bindings, ctx) {\n return bindings.notes } }", True),
        ("export default { fetch: async (request, { notes }) => notes }", True),
        ("const e = env;\ne.notes", True),
        ("list.notes.length; const notes = 5", False),
        ("const { notes } = body", False),
    ],
)
def test_uses_of_a_name_in_small_letters(code: str, found: bool) -> None:
    assert ("notes" in uses([esm(code)], {"notes"}, "worker.js")) is found


def test_uses_name_the_main_module_first_and_the_line() -> None:
    files = [esm("\n\nenv.A; env.B", "a.js"), esm("\nenv.B", "main.js"), Module("t.txt", "text", b"env.C")]
    assert uses(files, {"A", "B", "C"}, "main.js") == {"A": "a.js:3", "B": "main.js:2"}
    script = Module("s.js", "script", b"addEventListener('fetch', e => notes.get(1))")
    assert uses([script], {"notes"}, "s.js") == {"notes": "s.js:1"}
