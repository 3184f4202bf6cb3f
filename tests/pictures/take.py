"""Takes pictures of every screen: the real app on a real engine, in three sizes and two themes.

    python tests/pictures/take.py OUT [--size 120x40]… [--theme dusk]… [--scene browse]… [--few] [--audit]

Needs Pillow and fontconfig (`pip install pillow`). The state is a temporary one with the sample services;
nothing of the user's is touched. OUT gets `SCENE-THEME-SIZE.png`. `--few` paints as a terminal of 256 colours
does, `--audit` tells text of too little contrast.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from enginekit import RunningEngine
from paint import picture, weak
from scenes import SCENES, NotThere, Scene, Stage
from shop import open_shop

from tui.app import SvcApp
from tui.options import Options

SIZES = ("80x24", "120x40", "200x50")
THEMES = ("dusk", "paper")
PIPELINE = """
service = "hello"
name = "release"

[[stages]]
environment = "staging"

[[stages]]
environment = "production"
steps = [10, 50, 100]

[[stages.gates]]
type = "request"
name = "answers"
path = "/"
expect.status = 200

[[stages.gates]]
type = "approval"
name = "somebody"
"""
FAILS = """\
let counted = 0;

export default {
  fetch(request) {
    counted += 1;
    console.warn("counted", counted);
    if (new URL(request.url).pathname === "/fails") {
      throw new TypeError("the list is not there");
    }
    return new Response(`Hello, ${counted}!\\n`);
  },
};
"""


def furnish(engine: RunningEngine) -> None:
    """Deployments, a rollout, requests, errors and a pipeline that waits for somebody."""
    code = "export default { fetch: () => new Response('two') };\n"
    base = "/workers/services/hello/environments"
    for environment, text, message in (
        ("production", FAILS, "Count what was asked"),
        ("production", FAILS.replace("warn", "log"), "Say it more quietly"),
        ("staging", code, "Answer two"),
    ):
        meta = f'{{"main_module": "worker.js", "annotations": {{"workers/message": "{message}"}}}}'
        files = {
            "metadata": (None, meta, "application/json"),
            "worker.js": ("worker.js", text, "application/javascript+module"),
        }
        engine.result("PUT", f"{base}/{environment}", files=files)
    versions = engine.result("GET", f"{base}/production/versions")["items"]
    shares = [
        {"version_id": versions[1]["id"], "percentage": 90},
        {"version_id": versions[0]["id"], "percentage": 10},
    ]
    engine.result(
        "POST", f"{base}/production/deployments", json={"strategy": "percentage", "versions": shares}
    )
    header = {"content-type": "application/toml"}
    engine.result(
        "PUT", "/workers/services/hello/pipelines/release", 201, content=PIPELINE.encode(), headers=header
    )
    engine.api.post("/workers/services/hello/pipelines/release/runs", json={}).raise_for_status()
    engine.result("PUT", f"{base}/staging/schedules", json=[{"cron": "*/5 * * * *"}, {"cron": "0 3 * * 1"}])
    for number in range(60):
        engine.get("hello", "/fails" if number % 9 == 0 else "/")
        engine.get("notes", "/notes")
        if number % 3 == 0:
            engine.get("notes", f"/notes/{number}", environment="staging")


async def walk(state: Path, theme: str, size: str, asked: argparse.Namespace) -> int:
    """One app through all scenes; how many did not come."""
    columns, rows = (int(part) for part in size.split("x"))
    chosen: list[Scene] = [scene for scene in SCENES if not asked.scene or scene.__name__ in asked.scene]
    missed = 0
    app = SvcApp(Options(state=state, theme=theme, tour=False))
    async with app.run_test(size=(columns, rows), notifications=True) as pilot:
        stage = Stage(pilot)
        await stage.until(lambda: stage.browse.loaded, "the services")
        for scene in chosen:
            name = f"{scene.__name__}-{theme}-{size}"
            try:
                await scene(stage)
            except NotThere as why:
                missed += 1
                print(f"{name}: did not come: {why}", file=sys.stderr)
            picture(app, asked.out / f"{name}.png", asked.few)
            if asked.audit:
                for text, ratio in weak(app, asked.few).items():
                    print(f"{name}: {ratio}:1 {text}")
            await stage.home()
    return missed


def main() -> int:
    """Start an engine, take the pictures, stop the engine; 1 when a scene did not come."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", action="append")
    parser.add_argument("--theme", action="append")
    parser.add_argument("--scene", action="append", choices=[scene.__name__ for scene in SCENES])
    parser.add_argument("--few", action="store_true")
    parser.add_argument("--audit", action="store_true")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    missed = 0
    with tempfile.TemporaryDirectory(prefix="svc-pictures-") as folder:
        os.environ.update(SVC_TUI_CONFIG=folder, COLORTERM="truecolor", TERM="xterm-256color")
        engine = RunningEngine(Path(folder) / "state")
        try:
            furnish(engine)
            open_shop(engine)
            for size in asked.size or SIZES:
                for theme in asked.theme or THEMES:
                    missed += asyncio.run(walk(engine.state, theme, size, asked))
        finally:
            engine.stop()
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
