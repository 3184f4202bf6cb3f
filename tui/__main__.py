"""`svc-tui`: the app; with a verb, the engine's command line.

Nothing heavy is imported before it is known which of the two was meant.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from importlib import import_module

from tui import __version__

#: Options that take a value: the word after them is no verb.
WITH_VALUE = frozenset({"--state", "--theme", "--port", "--web-port"})
VERBS = """verbs (svc-tui VERB --help says more):
  serve      run the engine in this terminal
  up         start the engine in the background
  run        one request to a file, run in V8
  deploy     a file or a wrangler project
  env        list, create, clone, rename, delete environments
  promote    move an environment's code to another one
  rollback   return to an earlier version
  export     write services as files for workerd or wrangler
  account    accounts of other engines and of Cloudflare
  keys       every command with its key
  config     where the settings are, and whether they are right"""
#: Verbs of the app itself, modules of tui/verbs.
OWN_VERBS = ("keys", "config")


def main() -> None:
    """The entry point."""
    arguments = sys.argv[1:]
    verb = _verb(arguments)
    if verb in OWN_VERBS:
        if hasattr(signal, "SIGPIPE"):
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `svc-tui keys | head` ends without a word
        arguments.remove(verb)
        sys.exit(import_module(f"tui.verbs.{verb}").main(arguments))
    if verb:
        os.execv(sys.executable, [sys.executable, "-m", "engine", *arguments])
    options = parser().parse_args(arguments)
    sys.exit(_serve(options) if options.web else _run(options))


def _run(options: argparse.Namespace) -> int:
    """The app in this terminal, or as one window of `--web`."""
    if "TEXTUAL_DRIVER" not in os.environ and not (sys.stdin.isatty() and sys.stderr.isatty()):
        parser().exit(
            2, "svc-tui: the app needs a terminal; for scripts there are verbs, see svc-tui --help\n"
        )

    from tui import garbage, paths

    garbage.put_off()
    from tui.app import SvcApp
    from tui.options import Options

    app = SvcApp(
        Options(
            state=paths.state_folder(options.state),
            theme=options.theme,
            samples=not options.no_samples,
            read_only=options.read_only,
            port=options.port,
            ascii=options.ascii,
            tour=True if options.tour else None,
        )
    )
    app.run()
    return app.return_code or 0


def _serve(options: argparse.Namespace) -> int:
    """The app in browsers of this machine."""
    try:
        from tui.web.server import serve
    except ModuleNotFoundError as error:
        print(f"svc-tui: --web needs {error.name}: pip install 'svc-tui[web]'", file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "tui"]
    for name in ("state", "theme", "port"):
        if (value := getattr(options, name)) is not None:
            command += [f"--{name}", str(value)]
    for name in ("no-samples", "read-only", "ascii", "tour"):
        if getattr(options, name.replace("-", "_")):
            command.append(f"--{name}")
    return serve(command, options.web_port)


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
    parser.add_argument("--theme", metavar="NAME", help="colours: dusk, paper, contrast, ansi, your own, …")
    parser.add_argument("--ascii", action="store_true", help="no signs beyond ASCII: plain lines and marks")
    parser.add_argument("--tour", action="store_true", help="show again how it works, in six steps")
    parser.add_argument("--no-samples", action="store_true", help="leave a new account empty")
    parser.add_argument("--read-only", action="store_true", help="look at everything, change nothing")
    parser.add_argument("--port", type=_port, metavar="N", help="port, when the engine has to be started")
    parser.add_argument("--web", action="store_true", help="serve the app to a browser of this machine")
    parser.add_argument("--web-port", type=_port, metavar="N", default=8790, help="its port (default: 8790)")
    parser.add_argument("--version", action="version", version=f"svc-tui {__version__}")
    return parser


def _verb(arguments: list[str]) -> str:
    """The first word that is neither an option nor an option's value; empty when there is none."""
    words = iter(arguments)
    for word in words:
        if word in WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port; 0 to 65535")
    return int(text)


if __name__ == "__main__":
    main()
