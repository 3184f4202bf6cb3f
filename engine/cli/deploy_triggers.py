"""What makes a deployed script run besides requests: it is told to the engine after the upload.

Only what differs is sent, so that deploying again and again leaves no trace in the history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.cli import provision
from engine.cli.api import Client, Json, environment_path

if TYPE_CHECKING:
    from engine.wrangler.project import Project


def queues(client: Client, project: Project) -> dict[str, Json]:
    """The queues that the project names, for producing and consuming.

    Raises:
        CliError: one does not exist: nothing is deployed then.
    """
    names = [str(each["queue_name"]) for each in project.bindings or () if "queue_name" in each]
    return provision.queues(client, [*names, *(each.queue for each in project.consumers)])


def put(client: Client, project: Project, found: dict[str, Json]) -> None:
    """Set consumers and crons.

    Args:
        found: the queues, by name.
    """
    place = (str(project.service), project.environment)
    for consumer in project.consumers:
        queue = found[consumer.queue]
        body: dict[str, Any] = {"type": consumer.type, "settings": dict(consumer.settings)}
        if consumer.type == "worker":
            body |= {"script_name": place[0], "environment_name": place[1]}
        if consumer.dead_letter_queue is not None:
            body["dead_letter_queue"] = consumer.dead_letter_queue
        path = f"/queues/{queue['queue_id']}/consumers"
        own = [each for each in queue["consumers"] if _is(each, consumer.type, place)]
        if not own:
            client.call("POST", path, body)
        elif (own[0]["settings"], own[0].get("dead_letter_queue")) != (
            body["settings"],
            consumer.dead_letter_queue,
        ):
            client.call("PUT", f"{path}/{own[0]['consumer_id']}", body)
    if project.crons is not None:
        path = environment_path(*place) + "/schedules"
        now = [each["cron"] for each in client.call("GET", path)["schedules"]]
        if sorted(now) != sorted(project.crons):
            client.call("PUT", path, json=[{"cron": each} for each in project.crons])


def _is(consumer: Json, kind: str, place: tuple[str, str]) -> bool:
    """Whether a consumer is the one that the project means."""
    if consumer["type"] != kind or kind == "http_pull":
        return bool(consumer["type"] == kind)
    return (consumer.get("script"), consumer.get("environment", "production")) == place
