"""A workflow as a worker's binding: developers.cloudflare.com/workflows/build/workers-api.

Parameters and payloads come and go in the form of `runtime/js/src/durable/values.js`, those of a batch one
behind the other.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from engine.bindings.binding import Binding, BindingError, Result
from engine.bindings.overlay import Key, Overlay, Space
from engine.errors import ApiError, StoreError
from engine.runtime.http import read
from engine.store import workflows
from engine.workflows import verbs
from engine.workflows.limits import MAX_BATCH, MAX_VALUE

if TYPE_CHECKING:
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation
    from engine.store import Connection, Store
    from engine.workflows.workflows import Workflows

log = logging.getLogger(__name__)


class WorkflowBinding(Binding):
    """A workflow to start, and to ask about its instances.

    Args:
        name: the binding's name.
        store: where instances are.
        workflow: its name.
        heard: told of what was done; None where nobody runs them.
    """

    type: ClassVar[str] = "workflow"
    writes: ClassVar[frozenset[str]] = frozenset({"create", "act", "sendEvent"})

    def __init__(self, name: str, store: Store, workflow: str, heard: Workflows | None) -> None:
        super().__init__(name)
        self.workflow = workflow
        self._store = store
        self._heard = heard

    def sandboxed(self, overlay: Overlay) -> Binding:
        """The workflow with what is done to it kept back."""
        return SandboxedWorkflow(self.name, self._store, self.workflow, self._heard, overlay=overlay)

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """`create` `get` `status` `act` `sendEvent`, as workflow.js sends them."""
        try:
            match operation:
                case "create":
                    if len(args[0]) > MAX_BATCH:
                        raise BindingError(f"A batch has at most {MAX_BATCH} instances")
                    content = await read(body, MAX_BATCH * MAX_VALUE)
                    batch, at = [], 0
                    for id, size in args[0]:
                        batch.append((id, content[at : at + size]))
                        at += size
                    return Result(await self._create(batch), size=len(content))
                case "get" | "status":
                    return await self._status(args[0])
                case "act":
                    await self._act(*args)
                    return Result()
                case "sendEvent":
                    await self._send(args[0], args[1], await read(body))
                    return Result()
        except ApiError as error:
            raise BindingError(error.message) from error
        except StoreError as error:
            log.error("Workflow %s failed: %s", operation, error)
            raise BindingError(f"Workflow {operation} failed: Internal Server Error") from error
        raise BindingError(f'Workflow "{self.name}" has no operation "{operation}".', "TypeError")

    def title(self, operation: str, args: list[Any]) -> str:
        """What is done to an instance."""
        return str(args[1]) if operation == "act" else operation

    def subject(self, operation: str, args: list[Any]) -> str:
        """The instance, or how many of them."""
        if operation == "create":
            ids = args[0]
            return f"{self.workflow} ×{len(ids)}" if len(ids) != 1 else f"{self.workflow} {ids[0][0] or ''}"
        return f"{self.workflow} {args[0]}"

    async def _create(self, batch: list[tuple[str | None, bytes]]) -> list[str]:
        made = await verbs.create(self._store, self.workflow, batch)
        for each in made:
            self._tell(each.seq)
        return [each.id for each in made]

    async def _status(self, id: str) -> Result:
        def work(connection: Connection) -> workflows.Instance:
            return workflows.instance(connection, workflows.get(connection, self.workflow), id)

        found = await self._store.read(work)
        error = dict(found.error) if found.error else None
        return Result({"status": found.status, "error": error}, found.output)

    async def _act(self, id: str, action: str, step: str | None = None) -> None:
        self._tell((await verbs.act(self._store, self.workflow, id, action, step)).seq)

    async def _send(self, id: str, type: str, payload: bytes) -> None:
        self._tell((await verbs.send_event(self._store, self.workflow, id, type, payload)).seq)

    def _tell(self, seq: int) -> None:
        if self._heard is not None:
            self._heard.changed(seq)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An instance that would have been created."""

    id: str
    params: bytes


class WorkflowSpace(Space):
    """Instances that a draft would have created, by id."""

    def __init__(self, resource: str, overlay: Overlay) -> None:
        super().__init__(resource, overlay)
        self.instances: dict[str, _Kept] = {}
        self.heard: Workflows | None = None
        self._made: list[int] = []

    def create(self, id: str, params: bytes) -> None:
        """Keep one back; raises BindingError when the overlay is full."""
        self.overlay.grow(len(params))
        self.instances[id] = _Kept(id, params)
        self.wrote(id)

    def apply(self, connection: Connection, keys: Collection[Key]) -> None:
        """Create them for real."""
        chosen = [(each.id, each.params) for each in self.instances.values() if each.id in keys]
        if chosen:
            workflow = workflows.get(connection, self.resource)
            made = workflows.create(connection, workflow, chosen, verbs.now())
            self._made = [each.seq for each in made]

    async def finish(self, keys: Collection[Key], forced: Collection[Key]) -> None:
        """Have them run."""
        made, self._made = self._made, []
        if self.heard is not None:
            for seq in made:
                self.heard.changed(seq)

    def forget(self, keys: Collection[Key]) -> None:
        """These were created."""
        for id in list(self.instances):
            if id in keys:
                self.overlay.grow(-len(self.instances.pop(id).params))


class SandboxedWorkflow(WorkflowBinding):
    """A workflow of which nothing is started yet, and whose instances are left alone."""

    def __init__(self, *args: Any, overlay: Overlay) -> None:
        super().__init__(*args)
        self._overlay = overlay

    async def _create(self, batch: list[tuple[str | None, bytes]]) -> list[str]:
        space = self._overlay.space(WorkflowSpace, self.workflow)
        space.heard = self._heard
        wanted = [(str(uuid.uuid4()) if id is None else id, params) for id, params in batch]

        def check(connection: Connection) -> None:
            workflow = workflows.get(connection, self.workflow)
            for id, params in wanted:
                workflows.check_id(id)
                if len(params) > MAX_VALUE:
                    raise ApiError(10205, "The parameters of an instance are at most 1 MiB")
                if id in space.instances or workflows.exists(connection, workflow, id):
                    raise ApiError(10203, f"(instance.already_exists) Provided id {id} is already in use")

        await self._store.read(check)
        for id, params in wanted:
            space.create(id, params)
        return [id for id, _ in wanted]

    async def _status(self, id: str) -> Result:
        space = self._overlay.existing(WorkflowSpace, self.workflow)
        if space is not None and id in space.instances:
            return Result({"status": "queued", "error": None})
        return await super()._status(id)

    async def _act(self, id: str, action: str, step: str | None = None) -> None:
        await self._status(id)
        raise BindingError(f"A sandboxed draft cannot {action} an instance that is there: run it live.")

    async def _send(self, id: str, type: str, payload: bytes) -> None:
        await self._status(id)
        raise BindingError(
            "A sandboxed draft cannot send an event to an instance that is there: run it live."
        )
