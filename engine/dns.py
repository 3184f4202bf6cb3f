"""A DNS responder on a loopback port: this engine's hostnames lead to this machine.

It answers for `localhost` and below (RFC 6761), for custom domains and hosts of routes, and says that other
names of the engine's zones do not exist. Whoever asks for anything else is refused: it is no resolver, and
the system's asks it for those zones only. Names come from memory and, for a zone's other names, from the
store, so a new custom domain answers at once. Messages are read and written by dnslib (RFC 1035, 6891).
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from engine.errors import StoreError
from engine.store import Connection, Store, zones

if TYPE_CHECKING:
    from dnslib import DNSRecord

#: Seconds that an answer may be kept: the next deployment may bring another domain.
TTL: Final = 5
#: Seconds that a connection may be silent, and the longest message over UDP that we say we take.
IDLE, UDP_SIZE = 10.0, 1232
#: IN and ANY.
_CLASSES: Final = frozenset({1, 255})
LOOPBACK: Final = "127.0.0.1"
V6: Final = "::1"

log = logging.getLogger("engine.dns")


@dataclass(frozen=True, slots=True)
class Sockets:
    """The two sockets of the responder, of one port number."""

    udp: socket.socket
    tcp: socket.socket

    @property
    def port(self) -> int:
        """Their port."""
        return int(self.udp.getsockname()[1])

    def close(self) -> None:
        """Close both."""
        self.udp.close()
        self.tcp.close()


def listen(port: int) -> Sockets:
    """Open both sockets on the loopback (`port` 0: one that is free for both).

    Raises:
        OSError: the port is in use or not allowed.
    """
    for tries in reversed(range(10 if port == 0 else 1)):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            udp.bind((LOOPBACK, port))
            tcp.bind((LOOPBACK, udp.getsockname()[1]))
            tcp.listen(64)
            return Sockets(udp, tcp)
        except OSError:
            udp.close()
            tcp.close()
            if not tries:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


class Responder:
    """Answers what comes to the sockets.

    Args:
        sockets: where it listens; closed by `close`.
        store: the database, which knows the zones.
        serves: whether an environment answers at a hostname, in lower case.
        v4: whether the engine listens at 127.0.0.1; if not, a hostname has no address of that kind.
        v6: the same of ::1.
    """

    def __init__(
        self,
        sockets: Sockets,
        store: Store,
        serves: Callable[[str], bool],
        *,
        v4: bool = True,
        v6: bool = False,
    ) -> None:
        self._sockets, self._store, self._serves = sockets, store, serves
        self._v4, self._v6 = v4, v6
        self._server: asyncio.Server | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to answer."""
        await asyncio.to_thread(__import__, "dnslib")  # the first question does not wait for it
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._spawn, self.answer), sock=self._sockets.udp
        )
        self._server = await asyncio.start_server(self._connection, sock=self._sockets.tcp)

    def close(self) -> None:
        """Stop answering."""
        for task in self._tasks:
            task.cancel()
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()
        self._sockets.close()

    async def answer(self, message: bytes) -> bytes | None:
        """The answer to a message; None to what is no question, which gets none."""
        from dnslib import OPCODE, RCODE, DNSError, DNSHeader, DNSRecord

        if len(message) < 12 or message[2] & 0x80:
            return None
        try:
            asked = DNSRecord.parse(message)
        except DNSError:
            number = int.from_bytes(message[:2], "big")
            return bytes(DNSRecord(DNSHeader(id=number, qr=1, ra=0, rcode=RCODE.FORMERR)).pack())
        reply = asked.reply(ra=0, aa=0)
        if asked.header.opcode != OPCODE.QUERY:
            reply.header.rcode = RCODE.NOTIMP
        elif len(asked.questions) != 1:
            reply.header.rcode = RCODE.FORMERR
        else:
            try:
                await self._fill(asked, reply)
            except StoreError as error:
                log.info("%s could not be answered: %s", asked.q.qname, error)
                reply = asked.reply(ra=0, aa=0)
                reply.header.rcode = RCODE.SERVFAIL
        return bytes(reply.pack())

    async def _fill(self, asked: DNSRecord, reply: DNSRecord) -> None:
        from dnslib import AAAA, EDNS0, QTYPE, RCODE, RR, SOA, A

        name = str(asked.q.qname).rstrip(".").lower()
        zone, exists = await self._place(name)
        if any(each.rtype == QTYPE.OPT for each in asked.ar):
            reply.add_ar(EDNS0(udp_len=UDP_SIZE))
        if zone is None or asked.q.qclass not in _CLASSES:
            reply.header.rcode = RCODE.REFUSED
            return
        reply.header.aa = 1
        if exists and self._v4 and asked.q.qtype in (QTYPE.A, QTYPE.ANY):
            reply.add_answer(RR(asked.q.qname, QTYPE.A, rdata=A(LOOPBACK), ttl=TTL))
        if exists and self._v6 and asked.q.qtype in (QTYPE.AAAA, QTYPE.ANY):
            reply.add_answer(RR(asked.q.qname, QTYPE.AAAA, rdata=AAAA(V6), ttl=TTL))
        if not exists:
            reply.header.rcode = RCODE.NXDOMAIN
        start = RR(
            zone, QTYPE.SOA, rdata=SOA("localhost", f"nobody.{zone}", (1, 3600, 600, 86400, TTL)), ttl=TTL
        )
        if name == zone and asked.q.qtype == QTYPE.SOA:  # what resolvers look for a zone's beginning by
            reply.add_answer(start)
        if not reply.rr:  # RFC 2308: how long nothing may be remembered
            reply.add_auth(start)

    async def _place(self, name: str) -> tuple[str | None, bool]:
        """The zone of ours that a name is in, None when in none, and whether it leads somewhere."""
        if name == "localhost" or name.endswith(".localhost"):
            return "localhost", True
        zone = await self._store.read(lambda connection: _zone(connection, name))
        if self._serves(name):
            return zone or name, True
        return zone, zone == name  # a zone's own name is there, though nothing may answer at it

    # ------------------------------------------------------------------ sockets

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Messages behind their length, one after the other."""
        try:
            while True:
                head = await asyncio.wait_for(reader.readexactly(2), IDLE)
                message = await asyncio.wait_for(reader.readexactly(struct.unpack("!H", head)[0]), IDLE)
                found = await self.answer(message)
                if found is None:
                    return
                writer.write(struct.pack("!H", len(found)) + found)
                await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            return  # the client went, or had nothing more to ask
        finally:
            writer.close()

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Datagrams(asyncio.DatagramProtocol):
    """The UDP socket."""

    def __init__(
        self,
        spawn: Callable[[Awaitable[None]], None],
        answer: Callable[[bytes], Awaitable[bytes | None]],
    ) -> None:
        self._spawn, self._answer = spawn, answer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's is of a class of its own

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self._spawn(self._reply(data, address))

    async def _reply(self, data: bytes, address: tuple[str, int]) -> None:
        try:
            found = await self._answer(data)
        except Exception:  # one bad question ends no other's answer
            log.exception("a question could not be answered")
            return
        if found is not None and self._transport is not None:
            self._transport.sendto(found, address)


def _zone(connection: Connection, name: str) -> str | None:
    """The narrowest stored zone that has the name."""
    at = 0
    while at >= 0 and name[at:]:
        if zones.find(connection, name[at:]) is not None:
            return name[at:]
        at = name.find(".", at) + 1 or -1
    return None
