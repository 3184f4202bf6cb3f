"""API tokens: made, rolled, revoked; what each may do; and a worker that manages deployments with one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import httpx
import pytest
from enginekit import RunningEngine, environment_path, upload

from engine.api.access import need
from engine.api.app import RESOURCES

Json = dict[str, Any]
LIMIT = 30.0


class Tokens:
    """Tokens of one engine, gone when the test is over."""

    def __init__(self, engine: RunningEngine) -> None:
        self.engine = engine
        self.base = f"{engine.address}/client/v4/user/tokens"
        self.made: list[str] = []

    def create(
        self, name: str, *grants: tuple[str, str | None, str | None], **more: Any
    ) -> tuple[Json, Asker]:
        """A token with grants of permission, service and environment; gives it and who has it."""
        body = {"name": name, "policies": [self.policy(*each) for each in grants], **more}
        answer = self.engine.api.post(self.base, json=body)
        assert answer.status_code == 200, answer.text
        made = answer.json()["result"]
        self.made.append(made["id"])
        return made, Asker(self.engine, made.pop("value"))

    def policy(self, permission: str, service: str | None, environment: str | None) -> Json:
        account = self.engine.account
        if service is None:
            key = f"com.cloudflare.api.account.{account}"
        elif environment is None:
            key = f"com.cloudflare.edge.worker.service.{account}_{service}"
        else:
            key = f"com.cloudflare.edge.worker.environment.{account}_{service}_{environment}"
        return {"effect": "allow", "resources": {key: "*"}, "permission_groups": [{"name": permission}]}


class Asker:
    """Somebody with a token."""

    def __init__(self, engine: RunningEngine, value: str) -> None:
        self.engine = engine
        self.value = value
        self.headers = {"authorization": f"Bearer {value}"}

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**more.pop("headers", {}), **self.headers}
        return self.engine.api.request(method, path, headers=headers, **more)

    def code(self, method: str, path: str, **more: Any) -> int:
        """0 when it was done, else the number of the error."""
        answer = self.ask(method, path, **more)
        body = answer.json()
        assert body["success"] is (answer.status_code < 400), answer.text
        return 0 if body["success"] else int(body["errors"][0]["code"])


@pytest.fixture
def tokens(engine: RunningEngine) -> Iterator[Tokens]:
    found = Tokens(engine)
    yield found
    for each in found.made:
        engine.api.delete(f"{found.base}/{each}")


@pytest.fixture
def staged(engine: RunningEngine, service: str) -> str:
    """A service with production and staging."""
    engine.deploy(
        service,
        "staging".join(['export default { fetch: () => new Response("', '") }']),
        "staging",
        status=201,
    )
    return service


# ---------------------------------------------------------------------- life


def test_life_of_a_token(engine: RunningEngine, tokens: Tokens, staged: str):
    made, ci = tokens.create(f"ci of {staged}", ("deploy", staged, "staging"))
    assert (made["status"], made["last_used_on"], made["expires_on"]) == ("active", None, None)
    assert [each["name"] for each in made["policies"][0]["permission_groups"]] == ["Workers Scripts Deploy"]
    assert ci.ask("GET", f"{engine.address}/client/v4/user/tokens/verify").json()["result"] == {
        "id": made["id"],
        "status": "active",
    }
    listed = engine.api.get(tokens.base, params={"per_page": 1000}).json()["result"]
    assert made["name"] in {each["name"] for each in listed}
    assert ci.value not in json.dumps(listed)
    for file in engine.state.glob("store.db*"):
        assert ci.value.encode() not in file.read_bytes()  # its hash is kept, and not the text

    assert ci.code("PUT", f"{environment_path(staged, 'staging')}/schedules", json=[]) == 0
    rolled = engine.api.put(f"{tokens.base}/{made['id']}/value", json={}).json()["result"]
    assert ci.code("GET", environment_path(staged, "staging")) == 10000
    ci = Asker(engine, rolled)
    assert ci.code("GET", environment_path(staged, "staging")) == 0
    used = engine.api.get(f"{tokens.base}/{made['id']}").json()["result"]["last_used_on"]
    assert used is not None

    switched = engine.api.put(f"{tokens.base}/{made['id']}", json={"status": "disabled"}).json()["result"]
    assert (switched["status"], switched["grants"]) == ("disabled", made["grants"])
    refused = ci.ask("GET", environment_path(staged, "staging"))
    assert (refused.status_code, "disabled" in refused.text) == (403, True)
    engine.api.put(f"{tokens.base}/{made['id']}", json={"status": "active"})
    assert ci.code("GET", environment_path(staged, "staging")) == 0
    assert engine.api.delete(f"{tokens.base}/{made['id']}").json()["result"] == {"id": made["id"]}
    assert ci.code("GET", environment_path(staged, "staging")) == 10000
    assert engine.api.get(f"{tokens.base}/{made['id']}").status_code == 404


def test_times(engine: RunningEngine, tokens: Tokens, staged: str):
    now = datetime.now(UTC)
    _, early = tokens.create(
        f"early {staged}", ("read", staged, None), not_before=(now + timedelta(days=1)).isoformat()
    )
    assert early.code("GET", environment_path(staged)) == 10000
    _, late = tokens.create(
        f"late {staged}", ("read", staged, None), expires_on=(now - timedelta(seconds=1)).isoformat()
    )
    answer = late.ask("GET", environment_path(staged))
    assert (answer.status_code, "expired" in answer.text) == (403, True)
    made, good = tokens.create(f"good {staged}", ("read", staged, None), expires_on="2999-01-01T00:00:00Z")
    assert good.code("GET", environment_path(staged)) == 0
    assert made["expires_on"] == "2999-01-01T00:00:00.000000Z"


def test_tokens_that_cannot_be(engine: RunningEngine, tokens: Tokens, service: str):
    tokens.create(f"one {service}", ("read", service, None))
    policy = tokens.policy("read", service, None)
    for body, code in (
        ({"name": f"one {service}", "policies": [policy]}, 10040),
        ({"name": "", "policies": [policy]}, 1003),
        ({"name": "a\nb", "policies": [policy]}, 1003),
        ({"policies": [policy]}, 1003),
        ({"name": "x", "policies": []}, 1003),
        ({"name": "x", "policies": [{**policy, "effect": "deny"}]}, 1003),
        (
            {"name": "x", "policies": [{**policy, "resources": {"com.cloudflare.api.account.zone.1": "*"}}]},
            1003,
        ),
        ({"name": "x", "policies": [{**policy, "permission_groups": [{"name": "fly"}]}]}, 1003),
        ({"name": "x", "policies": [tokens.policy("admin", service, None)]}, 1003),
        ({"name": "x", "policies": [policy], "expires_on": "tomorrow"}, 1003),
        ({"name": "x", "policies": [policy], "condition": {"request_ip": {"in": ["10.0.0.1"]}}}, 1003),
    ):
        answer = engine.api.post(tokens.base, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (
            409 if code == 10040 else 400,
            code,
        )


# ---------------------------------------------------------------------- what it may do


def test_one_environment_and_no_more(engine: RunningEngine, tokens: Tokens, staged: str):
    name = f"staging of {staged}"
    _, ci = tokens.create(name, ("write", staged, "staging"))
    here, there = environment_path(staged, "staging"), environment_path(staged)
    secret = {"name": "S", "text": "x", "type": "secret_text"}
    assert ci.code("PUT", f"{here}/secrets", json=secret) == 0
    assert (
        ci.code("PUT", here, **upload({"worker.js": "export default { fetch: () => new Response('mine') }"}))
        == 0
    )
    assert engine.get(staged, environment="staging").text == "mine"
    for method, path, body in (
        ("PUT", f"{there}/secrets", secret),
        ("PUT", f"/workers/scripts/{staged}/secrets", secret),
        ("GET", f"/workers/scripts/{staged}", None),
        ("GET", f"{there}/content/v2", None),
        ("DELETE", f"/workers/services/{staged}", None),
        ("DELETE", f"/workers/scripts/{staged}", None),
        ("DELETE", there, None),
        ("PATCH", here, {"environment": "other"}),
        ("POST", f"/workers/services/{staged}/environments", {"environment": "other"}),
        ("POST", f"{here}/copy/other", None),
        ("POST", f"{there}/copy/staging", None),
        ("POST", f"/workers/services/{staged}/promotions", {"from": "staging", "to": "production"}),
        ("POST", f"/workers/services/{staged}/promotions/plan", {"from": "production", "to": "staging"}),
        ("GET", f"/workers/services/{staged}/diff?from=production&to=staging", None),
        (
            "PATCH",
            f"/workers/workers/{staged}/versions/latest",
            {"env": {"A": {"type": "secret_text", "text": "x"}}},
        ),
        ("GET", f"/workers/workers/{staged}", None),
        ("PUT", f"/workers/services/{staged}/pipelines/p", {"stages": []}),
        ("POST", "/workers/services", {"id": f"{staged}-b"}),
        ("GET", "/workers/services/hello", None),
        ("GET", "/storage/kv/namespaces", None),
        ("POST", "/d1/database", {"name": "x"}),
        ("GET", "/changes", None),
        ("PUT", "/workers/subdomain", {"subdomain": "x"}),
        ("GET", "/tokens", None),
    ):
        answer = ci.ask(method, path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, 9109), (
            method,
            path,
            answer.text,
        )
    refused = ci.ask("DELETE", there).json()["errors"][0]["message"]
    assert refused == (
        f"The API token {name} may not do this. It needs write on {staged} › production, "
        f"and has write on {staged} › staging."
    )
    # What it is for it sees, and nothing else.
    assert [each["id"] for each in ci.ask("GET", "/workers/services").json()["result"]] == [staged]
    assert [each["id"] for each in ci.ask("GET", "/workers/scripts").json()["result"]] == [staged]
    assert engine.get(staged).text == "Hello World!"


def test_words_of_permission(engine: RunningEngine, tokens: Tokens, staged: str):
    here = environment_path(staged, "staging")
    _, reads = tokens.create(f"reads {staged}", ("read", staged, None))
    assert reads.code("GET", here) == 0
    assert reads.code("GET", f"/workers/services/{staged}/diff?from=production&to=staging") == 0
    assert reads.code("POST", f"{here}/tails", json={"filters": []}) == 0
    code = upload({"worker.js": "export default { fetch() {} }"})
    assert reads.code("PUT", here, **code) == 9109
    _, deploys = tokens.create(f"deploys {staged}", ("deploy", staged, "*"))
    assert deploys.code("PUT", here, **code) == 0
    assert (
        deploys.code("PUT", f"{here}/secrets", json={"name": "S", "text": "x", "type": "secret_text"}) == 9109
    )
    assert deploys.code("DELETE", here) == 9109
    _, data = tokens.create(f"data {staged}", ("data-read", None, None), ("account", None, None))
    assert data.code("GET", "/storage/kv/namespaces") == 0
    assert data.code("POST", "/storage/kv/namespaces", json={"title": f"t {staged}"}) == 9109
    assert data.code("GET", "/engine") == 0
    assert data.code("GET", here) == 9109
    _, chief = tokens.create(f"chief {staged}", ("admin", None, None))
    assert chief.code("GET", "/tokens") == 0
    assert chief.code("POST", "/workers/services", json={"id": f"{staged}-c"}) == 0


def test_a_token_follows_its_environment(engine: RunningEngine, tokens: Tokens, staged: str):
    made, ci = tokens.create(
        f"follows {staged}", ("deploy", staged, "staging"), ("read", f"{staged}-*", None)
    )
    engine.result("PATCH", environment_path(staged, "staging"), json={"environment": "next"})
    assert ci.code("GET", environment_path(staged, "next")) == 0
    engine.result(
        "POST", f"/workers/services/{staged}/environments", status=201, json={"environment": "staging"}
    )
    assert ci.code("GET", environment_path(staged, "staging")) == 9109
    engine.result("POST", "/workers/services", status=201, json={"id": f"{staged}-more"})
    assert ci.code("GET", environment_path(f"{staged}-more")) == 0
    shown = engine.api.get(f"{tokens.base}/{made['id']}").json()["result"]
    assert [each["environment"] for each in shown["grants"]] == ["next", None]


def test_the_history_says_whose_token_it_was(engine: RunningEngine, tokens: Tokens, staged: str):
    name = f"release bot, {staged}"
    _, bot = tokens.create(name, ("write", staged, None))
    forged = {"x-svc-author": "somebody%20else"}
    code = upload({"worker.js": "export default { fetch() { return new Response('bot') } }"})
    code["headers"] |= forged
    assert bot.code("PUT", f"/workers/scripts/{staged}", **code) == 0
    newest = engine.result("GET", f"/workers/scripts/{staged}/deployments")["deployments"][0]
    assert newest["author"] == name
    by_hand = engine.api.put(f"/workers/scripts/{staged}/schedules", json=[], headers={"x-svc-author": "ana"})
    assert by_hand.status_code == 200


def test_every_path_needs_something(engine: RunningEngine):
    """No route that changes anything is open to a token without rights."""
    params = {"service": "s", "environment": "e", "worker": "w"}
    open_to_all = set()
    for name in RESOURCES:
        for route in import_module(f"engine.api.{name}").ROUTES:
            for method in route.endpoint.handlers:
                names = {key: value for key, value in params.items() if f"{{{key}}}" in route.path}
                if need(route.path, method, names).permission == "any" and method != "GET":
                    open_to_all.add(f"{method} {route.path}")
    assert open_to_all == {
        "PUT /transfers/{secret}",  # the path is the secret
        "POST /accounts/{account}/workers/assets/upload",  # has a token of its own
    }


# ---------------------------------------------------------------------- a worker that manages deployments

MANAGER = """
const api = async (env, method, path, body) => {
  const account = (await ask(env, "GET", "/accounts"))[0].id;
  return ask(env, method, `/accounts/${account}/workers/services/${env.SERVICE}${path}`, body);
};
const ask = async (env, method, path, body) => {
  const headers = { authorization: `Bearer ${env.TOKEN}` };
  const request = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  const url = (env.ENGINE ?? "https://platform") + "/client/v4" + path;
  const answer = await (env.ENGINE ? fetch(url, request) : env.PLATFORM.fetch(url, request));
  const told = await answer.json();
  if (!told.success) throw new Error(`${answer.status} ${told.errors[0].code}`);
  return told.result;
};
export default { async fetch(request, env) {
  const path = new URL(request.url).pathname;
  try {
    if (path === "/delete") return Response.json(await api(env, "DELETE", ""));
    if (path === "/events") {
      const headers = { authorization: `Bearer ${env.TOKEN}` };
      const account = (await ask(env, "GET", "/accounts"))[0].id;
      return env.PLATFORM.fetch(`https://platform/client/v4/accounts/${account}/workers/services/`
        + `${env.SERVICE}/pipelines/release/runs/1/events`, { headers });
    }
    const run = await api(env, "POST", "/pipelines/release/runs", { message: "by a worker" });
    for (let turn = 0; turn < 600; turn++) {
      const found = await api(env, "GET", `/pipelines/release/runs/${run.number}`);
      if (found.state === "waiting") {
        await api(env, "POST", `/pipelines/release/runs/${run.number}/approve`, { message: "fine" });
        return Response.json({ number: run.number });
      }
      await new Promise((done) => setTimeout(done, 50));
    }
    return new Response("it never waited", { status: 500 });
  } catch (error) { return new Response(String(error.message), { status: 403 }); }
} };
"""


@pytest.mark.parametrize("way", ["binding", "network"])
def test_a_worker_starts_and_approves_a_pipeline(
    engine: RunningEngine, tokens: Tokens, staged: str, way: str
):
    gates = [{"type": "approval"}]
    stages = [{"environment": "staging"}, {"environment": "production", "gates": gates}]
    engine.result("PUT", f"/workers/services/{staged}/pipelines/release", status=201, json={"stages": stages})
    name = f"manager of {staged}"
    _, manager = tokens.create(
        name, ("read", staged, "staging"), ("deploy", staged, "production"), ("approve", staged, "production")
    )
    bindings: list[Json] = [
        {"name": "PLATFORM", "type": "platform"},
        {"name": "TOKEN", "type": "secret_text", "text": manager.value},
        {"name": "SERVICE", "type": "plain_text", "text": staged},
    ]
    if way == "network":
        bindings[0] = {"name": "ENGINE", "type": "plain_text", "text": engine.address}
    worker = f"{staged}-manager"
    engine.deploy(worker, MANAGER, bindings=bindings)
    answer = engine.get(worker)
    assert (answer.status_code, answer.text) == (200, '{"number":1}')
    path = f"/workers/services/{staged}/pipelines/release/runs/1"
    deadline = time.monotonic() + LIMIT
    while (run := engine.result("GET", path))["active"]:
        assert time.monotonic() < deadline, run
        time.sleep(0.05)
    assert (run["state"], run["author"], run["message"]) == ("succeeded", name, "by a worker")
    assert run["approved_by"] == [name]
    assert engine.get(staged).text == "staging"
    assert (engine.get(worker, "/delete").status_code, engine.get(worker, "/delete").text) == (
        403,
        "403 9109",
    )
    if way == "binding":
        lines = [json.loads(line) for line in engine.get(worker, "/events").text.splitlines()]
        assert [each["kind"] for each in lines][-1] == "ended"


def test_a_draft_run_does_not_change_the_platform(engine: RunningEngine, service: str):
    engine.deploy(
        service, "export default { fetch() {} }", bindings=[{"name": "PLATFORM", "type": "platform"}]
    )
    url = "https://platform/client/v4/user"
    code = f'export default {{ async fetch(request, env) {{ return env.PLATFORM.fetch("{url}") }} }}'
    events = engine.run(service, code)
    assert "no platform API in a draft run" in json.dumps(events)
