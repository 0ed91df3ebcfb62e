"""Static files as the image has them: collected without a secret, compressed, kept for good."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from hello_django.tests.process import manage


@pytest.fixture
def collected(settings: Settings, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The manifest, from names in the source to names with their hash."""
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = False
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "hello_django.storage.StaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    yield json.loads((tmp_path / "staticfiles.json").read_text())["paths"]


def test_collecting_needs_no_secret_and_no_host() -> None:
    result = manage("collectstatic", "--noinput", "--dry-run", SECRET_KEY=None, ALLOWED_HOSTS=None)
    assert result.returncode == 0, result.stderr


def test_only_files_with_a_hash_are_kept(collected: dict[str, str], tmp_path: Path) -> None:
    kept = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    plain = {name for name in kept if not name.endswith((".br", ".gz"))}
    assert plain == set(collected.values()) | {"staticfiles.json"}


@pytest.mark.parametrize("name", ["hello_django/site.css", "admin/css/base.css"])
@pytest.mark.parametrize(
    ("encoding", "decode"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
def test_a_file_is_served_compressed_and_for_good(
    collected: dict[str, str],
    tmp_path: Path,
    name: str,
    encoding: str,
    decode: Callable[[bytes], bytes],
) -> None:
    answer = Client().get(
        f"/static/{collected[name]}", secure=True, headers={"Accept-Encoding": encoding}
    )
    assert answer["Content-Encoding"] == encoding
    assert answer["Cache-Control"] == "max-age=315360000, public, immutable"
    assert decode(b"".join(answer)) == (tmp_path / collected[name]).read_bytes()
