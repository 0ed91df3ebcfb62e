"""What the router says where an app cannot answer: Heroku's codes, statuses and pages."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from importlib import resources
from string import Template

PAGE = Template((resources.files(__package__) / "page.html").read_text())


@dataclass(frozen=True)
class Fault:
    """Why a request got no answer, or not all of it. Without a ``code`` it is not logged."""

    code: str
    description: str
    status: int
    title: str = "Application error"
    text: str = (
        "An error occurred in the application and your page could not be served. If you are the"
        " application owner, check your logs for details: heroku logs --tail"
    )
    level: str = "error"
    origin: str = ""

    def answer(self, *, head_only: bool, keep_alive: bool) -> bytes:
        """The page, with its head."""
        fields = {"title": self.title, "text": self.text, "code": self.code}
        body = PAGE.substitute({name: escape(value) for name, value in fields.items()}).encode()
        head = (
            f"HTTP/1.1 {self.status} {REASONS[self.status]}\r\n"
            f"Date: {format_datetime(datetime.now(UTC), usegmt=True)}\r\n"
            "Server: Heroku\r\n"
            "Cache-Control: no-cache, no-store\r\n"
            "Content-Type: text/html; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n\r\n"
        )
        return head.encode() + (b"" if head_only else body)


class Failed(Exception):
    """A request cannot be answered."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code or fault.title)
        self.fault = fault


REASONS = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}
CRASHED = Fault("H10", "App crashed", 503)
TIMEOUT = Fault("H12", "Request timeout", 503)
NO_ANSWER = Fault("H13", "Connection closed without response", 503)
NO_WEB = Fault("H14", "No web processes running", 503)
IDLE = Fault("H15", "Idle connection", 503)
MALFORMED = Fault("H17", "Poorly formatted HTTP response", 503)
CUT_OFF = Fault("H18", "Server Request Interrupted", 503, origin="backend")
BOOTING = Fault("H20", "App boot timeout", 503)
REFUSED = Fault("H21", "Backend connection refused", 503)
BAD_BODY = Fault("H26", "Request Error", 400, "Bad request", "The request is malformed.")
CLIENT_GONE = Fault("H27", "Client Request Interrupted", 499)
CLIENT_IDLE = Fault("H28", "Client Connection Idle", 499)
MAINTENANCE = Fault(
    "H80",
    "Maintenance mode",
    503,
    "Offline for Maintenance",
    "This application is undergoing maintenance right now. Please check back later.",
    level="info",
)
BLANK = Fault(
    "H81",
    "Blank app",
    503,
    "There's nothing here, yet",
    "This app has no release that could answer. Deploy one, and it appears here.",
    level="info",
)
PLATFORM = Fault("H99", "Platform error", 503)
NO_APP = Fault("", "", 404, "No such app", "There is no app at this address.")
BAD_REQUEST = Fault("", "", 400, "Bad request", "This is not a request that can be understood.")
BAD_METHOD = Fault("", "", 405, "Method not allowed", "The router opens no tunnels.")
