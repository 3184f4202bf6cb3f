"""A secret of a secrets store as a binding: developers.cloudflare.com/secrets-store/integrations/workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from engine.bindings.binding import Binding, BindingError, Result
from engine.store import secrets_stores

if TYPE_CHECKING:
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation
    from engine.store import Store


class SecretsStoreSecret(Binding):
    """A secret that is read anew each time, so that a change of it needs no deploy.

    Args:
        name: the binding's name.
        store: where secrets are.
        store_id: the secrets store.
        secret: the secret's name.
    """

    type: ClassVar[str] = "secrets_store_secret"

    def __init__(self, name: str, store: Store, store_id: str, secret: str) -> None:
        super().__init__(name)
        self.secret = secret
        self._store = store
        self._store_id = store_id

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """`get`: its text. Traces tell its name only."""
        if operation != "get":
            raise BindingError(f'Secret "{self.name}" has no operation "{operation}".', "TypeError")
        found = await self._store.read(
            lambda connection: secrets_stores.find(connection, self._store_id, self.secret)
        )
        if found is None:
            raise BindingError(f'Secret "{self.secret}" not found')
        return Result(self._store.secrets.reveal(found.value))

    def subject(self, operation: str, args: list[Any]) -> str:
        """The secret's name."""
        return self.secret
