"""What a bucket is told: CORS, lifecycle, locks, notifications; and what of buckets this machine lacks."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from engine.api.call import ACCOUNT, Call, Handler, resource
from engine.api.envelope import loads_object, success
from engine.api.r2_buckets import BUCKET
from engine.errors import ApiError, NotFound
from engine.r2 import rules as verbs
from engine.store import Connection, queues, r2

NOTIFICATIONS = ACCOUNT + "/event_notifications/r2/{bucket}/configuration"


def _show(kind: str) -> Handler:
    async def show(call: Call) -> Response:
        """`GET r2/buckets/:b/…`: `{rules}`."""
        name = call.params["bucket"]
        found = await call.store.read(lambda connection: r2.rules(connection, name, kind))
        if kind == "cors" and not found:
            raise NotFound(10059, "The CORS configuration does not exist.")
        return success({"rules": found})

    return show


def _replace(kind: str) -> Handler:
    async def replace(call: Call) -> Response:
        """`PUT r2/buckets/:b/…` `{"rules": [...]}`: all rules anew."""
        body = await call.json_object()
        await verbs.replace(call.store, call.params["bucket"], kind, body.get("rules", []), call.actor)
        return success({})

    return replace


async def remove_cors(call: Call) -> Response:
    """`DELETE r2/buckets/:b/cors`."""
    await verbs.replace(call.store, call.params["bucket"], "cors", [], call.actor)
    return success({})


async def notifications(call: Call) -> Response:
    """`GET event_notifications/r2/:b/configuration`: rules by queue."""
    name = call.params["bucket"]

    def work(connection: Connection) -> list[dict[str, Any]]:
        by_queue: dict[str, list[dict[str, Any]]] = {}
        for rule in r2.rules(connection, name, "notification"):
            shown = {key: value for key, value in rule.items() if key != "queue"}
            by_queue.setdefault(rule["queue"], []).append(shown)
        found = {each: queues.by_id(connection, each) for each in by_queue}
        return [
            {"queueId": each, "queueName": queue.name, "rules": by_queue[each]}
            for each, queue in found.items()
            if queue is not None
        ]

    found = await call.store.read(work)
    if not found:
        raise NotFound(11015, f"No event notification configuration found for bucket {name}")
    return success({"bucketName": name, "queues": found})


async def notify(call: Call) -> Response:
    """`PUT …/configuration/queues/:q` `{"rules": [{prefix?, suffix?, actions}]}`: adds rules."""
    body = await call.json_object()
    bucket, queue = call.params["bucket"], call.params["queue"]
    made = await verbs.notify_queue(call.store, bucket, queue, body.get("rules"), call.actor)
    return success({"event_notification_detail_id": made[0]["ruleId"]})


async def unnotify(call: Call) -> Response:
    """`DELETE …/configuration/queues/:q` `{"ruleIds"?: [...]}`: these, or all of the queue."""
    body = await call.body()
    ids = loads_object(body).get("ruleIds") if body.strip() else None
    if ids is not None and (not isinstance(ids, list) or not all(isinstance(each, str) for each in ids)):
        raise ApiError(10040, "ruleIds is a list of ids.", 400)
    bucket, queue = call.params["bucket"], call.params["queue"]
    await verbs.unnotify_queue(call.store, bucket, queue, ids, call.actor)
    return success({})


def _off(shown: dict[str, Any], what: str) -> tuple[Handler, Handler]:
    """How a bucket's part that this machine lacks is shown, and what whoever wants to change it is told."""

    async def show(call: Call) -> Response:
        """It is off."""
        name = call.params["bucket"]
        await call.store.read(lambda connection: r2.bucket(connection, name))
        return success({**shown, **({"bucketId": name} if "domain" in shown else {})})

    async def refuse(call: Call) -> Response:
        """It cannot be switched on."""
        raise ApiError(10058, f"{what} is not part of this machine.", 400)

    return show, refuse


_PUBLIC = "Public access to a bucket: bind it to a worker instead. It"
_managed, _no_managed = _off({"domain": "none", "enabled": False}, _PUBLIC)
_custom, _no_custom = _off({"domains": []}, _PUBLIC)
_sippy, _no_sippy = _off({"enabled": False}, "Sippy, the migration from other clouds,")
_uploads, _no_uploads = _off({"enabled": False}, "A choice of where uploads go")

ROUTES = [
    resource(BUCKET + "/cors", get=_show("cors"), put=_replace("cors"), delete=remove_cors),
    resource(BUCKET + "/lifecycle", get=_show("lifecycle"), put=_replace("lifecycle")),
    resource(BUCKET + "/lock", get=_show("lock"), put=_replace("lock")),
    resource(BUCKET + "/domains/managed", get=_managed, put=_no_managed),
    resource(BUCKET + "/domains/custom", get=_custom, post=_no_custom),
    resource(BUCKET + "/sippy", get=_sippy, put=_no_sippy, delete=_sippy),
    resource(BUCKET + "/local-uploads", get=_uploads, put=_no_uploads),
    resource(NOTIFICATIONS, get=notifications),
    resource(NOTIFICATIONS + "/queues/{queue}", put=notify, delete=unnotify),
]
