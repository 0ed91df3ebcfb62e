"""Being let in by a registry that trades a password for a token, as GitLab's does."""

import base64

import httpx
import pytest

from underway.bearer import Login, RegistryAuth
from underway.secret import Secret

LOGIN = Login("gitlab-ci-token", Secret("hunter2"))
BASIC = "Basic " + base64.b64encode(b"gitlab-ci-token:hunter2").decode()
CHALLENGE = (
    'Bearer realm="https://gitlab.example/jwt/auth",service="container_registry",'
    'scope="repository:group/hello:pull,push"'
)
BLOB = "https://registry.example/v2/group/hello/blobs/sha256:1"


class GitLab:
    """A registry, and the place where tokens are given out; each token is good for two requests."""

    def __init__(self, challenge: str = CHALLENGE) -> None:
        self.challenge = challenge
        self.asked: list[httpx.Request] = []
        self.left = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        said = request.headers.get("Authorization", "")
        if request.url.host == "gitlab.example":
            if said != BASIC:
                return httpx.Response(401)
            self.left = 2
            return httpx.Response(200, json={"token": "a-token"})
        if self.challenge.startswith("Basic"):
            good = said == BASIC
        else:
            good = said == "Bearer a-token" and self.left > 0
            self.left -= good
        if not good:
            return httpx.Response(401, headers={"WWW-Authenticate": self.challenge})
        return httpx.Response(200, content=iter([b"a ", b"layer"]))

    def client(self, login: Login = LOGIN) -> httpx.Client:
        transport = httpx.MockTransport(self.answer)
        return httpx.Client(transport=transport, auth=RegistryAuth(login))


def test_a_password_is_traded_for_a_token_which_is_used_as_long_as_it_is_good() -> None:
    gitlab = GitLab()
    with gitlab.client() as client:
        assert [client.get(BLOB).status_code for _ in range(4)] == [200] * 4
    traded = [asked.url for asked in gitlab.asked if asked.url.host == "gitlab.example"]
    assert len(traded) == 2
    assert traded[0].params["scope"] == "repository:group/hello:pull,push"
    assert traded[0].params["service"] == "container_registry"


def test_the_password_goes_to_nobody_but_the_one_that_gives_tokens() -> None:
    gitlab = GitLab()
    with gitlab.client() as client:
        client.get(BLOB)
    for asked in gitlab.asked:
        to_registry = asked.url.host == "registry.example"
        assert (asked.headers.get("Authorization") == BASIC) is not to_registry


def test_an_answer_can_still_be_read_piece_by_piece() -> None:
    with GitLab().client() as client, client.stream("GET", BLOB) as answer:
        assert b"".join(answer.iter_raw()) == b"a layer"


def test_a_registry_that_wants_the_password_itself_gets_it() -> None:
    with GitLab('Basic realm="registry"').client() as client:
        assert client.get(BLOB).status_code == 200


@pytest.mark.parametrize("challenge", [CHALLENGE, 'Basic realm="registry"', ""])
def test_a_wrong_password_is_refused_once(challenge: str) -> None:
    gitlab = GitLab(challenge)
    with gitlab.client(Login("gitlab-ci-token", Secret("wrong"))) as client:
        assert client.get(BLOB).status_code == 401
    assert len(gitlab.asked) == 2
