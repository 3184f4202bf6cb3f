"""Copying, in one function.

OSC 52 reaches the terminal's clipboard even over ssh, but some terminals ignore it (macOS Terminal) and
tmux drops it by default; so on the same machine the platform's own tool is used as well.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from typing import Any

from textual.app import App

#: Terminals cut OSC 52 at about 100 KB of base64; what is longer goes through a tool only.
OSC_LIMIT = 74_000


def tool() -> list[str] | None:
    """The command that takes text for the clipboard, None when this machine has none for this session."""
    if os.environ.get("TMUX") and shutil.which("tmux"):
        return ["tmux", "load-buffer", "-w", "-"]  # -w: on to the terminal outside
    if os.environ.get("SSH_CONNECTION"):
        return None  # a tool would fill the clipboard of the machine at the other end
    candidates: list[list[str]] = []
    if sys.platform == "darwin":
        candidates.append(["pbcopy"])
    if os.environ.get("WAYLAND_DISPLAY"):
        candidates.append(["wl-copy"])
    if os.environ.get("DISPLAY"):
        candidates += [["xclip", "-selection", "clipboard"], ["xsel", "-ib"]]
    if os.environ.get("WSL_DISTRO_NAME"):
        candidates.append(["clip.exe"])
    return next((command for command in candidates if shutil.which(command[0])), None)


async def copy(app: App[Any], text: str) -> bool:
    """Put text in the clipboard, by every way there is.

    Args:
        app: The app, whose terminal gets OSC 52.
        text: The text.

    Returns:
        Whether it can have arrived: False for a long text on a machine without a clipboard tool.
    """
    short = len(text.encode()) <= OSC_LIMIT
    if short:
        app.copy_to_clipboard(text)
    command = tool()
    if command is None:
        return short
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(2):
            await process.communicate(text.encode())
    except (OSError, TimeoutError):
        return short
    return short or process.returncode == 0
