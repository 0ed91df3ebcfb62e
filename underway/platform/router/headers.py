"""What the router changes in the heads of requests and answers, as Heroku's does."""

import re
import time
import uuid

from underway.platform.router.messages import Answer, Framing, Headers, Request

VIA = b"1.1 heroku-router"
HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
"""They are about one connection only."""
REPLACED = {b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-port", b"via"} | {
    b"x-request-id",
    b"x-request-start",
}
REQUEST_ID = re.compile(rb"[A-Za-z0-9+/=_-]{20,200}")


def request_id(request: Request) -> str:
    """The client's own, where Heroku would keep it; else a new one."""
    given = request.header(b"x-request-id") or b""
    return given.decode() if REQUEST_ID.fullmatch(given) else str(uuid.uuid4())


def forwarded_for(request: Request, address: str) -> str:
    """Who the client is, behind those that it says it passed on for."""
    return ", ".join([*_values(request.headers, b"x-forwarded-for"), address])


def to_dyno(request: Request, id: str, fwd: str, scheme: str, port: int) -> bytes:
    """The head of a request, as a dyno gets it."""
    headers = _end_to_end(request.headers, REPLACED)
    if request.upgrade:
        headers += [(b"Connection", b"Upgrade"), (b"Upgrade", request.header(b"upgrade") or b"")]
    else:
        headers.append((b"Connection", b"keep-alive"))
    if request.framing is Framing.CHUNKED:
        headers.append((b"Transfer-Encoding", b"chunked"))
    headers += [
        (b"X-Forwarded-For", fwd.encode("latin-1")),
        (b"X-Forwarded-Proto", scheme.encode()),
        (b"X-Forwarded-Port", str(port).encode()),
        (b"X-Request-Id", id.encode()),
        (b"X-Request-Start", str(int(time.time() * 1000)).encode()),
        _via(request.headers),
    ]
    return _head(b"%b %b HTTP/1.1" % (request.method.encode(), request.target), headers)


def to_client(answer: Answer, chunked: bool, keep_alive: bool) -> bytes:
    """The head of an answer, as the client gets it."""
    headers = _end_to_end(answer.headers, {b"via"})
    if answer.upgrade:
        protocol = next((v for name, v in answer.headers if name.lower() == b"upgrade"), b"")
        headers += [(b"Connection", b"Upgrade"), (b"Upgrade", protocol)]
    elif answer.status >= 200:
        headers.append((b"Connection", b"keep-alive" if keep_alive else b"close"))
    if chunked:
        headers.append((b"Transfer-Encoding", b"chunked"))
    headers.append(_via(answer.headers))
    return _head(b"HTTP/1.1 %d %b" % (answer.status, answer.reason), headers)


def _end_to_end(headers: Headers, replaced: set[bytes]) -> Headers:
    named = {
        name.strip().lower()
        for value in _values(headers, b"connection")
        for name in value.encode("latin-1").split(b",")
    }
    # Whoever names it there, a message is not cut loose from its length or its host.
    dropped = (HOP_BY_HOP | replaced | named) - {b"content-length", b"host"}
    return [header for header in headers if header[0].lower() not in dropped]


def _via(headers: Headers) -> tuple[bytes, bytes]:
    passed = [value.encode("latin-1") for value in _values(headers, b"via")]
    return b"Via", b", ".join([*passed, VIA])


def _values(headers: Headers, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in headers if name.lower() == wanted]


def _head(first: bytes, headers: Headers) -> bytes:
    return b"\r\n".join([first, *(b"%b: %b" % header for header in headers), b"", b""])
