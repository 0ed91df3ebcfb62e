"""What goes wrong between a client and the platform: answers that fail, connections that break."""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

DROPPED = {"connection", "transfer-encoding", "content-encoding", "content-length", "host"}


@dataclass
class Fault:
    """The next ``times`` requests of this kind fail; with ``after`` they are carried out first."""

    method: str
    path: str
    status: int
    times: int = 1
    after: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """A proxy before the Platform API. It keeps what was asked: method and path."""

    def __init__(self, url: str) -> None:
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self.before: dict[str, Callable[[], object]] = {}
        """What is done, once, before a request of that method and path is passed on."""
        self._target = httpx.Client(base_url=url, timeout=60, trust_env=False)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                status, headers, body = proxy.answer(
                    self.command, self.path, dict(self.headers), self.rfile.read(length)
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """The platform's own answer, or a fault's."""
        self.asked.append(f"{method} {path}")
        self.before.pop(f"{method} {path}", lambda: None)()
        fault = next((f for f in self.faults if _concerns(f, method, path)), None)
        if fault is not None:
            fault.times -= 1
            if not fault.after:
                return fault.status, fault.headers, b'{"id": "fault", "message": "A fault."}'
        sent = {k: v for k, v in headers.items() if k.lower() not in DROPPED}
        answer = self._target.request(method, path, headers=sent, content=body)
        if fault is not None:
            return fault.status, fault.headers, b'{"id": "fault", "message": "A fault."}'
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in DROPPED}
        return answer.status_code, kept, answer.content

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._target.close()


def _concerns(fault: Fault, method: str, path: str) -> bool:
    return fault.times > 0 and fault.method == method and bool(re.search(fault.path, path))


class Wire:
    """A cable before the registry, which can be cut."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._to = ("127.0.0.1", port)
        self._listener = socket.create_server((host, 0))
        self._left: int | None = None
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    @property
    def url(self) -> str:
        host, port = self._listener.getsockname()
        return f"http://{host}:{port}"

    def cut_after(self, sent: int) -> None:
        """Break all connections once so many bytes have gone up, and let none through then."""
        self._left = sent

    def heal(self) -> None:
        self._left = None

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._break()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._left is not None and self._left <= 0:
                client.close()
                continue
            server = socket.create_connection(self._to)
            self._open |= {client, server}
            self._start(self._pass, client, server, True)
            self._start(self._pass, server, client, False)

    def _pass(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if up and self._left is not None:
                    self._left -= len(data)
                    if self._left <= 0:
                        self._break()
                        return
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            self._open.discard(end)

    def _break(self) -> None:
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            self._open.discard(end)

    def _start(self, work: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments)
        thread.start()
        self._threads.append(thread)
