"""`svc-tui account`, and verbs on another account: a second engine plays the remote."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from clikit import Cli
from enginekit import RunningEngine
from keyring.backend import KeyringBackend
from keyring.backends import fail


class Memory(KeyringBackend):
    """A keyring that works."""

    priority = 1

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty settings folder, on a machine without a keyring."""
    monkeypatch.setenv("SVC_TUI_CONFIG", str(tmp_path / "config"))
    kept = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield tmp_path / "config"
    keyring.set_keyring(kept)


def add(cli: Cli, remote: RunningEngine, *more: object, name: str = "away"):
    base = f"{remote.address}/client/v4/"
    return cli(
        "account",
        "add",
        name,
        "--account-id",
        remote.account,
        "--base-url",
        base,
        *more,
        stdin=remote.token + "\n",
    )


def test_a_token_is_kept_in_a_private_file_where_there_is_no_keyring(cli: Cli, remote, config: Path):
    done = add(cli, remote)
    assert done.code == 0, done.err
    assert "read-only" in done.out
    assert "in a file of yours" in done.out
    for file, mode in (("accounts.json", 0o600), ("tokens/away", 0o600), ("tokens", 0o700)):
        assert stat.S_IMODE((config / file).stat().st_mode) == mode
    assert remote.token not in (config / "accounts.json").read_text() + done.out + done.err
    found = cli("account", "check", "away", "--json").json
    assert (found["token_status"], found["write"], found["token"]) == ("active", False, "file")
    assert cli("account", "remove", "away").code == 0
    assert not (config / "tokens" / "away").exists()
    assert [each["name"] for each in cli("account", "list", "--json").json] == ["local"]


def test_a_token_is_kept_in_the_keyring_where_there_is_one(cli: Cli, remote, config: Path):
    memory = Memory()
    keyring.set_keyring(memory)
    assert "token in the keyring" in add(cli, remote).out
    assert memory.kept == {("svc-tui", "away"): remote.token}
    assert not (config / "tokens").exists()
    assert cli("account", "check", "away").code == 0
    cli("account", "remove", "away")
    assert memory.kept == {}


def test_a_wrong_token_and_a_lost_one_are_told(cli: Cli, remote, config: Path):
    add(cli, remote)
    (config / "tokens" / "away").write_text("wrong\n")
    done = cli("account", "check", "away")
    assert (done.code, "Authentication error" in done.err) == (1, True)
    (config / "tokens" / "away").unlink()
    done = cli("env", "list", "--account", "away")
    assert (done.code, "account add away" in done.err) == (1, True)


def test_verbs_work_on_the_account_in_use_and_a_read_only_one_is_left_alone(cli: Cli, remote, name: str):
    remote.deploy(name)
    add(cli, remote)
    assert name not in cli("env", "list").out
    assert name in cli("env", "list", "--account", "away").out
    assert cli("account", "use", "away").code == 0
    assert name in cli("env", "list").out
    done = cli("env", "create", name, "staging")
    assert (done.code, "away is read-only" in done.err) == (1, True)
    assert [each["environment"] for each in cli("env", "list", name, "--json").json] == ["production"]
    add(cli, remote, "--write")
    assert cli("env", "create", name, "staging").code == 0
    assert len(cli("env", "list", name, "--json").json) == 2
    cli("account", "remove", "away")
    assert cli("account", "list", "--json").json[0]["current"] is True


def test_an_engine_of_this_machine_is_added_by_its_state_folder(cli: Cli, remote, name: str):
    remote.deploy(name)
    done = cli("account", "add", "second", "--engine", remote.state, "--json")
    assert (done.json["write"], done.json["token"]) == (True, None)
    assert name in cli("env", "list", "--account", "second").out
    assert cli("account", "check", "second").code == 0
    cli("account", "add", "second", "--engine", remote.state, "--read-only")
    assert cli("env", "create", name, "x", "--account", "second").code == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["add", "local", "--account-id", "0" * 32], "taken"),
        (["add", "a/b", "--account-id", "0" * 32], "cannot be"),
        (["add", "x", "--account-id", "7"], "32 hex"),
        (["add", "x", "--account-id", "0" * 32, "--base-url", "http://example.com"], "https"),
        (["add", "x", "--account-id", "0" * 32], "no API token"),
        (["add", "x"], "--account-id"),
        (["use", "nobody"], "no account nobody"),
        (["remove", "local"], "stays"),
    ],
)
def test_what_cannot_be_an_account_is_refused(cli: Cli, config: Path, arguments: list[str], word: str):
    done = cli("account", *arguments)
    assert done.code in {1, 2}
    assert word in done.err
    assert not (config / "accounts.json").exists()


def test_a_broken_list_is_told_not_overwritten(cli: Cli, config: Path):
    config.mkdir()
    (config / "accounts.json").write_text(json.dumps({"accounts": {"x": {}}}))
    done = cli("account", "add", "y", "--account-id", "0" * 32, stdin="token\n")
    assert (done.code, "accounts.json" in done.err) == (1, True)
