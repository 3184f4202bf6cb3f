"""Deploying: retention of bindings, checks, versions without deployment, saving code with If-Match."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from storekit import (
    ANA,
    BOB,
    HELLO,
    deployed,
    esm,
    kv_binding,
    opened,
    secret,
    service_binding,
    text,
    upload,
)

from engine import namespaces, services
from engine.deploy import deploy, save_content, upload_version
from engine.errors import ApiError
from engine.model import Module, Settings
from engine.store import Store, deployments, environments, modules, versions
from engine.upload import MAX_RAW, Upload, check_code, parse_settings


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


async def live(store: Store, service: str = "notes", environment: str = "production"):
    return await store.read(lambda connection: environments.live(connection, service, environment))


async def refused(code: int, waiting) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await waiting
    assert caught.value.code == code
    return caught.value


def names(version) -> list[str]:
    return [binding.name for binding in version.bindings]


async def test_a_first_deploy_makes_service_and_environment(store: Store) -> None:
    made = await deploy(
        store,
        "notes",
        "staging",
        upload(message="first", tag="t1", settings=Settings("2026-01-01", ("x",))),
        BOB,
    )
    assert made.created
    version = made.version
    assert (version.number, version.author, version.source, version.message, version.tag) == (
        1,
        "bob",
        "wrangler",
        "first",
        "t1",
    )
    assert (await live(store, "notes", "staging")).version == version
    code = await store.read(lambda connection: modules.load(connection, version.modules))
    assert code == (esm(HELLO),)
    assert version.settings == Settings("2026-01-01", ("x",))
    again = await deployed(store, "notes/staging", "export default 2")
    assert not again.created
    assert again.version.number == 2
    history = await store.read(lambda connection: deployments.listing(connection, made.environment.id))
    assert [each.id for each in history] == [again.deployment.id, made.deployment.id]
    assert history[0].created_on > history[1].created_on


async def test_without_keep_secrets_stay_and_the_rest_is_replaced(store: Store) -> None:
    ns = (await namespaces.create(store, "n", ANA)).id
    first = await deployed(store, "notes", bindings=(text("A", "1"), secret("S", "s"), kv_binding("KV", ns)))
    second = await deployed(store, "notes", bindings=(text("B", "2"),))
    assert names(second.version) == ["B", "S"]
    assert second.version.binding("S") == first.version.binding("S")
    third = await deployed(store, "notes", bindings=(text("S", "no secret now"),))
    assert [(binding.name, binding.type) for binding in third.version.bindings] == [("S", "plain_text")]


async def test_keep_bindings_keeps_exactly_these_types(store: Store) -> None:
    everything = (text("A", "1"), {"type": "json", "name": "J", "json": [1]}, secret("S", "s"))
    await deployed(store, "notes", bindings=everything)
    kept = await deployed(store, "notes", keep_bindings=frozenset({"plain_text", "json"}))
    assert names(kept.version) == ["A", "J"]
    none = await deployed(store, "notes", keep_bindings=frozenset({"secret_key"}))
    assert names(none.version) == []


async def test_inherit(store: Store) -> None:
    ns = (await namespaces.create(store, "n", ANA)).id
    first = await deployed(store, "notes", bindings=(kv_binding("KV", ns), secret("S", "s")))
    await deployed(store, "notes", bindings=({"type": "inherit", "name": "KV"},), strict_inherit=True)
    renamed = await deployed(
        store,
        "notes",
        bindings=({"type": "inherit", "name": "NOTES", "old_name": "KV", "version_id": first.version.id},),
    )
    assert renamed.version.binding("NOTES").settings == {"namespace_id": ns}
    loose = await deployed(store, "notes", bindings=({"type": "inherit", "name": "NO"},))
    assert names(loose.version) == ["S"]
    await refused(
        10057,
        deployed(store, "notes", bindings=({"type": "inherit", "name": "NO"},), strict_inherit=True),
    )


@pytest.mark.parametrize(
    ("code", "binding"),
    [
        (10041, kv_binding("KV", "0" * 32)),
        (10042, kv_binding("KV", "zz")),
        (10052, {"type": "plain_text", "text": "x"}),
        (10054, text("A", "ä" * 2561)),
        (10021, {"type": "plain_text", "name": "A", "text": 5}),
        (10021, {"type": "no_such_kind", "name": "A", "index_name": "b"}),
        (10056, {"type": "secret_text", "name": "A"}),
        (10143, service_binding("S", "missing")),
        (10144, service_binding("S", "other", "missing")),
        (10145, service_binding("S", "other", entrypoint="Missing")),
        (10026, service_binding("S", "other", props="no")),
    ],
)
async def test_bindings_that_cannot_be(store: Store, code: int, binding: dict) -> None:
    await services.create(store, "other", ANA)
    await refused(code, deployed(store, "notes", bindings=(binding,)))
    await refused(10007, live(store))


async def test_duplicates_and_too_many(store: Store) -> None:
    await refused(10053, deployed(store, "notes", bindings=(text("A", "1"), text("A", "2"))))
    many = tuple(text(f"A{number}", "") for number in range(129))
    await refused(10055, deployed(store, "notes", bindings=many))
    await deployed(store, "notes", bindings=many[:128])


async def test_a_service_may_bind_to_itself(store: Store) -> None:
    made = await deployed(store, "notes", bindings=(service_binding("SELF", "notes"),))
    assert made.version.binding("SELF").settings == {"service": "notes"}


async def test_names_are_checked(store: Store) -> None:
    await refused(10016, deployed(store, "Notes"))
    await refused(10094, deployed(store, "notes/-x"))


@pytest.mark.parametrize(
    ("code", "main", "files", "words"),
    [
        (10021, "a.js", (), "No such module"),
        (10021, "a.js", (esm("", "b.js"),), 'No such module "a.js": the uploaded modules are b.js'),
        (10021, "a.js", (esm("", "a.js"), esm("", "a.js")), "two modules named a.js"),
        (10021, "a.txt", (Module("a.txt", "text", b""),), "is text, not JavaScript"),
        (10021, "a.js", (esm("", "a.js"), esm("", "")), "no name for a module"),
        (10021, "a.js", (Module("a.js", "python", b""),), "unknown type"),  # type: ignore[arg-type]
        (10027, "a.js", (esm("", "a.js"), Module("b", "data", bytes(MAX_RAW + 1))), "64.0 MiB"),
    ],
)
def test_code_that_cannot_be(code: int, main: str, files: tuple[Module, ...], words: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_code(main, files)
    assert caught.value.code == code
    assert words in caught.value.message


def test_size_is_judged_after_gzip_and_without_source_maps() -> None:
    eleven = 11 * 1024 * 1024
    check_code("a.js", (esm("", "a.js"), Module("b", "data", bytes(eleven))))
    check_code("a.js", (esm("", "a.js"), Module("a.js.map", "sourcemap", os.urandom(eleven))))
    with pytest.raises(ApiError, match="after gzip"):
        check_code("a.js", (esm("", "a.js"), Module("b", "data", os.urandom(eleven))))


async def test_the_validator_sees_the_whole_draft_and_can_refuse(store: Store) -> None:
    seen = []

    async def fine(draft):
        seen.append(draft)
        return {
            "handlers": ["fetch"],
            "named_handlers": [{"name": "Admin", "handlers": ["fetch"]}],
            "startup_time_ms": 3,
        }

    async def broken(draft):
        raise ApiError(10021, "SyntaxError: worker.js:1:8")

    async def nothing(draft):
        return {"handlers": [], "named_handlers": []}

    await deployed(store, "notes", bindings=(secret("S", "s"),))
    made = await deploy(store, "notes", "production", upload("x", (text("A", "1"),)), ANA, validate=fine)
    assert [binding.name for binding in seen[0].bindings] == ["A", "S"]
    assert (seen[0].service, seen[0].main_module, seen[0].modules) == ("notes", "worker.js", (esm("x"),))
    stored = await store.read(lambda connection: versions.by_id(connection, made.version.id))
    assert (stored.handlers, stored.named_handlers[0].name, stored.startup_time_ms) == (
        ("fetch",),
        "Admin",
        3,
    )
    before = await store.last_change()
    await refused(10021, deploy(store, "notes", "production", upload(), ANA, validate=broken))
    await refused(10068, deploy(store, "notes", "production", upload(), ANA, validate=nothing))
    assert await store.last_change() == before
    await deployed(store, "caller", bindings=(service_binding("ADMIN", "notes", entrypoint="Admin"),))
    await refused(10145, deployed(store, "caller", bindings=(service_binding("X", "notes", entrypoint="X"),)))


async def test_uploading_a_version_changes_nothing_that_answers(store: Store) -> None:
    await refused(10007, upload_version(store, "notes", "production", upload(), ANA))
    first = await deployed(store, "notes", bindings=(secret("S", "s"),))
    version = await upload_version(store, "notes", "production", upload("new", alias="beta"), BOB)
    assert (version.number, names(version), version.alias) == (2, ["S"], "beta")
    assert (await live(store)).version.id == first.version.id
    assert (await store.changes_since(0))[-1].kind == "version"
    script = Upload("a.js", (Module("a.js", "script", b""),))
    await refused(10216, upload_version(store, "notes", "production", script, ANA))
    await refused(
        10211, upload_version(store, "notes", "production", upload(migrations={"new_tag": "v1"}), ANA)
    )


async def test_saving_code_keeps_bindings_and_settings_of_what_is_live(store: Store) -> None:
    first = await deployed(
        store, "notes", bindings=(text("A", "1"), secret("S", "s")), settings=Settings("2026-01-01")
    )
    files = (esm("import './b.js'", "a.js"), esm("", "b.js"))
    made = await save_content(
        store, "notes", "production", "a.js", files, ANA, if_match=first.version.id, message="two files"
    )
    assert (made.version.bindings, made.version.settings) == (first.version.bindings, first.version.settings)
    assert (made.version.main_module, made.deployment.message) == ("a.js", "two files")


async def test_saving_over_somebody_elses_deploy_is_refused(store: Store) -> None:
    first = await deployed(store, "notes")
    other = await deploy(store, "notes", "production", upload("other"), BOB)
    error = await refused(
        10412,
        save_content(
            store, "notes", "production", "worker.js", (esm("mine"),), ANA, if_match=first.version.id
        ),
    )
    assert error.status == 412
    assert "bob deployed v2 to production at" in error.message
    assert "after v1" in error.message
    assert error.data["version_id"] == other.version.id
    await save_content(store, "notes", "production", "worker.js", (esm("mine"),), ANA)
    assert (await live(store)).version.number == 3


async def test_somebody_who_deploys_while_the_code_is_evaluated_is_noticed(store: Store) -> None:
    first = await deployed(store, "notes")

    async def slow(draft):
        await deployed(store, "notes", "meanwhile")
        return {"handlers": ["fetch"]}

    await refused(
        10412,
        save_content(
            store,
            "notes",
            "production",
            "worker.js",
            (esm("x"),),
            ANA,
            if_match=first.version.id,
            validate=slow,
        ),
    )
    assert (await live(store)).version.number == 2


def test_metadata() -> None:
    made = Upload.from_metadata(
        {
            "main_module": "worker.js",
            "bindings": [text("A", "1")],
            "compatibility_date": "2026-01-01",
            "compatibility_flags": ["a", "b", "a"],
            "keep_bindings": ["secret_text"],
            "limits": {"cpu_ms": 50},
            "annotations": {"workers/message": "m", "workers/tag": "t", "workers/alias": "al"},
            "observability": {"enabled": True},
            "tags": ["cf:service=x"],
        },
        [esm("")],
        strict_inherit=True,
    )
    assert made.settings == Settings("2026-01-01", ("a", "b"), {"cpu_ms": 50})
    assert (made.message, made.tag, made.alias, made.keep_bindings) == ("m", "t", "al", {"secret_text"})
    assert made.script_settings == {"observability": {"enabled": True}, "tags": ["cf:service=x"]}
    assert Upload.from_metadata({"body_part": "script"}, []).main_module == "script"


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({}, 10026),
        ({"main_module": "a", "bindings": "x"}, 10026),
        ({"main_module": "a", "keep_bindings": "x"}, 10026),
        ({"main_module": "a", "annotations": []}, 10026),
        ({"main_module": "a", "annotations": "x"}, 10026),
        ({"main_module": "a", "compatibility_flags": "x"}, 10026),
        ({"main_module": "a", "compatibility_date": "soon"}, 10021),
        ({"main_module": "a", "compatibility_date": "2026-02-30"}, 10021),
        ({"main_module": "a", "limits": {"cpu_ms": 0}}, 10021),
        ({"main_module": "a", "limits": {"cpu_ms": True}}, 10021),
    ],
)
def test_metadata_that_cannot_be(metadata: dict, code: int) -> None:
    if metadata.get("annotations") == []:
        Upload.from_metadata(metadata, [])  # empty, as some clients send it
        return
    with pytest.raises(ApiError) as caught:
        Upload.from_metadata(metadata, [])
    assert caught.value.code == code


def test_a_compatibility_date_in_the_future() -> None:
    today = datetime.now(UTC).date()
    parse_settings({"compatibility_date": str(today)})
    with pytest.raises(ApiError, match="in the future"):
        parse_settings({"compatibility_date": str(today + timedelta(days=3))})
