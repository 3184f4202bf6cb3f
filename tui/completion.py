"""What a half-typed word may become: the Workers API, the environment's bindings, the file's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


BINDING_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "kv_namespace": ("get", "getWithMetadata", "put", "delete", "list"),
    "d1": ("prepare", "batch", "exec", "withSession", "dump"),
    "r2_bucket": ("head", "get", "put", "delete", "list", "createMultipartUpload", "resumeMultipartUpload"),
    "durable_object_namespace": (
        "getByName", "idFromName", "idFromString", "newUniqueId", "get", "jurisdiction",
    ),
    "queue": ("send", "sendBatch"),
    "service": ("fetch", "connect"),
    "assets": ("fetch",),
    "analytics_engine": ("writeDataPoint",),
    "ratelimit": ("limit",),
    "secrets_store_secret": ("get",),
    "version_metadata": ("id", "tag", "timestamp"),
    "workflow": ("create", "createBatch", "get"),
    "images": ("info", "input"),
    "send_email": ("send",),
    "dispatch_namespace": ("get",),
    "hyperdrive": ("connectionString", "host", "port", "user", "password", "database"),
    "plain_text": ("length", "split", "trim", "startsWith", "endsWith", "includes", "toLowerCase"),
    "secret_text": ("length", "split", "trim", "startsWith", "endsWith", "includes"),
}  # fmt: skip
"""What can be called on a binding, by its type in the API."""

MEMBERS: Mapping[str, tuple[str, ...]] = {
    "request": (
        "method", "url", "headers", "body", "cf", "signal", "json()", "text()", "arrayBuffer()", "formData()",
        "blob()", "bytes()", "clone()", "redirect",
    ),
    "response": (
        "status", "statusText", "ok", "headers", "body", "json()", "text()", "arrayBuffer()", "clone()",
        "webSocket",
    ),
    "ctx": ("waitUntil", "passThroughOnException", "props", "exports"),
    "state": ("id", "storage", "blockConcurrencyWhile", "waitUntil", "acceptWebSocket", "getWebSockets"),
    "storage": (
        "get", "put", "delete", "list", "deleteAll", "transaction", "transactionSync", "sync", "sql", "kv",
        "getAlarm", "setAlarm", "deleteAlarm",
    ),
    "sql": ("exec", "databaseSize"),
    "headers": ("get", "set", "has", "append", "delete", "entries", "keys", "values", "getSetCookie"),
    "searchParams": ("get", "getAll", "has", "set", "append", "delete", "entries"),
    "controller": ("scheduledTime", "cron", "noRetry"),
    "batch": ("messages", "queue", "ackAll", "retryAll"),
    "message": ("body", "id", "timestamp", "attempts", "ack()", "retry()"),
    "Response": ("json", "redirect", "error"),
    "URL": ("canParse", "parse"),
    "crypto": ("randomUUID()", "getRandomValues", "subtle", "timingSafeEqual"),
    "subtle": ("digest", "sign", "verify", "encrypt", "decrypt", "importKey", "exportKey", "generateKey"),
    "caches": ("default", "open"),
    "console": ("log", "warn", "error", "debug", "info", "table", "time", "timeEnd", "trace"),
    "JSON": ("parse", "stringify"),
    "Object": ("keys", "values", "entries", "fromEntries", "assign", "freeze"),
    "Promise": ("all", "allSettled", "race", "any", "resolve", "reject", "withResolvers"),
    "Math": ("min", "max", "floor", "ceil", "round", "abs", "random"),
    "Date": ("now()", "parse"),
    "Array": ("from", "isArray", "of"),
    "Number": ("isInteger", "isFinite", "parseInt", "parseFloat", "isNaN"),
}  # fmt: skip
"""Members by the usual name of what they belong to."""

GLOBALS = _words(
    "Response Request Headers URL URLSearchParams URLPattern FormData Blob File fetch crypto caches "
    "console ReadableStream WritableStream TransformStream CompressionStream DecompressionStream "
    "TextEncoder TextDecoder HTMLRewriter WebSocketPair WebSocket AbortController AbortSignal "
    "EventSource structuredClone queueMicrotask setTimeout clearTimeout setInterval clearInterval "
    "atob btoa scheduler performance DurableObject WorkerEntrypoint WorkflowEntrypoint RpcTarget JSON "
    "Object Array Promise Math Date Number String Boolean Map Set WeakMap Symbol BigInt RegExp Error "
    "TypeError Uint8Array ArrayBuffer encodeURIComponent decodeURIComponent parseInt parseFloat "
    "undefined globalThis navigator"
)
KEYWORDS = _words(
    "async await break case catch class const constructor continue default delete else export extends "
    "finally for from function if implements import instanceof interface let new null of return "
    "static super switch this throw true false try typeof void while yield"
)
WORD = re.compile(r"[A-Za-z_$][\w$]*")
BEFORE = re.compile(r"(?P<owners>(?:[\w$]+(?:\([^()]*\))?\??\.)*)(?P<stem>[\w$]*)$")
LEAST = 2
"""Letters of a word before anything is offered; none are needed behind `env.`."""
MOST = 40


@dataclass(frozen=True)
class Candidate:
    """One word that may be meant."""

    word: str
    kind: str
    """What it is, in a word: `KV`, `binding`, `api`, `here`, `keyword`."""


def words_of(text: str, least: int = 3) -> set[str]:
    """The names in a text."""
    return {word for word in WORD.findall(text) if len(word) >= least}


def complete(before: str, words: Iterable[str], bindings: Mapping[str, str]) -> tuple[str, list[Candidate]]:
    """What may follow.

    Args:
        before: The line left of the cursor.
        words: The names in the modules.
        bindings: Binding to its type in the API.

    Returns:
        The letters that are there already, and what they may become, the best first.
    """
    found = BEFORE.search(before)
    owners, stem = (found["owners"], found["stem"]) if found else ("", "")
    owner = re.sub(r"\([^()]*\)|\?", "", owners).rstrip(".").rpartition(".")[2]
    above = re.sub(r"\([^()]*\)|\?", "", owners).rstrip(".").rpartition(".")[0].rpartition(".")[2]
    if stem[:1].isdigit() or (not owners and len(stem) < LEAST):
        return stem, []
    offered: list[Candidate] = []
    if owner == "env":
        offered = [Candidate(name, kind_of(bindings[name])) for name in bindings]
    elif above == "env" and owner in bindings:
        members = BINDING_MEMBERS.get(bindings[owner], ())
        offered = [Candidate(word, kind_of(bindings[owner])) for word in members]
    elif owners:
        offered = [Candidate(word, owner) for word in MEMBERS.get(owner, ())]
        if stem:
            offered += [Candidate(word, "here") for word in sorted(words)]
    else:
        offered = [Candidate(word, "here") for word in sorted(words)]
        offered += [Candidate(word, "api") for word in GLOBALS]
        offered += [Candidate(word, "keyword") for word in KEYWORDS]
        offered += [Candidate(name, "binding") for name in bindings]
    return stem, _best(offered, stem)


def kind_of(binding: str) -> str:
    """A binding's type in a word: `KV`, `D1`, `queue`."""
    names = {
        "kv_namespace": "KV", "d1": "D1", "r2_bucket": "R2", "durable_object_namespace": "object",
        "plain_text": "variable", "secret_text": "secret", "json": "variable",
    }  # fmt: skip
    return names.get(binding, binding.replace("_", " "))


def _best(offered: Iterable[Candidate], stem: str) -> list[Candidate]:
    """Those that begin with the stem as it is written, then in any case; each word once, never the stem."""
    low = stem.lower()
    found: dict[str, Candidate] = {}
    for candidate in offered:
        if candidate.word != stem and candidate.word.lower().startswith(low):
            found.setdefault(candidate.word, candidate)
    kept = sorted(found.values(), key=lambda item: not item.word.startswith(stem))
    return kept[:MOST]
