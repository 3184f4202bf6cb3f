"""What a put may say beside the content: metadata, storage class, digests; and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Final

from engine.r2 import errors

MAX_KEY: Final = 1024
MAX_SIZE: Final = 5 * 1024**3 - 5 * 1024**2
MAX_METADATA: Final = 2048
MIN_PART: Final = 5 * 1024 * 1024
MAX_PARTS: Final = 10_000
STORAGE_CLASSES: Final = ("Standard", "InfrequentAccess")
#: hashlib's name of each digest that a put may bring, and R2's word for it.
DIGESTS: Final[Mapping[str, str]] = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
}
#: HTTP's name of each field of `httpMetadata`.
HTTP_FIELDS: Final[Mapping[str, str]] = {
    "contentType": "content-type",
    "contentLanguage": "content-language",
    "contentDisposition": "content-disposition",
    "contentEncoding": "content-encoding",
    "cacheControl": "cache-control",
}


@dataclass(frozen=True, slots=True)
class Put:
    """What is said beside a content.

    Attributes:
        http_metadata: fields of `HTTP_FIELDS`, and ``cacheExpiry`` in unix milliseconds.
        storage_class: None is the bucket's own.
        digests: hexadecimal, by hashlib's names; the content must have them.
    """

    http_metadata: dict[str, Any] = field(default_factory=dict)
    custom_metadata: dict[str, str] = field(default_factory=dict)
    storage_class: str | None = None
    digests: dict[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raises R2Error 10012 when the metadata is too long."""
        size = sum(_length(name) + _length(value) for name, value in self.custom_metadata.items())
        if size > MAX_METADATA:
            raise errors.metadata_too_large()

    def check_digests(self, found: Mapping[str, str]) -> dict[str, str]:
        """The checksums to keep beside the object's MD5; raises R2Error 10037 when one differs."""
        for name, word in DIGESTS.items():
            given = self.digests.get(name)
            if given is not None and given != found[name]:
                raise errors.bad_digest(word, given, found[name])
        return {name: self.digests[name] for name in DIGESTS if name in self.digests}


def check_key(key: str) -> str:
    """The key; raises R2Error 10020 above 1,024 bytes."""
    if len(key.encode("utf-8", "replace")) > MAX_KEY:
        raise errors.invalid_name()
    return key.encode("utf-8", "replace").decode()


def http_headers(metadata: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The metadata as HTTP fields."""
    fields = [(name, str(metadata[key])) for key, name in HTTP_FIELDS.items() if metadata.get(key)]
    if metadata.get("cacheExpiry") is not None:
        fields.append(("expires", http_date(int(metadata["cacheExpiry"]))))
    return fields


def http_metadata(headers: Mapping[str, str]) -> dict[str, Any]:
    """HTTP fields as metadata; `headers` finds names whatever their case."""
    found: dict[str, Any] = {key: headers[name] for key, name in HTTP_FIELDS.items() if headers.get(name)}
    expiry = from_http_date(headers.get("expires"))
    if expiry is not None:
        found["cacheExpiry"] = expiry
    return found


def http_date(milliseconds: int) -> str:
    """`Mon, 23 Nov 2026 14:02:11 GMT`."""
    return format_datetime(datetime.fromtimestamp(milliseconds / 1000, UTC), usegmt=True)


def from_http_date(text: str | None) -> int | None:
    """Unix milliseconds, or None for what is no date."""
    if not text:
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp() * 1000)
    except ValueError:
        return None


def _length(text: str) -> int:
    """As R2 counts: two bytes a character where one is beyond Latin-1."""
    return len(text) * (2 if any(char > "\xff" for char in text) else 1)
