"""The real application, and a path whose answer the test lets go."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from hello_django.wsgi import application as real


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/held":
        return real(environ, start_response)
    signals = Path(os.environ["HELD"])
    (signals / "arrived").touch()
    while not (signals / "let-go").exists():
        time.sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"finished"]
