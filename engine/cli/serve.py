"""`svc-tui serve`: the engine alone, in the foreground, until it is told to stop."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.statefolder import FolderError, FolderTaken, StateFolder, default_path

if TYPE_CHECKING:
    from engine import dns

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT, DEFAULT_TLS_PORT = 8787, 8443
#: Exit codes, as <sysexits.h> numbers them.
EXIT_PORT, EXIT_FOLDER, EXIT_TAKEN = 69, 73, 75


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "serve",
        help="run the engine in the foreground",
        description="Run the engine: the API and every environment's hostname on one port. "
        "Prints one line with its address when it is ready.",
    )
    parser.add_argument("--host", default=DEFAULT_HOST, help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--tls-port",
        type=port_number,
        default=DEFAULT_TLS_PORT,
        help="port for https (default: %(default)s, or a free one when that is in use; 0 takes a free one)",
    )
    parser.add_argument(
        "--dns-port",
        type=port_number,
        default=os.environ.get("SVC_TUI_DNS_PORT") or None,
        help="answer DNS for this engine's names on a loopback port (default: $SVC_TUI_DNS_PORT, else off; "
        "0 takes a free one)",
    )
    parser.add_argument("--state", type=Path, help="state folder (default: $SVC_TUI_STATE, else the user's)")
    parser.add_argument(
        "--no-samples", action="store_true", help="leave a new account empty, without sample services"
    )


def run(args: argparse.Namespace) -> int:
    """Serve; returns the exit code: 0, or 1, 69 (port), 73 (state folder), 75 (in use) with a line why."""
    from engine.gateway.listen import listen
    from engine.supervisor import Supervisor, ensure_token

    folder = StateFolder(args.state or default_path())
    try:
        folder.prepare()
        folder.lock()
        ensure_token(folder)
    except FolderTaken as error:
        return _refuse(str(error), EXIT_TAKEN)
    except FolderError as error:
        return _refuse(str(error), EXIT_FOLDER)
    except OSError as error:
        return _refuse(f"cannot write to the state folder {folder.path}: {error.strerror}", EXIT_FOLDER)
    try:
        sock = listen(args.host, args.port)
    except OSError as error:
        return _refuse(_port_reason(args.host, args.port, error), EXIT_PORT)
    try:
        names = _listen_dns(args.dns_port)
    except OSError as error:
        sock.close()
        return _refuse(f"cannot answer DNS: {error.strerror or error}; choose another --dns-port", EXIT_PORT)
    tls = _listen_tls(args.host, args.tls_port)
    return Supervisor(folder, sock, tls, samples=not args.no_samples, dns=names).run()


def _listen_dns(port: int | None) -> dns.Sockets | None:
    """The sockets for DNS; None when nobody asked for it."""
    if port is None:
        return None
    from engine import dns

    return dns.listen(port)


def _listen_tls(host: str, port: int) -> socket.socket | None:
    """The socket for https; without one the engine does the rest."""
    from engine.gateway.listen import listen

    for number in (port, 0):
        try:
            return listen(host, number)
        except OSError as error:
            reason = error
    print(f"svc-tui: no https: {_port_reason(host, port, reason)}", file=sys.stderr)
    return None


def port_number(text: str) -> int:
    """A TCP port, for argparse."""
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 0 to 65535")
    return port


def _port_reason(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; stop what listens there, or choose another with --port"
    reason = error.strerror or str(error)
    return f"cannot listen on {host} port {port}: {reason}; choose another with --host or --port"


def _refuse(reason: str, code: int) -> int:
    print(f"svc-tui: {reason}", file=sys.stderr)
    return code
