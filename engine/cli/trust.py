"""`svc-tui trust`: have browsers and tools on this machine accept the engine's certificates."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.cli.api import dump
from engine.cli.errors import CliError

#: Where Linux distributions look for authorities, and what reads them from there: Debian's and SUSE's way.
ANCHORS = Path("/usr/local/share/ca-certificates")


@dataclass(frozen=True, slots=True)
class Step:
    """One way of trusting: who then trusts, and the commands that do it, in order."""

    who: str
    commands: tuple[tuple[str, ...], ...]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "trust",
        help="have this machine accept the engine's https",
        description="The engine signs its certificates with an authority of its own, made on first use; its "
        "key never leaves the state folder. Prints where the authority's certificate is and what makes this "
        "machine trust it; --install runs that (with sudo where it must).",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--print", action="store_true", help="print path and commands (the default)")
    how.add_argument("--install", action="store_true", help="run the commands")
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="state folder of the engine (default: $SVC_TUI_STATE, else the user's)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print or install. Returns the exit code: 1 when nothing could be installed."""
    from engine.gateway.authority import Authority, AuthorityError, certificate_path
    from engine.statefolder import FolderError, StateFolder, default_path

    folder = StateFolder(args.state or default_path())
    try:
        folder.prepare()
        Authority.open(folder.path)
    except (FolderError, AuthorityError) as error:
        raise CliError(str(error)) from None
    certificate = certificate_path(folder.path)
    found = steps(certificate)
    if args.install:
        return _install(found, certificate, as_json=args.json)
    if args.json:
        shown = [
            {"who": each.who, "commands": [shlex.join(line) for line in each.commands]} for each in found
        ]
        dump({"certificate": str(certificate), "steps": shown})
        return 0
    print(certificate)
    for step in found:
        print(f"# {step.who}")
        for command in step.commands:
            print(shlex.join(command))
    return 0


def steps(certificate: Path) -> list[Step]:
    """What makes this machine trust an authority, with the programs that it has."""
    found = []
    if sys.platform == "darwin":
        keychain = str(Path.home() / "Library/Keychains/login.keychain-db")
        add = ("security", "add-trusted-cert", "-r", "trustRoot", "-k", keychain, str(certificate))
        found.append(Step("macOS: Safari, Chrome, curl", (add,)))
    elif shutil.which("update-ca-certificates"):
        # It takes files that end in .crt; the folder's path makes the name this state folder's own.
        name = f"svc-tui-{abs(hash_of(str(certificate.parent))):08x}.crt"
        copy = ("install", "-m", "0644", str(certificate), str(ANCHORS / name))
        found.append(Step("the system: curl, git, Python", (_root(*copy), _root("update-ca-certificates"))))
    elif shutil.which("trust"):
        found.append(Step("the system: curl, git, Python", (_root("trust", "anchor", str(certificate)),)))
    if shutil.which("certutil") and sys.platform != "darwin":
        database = f"sql:{Path.home() / '.pki/nssdb'}"
        add = ("certutil", "-d", database, "-A", "-t", "C,,", "-n", "svc-tui", "-i", str(certificate))
        found.append(Step("Chrome and Chromium", (add,)))
        profiles = sorted((Path.home() / ".mozilla/firefox").glob("*/cert9.db"))
        for profile in profiles:
            found.append(Step(f"Firefox, profile {profile.parent.name}", (_profile(add, profile.parent),)))
    return found


def hash_of(text: str) -> int:
    """A number of 32 bits that is the same in every process."""
    import zlib

    return zlib.crc32(text.encode())


def _profile(command: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    return (*command[:2], f"sql:{folder}", *command[3:])


def _root(*command: str) -> tuple[str, ...]:
    """The command as root."""
    return command if os.geteuid() == 0 else ("sudo", *command)


def _install(found: list[Step], certificate: Path, *, as_json: bool) -> int:
    if not found:
        raise CliError(
            "there is no update-ca-certificates, trust, certutil or security on this machine: "
            f"add {certificate} to the authorities by hand"
        )
    results = []
    for step in found:
        reason = _perform(step)
        results.append({"who": step.who, "installed": reason is None, "reason": reason})
        if not as_json:
            told = f"trusted by {step.who}" if reason is None else f"not trusted by {step.who}: {reason}"
            print(told, file=sys.stdout if reason is None else sys.stderr)
    if as_json:
        dump({"certificate": str(certificate), "steps": results})
    return 0 if any(each["installed"] for each in results) else 1


def _perform(step: Step) -> str | None:
    """Run a step; gives why it failed, or None."""
    for command in step.commands:
        try:
            done = subprocess.run(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
            )
        except OSError as error:
            return f"{command[0]}: {error.strerror}"
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            return f"{shlex.join(command)} ended with {done.returncode}{': ' + lines[-1] if lines else ''}"
    return None
