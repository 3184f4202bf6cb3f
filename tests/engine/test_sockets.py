"""``connect()`` of cloudflare:sockets, to servers in this process: TCP, TLS, halves, closing."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import orjson
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from workerkit import Lab, lab, request

from engine.model import Module
from engine.runtime.http import read
from engine.runtime.invocation import Call, Invocation

pytestmark = pytest.mark.asyncio(loop_scope="module")

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PRELUDE = """
import { connect } from "cloudflare:sockets";
const utf8 = new TextEncoder();
async function send(socket, text) {
  const writer = socket.writable.getWriter();
  await writer.write(utf8.encode(text));
  writer.releaseLock();
}
async function receive(socket, size) {
  const reader = socket.readable.getReader({ mode: "byob" });
  let text = "";
  while (text.length < size) {
    const { value, done } = await reader.read(new Uint8Array(size - text.length));
    if (done) { text += "|end"; break; }
    text += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return text;
}
const outcome = (promise) =>
  promise.then((value) => value === undefined ? "ok" : value, (error) => `${error}`);
export default { async fetch(request) {
  const to = `localhost:${new URL(request.url).searchParams.get("port")}`;
  return Response.json(await run(to));
} };
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0) as made:
        yield made


@asynccontextmanager
async def server(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port of this machine."""
    made = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends back what comes, until the other side ends."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def answer(bench: Lab, code: str, port: int, invocation: Invocation | None = None) -> object:
    """What ``run(to)`` of a worker gives."""
    worker = await bench.worker(PRELUDE + code)
    try:
        response = await worker.fetch(request(f"/?port={port}"), invocation or bench.invocation())
        return orjson.loads(await read(response.body))
    finally:
        await worker.close()


async def test_to_and_fro(bench: Lab) -> None:
    code = """async function run(to) {
      const [hostname, port] = to.split(":");
      const socket = connect({ hostname, port: +port });
      const { remoteAddress } = await socket.opened;
      await send(socket, "hello ");
      await send(socket, "there");
      const text = await receive(socket, 11);
      const closed = await outcome(socket.close());
      return [remoteAddress === `127.0.0.1:${port}`, text, closed, await outcome(socket.closed),
        socket.secureTransport, socket.upgraded, `${socket}`];
    }"""
    async with server(echo) as port:
        expected = [True, "hello there", "ok", "ok", "off", False, "[object Socket]"]
        assert await answer(bench, code, port) == expected


async def test_the_trace_has_it(bench: Lab) -> None:
    calls: list[Call] = []
    code = "async function run(to) { const s = connect(to); await s.opened; await s.close(); return 1; }"
    async with server(echo) as port:
        await answer(bench, code, port, Invocation("hello", "production", on_call=calls.append))
    assert [(each.binding, each.operation, each.subject) for each in calls] == [
        ("connect", "connect", f"localhost:{port}")
    ]


async def test_backpressure(bench: Lab) -> None:
    """20 MB each way through an echo: neither side holds more than its window."""
    code = """async function run(to) {
      const socket = connect(to);
      const writing = (async () => {
        const writer = socket.writable.getWriter();
        for (let i = 0; i < 320; i++) await writer.write(new Uint8Array(65536).fill(i));
        await writer.close();
      })();
      let size = 0, last;
      for await (const chunk of socket.readable) { size += chunk.length; last = chunk.at(-1); }
      await writing;
      return [size, last, await outcome(socket.closed)];
    }"""
    async with server(echo) as port:
        assert await answer(bench, code, port) == [320 * 65536, 319 % 256, "ok"]


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says one thing, ends its side, and waits for more than the other has said so far."""
    writer.write(b"bye")
    writer.write_eof()
    got = await reader.read()
    heard.append(got)
    writer.close()


heard: list[bytes] = []


@pytest.mark.parametrize("half_open", [False, True])
async def test_the_server_ends_its_side(bench: Lab, half_open: bool) -> None:
    code = f"""async function run(to) {{
      const socket = connect(to, {{ allowHalfOpen: {str(half_open).lower()} }});
      const text = await receive(socket, 4);
      if ({str(half_open).lower()}) {{
        await send(socket, "late");
        await socket.writable.close();
        await socket.close();
      }}
      return [text, await outcome(socket.closed)];
    }}"""
    heard.clear()
    async with server(hangs_up) as port:
        assert await answer(bench, code, port) == ["bye|end", "ok"]
        for _ in range(400):
            if heard:
                break
            await asyncio.sleep(0.05)
    assert heard == [b"late" if half_open else b""]


async def test_no_server(bench: Lab) -> None:
    code = """async function run(to) {
      const socket = connect(to);
      const found = [await outcome(socket.opened), await outcome(socket.closed),
        await outcome(send(socket, "x")), await outcome(receive(socket, 1))];
      const said = found[0].includes("cannot connect to the specified address");
      return found.map((text) => text.replace(/:.*/, "")).concat(said);
    }"""
    async with server(echo) as port:
        pass
    assert await answer(bench, code, port) == ["Error", "Error", "Error", "Error", True]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("connect()", "TypeError: "),
        ("connect('')", "TypeError: Specified address is empty string."),
        ("connect('host')", "TypeError: Specified address is missing port."),
        ("connect(':1')", "TypeError: Specified address is missing hostname."),
        ("connect('a b:1')", "TypeError: Specified address could not be parsed."),
        ("connect('host:70000')", "TypeError: Specified address could not be parsed."),
        ("connect({ hostname: 'x' })", "TypeError: Specified address is missing"),
        (
            "connect(to, { secureTransport: 'maybe' })",
            "TypeError: Unsupported value in secureTransport socket option",
        ),
        (
            "connect(to).startTls()",
            "TypeError: The `secureTransport` socket option must be set to 'starttls'",
        ),
        ("connect(to, { secureTransport: 'on' }).startTls()", "TypeError: Cannot startTls on a TLS socket."),
    ],
)
async def test_misuse(bench: Lab, call: str, message: str) -> None:
    code = (
        f"async function run(to) {{ try {{ {call}; return 'nothing'; }} catch (e) {{ return `${{e}}`; }} }}"
    )
    assert str(await answer(bench, code, 1)).startswith(message)


async def test_not_in_the_global_scope(bench: Lab) -> None:
    code = """let thrown; try { connect("localhost:1"); } catch (error) { thrown = error.message; }
    const run = () => thrown;"""
    assert "Disallowed operation called within global scope" in str(await answer(bench, code, 1))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one that `trusting` trusts."""
    return made_certificate(tmp_path_factory.mktemp("tls"))


def made_certificate(folder: Path) -> Path:
    """A PEM file with a key and the certificate of localhost, which signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def context(certificate: Path) -> ssl.SSLContext:
    """A server's."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trusting(certificate: Path) -> AsyncIterator[Lab]:
    """A lab that trusts the certificate."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(certificate))
        async with lab(spares=0) as made:
            yield made


TLS = """async function run(to) {
  const socket = connect(to, { secureTransport: "on" });
  await socket.opened;
  await send(socket, "secret");
  const text = await receive(socket, 6);
  await socket.close();
  return [text, socket.secureTransport];
}"""


async def test_tls(trusting: Lab, certificate: Path) -> None:
    async with server(echo, context(certificate)) as port:
        assert await answer(trusting, TLS, port) == ["secret", "on"]


async def test_tls_that_nobody_vouches_for(trusting: Lab, tmp_path: Path) -> None:
    code = """async function run(to) { return outcome(connect(to, { secureTransport: "on" }).opened); }"""
    async with server(echo, context(made_certificate(tmp_path))) as port:
        assert "TLS Handshake Failed" in str(await answer(trusting, code, port))


async def test_start_tls(trusting: Lab, certificate: Path) -> None:
    async def upgrades(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 " + await reader.readline())
        await writer.drain()
        await writer.start_tls(context(certificate))
        await echo(reader, writer)

    code = """async function run(to) {
      const plain = connect(to, { secureTransport: "starttls" });
      await send(plain, "STARTTLS\\n");
      const ready = await receive(plain, 13);
      const old = plain.readable.getReader().read();
      const secure = plain.startTls({ expectedServerHostname: "localhost" });
      let again; try { plain.startTls(); } catch (error) { again = error.name; }
      await send(secure, "x".repeat(100000));
      const text = await receive(secure, 100000);
      const late = await outcome(send(plain, "late"));
      await secure.close();
      return [ready, text.length, plain.upgraded, secure.secureTransport, await outcome(plain.closed),
        (await old).done, again, late.startsWith("TypeError")];
    }"""
    async with server(upgrades) as port:
        expected = ["220 STARTTLS\n", 100000, True, "on", "ok", True, "TypeError", True]
        assert await answer(trusting, code, port) == expected


async def test_the_end_of_the_event_closes_it(bench: Lab) -> None:
    ended = asyncio.Event()

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        ended.set()
        writer.close()

    async with server(waits) as port:
        await answer(bench, "async function run(to) { await connect(to).opened; return 1; }", port)
        await asyncio.wait_for(ended.wait(), 20)


async def node(bench: Lab, code: str, port: int) -> object:
    """What ``run(port)`` of a worker with Node's modules gives."""
    main = f"""import net from "node:net"; import tls from "node:tls"; import {{ once }} from "node:events";
    {code}
    export default {{ async fetch(request) {{
      return Response.json(await run(+new URL(request.url).searchParams.get("port")));
    }} }};"""
    modules = [Module("worker.js", "esm", main.encode())]
    program = await bench.compiler.compile(modules, "worker.js", "2025-09-01", ("nodejs_compat",))
    worker = bench.runtime.worker(program)
    try:
        return orjson.loads(await bench.text(worker, f"/?port={port}"))
    finally:
        await worker.close()


async def test_node_net(bench: Lab) -> None:
    code = """async function run(port) {
      const socket = net.connect({ port, host: "localhost" });
      const early = [socket.connecting, socket.pending, socket.readyState];
      socket.setEncoding("utf8").setNoDelay(true).setKeepAlive(true);
      socket.write("hello ");
      await once(socket, "connect");
      socket.end("there");
      let text = "";
      for await (const part of socket) text += part;
      const events = [];
      const refused = net.createConnection(port, "localhost", () => events.push("connected"));
      await once(refused, "connect");
      refused.destroy();
      await once(refused, "close");
      const none = net.connect(1, "localhost");
      const [error] = await once(none, "error");
      return [early, text, socket.remotePort === port, socket.bytesRead, socket.bytesWritten, events,
        refused.destroyed, error.code];
    }"""
    expected = [[True, True, "opening"], "hello there", True, 11, 11, ["connected"], True, "ECONNREFUSED"]
    async with server(echo) as port:
        assert await node(bench, code, port) == expected


async def test_node_tls(trusting: Lab, certificate: Path) -> None:
    code = """const secret = async (socket) => {
      await once(socket, "secureConnect");
      socket.end("secret");
      return [(await socket.toArray()).join(""), socket.encrypted, socket.authorized];
    };
    async function run(port) {
      const plain = net.connect(port, "localhost");
      return [await secret(tls.connect(port, "localhost", {})),
        await secret(tls.connect({ socket: plain, servername: "localhost" }))];
    }"""

    async def first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.readexactly(6)
        writer.write(data)
        writer.close()

    async with server(first, context(certificate)) as port:
        assert await node(trusting, code, port) == [["secret", True, True], ["secret", True, True]]
