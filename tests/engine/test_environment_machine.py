"""Any order of verbs: no version is lost, no hostname breaks, no promotion is seen half done.

    SVC_MACHINE_EXAMPLES=200 python -m pytest -n0 tests/engine/test_environment_machine.py

tries that many orders, other ones every time; by default a few, always the same.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from enginekit import RunningEngine, environment_path, upload, worker_path
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

EXAMPLES = int(os.environ.get("SVC_MACHINE_EXAMPLES", "0"))
STEPS = 30 if EXAMPLES else 14
NAMES = ("one", "two", "three")
ENVIRONMENTS = ("production", *NAMES)

_numbers = itertools.count(1)


@dataclass
class Place:
    """What an environment must be.

    Attributes:
        versions: ids, the oldest first.
        says: what each version answers.
        live: version ids and percentages.
        deployments: how many there were.
        history: ids of deployments as they were seen last, the newest first.
    """

    versions: list[str] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)
    live: list[tuple[str, float]] = field(default_factory=list)
    deployments: int = 0
    history: list[str] = field(default_factory=list)

    @property
    def main(self) -> str:
        """The id of the version with the largest share."""
        return max(self.live, key=lambda pair: pair[1])[0]


def code(text: str) -> str:
    """A worker that answers with a text of its own, and what its environment is set to."""
    return (
        "export default { fetch(request, env) {"
        f" return new Response(`{text} ${{env.SETTING ?? '-'}} ${{env.SECRET ?? '-'}}`) }} }}"
    )


class Machine(RuleBasedStateMachine):
    """One service, its environments and what is done to them, beside what they must be then."""

    engine: RunningEngine

    @initialize()
    def start(self) -> None:
        """A service whose production was deployed once."""
        self.service = f"machine-{next(_numbers)}"
        self.places: dict[str, Place] = {}
        self.moved: dict[str, str] = {}
        self.touched: set[str] = set()
        self.deploy("production")

    # ------------------------------------------------------------------ verbs

    @rule(name=st.sampled_from(ENVIRONMENTS))
    def deploy(self, name: str) -> None:
        """Deploy other code; the environment may be new."""
        text = f"code-{next(_numbers)}"
        new = name not in self.places
        answer = self._ask("PUT", worker_path(self.service, name), **upload({"worker.js": code(text)}))
        assert answer.status_code in (200, 201), answer.text
        kept = "-" if new else self._parts(name)[2]
        self._deployed(name, f"{text} - {kept}")

    @rule(source=st.sampled_from(ENVIRONMENTS), to=st.sampled_from(NAMES))
    def clone(self, source: str, to: str) -> None:
        """Make an environment like another; refused where there is one already, and then nothing changes."""
        answer = self._ask("POST", f"{self._path(source)}/copy/{to}")
        if source not in self.places or to in self.places:
            assert answer.status_code in (404, 409), answer.text
            return
        assert answer.status_code == 201, answer.text
        self._deployed(to, self._says(source))

    @rule(name=st.sampled_from(ENVIRONMENTS), to=st.sampled_from(NAMES))
    def rename(self, name: str, to: str) -> None:
        """Give it another name, unless that is taken or it is production."""
        answer = self._ask("PATCH", self._path(name), json={"environment": to})
        if name not in self.places or name == "production" or (to in self.places and to != name):
            assert answer.status_code in (400, 404, 409), answer.text
            return
        assert answer.status_code == 200, answer.text
        if to != name:
            self.places[to] = self.places.pop(name)
            self.moved = {old: to if new == name else new for old, new in self.moved.items() if old != to}
            self.moved[name] = to
            self.touched |= {to, name}

    @rule(name=st.sampled_from(NAMES))
    def delete(self, name: str) -> None:
        """Delete one, not production: with that the service would go."""
        answer = self._ask("DELETE", self._path(name))
        assert answer.status_code == (200 if name in self.places else 404), answer.text
        self.places.pop(name, None)
        self.moved = {old: new for old, new in self.moved.items() if new != name}
        self.touched.add(name)

    @rule(name=st.sampled_from(ENVIRONMENTS))
    def set_secret(self, name: str) -> None:
        """Another secret: a version and a deployment, where the latest version is the one that is live."""
        value = f"secret-{next(_numbers)}"
        body = {"name": "SECRET", "text": value, "type": "secret_text"}
        answer = self._ask("PUT", f"{self._path(name)}/secrets", json=body)
        if self._refused(name, answer):
            return
        text, setting, _ = self._parts(name)
        self._deployed(name, f"{text} {setting} {value}")

    @rule(name=st.sampled_from(ENVIRONMENTS))
    def set_setting(self, name: str) -> None:
        """Another variable of what is live."""
        value = f"setting-{next(_numbers)}"
        bindings = [{"type": "plain_text", "name": "SETTING", "text": value}]
        answer = self._ask("PATCH", f"{self._path(name)}/settings", json={"bindings": bindings})
        if name not in self.places:
            assert answer.status_code == 404, answer.text
            return
        assert answer.status_code == 200, answer.text
        text, _, secret = self._parts(name)
        self._deployed(name, f"{text} {value} {secret}")

    @rule(name=st.sampled_from(ENVIRONMENTS))
    def upload_version(self, name: str) -> None:
        """A version that is not deployed: what is live stays."""
        text = f"version-{next(_numbers)}"
        answer = self._ask("POST", f"{self._path(name)}/versions", **upload({"worker.js": code(text)}))
        if name not in self.places:
            assert answer.status_code == 404, answer.text
            return
        assert answer.status_code == 200, answer.text
        place = self.places[name]
        secret = place.says[place.versions[-1]].split(" ")[2]  # the latest one's, which need not be live
        made = answer.json()["result"]["id"]
        place.versions.append(made)
        place.says[made] = f"{text} - {secret}"
        self.touched.add(name)

    @rule(
        name=st.sampled_from(ENVIRONMENTS), pick=st.integers(0, 20), share=st.sampled_from((100, 50, 10, 0))
    )
    def deploy_versions(self, name: str, pick: int, share: float) -> None:
        """Back to an old version, or two of them with percentages."""
        place = self.places.get(name)
        versions = place.versions if place else ["0" * 8 + "-0000-0000-0000-" + "0" * 12]
        first = versions[pick % len(versions)]
        second = versions[(pick + 1) % len(versions)]
        shares = (
            [(first, float(share)), (second, float(100 - share))] if first != second else [(first, 100.0)]
        )
        if share == 100:
            shares = shares[:1]
        body = {
            "strategy": "percentage",
            "versions": [{"version_id": each, "percentage": part} for each, part in shares],
        }
        answer = self._ask("POST", f"{self._path(name)}/deployments?force=true", json=body)
        if place is None:
            assert answer.status_code == 404, answer.text
            return
        assert answer.status_code == 200, answer.text
        place.live = shares
        place.deployments += 1
        self.touched.add(name)

    @rule(
        source=st.sampled_from(ENVIRONMENTS),
        to=st.sampled_from(ENVIRONMENTS),
        meanwhile=st.sampled_from(("", "source", "target")),
    )
    def promote(self, source: str, to: str, meanwhile: str) -> None:
        """Promote by a plan: code goes, settings stay; refused as a whole where either side has changed."""
        ends = {"from": source, "to": to}
        path = f"/workers/services/{self.service}/promotions"
        planned = self._ask("POST", f"{path}/plan", json=ends)
        if source == to or not {source, to} <= set(self.places):
            assert planned.status_code in (400, 404), planned.text
            return
        assert planned.status_code == 200, planned.text
        if meanwhile:
            self.deploy(source if meanwhile == "source" else to)
        answer = self._ask("POST", path, json={**ends, "plan": planned.json()["result"]["id"]})
        if meanwhile:
            assert answer.status_code == 409, answer.text
            return
        assert answer.status_code == 200, answer.text
        _, setting, secret = self._parts(to)
        self._deployed(to, f"{self._parts(source)[0]} {setting} {secret}")

    # ------------------------------------------------------------------ what always holds

    @invariant()
    def nothing_is_lost(self) -> None:
        """Versions and history of what was touched are all there; every environment answers what is live."""
        if not hasattr(self, "places"):
            return
        listed = self.engine.result("GET", f"/workers/services/{self.service}/environments")
        assert {each["environment"] for each in listed} == set(self.places)
        for name in sorted(self.touched & set(self.places)):
            self._check(name, self.places[name])
        for name in sorted(self.touched - set(self.places)):
            answer = self.engine.get(self.service, "/", name)
            assert answer.status_code == 404
            if name in self.moved:
                assert self.engine.host(self.service, self.moved[name]) in answer.text
        for name, place in self.places.items():
            answer = self.engine.get(self.service, "/", name)
            assert answer.status_code == 200, f"{name}: {answer.status_code} {answer.text[:300]}"
            possible = {place.says[version] for version, share in place.live if share}
            assert answer.text in possible, f"{name}: {answer.text!r} is none of {possible}"
        self.touched.clear()

    def _check(self, name: str, place: Place) -> None:
        path = self._path(name)
        found = self.engine.result("GET", f"{path}/versions?per_page=100")["items"]
        assert [each["id"] for each in reversed(found)] == place.versions, f"{name} has lost a version"
        numbers = [each["number"] for each in reversed(found)]
        assert numbers == sorted(set(numbers)), "numbers only rise"
        history = self.engine.result("GET", f"{path}/deployments")["deployments"]
        ids = [each["id"] for each in history]
        assert ids[len(ids) - len(place.history) :] == place.history, "history only grows"
        assert len(ids) == place.deployments
        place.history = ids
        shares = {each["version_id"]: each["percentage"] for each in history[0]["versions"]}
        assert shares == dict(place.live)

    # ------------------------------------------------------------------ helpers

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.engine.api.request(method, path, **more)

    def _path(self, name: str) -> str:
        return environment_path(self.service, name)

    def _says(self, name: str) -> str:
        place = self.places[name]
        return place.says[place.main]

    def _parts(self, name: str) -> tuple[str, str, str]:
        text, setting, secret = self._says(name).split(" ")
        return text, setting, secret

    def _refused(self, name: str, answer: httpx.Response) -> bool:
        """Whether a secret cannot be set: there is no environment, or its latest version is not live."""
        if name not in self.places:
            assert answer.status_code == 404, answer.text
            return True
        place = self.places[name]
        if place.live != [(place.versions[-1], 100)]:
            assert answer.json()["errors"][0]["code"] == 10215, answer.text
            return True
        assert answer.status_code == 200, answer.text
        return False

    def _deployed(self, name: str, says: str) -> None:
        """The environment has one version more, and it is live: which one, the engine tells."""
        newest = self.engine.result("GET", f"{self._path(name)}/versions?per_page=1")["items"][0]["id"]
        place = self.places.setdefault(name, Place())
        assert newest not in place.versions, "no version was made"
        place.versions.append(newest)
        place.says[newest] = says
        place.live = [(newest, 100)]
        place.deployments += 1
        self.moved.pop(name, None)
        self.touched.add(name)


def test_any_order_of_verbs(engine: RunningEngine):
    class OfThisEngine(Machine):
        pass

    OfThisEngine.engine = engine
    run_state_machine_as_test(
        OfThisEngine,
        settings=settings(
            max_examples=EXAMPLES or 4,
            stateful_step_count=STEPS,
            derandomize=not EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
        ),
    )


@pytest.mark.parametrize("name", ["production"])
def test_the_service_goes_with_its_last_environment(engine: RunningEngine, service: str, name: str):
    engine.deploy(service, code("other"), "one", status=201)
    engine.result("DELETE", environment_path(service, name))
    assert engine.get(service).status_code == 404
    assert engine.get(service, "/", "one").text == "other - -"
    engine.result("DELETE", environment_path(service, "one"))
    engine.refusal("GET", f"/workers/services/{service}", 404, 10007)
