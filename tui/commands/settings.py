"""Commands of the settings screen: what can be done with an environment's settings."""

from __future__ import annotations

from tui.commands.base import Command


class SettingEdit(Command):
    """Edit the setting: type its value, or pick what a binding points to."""

    NAME = "setting: Edit"
    BINDING_KEY = "e"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Edit"
    HELP_TEXT = "edit, pick"


class SettingNew(Command):
    """Add a variable, JSON or a secret."""

    NAME = "setting: New variable or secret…"
    BINDING_KEY = "n"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "New…"
    HELP_TEXT = "new variable, secret…"


class SettingBind(Command):
    """Bind a KV namespace, database, bucket, service or class: one that exists, or a new one."""

    NAME = "setting: Bind…"
    BINDING_KEY = "b"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Bind…"
    HELP_TEXT = "bind something…"


class SettingsSave(Command):
    """Save all changes: a new version of the same code, live with the next request."""

    NAME = "setting: Save all changes…"
    BINDING_KEY = "ctrl+s"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Save…"
    HELP_TEXT = "save, makes a version…"
    CHANGES = True


class SettingUndo(Command):
    """Take back what was changed of this setting."""

    NAME = "setting: Undo"
    BINDING_KEY = "u"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Undo"
    HELP_TEXT = "take the change back"


class SettingRemove(Command):
    """Remove the setting, with the next save."""

    NAME = "setting: Remove"
    BINDING_KEY = "x"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Remove"
    HELP_TEXT = "remove with the next save"


class SettingInherit(Command):
    """Take production's value, with the next save."""

    NAME = "setting: As production"
    BINDING_KEY = "p"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "As production"
    HELP_TEXT = "take production's value"


class SettingRun(Command):
    """Run a cron trigger's handler now, and see what became of the last runs."""

    NAME = "setting: Run crons…"
    BINDING_KEY = "f5"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Run crons…"
    HELP_TEXT = "run crons, their history…"


class SettingsReload(Command):
    """Read what is live again; what was not saved is dropped."""

    NAME = "setting: Reload what is live"
    BINDING_KEY = "r"
    HELP_TEXT = "reload, drop changes"


class SettingsLeave(Command):
    """From the value back to the list, from there to where you came from."""

    BINDING_KEY = "escape"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Back"
    HELP_TEXT = "back"


class SettingsKeys(Command):
    """Show the keys that work where you are."""

    BINDING_KEY = "question_mark"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "Keys"
    HELP_TEXT = "these keys"


class PaneSettings(Command):
    """Go to the list of settings."""

    BINDING_KEY = "1"
    HELP_TEXT = "settings"


class PaneValue(Command):
    """Go to the setting's value."""

    BINDING_KEY = "2"
    HELP_TEXT = "value"


SETTINGS: tuple[type[Command], ...] = (
    SettingEdit,
    SettingNew,
    SettingBind,
    SettingsSave,
    SettingUndo,
    SettingRemove,
    SettingInherit,
    SettingRun,
    SettingsReload,
    SettingsLeave,
    SettingsKeys,
    PaneSettings,
    PaneValue,
)
