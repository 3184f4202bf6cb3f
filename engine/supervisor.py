"""The parent of the engine's two processes: it owns the port, the lock and the state folder's small files.

V8 can take a process down with it, so nothing that runs JavaScript is in here. The listening socket is
opened here and inherited by `live`: while that one is replaced, connections wait in the socket's queue
instead of being refused. `drafts` listens on a socket in the state folder.

A child knows that this process is gone when its standard input ends.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from typing import IO, TYPE_CHECKING, Literal

from engine.statefolder import StateFolder, write_private

if TYPE_CHECKING:
    from engine import dns

Kind = Literal["live", "drafts"]

#: Seconds after SIGTERM until a child that still has not ended is killed: its own grace and some.
STOP_LIMIT = 12.0
#: Restart delays (seconds): the first is at once; each crash soon after a start doubles it, up to the last.
FIRST_DELAY, LAST_DELAY = 0.05, 5.0
#: Seconds from the engine's being there to the start of the drafts process.
DRAFTS_DELAY = 0.15
#: A child that lived this long (seconds) did not crash on start.
HEALTHY = 10.0


class Child:
    """One of the two processes, through all its lives.

    Attributes:
        kind: which.
        process: the one that runs, or the last that did.
        ready: read end of the pipe in which it says that it answers, or why it cannot.
        answered: whether the one that runs has said that it answers.
        crashes: ends in a row that came soon after a start.
        due: when to start it again (monotonic seconds), or None while it runs.

    No dataclass: every start of the engine would wait for that module.
    """

    def __init__(self, kind: Kind, due: float | None = 0.0) -> None:
        self.kind = kind
        self.due = due
        self.process: subprocess.Popen[bytes] | None = None
        self.ready: IO[bytes] | None = None
        self.started = 0.0
        self.answered = False
        self.crashes = 0
        self.said = bytearray()

    @property
    def running(self) -> bool:
        """Whether a process of it has been started and has not been seen to end."""
        return self.process is not None and self.process.returncode is None


class Supervisor:
    """Runs the engine until it is told to stop.

    Args:
        folder: the state folder, locked by this process.
        sock: the listening socket.
        tls: the listening socket for https, None without https.
        samples: whether a new account gets the sample services.
        dns: the sockets of the DNS responder, None without one.
    """

    def __init__(
        self,
        folder: StateFolder,
        sock: socket.socket,
        tls: socket.socket | None = None,
        *,
        samples: bool = True,
        dns: dns.Sockets | None = None,
    ) -> None:
        self.folder = folder
        self.sock = sock
        self.tls = tls
        self.dns = dns
        self.samples = samples
        host, port = sock.getsockname()[:2]
        self.address = f"http://{address_host(host)}:{port}"
        self.port = int(port)
        self.tls_port = int(tls.getsockname()[1]) if tls is not None else None
        self.tls_address = f"https://{address_host(host)}:{self.tls_port}" if tls is not None else None
        self._children: dict[Kind, Child] = {"live": Child("live"), "drafts": Child("drafts", due=None)}
        self._selector = selectors.DefaultSelector()
        self._stopping = 0.0
        self._announced = False
        self._failure: str | None = None

    def run(self) -> int:
        """Serve until SIGTERM, SIGINT or SIGHUP.

        Returns:
            0 after an orderly stop, 1 when the engine could not start (with one line on stderr).
        """
        ours, woken = socket.socketpair()
        ours.setblocking(False)
        woken.setblocking(False)
        self._selector.register(woken, selectors.EVENT_READ, None)
        signal.set_wakeup_fd(ours.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGCHLD, _noticed)
        try:
            self._loop(woken)
        finally:
            self._end()
            self.folder.forget_engine()
        if self._failure is not None:
            print(f"svc-tui: {self._failure}", file=sys.stderr)
            return 1
        return 0

    # ------------------------------------------------------------------ the loop

    def _loop(self, woken: socket.socket) -> None:
        while True:
            self._reap()
            if self._stopping and not any(child.running for child in self._children.values()):
                return
            self._start_due()
            for key, _ in self._selector.select(self._patience()):
                if key.fileobj is woken:
                    woken.recv(4096)
                else:
                    self._hear(key.data)
            if self._stopping and time.monotonic() > self._stopping + STOP_LIMIT:
                self._signal_children(signal.SIGKILL)

    def _patience(self) -> float:
        waits = [30.0]
        now = time.monotonic()
        if self._stopping:
            waits.append(max(0.05, self._stopping + STOP_LIMIT - now))
        waits += [max(0.0, child.due - now) for child in self._children.values() if child.due is not None]
        return min(waits)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:  # asked twice: at once
            self._signal_children(signal.SIGKILL)
            return
        self._stop()

    def _stop(self) -> None:
        self._stopping = time.monotonic()
        self._close()  # with the child's copies closed too, new connections are refused, not left waiting
        for child in self._children.values():
            child.due = None
        self._signal_children(signal.SIGTERM)

    def _signal_children(self, number: int) -> None:
        for child in self._children.values():
            if child.running and child.process is not None:
                child.process.send_signal(number)

    def _end(self) -> None:
        """Whatever happened here: no child is left behind."""
        self._signal_children(signal.SIGKILL)
        for child in self._children.values():
            if child.process is not None:
                child.process.wait()
        self._close()

    def _close(self) -> None:
        self.sock.close()
        if self.tls is not None:
            self.tls.close()
        if self.dns is not None:
            self.dns.close()

    # ------------------------------------------------------------------ children

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.due is not None and child.due <= now and not self._stopping:
                self._start(child)

    def _start(self, child: Child) -> None:
        readable, writable = os.pipe()
        command = [sys.executable, "-m", "engine", "child", child.kind]
        command += ["--state", str(self.folder.path), "--ready-fd", str(writable)]
        inherited = [writable]
        if child.kind == "live":
            command += ["--fd", str(self.sock.fileno()), "--address", self.address]
            command += [] if self.samples else ["--no-samples"]
            command += [] if child.process is None else ["--ended", str(child.process.returncode)]
            inherited.append(self.sock.fileno())
            if self.dns is not None:
                both = [self.dns.udp.fileno(), self.dns.tcp.fileno()]
                command += ["--dns-fds", *map(str, both)]
                inherited += both
            if self.tls is not None:
                command += ["--tls-fd", str(self.tls.fileno()), "--tls-address", str(self.tls_address)]
                inherited.append(self.tls.fileno())
        with self.folder.open_log() as log:
            child.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=inherited,
                start_new_session=True,  # Ctrl+C in a terminal reaches this process only
            )
        os.close(writable)
        child.ready = os.fdopen(readable, "rb", buffering=0)
        child.said.clear()
        child.answered = False
        child.started, child.due = time.monotonic(), None
        self._selector.register(child.ready, selectors.EVENT_READ, child)

    def _reap(self) -> None:
        for child in self._children.values():
            if child.running and child.process is not None and child.process.poll() is not None:
                self._hear_out(child)
                self._ended(child, child.process.returncode)

    def _ended(self, child: Child, code: int) -> None:
        if child.process is not None and child.process.stdin is not None:
            child.process.stdin.close()
        if self._stopping:
            return
        if child.kind == "live" and not self._announced and self._failure is None:
            self._failure = f"the engine ended while starting (code {code}); see {self.folder.log}"
        if self._failure is not None:
            self._stop()
            return
        lived = time.monotonic() - child.started
        # Who answered and was then killed did not fail to start: the next is started at once.
        killed = child.answered and code == -signal.SIGKILL
        child.crashes = 0 if lived > HEALTHY or killed else child.crashes + 1
        delay = 0.0 if child.crashes <= 1 else min(LAST_DELAY, FIRST_DELAY * 2 ** (child.crashes - 2))
        child.due = time.monotonic() + delay
        self.folder.note(f"{child.kind} ended with code {code} after {lived:.1f} s; restart in {delay:.2f} s")

    def _hear(self, child: Child) -> None:
        """One read of what a child says about itself: a line of JSON when it answers or cannot."""
        if child.ready is None:
            return
        data = child.ready.read(65536)
        if data:
            child.said += data
            if b"\n" in child.said:
                self._told(child, json.loads(child.said.partition(b"\n")[0]))
                child.said.clear()
            return
        self._selector.unregister(child.ready)
        child.ready.close()
        child.ready = None

    def _hear_out(self, child: Child) -> None:
        while child.ready is not None:
            self._hear(child)

    def _told(self, child: Child, message: dict[str, str]) -> None:
        if "error" in message:
            if not self._announced:
                self._failure = message["error"]
            self.folder.note(f"{child.kind}: {message['error']}")
            return
        child.answered = True
        if child.kind == "live" and not self._announced and not self._stopping:
            self._announced = True
            dns_port = self.dns.port if self.dns is not None else None
            self.folder.remember_engine(
                self.address, message["account_id"], self.port, self.tls_port, dns_port
            )
            also = f" and {self.tls_address}" if self.tls_address else ""
            print(f"svc-tui engine at {self.address}{also}", flush=True)
            # Not at once: it would slow the first answer, which is waited for.
            self._children["drafts"].due = time.monotonic() + DRAFTS_DELAY


def _noticed(number: int, frame: FrameType | None) -> None:
    """SIGCHLD needs a handler for the wake-up descriptor to be written; the loop does the rest."""


def address_host(host: str) -> str:
    """The host part of the engine's own address, where it can be reached on this machine."""
    if host in {"0.0.0.0", ""}:
        return "127.0.0.1"
    if host in {"::", "::1"}:
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def ensure_token(folder: StateFolder) -> str:
    """The API's bearer token, made on the first start; the file is 0600."""
    try:
        token = folder.token.read_text("ascii").strip()
    except FileNotFoundError:
        token = ""
    if not token:
        import secrets  # here: only the first start needs it

        token = secrets.token_urlsafe(32)
        write_private(folder.token, token + "\n")
    return token
