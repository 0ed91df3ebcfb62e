"""The output of builds and release phases, while it comes; the address needs no token."""

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from underway.platform.api.errors import not_found


async def read(request: Request) -> StreamingResponse:
    """The output from its start to its end."""
    streams, id = request.app.state.platform.streams, request.path_params["id"]
    if streams.get(id) is None:
        raise not_found("stream")
    return StreamingResponse(streams.follow(id), media_type="text/plain")


routes = [Route("/streams/{id}", read)]
