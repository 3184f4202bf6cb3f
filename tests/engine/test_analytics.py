"""Analytics Engine: points that workers write, and what the SQL API says of them."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from enginekit import RunningEngine, environment_path, events_of

from engine.analytics import answer
from engine.analytics.errors import QueryError
from engine.store import Store, analytics
from engine.store.analytics import Point

CODE = """export default { async fetch(request, env) {
  const points = await request.json();
  try {
    for (const point of points) env.DATA.writeDataPoint(point);
    return new Response("written");
  } catch (error) {
    return new Response(`${error.name}: ${error.message}`);
  }
} };"""
NOON = 1_764_504_000  # 2025-11-30 12:00:00, a Sunday


class Lab:
    """A service with a dataset of its own."""

    def __init__(self, engine: RunningEngine, service: str) -> None:
        self.engine = engine
        self.service = service
        self.dataset = service.replace("-", "_")
        bindings = [{"type": "analytics_engine", "name": "DATA", "dataset": self.dataset}]
        engine.deploy(service, CODE, bindings=bindings)

    def write(self, *points: Any) -> str:
        return self.engine.send("POST", self.service, json=points).text

    def ask(self, query: str) -> Any:
        found = self.engine.api.post(
            "/analytics_engine/sql", content=query.replace(" DATA", f" {self.dataset}")
        )
        return found.json() if found.status_code == 200 else found.text


@pytest.fixture
def lab(engine: RunningEngine, service: str) -> Lab:
    return Lab(engine, service)


def test_what_is_written_can_be_asked_for(lab: Lab) -> None:
    points = [
        {"blobs": [city, None, 1], "doubles": [temperature, 0.5], "indexes": [id]}
        for city, temperature, id in (("Oslo", 3, "a"), ("Oslo", 5, "b"), ("Rome", 20.5, "c"))
    ]
    assert lab.write(*points, {}) == "written"
    found = lab.ask(
        "SELECT blob1 AS city, SUM(_sample_interval) AS n, avg(double1) AS warm, max(timestamp) AS last"
        " FROM DATA WHERE timestamp > NOW() - INTERVAL '1' HOUR AND city <> ''"
        " GROUP BY city ORDER BY warm DESC"
    )
    assert found["meta"] == [
        {"name": "city", "type": "String"},
        {"name": "n", "type": "UInt64"},
        {"name": "warm", "type": "Float64"},
        {"name": "last", "type": "DateTime"},
    ]
    assert found["rows"] == 2
    shown = [{key: row[key] for key in ("city", "n", "warm")} for row in found["data"]]
    assert shown == [{"city": "Rome", "n": "1", "warm": 20.5}, {"city": "Oslo", "n": "2", "warm": 4}]
    assert time.strptime(found["data"][0]["last"], "%Y-%m-%d %H:%M:%S")
    [empty] = lab.ask("SELECT * FROM DATA WHERE index1 = ''")["data"]
    assert (empty["dataset"], empty["blob1"], empty["double20"], empty["_sample_interval"]) == (
        lab.dataset,
        "",
        0,
        1,
    )
    lines = lab.engine.api.post(
        "/analytics_engine/sql",
        content=f"SELECT blob1, double1 FROM {lab.dataset} WHERE blob3 = '1'"
        " ORDER BY index1 FORMAT JSONEachRow",
    )
    assert [json.loads(line) for line in lines.text.splitlines()] == [
        {"blob1": "Oslo", "double1": 3},
        {"blob1": "Oslo", "double1": 5},
        {"blob1": "Rome", "double1": 20.5},
    ]
    query = f"SELECT count(), blob1 FROM {lab.dataset} GROUP BY blob1 ORDER BY 2 FORMAT TabSeparated"
    told = lab.engine.api.get("/analytics_engine/sql", params={"query": query})
    assert (told.text, told.headers["content-type"]) == (
        "1\t\n2\tOslo\n1\tRome\n",
        "text/tab-separated-values; charset=utf-8",
    )
    assert {"dataset": lab.dataset} in lab.ask("SHOW TABLES")["data"]
    assert lab.ask("SHOW TIMEZONE FORMAT JSON")["data"] == [{"timezone": "Etc/UTC"}]


def test_points_that_are_too_large_throw_and_too_many_are_left_out(lab: Lab) -> None:
    assert lab.write({"blobs": ["x"] * 21}).startswith("TypeError: writeDataPoint(): Maximum of 20 blobs")
    assert lab.write({"doubles": [1] * 21}).startswith("TypeError: writeDataPoint(): Maximum of 20 doubles")
    assert lab.write({"indexes": ["a", "b"]}).startswith("TypeError: writeDataPoint(): Maximum of 1 index")
    assert "exceeds 96 bytes" in lab.write({"indexes": ["é" * 49]})
    assert "exceeds 16384 bytes" in lab.write({"blobs": ["x" * 9000, "y" * 9000]})
    assert "not of type 'AnalyticsEngineEvent'" in lab.write(5)
    assert lab.write(*[{"indexes": ["many"]}] * 260) == "written"
    assert lab.ask("SELECT count() AS n FROM DATA WHERE index1 = 'many'")["data"] == [{"n": "250"}]


def test_a_draft_writes_nothing_until_it_is_applied(lab: Lab) -> None:
    code = """export default { fetch(request, env) {
      env.DATA.writeDataPoint({ blobs: ["draft"] }); return new Response("x"); } };"""
    events = lab.engine.run(lab.service, code, session="s")
    assert events_of(events, "writes")[0]["count"] == 1
    assert "There is no dataset" in lab.ask("SELECT 1 FROM DATA")
    lab.engine.result("POST", f"{environment_path(lab.service)}/runs/s/apply", json={})
    assert lab.ask("SELECT blob1 FROM DATA")["data"] == [{"blob1": "draft"}]


def test_a_clone_writes_to_a_dataset_of_its_own(lab: Lab) -> None:
    lab.write({})
    path = f"/workers/services/{lab.service}/environments/production/copy/preview"
    lab.engine.result("POST", path, status=201)
    assert lab.engine.send("POST", lab.service, "/", "preview", json=[{}, {}]).text == "written"
    name = f"{lab.service}-preview-DATA".replace("-", "_")
    counted = [lab.ask(f"SELECT count() AS n FROM {each}")["data"][0]["n"] for each in (lab.dataset, name)]
    assert counted == ["1", "2"]


# ---------------------------------------------------------------- the language, without an engine


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten points of one dataset, a minute apart; double1 is 0 to 9, blob1 "a" or "b" in turn."""
    store = Store.open(tmp_path_factory.mktemp("points"))
    points = [
        Point("d", NOON + 60 * n, "s", "production", f"i{n % 3}", ["ab"[n % 2], "x_%"], [n, 10.0 * n])
        for n in range(10)
    ]
    points += [Point("big", NOON, "s", "production")] * 20_000
    asyncio.run(store.write(lambda connection: analytics.insert(connection, points)))
    store.close()
    return store.path


def rows(database: Path, query: str) -> list[list[Any]]:
    told = json.loads(answer.ask(database, query).text)
    return [list(row.values()) for row in told["data"]]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("7 / 2", 3.5),
        ("1 / 0", None),
        ("7 % 4", "3"),
        ("intDiv(7, 2)", "3"),
        ("-5 - 1", "-6"),
        ("round(2.345, 2)", 2.35),
        ("floor(-1.5)", -2),
        ("pow(2, 10)", 1024),
        ("log10(1000)", 3),
        ("'it''s ' = 'it\\'s '", 1),
        ("if(1 > 2, 'yes', 'no')", "no"),
        ("NOT (1 = 1 AND 2 IN (3, 4)) OR 5 NOT BETWEEN 1 AND 3", 1),
        ("'Straße' ILIKE '%RA_E'", 1),
        ("'100%' LIKE '100\\%'", 1),
        ("upper('ä')", "Ä"),
        ("length('äb')", "3"),
        ("position('b' IN 'abc')", "2"),
        ("position('abc', 'c')", "3"),
        ("substring('hello', 2, 3)", "ell"),
        ("startsWith('hello', 'he') + endsWith('hello', 'x')", "1"),
        ("format('{1}-{0}', 'a', 'b')", "b-a"),
        ("toUInt32('12') + toFloat64('0.5')", 12.5),
        ("toString(5)", "5"),
        ("hex(255)", "FF"),
        ("bitAnd(12, 10)", "8"),
        ("bitCount(7)", 3),
        ("toDateTime('2025-11-30 12:34:56')", "2025-11-30 12:34:56"),
        ("toUnixTimestamp('2025-11-30 12:00:00')", NOON),
        ("toDateTime('2025-01-31 00:00:00') + INTERVAL '1' MONTH", "2025-02-28 00:00:00"),
        ("toDateTime('2025-11-30 12:00:00') - INTERVAL '2' DAY", "2025-11-28 12:00:00"),
        ("toStartOfInterval(toDateTime('2025-11-30 12:34:56'), INTERVAL '15' MINUTE)", "2025-11-30 12:30:00"),
        ("toStartOfDay(toDateTime('2025-11-30 23:30:00'), 'Europe/Berlin')", "2025-11-30 23:00:00"),
        ("toStartOfWeek(toDateTime('2025-11-30 12:00:00'))", "2025-11-30 00:00:00"),
        ("toStartOfMonth(toDateTime('2025-11-30 12:00:00'))", "2025-11-01 00:00:00"),
        ("formatDateTime(toDateTime('2025-11-30 12:34:56'), '%Y/%m/%d %H:%i')", "2025/11/30 12:34"),
        ("toHour(toDateTime('2025-11-30 12:34:56'), 'Asia/Tokyo')", 21),
        ("toYYYYMM(toDateTime('2025-11-30 12:34:56'))", 202511),
        ("EXTRACT(MINUTE FROM toDateTime('2025-11-30 12:34:56'))", 34),
        ("toDayOfWeek(toDateTime('2025-11-30 12:34:56'))", 7),
    ],
)
def test_expressions(database: Path, expression: str, value: Any) -> None:
    assert rows(database, f"SELECT {expression}") == [[value]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT count(), count(DISTINCT blob1), sum(double1), min(double1) FROM d", [["10", "2", 45, 0]]),
        (
            "SELECT countIf(double1 > 6), sumIf(double1, blob1 = 'a'), avgIf(double1, 0) FROM d",
            [["3", 20, None]],
        ),
        ("SELECT quantileExactWeighted(0.9)(double1, _sample_interval) FROM d", [[8]]),
        ("SELECT quantileWeighted(0.5, double1, 1) FROM d", [[4]]),
        (
            "SELECT topK(1)(index1), argMax(blob1, double1), argMin(blob1, timestamp) FROM d",
            [[["i0"], "b", "a"]],
        ),
        (
            "SELECT blob1, n * 2 AS m, count() AS n FROM d GROUP BY blob1 HAVING n > 1 ORDER BY blob1",
            [["a", "10", "5"], ["b", "10", "5"]],
        ),
        (
            "SELECT toStartOfFiveMinutes(timestamp) AS t, count() FROM d GROUP BY t ORDER BY t DESC LIMIT 1",
            [["2025-11-30 12:05:00", "5"]],
        ),
        ("SELECT DISTINCT blob1 FROM 'd' ORDER BY blob1 DESC LIMIT 1 OFFSET 1", [["a"]]),
        ("SELECT double1 FROM d WHERE timestamp >= '2025-11-30 12:09:00'", [[9]]),
        (
            "SELECT double1 FROM d WHERE timestamp BETWEEN '2025-11-30 12:00:30' AND '2025-11-30 12:01:30'",
            [[1]],
        ),
        ("SELECT avg(n) FROM (SELECT index1, count() AS n FROM d GROUP BY index1) WHERE n < 4", [[3]]),
        (
            "select sum(double1) / sum(_sample_interval) from d -- a comment\n where blob2 like 'x\\_\\%';",
            [[4.5]],
        ),
        ("SELECT upper(blob1) AS blob1, count() FROM d GROUP BY blob1 ORDER BY 1", [["A", "5"], ["B", "5"]]),
    ],
)
def test_queries(database: Path, query: str, found: Any) -> None:
    assert rows(database, query) == found


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "Line 1, column 1: there is the end, not SELECT"),
        ("SELECT 1 FROM gone", "There is no dataset 'gone'"),
        ("SELECT blob21 FROM d", "There is no column 'blob21'"),
        ("SELECT service FROM d", "There is no column 'service'"),
        ("SELECT sqlite_version()", "There is no function sqlite_version()"),
        ("SELECT blob1, count() FROM d", "column blob1 is neither in GROUP BY nor in an aggregate"),
        ("SELECT sum(count()) FROM d", "stands inside another aggregate function"),
        ("SELECT 1 FROM d WHERE count() > 1", "use HAVING"),
        ("SELECT blob1 + 1 FROM d", "String is no number"),
        ("SELECT toDateTime('today')", "'today' is no time"),
        ("SELECT toHour(toDateTime('2025-11-30'), 'Moon')", "'Moon' is no time zone"),
        ("SELECT if(1, 'a', 2)", "There is no supertype for types String, UInt8"),
        ("SELECT 1; DROP TABLE x", "not the end of the query"),
        ("INSERT INTO d VALUES (1)", "there is 'INSERT', not SELECT"),
        ("SELECT 1 FORMAT CSV", "not a format: JSON, JSONEachRow or TabSeparated"),
        ("SELECT 1 AS a, 2 AS a", "Two columns have the same name"),
        ("SELECT abs(1, 2)", "abs() takes 1 argument"),
        ("SELECT " + "(" * 200 + "1" + ")" * 200, "nested more than"),
        ("SELECT " + "+".join(["1"] * 5000), "nested more than"),
        ("SELECT 'a'||'b'", "is no SQL"),
        ("SELECT " + ", ".join(f"a{n}+a{n} AS a{n + 1}" for n in range(30)) + ", 1 AS a0", "too long"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(database: Path, query: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        answer.ask(database, query)
    assert message in str(caught.value)


def test_a_query_ends_when_it_takes_too_long(database: Path) -> None:
    query = "SELECT count() FROM big WHERE blob1 LIKE '%a%'"
    assert rows(database, query) == [["0"]]
    with pytest.raises(QueryError, match="took longer than 0 seconds"):
        answer.ask(database, query, patience=0)
