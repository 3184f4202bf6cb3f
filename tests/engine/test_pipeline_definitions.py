"""Definitions of pipelines: files, their mistakes by line and key, and the API."""

from __future__ import annotations

import pytest
from enginekit import RunningEngine, environment_path

from engine.pipelines.file import read, write
from engine.pipelines.json_path import Missing, find, parse
from engine.pipelines.validate import Invalid

FILE = '''
service = "notes"
name = "release"
description = """
many
lines"""

[[stages]]
environment = "staging"

[[stages]]
environment = "production"
move = ["A"]
steps = [10, 100]

[[stages.gates]]
type = "request"
name = "health"
path = "/health"
headers = { accept = "text/html" }
expect.status = 204
expect.headers = { "content-type" = "a", x-b = false }
expect.json = { "$.a[0]" = { b = [1, "two", true] } }

[[stages.gates]]
type = "approval"

[stages.soak]
seconds = 1.5
'''


def test_a_file_is_read_and_written() -> None:
    found = read(FILE)
    assert (found.service, found.environments) == ("notes", ("staging", "production"))
    assert found.stages[1].gates[0].expect.json == {"$.a[0]": {"b": [1, "two", True]}}
    assert found.stages[1].move == ("binding:A",)
    assert read(write(found)) == found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "steps = [10, 100]",
            "steps = [10, 5]",
            "x.toml:14: stages[1].steps: must be percentages that rise to 100",
        ),
        ('type = "approval"', 'type = "aproval"', "x.toml:26: stages[1].gates[1].type: must be"),
        (
            "expect.status = 204",
            "expect.status = 99",
            "x.toml:21: stages[1].gates[0].expect.status: must be a",
        ),
        ('"$.a[0]"', '"a[0]"', "x.toml:23: stages[1].gates[0].expect.json.a[0]: a path begins with $"),
        ("seconds = 1.5", "second = 1.5", "x.toml:29: stages[1].soak.second: is no key here"),
        (
            'environment = "staging"',
            'environment = "staging"\nsteps = [100]',
            "x.toml:10: stages[0].steps: the first",
        ),
        (
            'environment = "staging"',
            'environment = "production"',
            "x.toml:12: stages[1].environment: production is in",
        ),
        ('name = "release"', "name = 1", "x.toml:3: name: 1 is no name"),
        ("[stages.soak]", "[stages.soak", "x.toml:28: "),
    ],
)
def test_mistakes_are_told_with_file_line_and_key(old: str, new: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(FILE.replace(old, new), file="x.toml")
    assert message in caught.value.message


def test_definitions_over_the_api(engine: RunningEngine, service: str) -> None:
    engine.result("POST", f"{environment_path(service)}/copy/staging", status=201)
    path = f"/workers/services/{service}/pipelines/release"
    toml = {"content-type": "application/toml"}
    good = FILE.replace('"notes"', f'"{service}"')
    engine.result("PUT", path, status=201, content=good, headers=toml)
    assert [each["name"] for each in engine.result("GET", path.rpartition("/")[0])] == ["release"]
    exported = engine.api.get(path + "/file")
    assert exported.headers["content-type"].startswith("application/toml")
    assert read(exported.text) == read(good)
    engine.result("PUT", path, json=engine.result("GET", path)["definition"])
    assert engine.api.get(path + "/file").text == exported.text
    bad = good.replace("expect.status = 204", 'expect.matches = "("')
    said = engine.refusal("PUT", path + "?file=a.toml", 400, 10421, content=bad, headers=toml)
    assert said.startswith("a.toml:21: stages[1].gates[0].expect.matches: is no regular expression")
    assert "release is meant" in engine.refusal("PUT", path, 400, 10421, json={"name": "other"})
    stages = [{"environment": "staging"}, {"environment": "nowhere"}]
    engine.refusal("PUT", path, 404, 10092, json={"stages": stages})
    engine.refusal("PUT", path, 400, 10421, content=b"\xff", headers=toml)
    engine.refusal("GET", "/workers/services/nothing-here/pipelines", 404, 10007)
    engine.refusal("GET", path + "/runs/one", 404, 10420)
    engine.refusal("GET", path + "/runs/1", 404, 10420)
    engine.refusal("POST", path + "/runs", 400, 10026, json={"message": 1})


def test_paths_into_json() -> None:
    value = {"a b": [{"c": None}], "d": {"0": 1}}
    assert find(value, parse("$['a b'][0].c")) is None
    assert find(value, parse('$.d["0"]')) == 1
    for text_ in ("$.x", "$['a b'][1]", "$.d[0]", "$['a b'].c"):
        with pytest.raises(Missing):
            find(value, parse(text_))
    for text_ in ("a", "$a", "$..a", "$[*]", "$[a]"):
        with pytest.raises(ValueError, match=r"begins|cannot"):
            parse(text_)
