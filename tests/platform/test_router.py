"""The router, with small servers in place of dynos: what visitors, dynos and the log see."""

import asyncio
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from underway.platform.logs import Logs
from underway.platform.models import App, Domain, Dyno, Release
from underway.platform.router import Router
from underway.platform.settings import Limits, Ports, Settings
from underway.platform.store import Store
from underway.platform.tls import Authority

pytestmark = pytest.mark.anyio
LIMITS = Limits(boot=0.4, response=0.4, idle=0.6, keepalive=2, log_lines=100)
HOST = "shop-0123456789ab.localhost"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class FakeDynos:
    """What the router asks of dynos."""

    up: list[Dyno] = field(default_factory=list)
    state: Literal["up", "starting", "crashed", "none"] = "none"

    def serving(self, app_id: str) -> list[Dyno]:
        return [dyno for dyno in self.up if dyno.app_id == app_id]

    def web_state(self, app_id: str) -> Literal["up", "starting", "crashed", "none"]:
        return "up" if self.serving(app_id) else self.state


@dataclass
class Place:
    """A router with one app, and its visitors."""

    store: Store
    logs: Logs
    authority: Authority
    dynos: FakeDynos
    app: App
    http: int
    https: int
    stack: AsyncExitStack
    router: Router
    connections: int = 0

    async def dyno(self, handler: Handler) -> None:
        """One more web dyno, which answers each connection so."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            try:
                await handler(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.stack.callback(server.close)
        name = f"web.{len(self.dynos.up) + 1}"
        dyno = Dyno(self.app.id, name, "web", "release", [], state="up")
        dyno.port = server.sockets[0].getsockname()[1]
        self.dynos.up.append(dyno)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.http)
        self.stack.callback(writer.close)
        return reader, writer

    async def ask(self, request: str | bytes, host: str = HOST) -> bytes:
        """The whole answer to a request on a connection of its own."""
        reader, writer = await self.connect()
        data = request if isinstance(request, bytes) else request.encode()
        first, _, rest = data.partition(b"\r\n")
        writer.write(
            first + f"\r\nHost: {host}\r\nConnection: close\r\n".encode() + (rest or b"\r\n")
        )
        async with asyncio.timeout(5):
            return await reader.read()

    @property
    def lines(self) -> list[str]:
        return self.logs.recent(self.app.id, 50, "heroku", "router")


async def slow_api(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The platform's own server, at a log session where nothing is said for a while."""
    await head_of(reader)
    await asyncio.sleep(LIMITS.response + 0.2)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\none ")
    await asyncio.sleep(LIMITS.idle + 0.2)
    writer.write(b"two")
    await writer.drain()
    writer.close()


@asynccontextmanager
async def placed(folder: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        store, logs = Store(folder / "state.sqlite"), Logs(folder / "logs", 100)
        stack.callback(store.close)
        stack.callback(logs.close)
        app = store.add(App("shop", HOST.removesuffix(".localhost"), "owner"))
        store.add(Release(app.id, 1, "Deploy", "user", images={"web": "sha256:1"}))
        authority, dynos = Authority(folder / "authority"), FakeDynos()
        api = await asyncio.start_server(slow_api, "127.0.0.1", 0)
        stack.callback(api.close)
        ports = Ports(api=api.sockets[0].getsockname()[1])
        router = Router(Settings(folder, ports, LIMITS), store, dynos, logs, authority)
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        await router.start(*sockets)
        stack.push_async_callback(router.stop)
        http, https = (sock.getsockname()[1] for sock in sockets)
        yield Place(store, logs, authority, dynos, app, http, https, stack, router)
        # The server's ends see that connections are closed.
        await asyncio.sleep(0)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with placed(tmp_path) as made:
        yield made


async def head_of(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n")).decode()


def answering(body: bytes = b"hello", more: str = "") -> Handler:
    """Answers every request of a connection, and keeps it open."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await head_of(reader)
            content = b"" if head.startswith("HEAD") else body
            length = f"Content-Length: {len(body)}\r\n"
            writer.write(f"HTTP/1.1 200 OK\r\n{length}{more}\r\n".encode() + content)

    return handler


async def echo_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    body = (await head_of(reader)).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


def saying(answer: bytes, stays: float = 0) -> Handler:
    """Answers one request with these bytes, and closes after so many seconds."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(answer)
        await asyncio.sleep(stays)

    return handler


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


# Requests that are answered


async def test_an_answer_comes_back_and_is_logged(place: Place) -> None:
    await place.dyno(answering())
    answer = await place.ask('GET /a?b="c HTTP/1.1\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n')
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Via: 1.1 heroku-router\r\n" in answer
    assert answer.endswith(b"\r\n\r\nhello")
    assert re.search(
        r"heroku\[router\]: at=info method=GET path=\"/a\?b=%22c\" host=shop-0123456789ab.localhost"
        r" request_id=[0-9a-f-]{36} fwd=\"10.0.0.1, 127.0.0.1\" dyno=web.1 connect=\d+ms"
        r" service=\d+ms status=200 bytes=5 protocol=http$",
        place.lines[-1],
    )


async def test_the_dyno_gets_herokus_headers_and_no_hop_by_hop_ones(place: Place) -> None:
    await place.dyno(echo_head)
    sent = (
        "GET / HTTP/1.1\r\nX-Forwarded-Proto: https\r\nConnection: X-Secret\r\nX-Secret: 1\r\n"
        "Keep-Alive: 5\r\nX-Request-Id: 01234567-89ab-cdef-0123\r\nX-Kept: yes\r\n\r\n"
    )
    got = (await place.ask(sent)).decode()
    assert "X-Forwarded-For: 127.0.0.1\r\n" in got
    assert "X-Forwarded-Proto: http\r\n" in got
    assert f"X-Forwarded-Port: {place.http}\r\n" in got
    assert "X-Request-Id: 01234567-89ab-cdef-0123\r\n" in got
    assert re.search(r"X-Request-Start: \d{13}\r\n", got)
    assert "Via: 1.1 heroku-router\r\n" in got
    assert "X-Kept: yes\r\n" in got
    assert "X-Secret" not in got and "Keep-Alive" not in got
    assert f"Host: {HOST}\r\n" in got


@pytest.mark.parametrize("id", ["short", "with spaces in it, at least twenty", "x" * 201])
async def test_a_request_id_that_heroku_would_not_keep_is_replaced(place: Place, id: str) -> None:
    await place.dyno(echo_head)
    got = (await place.ask(f"GET / HTTP/1.1\r\nX-Request-Id: {id}\r\n\r\n")).decode()
    assert re.search(r"X-Request-Id: [0-9a-f-]{36}\r\n", got)


async def test_connections_are_kept_on_both_sides(place: Place) -> None:
    await place.dyno(answering())
    reader, writer = await place.connect()
    for _ in range(5):
        writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        await head_of(reader)
        assert await reader.readexactly(5) == b"hello"
    assert place.connections == 1
    assert "connect=0ms" in place.lines[-1]


async def test_pipelined_requests_are_answered_in_order(place: Place) -> None:
    await place.dyno(echo_head)
    reader, writer = await place.connect()
    for path in "abc":
        writer.write(f"GET /{path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    for path in "abc":
        length = re.search(r"Content-Length: (\d+)", await head_of(reader))
        assert length
        body = await reader.readexactly(int(length[1]))
        assert body.startswith(f"GET /{path} ".encode())


async def test_a_kept_connection_that_ended_meanwhile_is_not_noticed(place: Place) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        # It goes on at the next request only to end there, as a server does that just timed out.
        await reader.read(1)

    await place.dyno(once)
    for _ in range(3):
        assert (await place.ask("GET / HTTP/1.1\r\n\r\n")).endswith(b"ok")
    assert not [line for line in place.lines if "at=error" in line]


async def test_head_has_a_length_and_no_body(place: Place) -> None:
    await place.dyno(answering())
    for _ in range(2):
        answer = await place.ask("HEAD / HTTP/1.1\r\n\r\n")
        assert b"Content-Length: 5\r\n" in answer
        assert answer.endswith(b"\r\n\r\n")
    assert place.connections == 1


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_statuses_without_a_body_end_at_once(place: Place, status: str) -> None:
    await place.dyno(saying(f"HTTP/1.1 {status}\r\n\r\n".encode()))
    answer = await place.ask("GET / HTTP/1.1\r\n\r\n")
    assert answer.startswith(f"HTTP/1.1 {status}\r\n".encode())
    assert b"Transfer-Encoding" not in answer


async def test_a_body_goes_to_the_dyno_and_back_in_chunks_or_by_length(place: Place) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        if "Transfer-Encoding: chunked" in head:
            while size := int(await reader.readline(), 16):
                data = await reader.readexactly(size + 2)
                writer.write(b"%x\r\n%b" % (size, data))
        else:
            length = re.search(r"Content-Length: (\d+)", head)
            assert length
            data = await reader.readexactly(int(length[1]))
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        writer.write(b"0\r\n\r\n")

    await place.dyno(echo)
    chunked = (
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    assert b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" in await place.ask(chunked)
    by_length = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde"
    assert b"5\r\nabcde\r\n0\r\n\r\n" in await place.ask(by_length)


async def test_an_old_client_gets_an_answer_without_chunks(place: Place) -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    await place.dyno(saying(chunks))
    answer = await place.ask("GET / HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nabc")
    assert b"Transfer-Encoding" not in answer


async def test_an_answer_that_ends_with_its_connection_is_whole(place: Place) -> None:
    await place.dyno(saying(b"HTTP/1.0 200 OK\r\n\r\nuntil the end"))
    answer = await place.ask("GET / HTTP/1.1\r\n\r\n")
    assert answer.endswith(b"d\r\nuntil the end\r\n0\r\n\r\n")


async def test_an_answer_is_passed_on_while_it_is_made(place: Place) -> None:
    more = asyncio.Event()

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await more.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    await place.dyno(stream)
    reader, writer = await place.connect()
    writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    await head_of(reader)
    assert await reader.readexactly(8) == b"3\r\none\r\n"
    more.set()
    assert await reader.readexactly(13) == b"3\r\ntwo\r\n0\r\n\r\n"


async def test_a_client_that_does_not_read_holds_the_dyno_back(place: Place) -> None:
    written = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1000):
            writer.write(bytes(100_000))
            await writer.drain()
            written += 100_000

    await place.dyno(flood)
    reader, writer = await place.connect()
    writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    await asyncio.sleep(0.4)
    held_at = written
    assert held_at < 50_000_000
    await head_of(reader)
    assert len(await reader.readexactly(100_000_000)) == 100_000_000


async def test_a_provisional_answer_is_passed_on_before_the_body_is_sent(place: Place) -> None:
    async def upload(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert "Expect: 100-continue" in await head_of(reader)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(3)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + body)

    await place.dyno(upload)
    reader, writer = await place.connect()
    start = f"PUT / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    writer.write(start.encode())
    assert (await head_of(reader)).startswith("HTTP/1.1 100 Continue\r\n")
    writer.write(b"abc")
    assert (await head_of(reader)).startswith("HTTP/1.1 200 OK\r\n")
    assert await reader.readexactly(3) == b"abc"


async def test_an_answer_before_the_body_was_sent_is_seen(place: Place) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await saying(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")(reader, writer)
        await reader.read(-1)

    await place.dyno(refuse)
    reader, writer = await place.connect()
    writer.write(f"PUT / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9000000\r\n\r\n".encode())
    writer.write(bytes(1_000_000))
    head = await head_of(reader)
    assert head.startswith("HTTP/1.1 413 Too Large\r\n")
    assert "Connection: close" in head


async def test_a_websocket_is_passed_through(place: Place) -> None:
    async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await head_of(reader)
        assert "Connection: Upgrade\r\nUpgrade: websocket\r\n" in head
        accepted = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket"
        writer.write(f"{accepted}\r\n\r\nwelcome".encode())
        while data := await reader.read(100):
            writer.write(data.upper())

    await place.dyno(upgrade)
    reader, writer = await place.connect()
    asked = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    writer.write(asked.encode())
    head = await head_of(reader)
    assert head.startswith("HTTP/1.1 101 ") and "Upgrade: websocket\r\n" in head
    assert await reader.readexactly(7) == b"welcome"
    for word in (b"one", b"two"):
        writer.write(word)
        assert await reader.readexactly(3) == word.upper()
    writer.close()
    await logged(place, "status=101 bytes=13")


@pytest.mark.parametrize(
    "sent",
    ["GET / HTTP/1.1\r\n{}\r\n", "POST / HTTP/1.1\r\n{}Content-Length: 3\r\n\r\nabc"],
    ids=["without a body", "with a body"],
)
async def test_an_upgrade_that_the_dyno_declines_is_an_ordinary_request(
    place: Place, sent: str
) -> None:
    await place.dyno(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    reader, writer = await place.connect()
    offer = f"Host: {HOST}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    for _ in range(2):
        writer.write(sent.format(offer).encode())
    for _ in range(2):
        assert (await head_of(reader)).startswith("HTTP/1.1 200 OK\r\n")
        assert await reader.readexactly(2) == b"ok"


async def test_requests_are_spread_over_all_dynos(place: Place) -> None:
    for number in range(3):
        await place.dyno(answering(b"dyno%d" % number))
    bodies = {(await place.ask("GET / HTTP/1.1\r\n\r\n"))[-5:] for _ in range(60)}
    assert bodies == {b"dyno0", b"dyno1", b"dyno2"}


async def test_another_dyno_answers_for_one_that_refuses(place: Place) -> None:
    await place.dyno(answering())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place.dynos.up.append(Dyno(place.app.id, "web.2", "web", "r", [], state="up", port=port))
    for _ in range(10):
        assert b"hello" in await place.ask("GET / HTTP/1.1\r\n\r\n")


# Hosts


async def test_custom_domains_lead_to_their_app(place: Place) -> None:
    place.store.add(Domain(place.app.id, "www.example.com"))
    place.store.add(Domain(place.app.id, "*.example.org"))
    await place.dyno(answering())
    for host in ("www.example.com", "WWW.example.com:80", "any.example.org"):
        assert b" 200 OK" in await place.ask("GET / HTTP/1.1\r\n\r\n", host)
    assert b" 404 " in await place.ask("GET / HTTP/1.1\r\n\r\n", "a.b.example.org")


async def test_an_unknown_host_has_no_app(place: Place) -> None:
    answer = await place.ask("GET / HTTP/1.1\r\n\r\n", "other.localhost")
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert b"No such app" in answer
    assert place.lines == []


async def test_the_platforms_own_hosts_lead_to_it_without_time_limits(place: Place) -> None:
    answer = await place.ask("GET / HTTP/1.0\r\n\r\n", "api.heroku.localhost")
    assert answer.endswith(b"one two")
    assert place.lines == []


async def test_https_has_a_certificate_for_the_host_that_is_asked_for(place: Place) -> None:
    await place.dyno(echo_head)
    context = ssl.create_default_context(cafile=str(place.authority.ca_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", place.https, ssl=context, server_hostname=HOST
    )
    writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    assert "X-Forwarded-Proto: https\r\n" in answer
    assert f"X-Forwarded-Port: {place.https}\r\n" in answer
    assert place.lines[-1].endswith("protocol=https")


# Requests that are not answered


async def logged(place: Place, text: str) -> str:
    """The newest line, once it says so."""
    async with asyncio.timeout(3):
        while not place.lines or text not in place.lines[-1]:
            await asyncio.sleep(0.02)
    return place.lines[-1]


async def failed(place: Place, code: str, description: str) -> str:
    """Ask; the log line of a request that got the error page."""
    answer = await place.ask("GET / HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"Application error" in answer
    return await logged(place, f'at=error code={code} desc="{description}" method=GET path="/"')


async def test_h10_where_the_app_crashed(place: Place) -> None:
    place.dynos.state = "crashed"
    line = await failed(place, "H10", "App crashed")
    assert line.endswith("dyno= connect= service= status=503 bytes= protocol=http")


async def test_h12_where_the_answer_takes_too_long(place: Place) -> None:
    await place.dyno(silent)
    line = await failed(place, "H12", "Request timeout")
    assert re.search(r"dyno=web.1 connect=\d+ms service=4\d\dms status=503 bytes=0 ", line)


async def test_h12_counts_from_the_end_of_the_request(place: Place) -> None:
    async def quick(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        await reader.readexactly(4)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    await place.dyno(quick)
    reader, writer = await place.connect()
    writer.write(f"PUT / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 4\r\n\r\n".encode())
    for _ in range(4):
        await asyncio.sleep(0.2)
        writer.write(b"x")
    assert " 200 OK" in await head_of(reader)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_h13_where_the_dyno_closes_without_an_answer(place: Place, start: bytes) -> None:
    await place.dyno(saying(start))
    reader, writer = await place.connect()
    writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    answer = await head_of(reader) if start else ""
    answer += await head_of(reader)
    assert "503 Service Unavailable" in answer
    line = await logged(place, 'code=H13 desc="Connection closed without response"')
    assert "dyno=web.1" in line


async def test_h14_where_no_web_dyno_runs(place: Place) -> None:
    line = await failed(place, "H14", "No web processes running")
    assert line.endswith("dyno= connect= service= status=503 bytes= protocol=http")


async def test_h15_where_the_answer_stops_coming(place: Place) -> None:
    async def stalls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await reader.read(1)

    await place.dyno(stalls)
    await unfinished(place, b"half")
    assert "status=503 bytes=4" in await logged(place, 'code=H15 desc="Idle connection"')


async def test_h17_where_the_answer_is_not_http(place: Place) -> None:
    await place.dyno(saying(b"hello there\r\n\r\n"))
    await failed(place, "H17", "Poorly formatted HTTP response")


async def unfinished(place: Place, end: bytes) -> None:
    """Ask; the answer is cut off after these bytes."""
    reader, writer = await place.connect()
    writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    answer = b""
    with pytest.raises((ConnectionResetError, EOFError)):
        while data := await reader.read(1000):
            answer += data
        raise EOFError
    assert answer.endswith(end)


async def test_h18_where_the_dyno_ends_in_the_middle_of_an_answer(place: Place) -> None:
    await place.dyno(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"))
    await unfinished(place, b"half")
    line = await logged(place, 'at=error code=H18 desc="Server Request Interrupted"')
    assert "status=503 bytes=4" in line


async def test_h18_where_the_connection_breaks(place: Place) -> None:
    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await asyncio.sleep(0.1)
        # Without lingering, closing resets the connection.
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    await place.dyno(breaks)
    await unfinished(place, b"4\r\nhalf\r\n")
    await logged(place, "code=H18")


async def test_h15_where_a_websocket_is_silent(place: Place) -> None:
    await place.dyno(
        saying(b"HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 2)
    )
    reader, writer = await place.connect()
    asked = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    writer.write(asked.encode())
    await head_of(reader)
    await logged(place, "code=H15")


async def test_h20_where_the_app_does_not_boot_in_time(place: Place) -> None:
    place.dynos.state = "starting"
    await failed(place, "H20", "App boot timeout")


async def test_a_request_waits_for_an_app_that_boots(place: Place) -> None:
    place.dynos.state = "starting"
    asking = asyncio.create_task(place.ask("GET / HTTP/1.1\r\n\r\n"))
    await asyncio.sleep(0.2)
    await place.dyno(answering())
    assert b"hello" in await asking


async def test_h21_where_the_dyno_refuses(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place.dynos.up.append(Dyno(place.app.id, "web.1", "web", "r", [], state="up", port=port))
    await failed(place, "H21", "Backend connection refused")


@pytest.mark.parametrize("body", [b"", b"half of it"])
async def test_h27_where_the_client_goes_before_its_answer(place: Place, body: bytes) -> None:
    ended = asyncio.Event()

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        try:
            await reader.read(-1)
        finally:
            ended.set()

    await place.dyno(waits)
    _, writer = await place.connect()
    length = "Content-Length: 100\r\n" if body else ""
    writer.write(f"POST / HTTP/1.1\r\nHost: {HOST}\r\n{length}\r\n".encode() + body)
    await asyncio.sleep(0.1)
    writer.close()
    line = await logged(place, 'code=H27 desc="Client Request Interrupted" method=POST')
    assert "dyno=web.1" in line and "status=499 bytes=0" in line
    await asyncio.wait_for(ended.wait(), 3)


async def test_h27_where_the_client_goes_while_the_app_boots(place: Place) -> None:
    place.dynos.state = "starting"
    _, writer = await place.connect()
    writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    await asyncio.sleep(0.1)
    writer.close()
    assert "dyno= connect= service= status=499" in await logged(place, "code=H27")


async def test_h80_in_maintenance(place: Place) -> None:
    await place.dyno(answering())
    place.app.maintenance = True
    place.store.save(place.app)
    answer = await place.ask("GET / HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 503 ") and b"Offline for Maintenance" in answer
    await logged(place, 'at=info code=H80 desc="Maintenance mode"')


async def test_h81_where_nothing_was_deployed(place: Place) -> None:
    place.store.delete(Release, app_id=place.app.id)
    assert b"nothing here, yet" in await place.ask("GET / HTTP/1.1\r\n\r\n")
    await logged(place, 'at=info code=H81 desc="Blank app"')


async def test_h99_where_the_platform_itself_fails(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(app_id: str) -> list[Dyno]:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(place.dynos, "serving", broken)
    await failed(place, "H99", "Platform error")


async def test_a_failed_request_leaves_the_connection_usable(place: Place) -> None:
    reader, writer = await place.connect()
    for _ in range(2):
        writer.write(f"HEAD / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        head = await head_of(reader)
        assert head.startswith("HTTP/1.1 503 ") and "Connection: keep-alive" in head


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + bytes(100_000).replace(b"\0", b"x"),
    ],
    ids=["not HTTP", "no host", "two framings", "too long"],
)
async def test_a_malformed_request_is_refused(place: Place, sent: bytes) -> None:
    reader, writer = await place.connect()
    writer.write(sent)
    assert (await head_of(reader)).startswith("HTTP/1.1 400 Bad Request\r\n")


async def test_a_malformed_body_is_refused(place: Place) -> None:
    await place.dyno(silent)
    sent = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n"
    assert (await place.ask(sent)).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    await logged(place, 'code=H26 desc="Request Error"')


async def test_idle_connections_to_a_dyno_that_stops_are_closed(place: Place) -> None:
    ended = asyncio.Event()

    async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answering()(reader, writer)
        finally:
            ended.set()

    await place.dyno(kept)
    await place.ask("GET / HTTP/1.1\r\n\r\n")
    place.dynos.up.clear()
    await asyncio.wait_for(ended.wait(), 3)


async def test_stopping_lets_an_answer_under_way_end(place: Place) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        await asyncio.sleep(0.3)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    await place.dyno(slow)
    asking = asyncio.create_task(place.ask("GET / HTTP/1.1\r\n\r\n"))
    await asyncio.sleep(0.1)
    await place.router.stop()
    assert (await asking).endswith(b"ok")
