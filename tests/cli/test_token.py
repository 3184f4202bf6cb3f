"""`svc-tui token`: made, used, rolled and revoked from the command line."""

from __future__ import annotations

from clikit import Cli, Done
from enginekit import RunningEngine


def asked(engine: RunningEngine, token: str, path: str) -> int:
    """The status of a GET with a token."""
    return engine.api.get(path, headers={"authorization": f"Bearer {token}"}).status_code


def test_token_by_hand(engine: RunningEngine, cli: Cli, name: str):
    assert cli("env", "create", name, "staging").code == 0
    arguments = ("--service", name, "--env", "staging", "--write", "--expires", "30d")
    made: Done = cli("token", "create", f"ci-{name}", *arguments)
    assert (made.code, made.err.startswith(f"ci-{name}: write on {name} › staging, until ")) == (0, True)
    token = made.out.strip()
    staging = f"/workers/services/{name}/environments/staging"
    assert asked(engine, token, staging) == 200
    assert asked(engine, token, staging.replace("staging", "production")) == 403

    listed = cli("token", "list")
    row = next(line for line in listed.out.splitlines() if line.startswith(f"ci-{name}"))
    assert row.split()[1:2] == ["active"]
    assert row.endswith(f"write on {name} › staging")
    assert token not in listed.out

    rolled = cli("token", "roll", f"ci-{name}").out.strip()
    assert [asked(engine, each, staging) for each in (token, rolled)] == [403, 200]
    assert cli("token", "revoke", f"ci-{name}", stdin="n\n").code == 4
    assert asked(engine, rolled, staging) == 200
    assert cli("token", "revoke", f"ci-{name}", "--yes").out == f"revoked ci-{name}\n"
    assert asked(engine, rolled, staging) == 403
    assert cli("token", "roll", f"ci-{name}").err == (
        f"svc-tui: there is no token ci-{name}; see svc-tui token list\n"
    )


def test_json_and_several_places(cli: Cli, name: str):
    made = cli("token", "create", name, "--service", "a", "--service", "b-*", "--read", "--approve", "--json")
    grants = [(each["service"], each["permission"]) for each in made.json["grants"]]
    assert grants == [("a", "read"), ("a", "approve"), ("b-*", "read"), ("b-*", "approve")]
    assert made.json["value"].startswith("svc_")
    assert cli("token", "revoke", name, "--yes", "--json").json == {"name": name, "revoked": True}


def test_tokens_that_cannot_be(cli: Cli, name: str):
    for arguments, words in (
        ((), "say what"),
        (("--env", "x", "--read"), "--env needs --service"),
        (("--service", "x", "--admin"), "whole account"),
        (("--read", "--expires", "soon"), "'soon' is no time"),
    ):
        done = cli("token", "create", name, *arguments)
        assert (done.code, done.out) == (2, "")
        assert words in done.err
        assert done.err.count("\n") == 1
    done = cli("token", "create", name, "--read", "--service", "No Service")
    assert (done.code, done.err) == (1, "svc-tui: 'No Service' names no service or environment.\n")
