"""What the data screen changes: values, keys, files, alarms. Production is asked about first."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from textual import on, work

from tui.commands import data as commands
from tui.data.bucket import BucketObjects
from tui.data.kv import KvKeys, left, parse_expiry, stored
from tui.data.objects import ObjectKeys, Objects, alarm, parse_alarm
from tui.data.places import object_place
from tui.data.queues import QueueMessages
from tui.data.source import Item, Value
from tui.format import plural
from tui.lexers import lexer_for_name
from tui.markup import escape
from tui.screens.data.base import DataBase
from tui.screens.data.fields import Field, FieldsDialog, existing_file, needed, new_file
from tui.screens.data.transfer import TransferDialog


class Changing(DataBase):
    """Commands that write. What they wrote is read again by `renew`."""

    def renew(self, item: str = "") -> None:
        """Read the list again, with the cursor on an item."""
        raise NotImplementedError

    def show_item(self, item: Item | None) -> object:
        """Show what is in an item."""
        raise NotImplementedError

    # ------------------------------------------------------------------ a value

    @on(commands.DataEdit)
    def edit(self) -> None:
        """Type into the value."""
        if self.value is None or not self.value.editable or not self.can("edit"):
            self.notify("This value can only be looked at.", severity="warning")
            return
        self.editing = True
        self.content.read_only = False
        self.content.focus()
        self.pane(3).bottom = "[$accent]editing[/]  [b]^s[/] writes  [b]esc[/] leaves it"
        self.refresh_bindings()

    @on(commands.DataSave)
    @work(exclusive=True, group="change")
    async def _save(self) -> None:
        source, item, value = self.source, self.item, self.value
        if not self.editing or source is None or item is None or value is None:
            return
        text = stored(value, self.content.text)
        name = escape(item.name)
        if not await self.agreed(f"Write {name}", f"[b]{name}[/] gets this value.", "Write", always=False):
            return
        if await self.tried(source.save(item.name, text, item.raw), "Not written"):
            self.editing = False
            self.content.read_only = True
            self.notify(f"Wrote {name}.")
            self.renew(item.name)
            self.items.focus()

    @on(commands.DataNew)
    @work(exclusive=True, group="change")
    async def _new(self) -> None:
        source = self.source
        if not self.can("new") or source is None:
            return
        fields = [Field("key", "Key", source.prefix, "session:17", needed)]
        if isinstance(source, KvKeys):
            fields += ENTRY
        words = f"A key of [b]{escape(source.label)}[/]. Its value is typed next."
        asked = await self.app.push_screen_wait(FieldsDialog("New key", words, fields, verb="Add"))
        if asked is None:
            return
        raw: dict[str, Any] = {
            "size": 0,
            **{key: asked[key] for key in ("expiration", "metadata") if asked.get(key)},
        }
        as_json = isinstance(source, ObjectKeys)
        self.item = Item(asked["key"], (asked["key"],), raw)
        self.value = Value("{}" if as_json else "", editable=True)
        self.pane(3).title = f"[b]{escape(asked['key'])}[/] [$accent]new[/]"
        self.content.load(self.value.text, lexer_for_name("value.json"))
        self.edit()

    @on(commands.DataEntry)
    @work(exclusive=True, group="change")
    async def _entry(self) -> None:
        source, item = self.source, self.items.current
        if not isinstance(source, KvKeys) or item is None:
            return
        described = item.raw.get("metadata")
        fields = [
            Field("expiration", "Expires", left(item.raw.get("expiration")), "30d, 12h, never", parse_expiry),
            Field(
                "metadata",
                "Meta",
                "" if described is None else json.dumps(described, ensure_ascii=False),
                "JSON, or nothing",
                _json,
            ),
        ]
        name = escape(item.name)
        words = f"When [b]{name}[/] expires, and what is noted beside it. Its value stays."
        dialog = FieldsDialog(f"Expiry and metadata of {name}", words, fields, verb="Write", **self.guard)
        asked = await self.app.push_screen_wait(dialog)
        if asked is None:
            return
        call = source.describe(item, asked["expiration"], asked["metadata"])
        if await self.tried(call, "Not written"):
            self.notify(f"Wrote {name}.")
            self.renew(item.name)

    @on(commands.DataDelete)
    @work(exclusive=True, group="change")
    async def _delete(self) -> None:
        source = self.source
        chosen = [item for item in self.items.chosen if not item.folder]
        if not self.can("delete") or source is None:
            return
        if not chosen:
            self.notify("A folder goes with its objects: delete those.", severity="warning")
            return
        what = f"[b]{escape(chosen[0].name)}[/]" if len(chosen) == 1 else plural(len(chosen), source.NOUN)
        if not await self.agreed(
            f"Delete {what} of {escape(source.label)}",
            f"{what} goes at once. Nothing brings it back.",
            "Delete",
        ):
            return
        if await self.tried(source.delete(chosen), "Not deleted"):
            self.notify(f"Deleted {what}.")
            self.renew()

    # ------------------------------------------------------------------ files

    @on(commands.DataImport)
    @work(exclusive=True, group="change")
    async def _import(self) -> None:
        source = self.source
        if not isinstance(source, KvKeys):
            return
        words = (
            f"Keys of a JSON file go into [b]{escape(source.label)}[/]: "
            '\\[{"key", "value", "expiration_ttl"?, "metadata"?}], as wrangler takes it, or {"key": value}.'
        )
        fields = [Field("file", "File", "", "~/keys.json", existing_file, path=True)]
        asked = await self.app.push_screen_wait(
            FieldsDialog("Import keys", words, fields, verb="Import", **self.guard)
        )
        if asked is None:
            return
        file: Path = asked["file"]
        task = partial(source.import_file, file)
        dialog = TransferDialog(
            f"Import {escape(file.name)}", f"Into [b]{escape(source.label)}[/].", task, "keys"
        )
        if await self.app.push_screen_wait(dialog):
            self.notify(f"Imported {escape(file.name)}.")
        self.renew()

    @on(commands.DataUpload)
    @work(exclusive=True, group="change")
    async def _upload(self) -> None:
        source = self.source
        if not isinstance(source, BucketObjects):
            return
        fields = [
            Field("file", "File", "", "~/logo.png", existing_file, path=True),
            Field("key", "Key", source.prefix, "the file's name when it ends in /"),
        ]
        words = f"A file becomes an object of [b]{escape(source.bucket)}[/]; one with this key is replaced."
        asked = await self.app.push_screen_wait(
            FieldsDialog("Upload", words, fields, verb="Upload", **self.guard)
        )
        if asked is None:
            return
        file: Path = asked["file"]
        key = asked["key"] + (file.name if not asked["key"] or asked["key"].endswith("/") else "")
        task = partial(source.upload, file, key)
        words = f"To [b]{escape(key)}[/] in {escape(source.bucket)}."
        if await self.app.push_screen_wait(TransferDialog(f"Upload {escape(file.name)}", words, task)):
            self.notify(f"Uploaded {escape(key)}.")
            self.renew(key)

    @on(commands.DataDownload)
    @work(exclusive=True, group="change")
    async def _download(self) -> None:
        source, item = self.source, self.items.current
        if not isinstance(source, BucketObjects) or item is None or item.folder:
            return
        name = item.name.rpartition("/")[2] or "object"
        fields = [Field("file", "File", str(Path.cwd() / name), "", new_file, path=True)]
        words = f"[b]{escape(item.name)}[/] becomes a file; one that is there is replaced."
        asked = await self.app.push_screen_wait(FieldsDialog("Download", words, fields, verb="Download"))
        if asked is None:
            return
        file: Path = asked["file"]
        task = partial(source.download, item, file)
        if await self.app.push_screen_wait(
            TransferDialog(f"Download {escape(name)}", f"To [b]{escape(str(file))}[/].", task)
        ):
            self.notify(f"Downloaded {escape(str(file))}.")

    # ------------------------------------------------------------------ objects and queues

    @on(commands.DataAlarm)
    @work(exclusive=True, group="change")
    async def _alarm(self) -> None:
        source = self.source
        if isinstance(source, ObjectKeys):
            namespace, object_id = source.namespace, source.object_id
        elif isinstance(source, Objects) and self.items.current is not None:
            namespace, object_id = source.namespace, self.items.current.name
        else:
            return
        engine = self.svc.engine
        try:
            at = (await engine.object(namespace, object_id))["alarm"]
        except Exception as error:
            self.notify(escape(str(error)), severity="error")
            return
        words = f"It has {'none' if at is None else alarm(at)} now. One in the past rings at once."
        fields = [Field("at", "Rings", "", "10m, 2026-11-24 14:30, or nothing", parse_alarm)]
        asked = await self.app.push_screen_wait(
            FieldsDialog(f"Alarm of {escape(object_id[:12])}…", words, fields, verb="Set", **self.guard)
        )
        if asked is None:
            return
        if await self.tried(engine.set_alarm(namespace, object_id, asked["at"]), "Not set"):
            self.notify(f"Alarm {alarm(asked['at'])}." if asked["at"] else "No alarm.")
            self.renew(object_id)

    @on(commands.DataFind)
    @work(exclusive=True, group="change")
    async def _find(self) -> None:
        source, node = self.source, self.data_tree.cursor_node
        if not isinstance(source, Objects) or node is None:
            return
        words = f"The name that code gives to [b]{escape(source.label)}[/].idFromName or getByName."
        fields = [Field("name", "Name", "", "lobby", needed)]
        asked = await self.app.push_screen_wait(FieldsDialog("Find an object", words, fields, verb="Find"))
        if asked is None:
            return
        try:
            found = await source.named(asked["name"])
        except Exception as error:
            self.notify(escape(str(error)), severity="error")
            return
        if not found["hasStoredData"]:
            self.notify(f"{escape(asked['name'])} has stored nothing so far.", severity="warning")
            return
        place = object_place(source, found["id"], self.guarded, asked["name"])
        self.data_tree.add_place(node, place)
        self.data_tree.focus()

    @on(commands.DataPurge)
    @work(exclusive=True, group="change")
    async def _purge(self) -> None:
        source = self.source
        if not isinstance(source, QueueMessages):
            return
        name = escape(source.label)
        words = f"All messages of [b]{name}[/] go, those on their way too. Nothing brings them back."
        if await self.agreed(f"Purge {name}", words, "Purge") and await self.tried(
            source.purge(), "Not purged"
        ):
            self.notify(f"Purged {name}.")
            self.renew()


def _json(text: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError("JSON, or nothing") from None


ENTRY = [
    Field("expiration", "Expires", "never", "30d, 12h, never", parse_expiry),
    Field("metadata", "Meta", "", "JSON, or nothing", _json),
]
