"""Compatibility dates and flags (developers.cloudflare.com/workers/configuration/compatibility-flags).

The runtime behaves as of today. A version with an older date, or with the flag that turns something off,
gets the older behaviour where it is one of these; a version without a date gets today's. What `nodejs_compat`
brings depends on the date too: js/tools/node.js.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag, the one that turns it off, and the date from which it is on.

    A date of "" is always, None only when the flag is there.
    """

    on: str
    off: str
    since: str | None


FLAGS: Final = (
    Flag("global_navigator", "no_global_navigator", "2022-03-21"),
    Flag("brotli_content_encoding", "no_brotli_content_encoding", "2024-04-29"),
    Flag("upper_case_all_http_methods", "no_upper_case_all_http_methods", "2024-10-14"),
    Flag("cache_option_enabled", "cache_option_disabled", "2024-11-11"),
    Flag("cache_no_cache_enabled", "cache_no_cache_disabled", "2025-08-07"),
    Flag("enable_navigator_language", "disable_navigator_language", "2025-05-19"),
    Flag("expose_global_message_channel", "no_expose_global_message_channel", "2025-08-15"),
    # Cloudflare's needs asking for; a signal that is never aborted is of no use to anybody.
    Flag("enable_request_signal", "disable_request_signal", ""),
    Flag("allow_importable_env", "disallow_importable_env", ""),
    Flag("global_fetch_strictly_public", "global_fetch_private_origin", None),
    Flag("fetch_iterable_type_support", "no_fetch_iterable_type_support", "2026-02-19"),
    Flag("websocket_standard_binary_type", "no_websocket_standard_binary_type", "2026-03-17"),
    Flag("web_socket_auto_reply_to_close", "web_socket_manual_reply_to_close", "2026-04-07"),
)


@dataclass(frozen=True, slots=True)
class Compatibility:
    """What a version's date and flags come to.

    Attributes:
        off: names of `FLAGS` that JavaScript does without.
        public: whether `fetch` goes to the front door of the version's own zone too.
        named: the flags that the version names, whether they do something here or not.
    """

    off: tuple[str, ...] = ()
    public: bool = False
    named: tuple[str, ...] = ()


def compatibility(date: str | None, flags: Sequence[str]) -> Compatibility:
    """What a date (``2026-11-23``, None is today) and flags come to; flags that are not known do nothing."""
    off = tuple(flag.on for flag in FLAGS if not _is_on(flag, date, flags))
    return Compatibility(off, "global_fetch_strictly_public" not in off, tuple(flags))


def _is_on(flag: Flag, date: str | None, flags: Sequence[str]) -> bool:
    if flag.off in flags:
        return False
    if flag.on in flags:
        return True
    return flag.since is not None and (date is None or date >= flag.since)
