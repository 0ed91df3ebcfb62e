"""What the image must not have: secrets, history, and files that anybody may write."""

from collections.abc import Iterator

import pytest

from tests.checkout import Checkout
from tests.image.conftest import files
from underway.engine import Engine


@pytest.fixture(scope="module")
def saved(checkout: Checkout, engine: Engine) -> Iterator[bytes]:
    """All that ships of an image built in a folder full of secrets: every layer and its history."""
    canary = checkout.root / ".env"
    canary.write_text("SECRET_KEY=underway-canary-in-a-file\n")
    (checkout.root / "hello_django" / ".env.production").write_text("underway-canary-in-the-app\n")
    built = checkout.invoke("build", "--no-cache", SECRET_KEY="underway-canary-in-the-environment")
    assert built.returncode == 0, built.stderr
    found = engine.find_image(built.stdout.strip())
    assert found is not None
    yield b"".join(found.save(named=True)) + repr(found.history()).encode()
    canary.unlink()
    (checkout.root / "hello_django" / ".env.production").unlink()


def test_no_secret_of_the_build_machine_is_in_any_layer(saved: bytes) -> None:
    assert b"underway-canary" not in saved


def test_the_search_for_secrets_would_find_one(saved: bytes) -> None:
    assert b"class LivenessMiddleware" in saved


def test_no_history_cache_or_test_is_in_the_app_folder(engine: Engine, image: str) -> None:
    names = [line.split(" ", 3)[3] for line in files(engine, image, "/app")]
    unwanted = ("/.git", "/.env", "/tests", "_cache", "/requirements", "/.DS_Store")
    assert [name for name in names if any(part in name for part in unwanted)] == []


def test_nothing_is_writable_by_everybody_and_everything_is_readable(
    engine: Engine, image: str
) -> None:
    listing = files(engine, image, "/app", "/opt/venv", "/etc", "/usr/local")
    paths = [line for line in listing if not line.startswith("l")]
    assert [line for line in paths if line[8] == "w"] == []
    ours = [line for line in paths if line.split(" ", 3)[3].startswith(("/app", "/opt/venv"))]
    assert [line for line in ours if line[7] != "r"] == []
    assert {line.split()[1] for line in ours} == {"root"}
