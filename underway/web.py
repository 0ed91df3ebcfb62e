"""An HTTP client that trusts one more authority and knows where names below .localhost are."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
from httpx_retries import Retry, RetryTransport

TRIES = 4
"""Repetitions of a request, the first one not counted."""
LONGEST_PAUSE = 60
"""Seconds; also where the server asks for more."""
BUSY = 429
BROKEN = (500, 502, 503, 504)

SAFE = Retry(
    total=TRIES,
    allowed_methods=("GET", "HEAD", "PUT"),
    status_forcelist=(BUSY, *BROKEN),
    backoff_factor=0.25,
    max_backoff_wait=LONGEST_PAUSE,
)
"""For what may be sent twice."""
UNSAFE = Retry(
    total=TRIES,
    allowed_methods=("POST", "PATCH", "DELETE"),
    status_forcelist=(BUSY,),
    retry_on_exceptions=(httpx.ConnectError, httpx.ConnectTimeout),
    backoff_factor=0.25,
    max_backoff_wait=LONGEST_PAUSE,
)
"""For what would act twice: sent again only where it cannot have been carried out."""
ONCE = Retry(total=0)


def trust(authority: Path | None) -> ssl.SSLContext:
    """The authorities of this machine (SSL_CERT_FILE counts), and one more, in PEM."""
    context = httpx.create_ssl_context()
    if authority is not None:
        context.load_verify_locations(authority)
    return context


def client(
    authority: Path | None = None, *, retries: bool = True, **options: object
) -> httpx.Client:
    """An HTTP client; ``options`` are those of ``httpx.Client``."""
    plain = LocalhostTransport(verify=trust(authority))
    transport = Retrying(plain) if retries else plain
    return httpx.Client(transport=transport, **options)  # type: ignore[arg-type]


class Retrying(RetryTransport):
    """Repeats each request as its method allows."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, with the patience that its method allows."""
        safe = SAFE.is_retryable_method(request.method)
        request.extensions.setdefault("retry", SAFE if safe else UNSAFE)
        return super().handle_request(request)


class LocalhostTransport(httpx.HTTPTransport):
    """Connects to this machine for names below .localhost, as browsers and curl do (RFC 6761)."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it; the server sees the name that was asked for."""
        name = request.url.host
        if name.endswith(".localhost"):
            request.headers.setdefault("Host", request.url.netloc.decode())
            request.url = request.url.copy_with(host="localhost")
            request.extensions["sni_hostname"] = name
        return super().handle_request(request)
