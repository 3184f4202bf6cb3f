"""Acknowledged is on the disk: a process that writes to D1 and R2 is killed, again and again."""

from __future__ import annotations

import asyncio
import hashlib
import random
import subprocess
import sys
import time
from pathlib import Path

from storekit import ANA, opened

from engine import buckets, databases
from engine.d1 import Query
from engine.r2.bucket import Bucket
from engine.runtime.http import read

ROUNDS = 5
WRITER = """
import asyncio, itertools, sys
from engine.d1 import Query
from engine.r2.bucket import Bucket
from engine.r2.metadata import Put
from engine.store import Store

def told(line):
    sys.stdout.write(line + "\\n")
    sys.stdout.flush()

async def main():
    store, database, start = Store.open(sys.argv[1]), sys.argv[2], sys.argv[3]
    bucket = Bucket(store, "bucket")
    async def sql():
        for number in itertools.count():
            text = f"{start}-{number}"
            pair = [Query("INSERT INTO t VALUES (?)", (each,)) for each in (text, text + "+")]
            await store.databases.get(database).run(pair)
            told("d1 " + text)
    async def put(worker):
        for number in itertools.count():
            key = f"{start}-{worker}-{number % 7}"
            content = f"{key} {number}".encode() * 1000
            await bucket.put(key, content, Put())
            told(f"put {key} {number}")
            if number % 5 == 4:
                await bucket.delete([key])
                told(f"delete {key}")
    await asyncio.gather(sql(), put("a"), put("b"))

asyncio.run(main())
"""


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with opened(state) as store:
        database = asyncio.run(_prepare(store))
    rows: set[str] = set()
    for number in range(ROUNDS):
        command = [sys.executable, "-c", WRITER, str(state), database, str(number)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        first = writer.stdout.readline()  # it has begun
        time.sleep(random.uniform(0.02, 0.3))
        writer.kill()
        lines = [first, *writer.stdout.read().splitlines(keepends=True)]
        writer.wait()
        told = [line.split() for line in lines if line.endswith("\n")]
        rows |= {words[1] for words in told if words[0] == "d1"}
        with opened(state) as store:
            asyncio.run(_check(store, database, rows, told))


async def _prepare(store) -> str:
    database = (await databases.create(store, "killed", ANA)).id
    await store.databases.get(database).run([Query("CREATE TABLE t (v TEXT PRIMARY KEY)")])
    await buckets.create(store, "bucket", ANA)
    return database


async def _check(store, database: str, rows: set[str], told: list[list[str]]) -> None:
    live = store.databases.get(database)
    assert (await live.run([Query("PRAGMA quick_check")]))[0].rows == [["ok"]]
    found = {row[0] for row in (await live.run([Query("SELECT v FROM t")]))[0].rows}
    assert {row for row in rows if row not in found or row + "+" not in found} == set()
    assert len(found) % 2 == 0  # a batch is whole or not there
    last: dict[str, list[str]] = {}
    for words in told:
        if words[0] != "d1":
            last[words[1]] = words
    bucket = Bucket(store, "bucket")
    page = await bucket.list()
    for each in page.objects:  # whatever is listed can be read, and is what it says
        content = await bucket.get(each.key)
        assert content is not None
        assert hashlib.md5(await read(content.body)).hexdigest() == each.etag
    listed = {each.key: each for each in page.objects}
    for key, words in last.items():
        if words[0] == "put" and key in listed:
            content = await bucket.get(key)
            number = int((await read(content.body)).split()[1].removesuffix(key.encode()))
            assert number >= int(words[2])  # a later put may have been written and not told
        elif words[0] == "put":
            assert (int(words[2]) + 7) % 5 == 4 or int(words[2]) % 5 == 4  # its delete may be the same
