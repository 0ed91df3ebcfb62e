"""What the client repeats, what it gives up on, and how it says so."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from underway import web
from underway.errors import HerokuRefused, HerokuUnavailable, Unauthorized, UnderwayError
from underway.heroku import NotFound, Session
from underway.secret import Secret
from underway.target import Target

TOKEN = "token-that-nobody-may-see"
TARGET = Target("my-app", False, "https://api.test", "https://registry.test", Secret(TOKEN))
Answer = httpx.Response | Exception


class Server:
    """Gives the answers that are expected, in their order, and keeps what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def left(self) -> int:
        """Answers that nobody has asked for."""
        return len(self._answers)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, in seconds; no time passes."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


Connect = Callable[..., tuple[Session, Server]]


@pytest.fixture
def connect(pauses: list[float]) -> Iterator[Connect]:
    sessions = []

    def connected(*answers: Answer) -> tuple[Session, Server]:
        server = Server(*answers)
        http = httpx.Client(transport=web.Retrying(httpx.MockTransport(server)))
        sessions.append(Session(TARGET, http))
        return sessions[-1], server

    yield connected
    for session in sessions:
        session.__exit__(None, None, None)


def refusal(status: int, id: str, message: str) -> httpx.Response:
    content = {"id": id, "message": message}
    return httpx.Response(status, json=content, headers={"Request-Id": "request-1"})


def failure(session: Session, method: str = "GET") -> UnderwayError:
    with pytest.raises(UnderwayError) as caught:
        session.send(method, "/apps/my-app")
    error: BaseException | None = caught.value
    while error is not None:  # nor in those that it came from
        assert TOKEN not in str(error) + repr(error)
        error = error.__cause__
    return caught.value


def test_a_token_that_is_not_accepted_is_said_with_what_gives_a_new_one(connect: Connect) -> None:
    session, _ = connect(refusal(401, "unauthorized", "Invalid credentials provided."))
    error = failure(session)
    assert isinstance(error, Unauthorized)
    assert error.exit_code == 23
    assert "Invalid credentials provided." in error.why
    assert "HEROKU_API_KEY" in error.next


def test_what_is_not_there_is_an_error_of_its_own(connect: Connect) -> None:
    session, _ = connect(refusal(404, "not_found", "Couldn't find that app."))
    error = failure(session)
    assert isinstance(error, NotFound)
    assert error.what == "Couldn't find that app."


def test_a_refusal_has_herokus_words_and_the_id_of_the_request(connect: Connect) -> None:
    session, server = connect(refusal(422, "invalid_params", "Name is already taken"))
    error = failure(session, "POST")
    assert isinstance(error, HerokuRefused)
    assert error.exit_code == 20
    assert error.what == "Name is already taken"
    assert error.why == "422 invalid_params, request id request-1, for POST /apps/my-app"
    assert len(server.asked) == 1


def test_an_answer_that_is_no_json_is_shown_as_it_is(connect: Connect) -> None:
    session, _ = connect(httpx.Response(403, text="a proxy says no"))
    assert failure(session).what == "a proxy says no"


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_too_many_requests_are_repeated_when_heroku_says_so(
    method: str, connect: Connect, pauses: list[float]
) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "7"})
    session, server = connect(busy, httpx.Response(200, json={"name": "my-app"}))
    assert session.send(method, "/apps/my-app") == {"name": "my-app"}
    assert pauses == [7]
    assert [request.method for request in server.asked] == [method, method]


def test_too_many_requests_for_good_are_an_error(connect: Connect) -> None:
    busy = [refusal(429, "rate_limit", "Your account reached the API limit.") for _ in range(5)]
    session, server = connect(*busy)
    error = failure(session)
    assert isinstance(error, HerokuUnavailable)
    assert "rate_limit" in error.why
    assert server.left == 0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_read_that_fails_is_repeated_with_longer_and_longer_pauses(
    status: int, connect: Connect, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    broken = [httpx.Response(status) for _ in range(3)]
    session, _ = connect(*broken, httpx.Response(200, json=[]))
    assert session.get("/apps") == []
    assert pauses == [0.5, 1, 2]


def test_a_read_that_never_succeeds_is_given_up(connect: Connect) -> None:
    session, server = connect(*[httpx.Response(503, text="down") for _ in range(5)])
    error = failure(session)
    assert isinstance(error, HerokuUnavailable)
    assert error.exit_code == 24
    assert "GET /apps/my-app failed: down" in error.what
    assert server.left == 0


def test_what_would_act_twice_is_not_repeated_when_it_may_have_been_done(connect: Connect) -> None:
    session, server = connect(httpx.Response(503, text="down"))
    assert isinstance(failure(session, "POST"), HerokuUnavailable)
    assert len(server.asked) == 1
    session, server = connect(httpx.ReadTimeout("silence"))
    assert "ReadTimeout: silence" in failure(session, "POST").why
    assert len(server.asked) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_tried_again(method: str, connect: Connect) -> None:
    refused = httpx.ConnectError("connection refused")
    session, server = connect(refused, refused, httpx.Response(200, json={}))
    assert session.send(method, "/apps") == {}
    assert len(server.asked) == 3


def test_a_server_that_cannot_be_reached_is_named(connect: Connect) -> None:
    session, _ = connect(*[httpx.ConnectError("connection refused") for _ in range(5)])
    error = failure(session, "POST")
    assert isinstance(error, HerokuUnavailable)
    assert error.what == "no answer to POST /apps/my-app."
    assert error.why == "ConnectError: connection refused"


def test_a_list_is_read_page_by_page(connect: Connect) -> None:
    first = httpx.Response(206, json=[1, 2], headers={"Next-Range": "id ]2..; max=200"})
    second = httpx.Response(206, json=[3], headers={"Next-Range": "id ]3..; max=200"})
    session, server = connect(first, second, httpx.Response(200, json=[4]))
    assert session.list("/apps") == [1, 2, 3, 4]
    ranges = [request.headers["Range"] for request in server.asked]
    assert ranges == ["id ..; max=200", "id ]2..; max=200", "id ]3..; max=200"]


def test_a_range_of_ones_own_is_one_page(connect: Connect) -> None:
    page = httpx.Response(206, json=[9, 8], headers={"Next-Range": "version ]8..; order=desc"})
    session, server = connect(page)
    assert session.list("/apps/my-app/releases", "version ..; order=desc,max=2") == [9, 8]
    assert server.asked[0].headers["Range"] == "version ..; order=desc,max=2"


def test_an_answer_without_content_is_nothing(connect: Connect) -> None:
    session, _ = connect(httpx.Response(202))
    assert session.send("DELETE", "/apps/my-app/dynos") is None


def test_a_stream_is_waited_for_and_read_line_by_line(
    connect: Connect, pauses: list[float]
) -> None:
    not_yet = httpx.Response(404)
    session, server = connect(not_yet, not_yet, httpx.Response(200, text="one\ntwo\n"))
    assert list(session.lines("https://stream.test/1")) == ["one", "two"]
    assert pauses == [1, 1]
    assert all("Authorization" not in request.headers for request in server.asked)


def test_a_stream_that_is_not_there_is_empty(connect: Connect) -> None:
    session, server = connect(httpx.Response(404))
    assert list(session.lines("https://stream.test/1", wait=False)) == []
    assert len(server.asked) == 1


def test_a_stream_that_breaks_ends(connect: Connect) -> None:
    def broken() -> Iterator[bytes]:
        yield b"one\ntwo\n"
        raise httpx.ReadError("reset")

    session, _ = connect(httpx.Response(200, content=broken()))
    assert list(session.lines("https://stream.test/1")) == ["one", "two"]


def test_an_upload_goes_without_the_token_and_is_repeated(connect: Connect) -> None:
    session, server = connect(httpx.Response(503), httpx.Response(200))
    session.put("https://source.test/1", b"a tarball")
    assert [request.content for request in server.asked] == [b"a tarball"] * 2
    assert all("Authorization" not in request.headers for request in server.asked)


def test_an_upload_that_is_refused_is_an_error(connect: Connect) -> None:
    session, _ = connect(httpx.Response(403, text="expired"))
    with pytest.raises(HerokuUnavailable, match="could not be uploaded: 403"):
        session.put("https://source.test/1", b"a tarball")


def test_the_token_goes_by_its_header_alone(connect: Connect) -> None:
    session, server = connect(httpx.Response(200, json={}))
    session.send("POST", "/apps", {"name": "my-app"})
    request = server.asked[0]
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in str(request.url)
    assert json.loads(request.content) == {"name": "my-app"}
