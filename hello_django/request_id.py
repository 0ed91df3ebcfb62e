"""One id per request, from the router where it gives one, in every log line and in the answer."""

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"

# What Heroku's router lets through; nothing in it can break or forge a log line.
ACCEPTABLE = re.compile(r"[A-Za-z0-9+/=_.:-]{1,200}")

current: ContextVar[str] = ContextVar("request_id", default="-")


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex
        # Not reset afterwards: Django logs 4xx and 5xx answers once the middleware has returned.
        current.set(request_id)
        response = self.get_response(request)
        response[HEADER] = request_id
        return response


class RequestIdFilter(logging.Filter):
    """Gives log records the attribute that the log format names."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get()
        return True
