"""`svc-tui`: the app; with a verb, the engine's command line.

Nothing heavy is imported before it is known which of the two was meant.
"""

from __future__ import annotations

import argparse
import os
import sys

from tui import __version__

#: Options that take a value: the word after them is no verb.
WITH_VALUE = frozenset({"--state", "--theme", "--port"})
VERBS = """verbs (svc-tui VERB --help says more):
  serve      run the engine in this terminal
  up         start the engine in the background
  run        one request to a file, run in V8
  deploy     a file or a wrangler project
  env        list, create, clone, rename, delete environments
  promote    move an environment's code to another one
  rollback   return to an earlier version
  export     write services as files for workerd or wrangler
  account    accounts of other engines and of Cloudflare"""


def main() -> None:
    """The entry point."""
    arguments = sys.argv[1:]
    if _has_verb(arguments):
        os.execv(sys.executable, [sys.executable, "-m", "engine", *arguments])
    options = parser().parse_args(arguments)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        parser().exit(
            2, "svc-tui: the app needs a terminal; for scripts there are verbs, see svc-tui --help\n"
        )

    from tui import paths
    from tui.app import SvcApp
    from tui.options import Options

    app = SvcApp(
        Options(
            state=paths.state_folder(options.state),
            theme=options.theme,
            samples=not options.no_samples,
            read_only=options.read_only,
            port=options.port,
        )
    )
    app.run()
    sys.exit(app.return_code or 0)


def parser() -> argparse.ArgumentParser:
    """The app's own options."""
    parser = argparse.ArgumentParser(
        prog="svc-tui",
        usage="svc-tui [options]  |  svc-tui VERB …",
        description="Workers Services on your own machine, in your own terminal.",
        epilog=VERBS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--state", metavar="DIR", help="state folder (else $SVC_TUI_STATE, else the user's)")
    parser.add_argument("--theme", metavar="NAME", help="colours: dusk, paper, contrast, okabe, your own")
    parser.add_argument("--no-samples", action="store_true", help="leave a new account empty")
    parser.add_argument("--read-only", action="store_true", help="look at everything, change nothing")
    parser.add_argument("--port", type=_port, metavar="N", help="port, when the engine has to be started")
    parser.add_argument("--version", action="version", version=f"svc-tui {__version__}")
    return parser


def _has_verb(arguments: list[str]) -> bool:
    """Whether there is a word that is neither an option nor an option's value."""
    words = iter(arguments)
    for word in words:
        if word in WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return True
    return False


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port; 0 to 65535")
    return int(text)


if __name__ == "__main__":
    main()
