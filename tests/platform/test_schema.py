"""What the API says of a request that Heroku's schema does not admit."""

import pytest

from underway.platform.api import schema
from underway.platform.api.errors import ApiError

ADDONS = "/apps/{app}/addons"
FORMATION = "/apps/{app}/formation"


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "/apps", {"name": "ab"}, "Name is too short (minimum is 3 characters)"),
        ("POST", "/apps", {"name": "a" * 31}, "Name is too long (maximum is 30 characters)"),
        ("POST", "/apps", {"name": "Upper"}, "Name must start with a letter, end with"),
        ("POST", "/apps", {"name": 1}, 'Invalid type for key "name": expected 1 to be string.'),
        ("POST", ADDONS, {}, "Require params: plan."),
        ("PATCH", FORMATION, {"updates": [{}]}, "Require params: type."),
        ("PATCH", FORMATION, {"updates": [{"type": "web", "x": 1}]}, "Unknown params: x."),
        ("PATCH", "/apps/{app}/config-vars", {"A-B": "x"}, "Unknown params: A-B."),
        (
            "PATCH",
            FORMATION,
            {"updates": [{"type": "web", "docker_image": "web"}]},
            'Invalid pattern for key "updates.0.docker_image"',
        ),
    ],
)
def test_a_body_that_does_not_fit(method: str, path: str, body: object, message: str) -> None:
    with pytest.raises(ApiError) as refused:
        schema.check(method, path, body)
    assert refused.value.status == 422
    assert refused.value.content["id"] == "invalid_params"
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", FORMATION, {"updates": [{"type": "web", "quantity": "+1", "size": "basic"}]}),
        ("PATCH", FORMATION, {"updates": [{"type": "web", "docker_image": "sha256:" + "a" * 64}]}),
        ("POST", ADDONS, {"plan": {"name": "heroku-postgresql:essential-0"}}),
        ("POST", "/apps/{app}/releases", {"release": "b0a5ee0b-0e7e-4b3f-8dd1-ffad0a90eb7f"}),
    ],
)
def test_what_the_cli_sends_fits(method: str, path: str, body: object) -> None:
    schema.check(method, path, body)
