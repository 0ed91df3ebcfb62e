"""Requests and answers, read from a wire: a head, then its body piece by piece."""

from collections import deque
from dataclasses import dataclass
from enum import Enum

import httptools

from underway.platform.router.wire import Wire

HEAD_LIMIT = 64 * 1024
Headers = list[tuple[bytes, bytes]]


class BadMessage(Exception):
    """What came is not HTTP, or too long."""


class Gone(Exception):
    """The connection ended before the message did. ``started``: a part of its head had come."""

    def __init__(self, started: bool) -> None:
        super().__init__()
        self.started = started


class Framing(Enum):
    """How one knows where a body ends."""

    NONE = "no body"
    LENGTH = "its length is given"
    CHUNKED = "in chunks"
    UNTIL_CLOSE = "when the connection ends"


@dataclass
class Request:
    """The head of a request."""

    method: str
    target: bytes
    version: str
    headers: Headers
    framing: Framing
    keep_alive: bool
    upgrade: bool

    @property
    def has_body(self) -> bool:
        """Whether more than the head is to be read."""
        return self.framing is not Framing.NONE

    def header(self, name: bytes) -> bytes | None:
        """The value of its first header of that name, given in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass
class Answer:
    """The head of an answer."""

    status: int
    reason: bytes
    headers: Headers
    framing: Framing
    keep_alive: bool
    upgrade: bool


class _Reader:
    """Feeds what comes by wire to a parser, and queues what the parser says."""

    parser: httptools.HttpRequestParser | httptools.HttpResponseParser

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.rest = b""
        """What came after an upgrade: it is not HTTP."""
        self._queue: deque[Request | Answer | bytes | None] = deque()
        self._headers: Headers = []
        self._head_size = 0
        self._in_head = True
        self._failed: BadMessage | None = None

    @property
    def pending(self) -> bool:
        """Whether the next piece is there already."""
        return bool(self._queue)

    async def chunk(self, seconds: float | None = None) -> bytes:
        """The next piece of the body, where there is one; ``b""`` after the last.

        Raises:
            Gone: the connection ended in the middle.
            BadMessage: the body is malformed.
            TimeoutError: nothing came for so long.
        """
        while not self._queue:
            await self._receive(seconds)
        piece = self._queue.popleft()
        assert piece is None or isinstance(piece, bytes)
        return piece or b""

    def _skip_end(self, head: Request | Answer) -> None:
        # Of a message without a body the parser says at once that it is complete.
        if head.framing is Framing.NONE:
            self._queue.popleft()

    async def _receive(self, seconds: float | None) -> None:
        if self._failed:
            raise self._failed
        data = await self.wire.read(seconds)
        if not data:
            self._ended()
            return
        if self._in_head:
            self._head_size += len(data)
        self._feed(data)
        if self._in_head and self._head_size > HEAD_LIMIT and not self._failed:
            self._failed = BadMessage("its head is too long")

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgraded(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            # Said when what came before it has been read.
            self._failed = BadMessage(str(error))

    def _ended(self) -> None:
        raise Gone(started=self._head_size > 0)

    def _upgraded(self, rest: bytes) -> None:
        self.rest = rest

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._headers = []
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        # After the head come trailers: they are not passed on.
        if self._in_head:
            self._headers.append((name, value))

    def on_body(self, data: bytes) -> None:
        self._queue.append(data)

    def on_message_complete(self) -> None:
        self._queue.append(None)
        self._in_head = True

    def _framing(self) -> Framing | None:
        for name, value in self._headers:
            match name.lower():
                case b"transfer-encoding" if value.lower().endswith(b"chunked"):
                    return Framing.CHUNKED
                case b"content-length":
                    return Framing.LENGTH if int(value) else Framing.NONE
        return None


class RequestReader(_Reader):
    """The requests of one connection, one after another."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.parser: httptools.HttpRequestParser = httptools.HttpRequestParser(self)
        self._target = b""
        self._resuming = False

    async def head(self, seconds: float | None = None) -> Request:
        """The next request, whose predecessor was read to its end.

        Raises:
            Gone, BadMessage, TimeoutError: as ``chunk``.
        """
        while not self._queue:
            await self._receive(seconds)
        head = self._queue.popleft()
        assert isinstance(head, Request)
        self._skip_end(head)
        return head

    def on_url(self, target: bytes) -> None:
        self._target += target

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_size = 0
        target, self._target = self._target, b""
        if self._resuming:
            self._resuming = False
            return
        request = Request(
            method=self.parser.get_method().decode(),
            target=target,
            version=self.parser.get_http_version(),
            headers=self._headers,
            framing=self._framing() or Framing.NONE,
            keep_alive=self.parser.should_keep_alive(),
            upgrade=self.parser.should_upgrade(),
        )
        self._queue.append(request)

    def _upgraded(self, rest: bytes) -> None:
        # The parser takes what follows an Upgrade header for another protocol. Where the request
        # has a body (clients offer HTTP/2 with a POST), it is none yet: a new parser is told of
        # the body alone.
        request = self._queue[-2]
        assert isinstance(request, Request)
        if request.framing is Framing.NONE:
            self.rest = rest
            return
        self._queue.pop()
        request.upgrade = False
        framing = (b"transfer-encoding", b"content-length")
        lines = [b"%b: %b" % line for line in request.headers if line[0].lower() in framing]
        self._resuming = True
        self._restart(b"\r\n".join([b"POST / HTTP/1.1", *lines, b"", b""]) + rest)

    def decline_upgrade(self) -> None:
        """The dyno answered by HTTP: what comes next is HTTP as well."""
        rest, self.rest = self.rest, b""
        self._restart(rest)

    def _restart(self, data: bytes) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self._feed(data)


class AnswerReader(_Reader):
    """The answers of one request: any number of provisional ones, then the final one."""

    def __init__(self, wire: Wire, method: str) -> None:
        super().__init__(wire)
        self.parser: httptools.HttpResponseParser = httptools.HttpResponseParser(self)
        self._method = method
        self._reason = b""
        self._until_close = False

    async def head(self, seconds: float | None = None) -> Answer:
        """The next head.

        Raises:
            Gone, BadMessage, TimeoutError: as ``chunk``.
        """
        while not self._queue:
            await self._receive(seconds)
        head = self._queue.popleft()
        assert isinstance(head, Answer)
        self._skip_end(head)
        return head

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_size = 0
        status = self.parser.get_status_code()
        bodiless = self._method == "HEAD" or status < 200 or status in (204, 304)
        framing = Framing.NONE if bodiless else self._framing() or Framing.UNTIL_CLOSE
        self._until_close = framing is Framing.UNTIL_CLOSE
        answer = Answer(
            status=status,
            reason=self._reason,
            headers=self._headers,
            framing=framing,
            keep_alive=self.parser.should_keep_alive() and not self._until_close,
            upgrade=status == 101,
        )
        self._reason = b""
        self._queue.append(answer)
        if self._method == "HEAD" and status >= 200:
            # The parser does not know that no body comes; nobody asks it any more.
            self._queue.append(None)

    def _ended(self) -> None:
        if not self._until_close or self.wire.failed:
            super()._ended()
        self._until_close = False
        self._queue.append(None)
