"""Whatever is asked of the API: no answer of 500 or above, and every refusal in the envelope.

    SVC_FUZZ_REQUESTS=20000 python -m pytest -n0 tests/engine/test_api_fuzz.py -s

sends that many with other ones every time; by default it is a few hundred, always the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from enginekit import RunningEngine
from fuzzkit import Call, Maker, Sender
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.api.app import RESOURCES
from engine.api.openapi import describe

REQUESTS = int(os.environ.get("SVC_FUZZ_REQUESTS", "0"))
#: Requests to one example; what an example finds is cut down to those that matter.
LENGTH = 12


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """An engine of its own: its account is in no good order afterwards."""
    running = RunningEngine(tmp_path_factory.mktemp("fuzz") / "state")
    yield running
    running.stop()


def prepare(engine: RunningEngine) -> Sender:
    """An account with something of every kind, as far as it is not there already."""
    sender = Sender(engine)
    account = "/accounts/{account}"
    for method, path, body in (
        ("POST", f"{account}/workers/services", b'{"id":"fuzz"}'),
        ("POST", f"{account}/workers/services", b'{"id":"fuzz-two"}'),
        ("POST", f"{account}/workers/services/fuzz/environments/production/copy/staging", b""),
        ("POST", f"{account}/storage/kv/namespaces", b'{"title":"fuzz"}'),
        ("POST", f"{account}/d1/database", b'{"name":"fuzz"}'),
        ("POST", f"{account}/r2/buckets", b'{"name":"fuzz"}'),
        ("POST", "/zones", b'{"name":"fuzz.test"}'),
        ("GET", f"{account}/workers/scripts/fuzz/versions", None),
    ):
        wrong = sender.send(Call(method, path, body=body))
        assert wrong is None, wrong
    return sender


def test_nothing_breaks_the_api(fuzzed: RunningEngine):
    total: dict[int, int] = {}
    failures: list[str] = []

    @settings(
        max_examples=max(1, (REQUESTS or 360) // LENGTH),
        derandomize=not REQUESTS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        # Shrinking sends hundreds more: only where somebody waits for the smallest case.
        phases=[Phase.generate, Phase.shrink] if REQUESTS else [Phase.generate],
        report_multiple_bugs=False,
    )
    @given(st.lists(st.binary(min_size=8, max_size=8), min_size=LENGTH, max_size=LENGTH))
    def run(seeds: list[bytes]) -> None:
        sender = prepare(fuzzed)
        for seed in seeds:
            wrong = sender.send(Maker(seed).call())
            if wrong is not None and os.environ.get("SVC_FUZZ_GO_ON"):
                failures.append(wrong)
                continue
            assert wrong is None, wrong
        for status, count in sender.statuses.items():
            total[status] = total.get(status, 0) + count

    run()
    print(f"\n{sum(total.values())} requests: {dict(sorted(total.items()))}")
    assert not failures, "\n\n".join(failures)
    assert total.get(200, 0) > total.get(500, 0)
    assert {200, 400, 404} <= set(total), "the requests do not reach what they are for"
    assert fuzzed.get("hello").status_code == 200


def test_the_description_has_every_route(engine: RunningEngine):
    answer = engine.http.get(
        "/client/v4/openapi.json", headers={"authorization": f"Bearer {engine.token}"}
    ).json()
    assert answer == describe()
    tags = {told["tags"][0] for methods in answer["paths"].values() for told in methods.values()}
    assert tags == set(RESOURCES)
    plan = answer["paths"]["/accounts/{account}/workers/services/{service}/diff"]["get"]
    assert {each["name"] for each in plan["parameters"] if each["in"] == "query"} >= {"from", "to"}
    assert all(told["description"] for methods in answer["paths"].values() for told in methods.values()), (
        "a handler without a word about what it does"
    )
