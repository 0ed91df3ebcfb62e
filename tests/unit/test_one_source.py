"""The repository's own files are what `init` writes, but for what is marked as written by hand."""

from pathlib import Path

import pytest

from underway.adopt.found import Found
from underway.adopt.rendering import render

ROOT = Path(__file__).parent.parent.parent
HELLO = Found(
    name="hello-django",
    settings="hello_django.settings",
    application="hello_django.wsgi",
    package="hello_django",
    manage_settings="hello_django.settings",
    tool_lock="requirements/development.txt",
    tool_folder=".venv",
    program="bin/invoke",
    sources=("manage.py", "gunicorn.conf.py", "hello_django"),
    unshipped=("hello_django/tests",),
    test_requirements=True,
)
BY_HAND = {
    "hello_django/settings.py": "the app's own settings: there is nothing to lay over",
    "noxfile.py": "the checks of the library",
    ".dockerignore": "names what an image gets, as the repository holds more than the app",
}
RENDERED = render(HELLO)


@pytest.mark.parametrize("path", sorted(RENDERED.keys() - BY_HAND.keys()))
def test_a_file_of_the_repository_is_what_its_template_gives(path: str) -> None:
    assert without_additions((ROOT / path).read_text()) == RENDERED[path]


@pytest.mark.parametrize("path", sorted(BY_HAND))
def test_what_is_written_by_hand_says_so(path: str) -> None:
    assert "by hand" in "\n".join((ROOT / path).read_text().splitlines()[:4]).lower()


def without_additions(text: str) -> str:
    """The text without its blocks between ``by hand`` and ``end``."""
    kept, by_hand = [], False
    for line in text.splitlines(keepends=True):
        by_hand = by_hand or line.strip() == "# by hand"
        if not by_hand:
            kept.append(line)
        by_hand = by_hand and line.strip() != "# end"
    return "".join(kept)
