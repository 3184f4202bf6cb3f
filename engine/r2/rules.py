"""What a bucket is told once and does by itself: CORS, lifecycle, locks, notifications (r2/buckets).

Locks are kept by `engine.store.r2`, where every way to an object ends; lifecycle rules are applied from time
to time; a notification is a message in a queue, sent in the transaction that changed the object. CORS is kept
for those who ask for it: no page reads a bucket here but through a worker.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from engine.errors import ApiError
from engine.model import Actor
from engine.queues.bell import ring
from engine.r2.metadata import STORAGE_CLASSES
from engine.store import Connection, Store, changes, queue_messages, queues, r2, r2_uploads
from engine.store.queue_messages import Message

#: Rules of one kind that a bucket has at most.
MOST: Final = 1000
_METHODS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD"})
CREATED: Final = ("PutObject", "CompleteMultipartUpload", "CopyObject")
DELETED: Final = ("DeleteObject", "LifecycleDeletion")


async def replace(store: Store, bucket: str, kind: str, given: Any, actor: Actor) -> None:
    """Replaces the rules of one kind: cors, lifecycle or lock.

    Raises:
        ApiError: 10006 no bucket, 10040 a rule is wrong: the message says which and why.
    """
    if not isinstance(given, list) or len(given) > MOST or not all(isinstance(each, dict) for each in given):
        raise ApiError(10040, f"rules is a list of at most {MOST} objects")
    made = [_CHECKS[kind](position, rule) for position, rule in enumerate(given)]
    ids = [each["id"] for each in made if "id" in each]
    if len(set(ids)) < len(ids):
        raise ApiError(10040, "Two rules have the same id")

    def work(connection: Connection) -> None:
        r2.set_rules(connection, bucket, kind, made)
        _record(connection, store, bucket, kind, actor)

    await store.write(work)


async def notify_queue(
    store: Store, bucket: str, queue_id: str, given: Any, actor: Actor
) -> list[dict[str, Any]]:
    """Adds rules whose events go to a queue; gives them with their ids.

    Raises:
        ApiError: 10006 no bucket, 11000 no queue, 10040 a rule is wrong.
    """
    known = (*CREATED, *DELETED)
    if not isinstance(given, list) or not given or not all(isinstance(each, dict) for each in given):
        raise ApiError(10040, "rules is a list of objects with prefix, suffix and actions")
    added = []
    for position, rule in enumerate(given):
        actions = rule.get("actions")
        if not isinstance(actions, list) or not actions or not set(actions) <= set(known):
            raise _wrong(position, f"actions are some of {', '.join(known)}")
        texts = {key: rule[key] for key in ("prefix", "suffix", "description") if rule.get(key) is not None}
        if not all(isinstance(text, str) for text in texts.values()):
            raise _wrong(position, "prefix, suffix and description are texts")
        made = {"ruleId": uuid.uuid4().hex, "createdAt": store.now(), "actions": actions, **texts}
        added.append({**made, "queue": queue_id})

    def work(connection: Connection) -> list[dict[str, Any]]:
        queues.get(connection, queue_id)
        r2.set_rules(
            connection, bucket, "notification", [*r2.rules(connection, bucket, "notification"), *added]
        )
        _record(connection, store, bucket, "notification", actor)
        return added

    return await store.write(work)


async def unnotify_queue(
    store: Store, bucket: str, queue_id: str, ids: Iterable[str] | None, actor: Actor
) -> None:
    """Removes rules of a queue, all of them or those with these ids; raises ApiError 10006, 11012 none."""
    wanted = None if ids is None else set(ids)

    def work(connection: Connection) -> None:
        before = r2.rules(connection, bucket, "notification")
        kept = [
            each
            for each in before
            if each["queue"] != queue_id or (wanted is not None and each["ruleId"] not in wanted)
        ]
        if len(kept) == len(before):
            raise ApiError(11012, f"Bucket {bucket} has no such notification rule for this queue", 404)
        r2.set_rules(connection, bucket, "notification", kept)
        _record(connection, store, bucket, "notification", actor)

    await store.write(work)


def notify(
    connection: Connection, account: str, bucket: str, action: str, key: str, etag: str = "", size: int = -1
) -> list[str]:
    """Inside a transaction: send what an event is told; gives the ids of the queues, for `wake`.

    Args:
        etag, size: of the object, when it was created.
    """
    rung = []
    for rule in r2.rules(connection, bucket, "notification"):
        if action not in rule["actions"] or not key.startswith(rule.get("prefix", "")):
            continue
        queue = queues.by_id(connection, rule["queue"])
        if queue is None or not key.endswith(rule.get("suffix", "")):
            continue
        about = {"key": key} if size < 0 else {"key": key, "size": size, "eTag": etag}
        now = datetime.now(UTC)
        body = {
            "account": account,
            "action": action,
            "bucket": bucket,
            "object": about,
            "eventTime": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        sent = int(now.timestamp() * 1000)
        due = sent + queue.delivery_delay * 1000
        message = Message(queue_messages.new_id(), "json", json.dumps(body).encode(), sent, due=due)
        queue_messages.send(connection, queue.id, [message])
        rung.append(queue.id)
    return rung


def wake(store: Store, queue_ids: Iterable[str]) -> None:
    """After the transaction: tell the live process which queues have got something."""
    for queue_id in set(queue_ids):
        ring(store.path.parent, queue_id)


async def apply_lifecycle(store: Store) -> int:
    """Does what the lifecycle rules of all buckets say, as it is now; gives how many objects went."""
    names = await store.read(lambda connection: r2.ruled(connection, "lifecycle"))
    gone = 0
    for name in names:
        more = True
        while more:  # a short transaction at a time
            count, rung, more = await store.write(partial(_age, store=store, bucket=name))
            wake(store, rung)
            gone += count
    return gone


def _age(connection: Connection, store: Store, bucket: str) -> tuple[int, list[str], bool]:
    now, gone, rung, more = int(time.time() * 1000), 0, [], False
    if r2.find_bucket(connection, bucket) is None:
        return 0, [], False
    for rule in r2.rules(connection, bucket, "lifecycle"):
        if not rule["enabled"]:
            continue
        prefix = rule["conditions"]["prefix"]
        for each in rule.get("storageClassTransitions") or []:
            before = _before(each["condition"], now)
            r2.move_class(connection, bucket, prefix, before, each["storageClass"])
        if (ending := rule.get("deleteObjectsTransition")) is not None:
            before = _before(ending["condition"], now)
            found = r2.expired(connection, bucket, prefix, before)
            for key, _, _ in found:
                try:
                    r2.delete(connection, bucket, key)
                except ApiError:  # a lock comes before a lifecycle
                    continue
                gone += 1
                rung += notify(connection, store.account.id, bucket, "LifecycleDeletion", key)
            more = more or gone == 1000
        if (ending := rule.get("abortMultipartUploadsTransition")) is not None:
            moment = datetime.fromtimestamp(_before(ending["condition"], now) / 1000, UTC)
            for upload in r2_uploads.stale_uploads(connection, bucket, prefix, moment.isoformat()):
                r2_uploads.end_upload(connection, upload, "aborted")
    return gone, rung, more


def _before(condition: Mapping[str, Any], now: int) -> int:
    """What was uploaded before this (milliseconds) is meant; nothing when the day has not come."""
    if condition["type"] == "Age":
        return int(now - condition["maxAge"] * 1000)
    return now if now >= datetime.fromisoformat(condition["date"]).timestamp() * 1000 else 0


def _cors(position: int, rule: Mapping[str, Any]) -> dict[str, Any]:
    allowed = rule.get("allowed")
    if (
        not isinstance(allowed, dict)
        or not _texts(allowed.get("origins"))
        or not _texts(allowed.get("methods"))
    ):
        raise _wrong(position, 'allowed is {"origins": […], "methods": […], "headers"?: […]}')
    if not set(allowed["methods"]) <= _METHODS:
        raise _wrong(position, f"allowed.methods are some of {', '.join(sorted(_METHODS))}")
    if not all(_texts(lists) for lists in (allowed.get("headers", []), rule.get("exposeHeaders", []))):
        raise _wrong(position, "allowed.headers and exposeHeaders are lists of names")
    age = rule.get("maxAgeSeconds")
    if age is not None and (isinstance(age, bool) or not isinstance(age, int) or not 0 <= age <= 86400):
        raise _wrong(position, "maxAgeSeconds is a whole number from 0 to 86400")
    return dict(rule)


def _lifecycle(position: int, rule: Mapping[str, Any]) -> dict[str, Any]:
    conditions = rule.get("conditions") or {}
    if not isinstance(conditions, dict) or not isinstance(conditions.get("prefix") or "", str):
        raise _wrong(position, 'conditions is {"prefix": "…"}')
    made = {**_named(position, rule), "conditions": {"prefix": conditions.get("prefix") or ""}}
    parts = [rule.get("deleteObjectsTransition"), rule.get("abortMultipartUploadsTransition")]
    moves = rule.get("storageClassTransitions") or []
    if not isinstance(moves, list):
        raise _wrong(position, "storageClassTransitions is a list")
    for each in [part for part in parts if part is not None] + moves:
        condition = each.get("condition") if isinstance(each, dict) else None
        _condition(position, condition, {"Age": "maxAge", "Date": "date"})
    if any(each.get("storageClass") not in STORAGE_CLASSES for each in moves):
        raise _wrong(position, f"storageClass is {' or '.join(STORAGE_CLASSES)}")
    keys = ("deleteObjectsTransition", "abortMultipartUploadsTransition", "storageClassTransitions")
    return made | {key: rule[key] for key in keys if rule.get(key)}


def _lock(position: int, rule: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(rule.get("prefix") or "", str):
        raise _wrong(position, "prefix is a text")
    known = {"Age": "maxAgeSeconds", "Date": "date", "Indefinite": None}
    condition = _condition(position, rule.get("condition"), known)
    return {**_named(position, rule), "prefix": rule.get("prefix") or "", "condition": condition}


_CHECKS: Final[Mapping[str, Callable[[int, Mapping[str, Any]], dict[str, Any]]]] = {
    "cors": _cors,
    "lifecycle": _lifecycle,
    "lock": _lock,
}


def _named(position: int, rule: Mapping[str, Any]) -> dict[str, Any]:
    name, enabled = rule.get("id"), rule.get("enabled", True)
    if name is not None and not isinstance(name, str):
        raise _wrong(position, "id is a text")
    if not isinstance(enabled, bool):
        raise _wrong(position, "enabled is true or false")
    return {"id": name or uuid.uuid4().hex, "enabled": enabled}


def _condition(position: int, given: Any, kinds: Mapping[str, str | None]) -> dict[str, Any]:
    kind = given.get("type") if isinstance(given, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        raise _wrong(position, f"a condition's type is {' or '.join(kinds)}")
    key = kinds[kind]
    if key is None:
        return {"type": kind}
    value = given.get(key)
    if key == "date":
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise _wrong(position, "date is a day, as 2027-01-31") from None
        value = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat().replace("+00:00", "Z")
        given["date"] = value
    elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**10:
        raise _wrong(position, f"{key} is a number of seconds")
    return {"type": kind, key: value}


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _wrong(position: int, why: str) -> ApiError:
    return ApiError(10040, f"Rule {position + 1}: {why}")


def _record(connection: Connection, store: Store, bucket: str, kind: str, actor: Actor) -> None:
    changes.append(
        connection,
        store.now(),
        "r2",
        actor,
        message=f"changed the {kind} rules of R2 bucket {bucket}",
        detail={"bucket_name": bucket, "operation": f"{kind} rules"},
    )
