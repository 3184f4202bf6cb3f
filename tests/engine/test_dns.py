"""The DNS responder, asked over UDP and TCP by dnslib's client."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from dnslib import OPCODE, QTYPE, RCODE, RR, A, DNSHeader, DNSQuestion, DNSRecord
from enginekit import RunningEngine


class Answers:
    """An engine with a DNS responder."""

    def __init__(self, running: RunningEngine) -> None:
        self.engine = running
        self.port: int = json.loads((running.state / "engine.json").read_text())["dns_port"]

    def raw(self, message: bytes) -> bytes:
        """What UDP brings back."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(20)
            udp.sendto(message, ("127.0.0.1", self.port))
            return udp.recvfrom(4096)[0]

    def ask(self, name: str, kind: str = "A", tcp: bool = False) -> tuple[str, list[str]]:
        """The code and the records of an answer."""
        asked = DNSRecord.question(name, kind)
        send = partial(asked.send, "127.0.0.1", self.port, tcp=True, timeout=20)
        packet = send() if tcp else self.raw(asked.pack())
        found = DNSRecord.parse(packet)
        assert (found.header.id, found.header.qr) == (asked.header.id, 1)
        return RCODE[found.header.rcode], [str(each.rdata) for each in found.rr]


@pytest.fixture(scope="module")
def dns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    state = tmp_path_factory.mktemp("dns") / "state"
    running = RunningEngine(state, "--dns-port", "0", "--tls-port", "0", "--no-samples")
    yield Answers(running)
    running.stop()


@pytest.mark.parametrize("tcp", [False, True])
def test_localhost_is_this_machine(dns: Answers, tcp: bool):
    for name in ("localhost", "hello.dev.localhost", "Any.Thing.LOCALHOST."):
        assert dns.ask(name, tcp=tcp) == ("NOERROR", ["127.0.0.1"])
    assert dns.ask("hello.dev.localhost", "AAAA", tcp) == ("NOERROR", [])  # the engine listens at 127.0.0.1
    assert dns.ask("hello.dev.localhost", "MX", tcp) == ("NOERROR", [])


def test_what_is_not_ours_is_refused(dns: Answers):
    for name in ("example.net", "com", ".", "localhost.example.net", "notlocalhost"):
        assert dns.ask(name) == ("REFUSED", [])


def test_custom_domains_and_routes_answer_at_once_and_their_zones_other_names_do_not_exist(dns: Answers):
    name, zone = f"w{uuid.uuid4().hex[:8]}", f"z{uuid.uuid4().hex[:8]}.test"
    dns.engine.deploy(name)
    assert dns.ask(f"app.{zone}") == ("REFUSED", [])
    origins = {"origins": [{"hostname": f"app.{zone}"}]}
    dns.engine.result("PUT", f"/workers/scripts/{name}/domains/records", json=origins)
    assert dns.ask(f"app.{zone}") == ("NOERROR", ["127.0.0.1"])
    assert dns.ask(f"APP.{zone}", tcp=True) == ("NOERROR", ["127.0.0.1"])
    assert dns.ask(f"www.{zone}")[0] == "NXDOMAIN"
    assert dns.ask(zone) == ("NOERROR", ["127.0.0.1"])
    dns.engine.result(
        "PUT", f"/workers/scripts/{name}/routes", json=[{"pattern": f"*.{zone}/api/*", "zone_name": zone}]
    )
    assert dns.ask(f"www.{zone}") == ("NOERROR", ["127.0.0.1"])
    dns.engine.result("DELETE", f"/workers/services/{name}?force=true")
    assert dns.ask(f"app.{zone}")[0] == "NXDOMAIN"


def test_negative_answers_say_how_long_they_hold(dns: Answers):
    found = DNSRecord.parse(dns.raw(DNSRecord.question("x.localhost", "TXT").pack()))
    assert [each.rtype for each in found.auth] == [QTYPE.SOA]
    assert (found.header.aa, found.header.ra) == (1, 0)
    apex = DNSRecord.parse(dns.raw(DNSRecord.question("localhost", "SOA").pack()))
    assert ([each.rtype for each in apex.rr], apex.auth) == ([QTYPE.SOA], [])
    asked = DNSRecord.question("x.localhost")
    asked.add_ar(RR(".", QTYPE.OPT, rclass=4096, rdata=[]))
    assert [each.rtype for each in DNSRecord.parse(dns.raw(asked.pack())).ar] == [QTYPE.OPT]


def test_what_is_no_question_harms_nobody(dns: Answers):
    assert (
        DNSRecord.parse(dns.raw(b"\x12\x34" + b"\x01\x00\x00\x01" + b"\xff" * 30)).header.rcode
        == RCODE.FORMERR
    )
    none = DNSRecord(DNSHeader(id=7, rd=1))
    assert DNSRecord.parse(dns.raw(none.pack())).header.rcode == RCODE.FORMERR
    update = DNSRecord(DNSHeader(id=8, opcode=OPCODE.UPDATE), q=DNSQuestion("localhost"))
    assert DNSRecord.parse(dns.raw(update.pack())).header.rcode == RCODE.NOTIMP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        answer = DNSRecord(
            DNSHeader(id=9, qr=1), q=DNSQuestion("localhost"), a=RR("localhost", rdata=A("1.2.3.4"))
        )
        for message in (b"", b"short", answer.pack()):
            udp.sendto(message, ("127.0.0.1", dns.port))
        udp.sendto(DNSRecord.question("localhost").pack(), ("127.0.0.1", dns.port))
        udp.settimeout(20)
        assert DNSRecord.parse(udp.recv(4096)).rr  # the first that comes back is the answer to the question
    with socket.create_connection(("127.0.0.1", dns.port), timeout=20) as tcp:
        tcp.sendall(b"\x00\x05hello")
        assert tcp.recv(100) == b""
    assert dns.ask("localhost", tcp=True) == ("NOERROR", ["127.0.0.1"])


def test_it_answers_again_after_the_live_process_died(dns: Answers):
    dns.ask("localhost")
    live = dns.engine.child("live")
    os.kill(live, signal.SIGKILL)
    dns.engine.child("live", other_than=live)
    deadline = time.monotonic() + 60
    while True:
        try:
            assert dns.ask("localhost") == ("NOERROR", ["127.0.0.1"])
            return
        except TimeoutError:
            assert time.monotonic() < deadline


def test_a_taken_port_is_told_and_without_the_option_there_is_none(engine: RunningEngine, tmp_path: Path):
    assert "dns_port" not in json.loads((engine.state / "engine.json").read_text())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(RuntimeError, match="cannot answer DNS"):
            RunningEngine(tmp_path / "state", "--dns-port", str(taken.getsockname()[1]))
