"""How long is waited for a database that somebody else writes."""

from __future__ import annotations

import os
from typing import Final

#: Seconds; tests that hold a database set fewer.
BUSY: Final = float(os.environ.get("SVC_TUI_BUSY_SECONDS", "5"))
