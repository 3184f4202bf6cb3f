"""The three sample services of a new account, as real files."""

from __future__ import annotations

from engine.seed.samples import missing
from engine.store import Store

__all__ = ["plant"]


async def plant(store: Store) -> bool:
    """Make the samples, if the account is new: nobody but a seed has changed anything in it.

    A start that was cut short is completed by the next one.

    Returns:
        Whether anything was made.
    """
    wanted = await store.read(missing)
    if wanted:
        from engine.seed import seed  # here: only the first start of all needs it

        await seed.make(store, wanted)
    return bool(wanted)
