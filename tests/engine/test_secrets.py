"""Secrets: encrypted on disk, silent everywhere, versions of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from storekit import ANA, deployed, opened, secret, text, upload

from engine.deploy import deploy, upload_version
from engine.diff import diff
from engine.errors import ApiError, StoreError
from engine.model import Secret
from engine.settings import change, put_secrets, put_version_secrets
from engine.store import Store

CLEAR = "correct horse battery staple"


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        yield made


def revealed(store: Store, version, name: str) -> str:
    return store.secrets.reveal(version.binding(name).settings["text"])


async def test_the_clear_text_is_in_no_file(store: Store) -> None:
    made = await deployed(store, "notes", bindings=(secret("TOKEN", CLEAR),))
    await put_secrets(store, "notes", "production", {"OTHER": CLEAR + "2"}, ANA)
    folder = store.folder
    assert revealed(store, made.version, "TOKEN") == CLEAR
    store.close()
    for path in folder.iterdir():
        assert CLEAR.encode() not in path.read_bytes(), path


async def test_a_secret_never_shows_itself(store: Store) -> None:
    sent = upload(bindings=(secret("TOKEN", CLEAR),))
    made = await deploy(store, "notes", "production", sent, ANA)
    value = made.version.binding("TOKEN").settings["text"]
    shown = [repr(made), str(made), f"{value} {value!s} {value!r}", repr(sent), f"{sent}"]
    shown.append(json.dumps([binding.redacted() for binding in made.version.bindings]))
    shown.append(json.dumps((await diff(store, "notes", "production", "production")).to_json()))
    shown += [json.dumps(change.to_json()) for change in await store.changes_since(0)]
    for each in shown:
        assert CLEAR not in each
        assert value.ciphertext.decode() not in each
    assert made.version.binding("TOKEN").redacted() == {"name": "TOKEN", "type": "secret_text"}
    with pytest.raises(TypeError):
        json.dumps(value)


async def test_putting_a_secret_makes_a_version_and_deploys_it(store: Store) -> None:
    first = await deployed(store, "notes", bindings=(text("LEVEL", "1"), secret("TOKEN", "a")))
    made = await put_secrets(store, "notes", "production", {"TOKEN": "b", "NEW": "c"}, ANA)
    assert made.version.number == first.version.number + 1
    assert made.deployment.versions == ((made.version.id, 100),)
    assert (made.version.triggered_by, made.version.etag) == ("secret", first.version.etag)
    assert revealed(store, made.version, "TOKEN") == "b"
    assert revealed(store, first.version, "TOKEN") == "a"
    gone = await put_secrets(store, "notes", "production", {"TOKEN": None}, ANA)
    assert {binding.name for binding in gone.version.bindings} == {"LEVEL", "NEW"}


@pytest.mark.parametrize(
    ("secrets", "code"),
    [
        ({"MISSING": None}, 10056),
        ({"LEVEL": "x"}, 10053),
        ({"": "x"}, 10052),
        ({"BIG": "x" * 5121}, 10054),
        ({f"S{number}": "x" for number in range(128)}, 10055),
    ],
)
async def test_refusals(store: Store, secrets: dict[str, str | None], code: int) -> None:
    await deployed(store, "notes", bindings=(text("LEVEL", "1"),))
    with pytest.raises(ApiError) as caught:
        await put_secrets(store, "notes", "production", secrets, ANA)
    assert caught.value.code == code


async def test_a_latest_version_that_is_not_deployed_stops_a_direct_change(store: Store) -> None:
    await deployed(store, "notes")
    await upload_version(store, "notes", "production", upload("export default 2"), ANA)
    with pytest.raises(ApiError) as caught:
        await put_secrets(store, "notes", "production", {"TOKEN": "a"}, ANA)
    assert caught.value.code == 10215
    version = await put_version_secrets(store, "notes", "production", {"TOKEN": "a"}, ANA, tag="t")
    assert (version.number, version.tag, revealed(store, version, "TOKEN")) == (3, "t", "a")


async def test_settings_keep_secrets_and_what_is_named_without_a_value(store: Store) -> None:
    await deployed(store, "notes", bindings=(text("A", "1"), text("B", "2"), secret("TOKEN", "s")))
    made = await change(
        store,
        "notes",
        "production",
        {
            "bindings": [
                {"type": "plain_text", "name": "A"},
                text("C", "3"),
                {"type": "secret_text", "name": "TOKEN"},
            ],
            "compatibility_date": "2026-01-01",
            "limits": {"cpu_ms": 50},
            "observability": {"enabled": True},
        },
        ANA,
    )
    assert [binding.name for binding in made.version.bindings] == ["A", "C", "TOKEN"]
    assert made.version.binding("A").settings == {"text": "1"}
    assert revealed(store, made.version, "TOKEN") == "s"
    assert made.version.settings.compatibility_date == "2026-01-01"
    assert made.environment.script_settings == {"observability": {"enabled": True}}
    again = await change(store, "notes", "production", {"limits": {}}, ANA)
    assert again.version.bindings == made.version.bindings
    assert again.version.settings.limits == {}


def test_a_lost_key_file_is_named(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    kept = (tmp_path / "secret.key").read_bytes()
    (tmp_path / "secret.key").unlink()
    with pytest.raises(StoreError, match=r"secret\.key is missing: put it back"):
        Store.open(tmp_path)
    (tmp_path / "secret.key").write_bytes(Fernet.generate_key())
    with pytest.raises(StoreError, match=r"secret\.key does not fit the database"):
        Store.open(tmp_path)
    (tmp_path / "secret.key").write_bytes(b"rubbish")
    with pytest.raises(StoreError, match=r"secret\.key does not hold a key"):
        Store.open(tmp_path)
    (tmp_path / "secret.key").write_bytes(Fernet.generate_key() + b"\n" + kept)
    with opened(tmp_path):
        pass  # a new first key, the old one behind it


def test_secrets_are_compared_by_their_text(store: Store) -> None:
    first, second = store.secrets.conceal("a"), store.secrets.conceal("a")
    assert first != second
    assert store.secrets.same(first, second)
    assert not store.secrets.same(first, store.secrets.conceal("b"))
    assert Secret(b"x") == Secret(b"x")
