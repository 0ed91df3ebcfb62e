"""Log sessions: an address under which an app's log can be read for a while."""

import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import not_found
from underway.platform.models import now

links = Links()
KEPT = 1000
DEFAULT_LINES = 100


@dataclass(frozen=True)
class Session:
    """What somebody wants to read."""

    app_id: str
    lines: int
    source: str | None
    dyno: str | None
    tail: bool


class Sessions:
    """The newest sessions, by their ids, which cannot be guessed."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def open(self, session: Session) -> str:
        """Keep it, and return its id."""
        id = str(uuid.uuid4())
        self._sessions[id] = session
        if len(self._sessions) > KEPT:
            self._sessions.popitem(last=False)
        return id

    def get(self, id: str) -> Session | None:
        """The session of that id."""
        return self._sessions.get(id)


@links.post("/apps/{app}/log-sessions")
async def create(call: Call) -> Any:
    """A new session; its address needs no token."""
    app, body = call.app(), call.body
    session = Session(
        app_id=app.id,
        lines=body.get("lines") or DEFAULT_LINES,
        source=body.get("source"),
        dyno=body.get("dyno_name") or body.get("dyno") or body.get("type"),
        tail=body.get("tail", False),
    )
    id = call.request.app.state.log_sessions.open(session)
    url = call.platform.stream_url(f"/log-sessions/{id}")
    return {"created_at": now(), "id": id, "logplex_url": url, "updated_at": now()}


async def read(request: Request) -> StreamingResponse:
    """The log, line by line: as server-sent events for those that ask for them, else as text."""
    session = request.app.state.log_sessions.get(request.path_params["id"])
    if session is None:
        raise not_found("log_session")
    lines = _lines(request, session)
    if "text/event-stream" in request.headers.get("accept", ""):
        events = (f"id: {number}\ndata: {line}\n\n" async for number, line in lines)
        return StreamingResponse(events, media_type="text/event-stream")
    return StreamingResponse((f"{line}\n" async for _, line in lines), media_type="text/plain")


async def _lines(request: Request, session: Session) -> AsyncIterator[tuple[int, str]]:
    logs = request.app.state.platform.logs
    number = 0
    if not session.tail:
        for line in logs.recent(session.app_id, session.lines, session.source, session.dyno):
            number += 1
            yield number, line
        return
    # A client that comes back after a broken connection has the recent lines already.
    recent = 0 if "last-event-id" in request.headers else session.lines
    async for line in logs.tail(session.app_id, recent, session.source, session.dyno):
        number += 1
        yield number, line


routes = [Route("/log-sessions/{id}", read)]
