"""crypto.subtle in an isolate: each file of fixtures/crypto is a worker that checks a part of it.

The answers expected are those of the RFCs and NIST publications that each case names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from workerkit import Lab, lab

from engine.bindings.binding import BindingError
from engine.model import Module
from engine.runtime.services import crypto

FIXTURES = Path(__file__).parent.parent / "fixtures"
PARTS = sorted(path.stem for path in (FIXTURES / "crypto").glob("*.js") if path.stem != "bytes")
SHARED = [FIXTURES / "crypto" / "bytes.js", FIXTURES / "web_apis" / "assert.js"]


@pytest.fixture
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0) as made:
        yield made


@pytest.mark.parametrize("part", PARTS)
async def test_part(bench: Lab, part: str) -> None:
    paths = [FIXTURES / "crypto" / f"{part}.js", *SHARED]
    modules = [Module(path.name, "esm", path.read_bytes()) for path in paths]
    result = orjson.loads(await bench.text(await bench.worker(*modules)))
    assert result["failed"] == []
    assert result["count"] > 3


@pytest.mark.parametrize(
    ("operation", "parameters", "strings", "name"),
    [
        ("rsaImportSpki", None, [b"junk"], "DataError"),
        ("ecImportPkcs8", "P-256", [b"0\x03\x02\x01\x01"], "DataError"),
        ("okpImportRaw", "X25519", [b"short"], "DataError"),
        ("aesGcmEncrypt", 128, [bytes(16), b"", b"", b""], "OperationError"),
        ("hkdf", {"hash": "SHA-0", "size": 8}, [b"", b"", b""], "NotSupportedError"),
        ("pbkdf2", {"hash": "SHA-1", "size": 8, "iterations": 2**31}, [b"", b""], "NotSupportedError"),
        ("argon2", {"name": "Argon2id", "size": 8, "memory": 2**31}, [b"", b"", b"", b""], "OperationError"),
    ],
)
def test_what_fails_has_the_name_of_the_standard(
    operation: str, parameters: object, strings: list[bytes], name: str
) -> None:
    with pytest.raises(BindingError) as caught:
        crypto.SYNC[operation]([parameters, [len(part) for part in strings]], b"".join(strings))
    assert caught.value.name == name
