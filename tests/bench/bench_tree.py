"""Browse with 1,000 services of 20 environments each: what opening the tree and a key in the filter cost.

    python tests/bench/bench_tree.py [--services 1000] [--environments 20] [--rounds 3]

The account is in memory, so that only the app is measured (`bench_scale.py`: the engine's pages). Times are
the app's own CPU until the screen shows it. Goals: opens ≤ 100 ms, a key in the filter ≤ 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from textual import events
from textual.pilot import Pilot

sys.path.insert(0, str(Path(__file__).parents[1] / "tui"))
from account import Account, app_on, browsing

from tui.screens.browse import BrowseScreen

TYPED = "service-77 env-1"
OPENS, KEY = 100.0, 50.0


async def painted(pilot: Pilot[None], browse: BrowseScreen) -> None:
    """Wait for the frame that shows what was just done."""
    await pilot.pause()
    shown = asyncio.Event()
    browse.service_tree.call_after_refresh(shown.set)
    await shown.wait()


async def measure(services: int, environments: int, rounds: int) -> dict[str, float]:
    """Milliseconds of CPU: filling the tree, and the median and worst key in the filter."""
    names = ["production", *(f"env-{number}" for number in range(1, environments))]
    account = Account(**{f"service-{number}": dict.fromkeys(names, 3) for number in range(services)})
    found = await account.services()
    account.page = services
    opens: list[float] = []
    keys: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SVC_TUI_CONFIG"] = folder
        app = app_on(account, Path(folder))
        async with app.run_test(size=(120, 40)) as pilot:
            browse = await browsing(pilot)
            for _ in range(rounds * 3):
                browse.service_tree.show(())
                await painted(pilot, browse)
                began = time.process_time()
                browse.service_tree.show(found)
                await painted(pilot, browse)
                opens.append((time.process_time() - began) * 1000)
            for _ in range(rounds):
                await pilot.press("slash")
                await painted(pilot, browse)
                for character in (*TYPED, *("backspace" for _ in TYPED)):
                    one = character if len(character) == 1 else None
                    began = time.process_time()
                    app.post_message(events.Key(character, one))
                    await painted(pilot, browse)
                    keys.append((time.process_time() - began) * 1000)
                await pilot.press("escape")
    return {
        "rows": services * (environments + 1),
        "opens_ms": round(statistics.median(opens), 1),
        "key_ms": round(statistics.median(keys), 1),
        "worst_key_ms": round(max(keys), 1),
    }


def main() -> int:
    """Print a small account and the large one; exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--environments", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(json.dumps(asyncio.run(measure(2, 3, asked.rounds))), flush=True)
    result = asyncio.run(measure(asked.services, asked.environments, asked.rounds))
    print(json.dumps(result), flush=True)
    return int(result["opens_ms"] > OPENS or result["key_ms"] > KEY)


if __name__ == "__main__":
    raise SystemExit(main())
