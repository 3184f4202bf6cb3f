"""Commands that have to do with other accounts."""

from __future__ import annotations

from tui.commands.base import Command


class SwitchAccount(Command):
    """Look at another account: another engine's, or Cloudflare's."""

    NAME = "account: Switch…"
    BINDING_KEY = "f9"
    HELP_TEXT = "account…"


class CompareAccounts(Command):
    """Show how this environment differs from the one of the same name in another account."""

    NAME = "account: Compare with another…"
