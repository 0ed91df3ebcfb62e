"""Whether an image is fit to ship: two who ask at once, and what is said where both object."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.fakes import FakeEngine, FakeImage
from underway import fitness, smoke
from underway.errors import CheckFailed, ContainerFailed
from underway.static_files import StaticFiles

SECONDS = 5
LISTED = {"base": "/static/", "manifest": ["a.1.css"], "present": ["a.1.css"]}


class Asked(FakeEngine):
    """An engine with one image, whose Django finds something or nothing."""

    def __init__(self, finds: str = "") -> None:
        image = FakeImage()
        image.attrs |= {"Os": "linux", "Architecture": "amd64", "Size": 181_000_000}
        super().__init__(has={"shop:production": image})
        self.finds = finds
        self.begun = threading.Event()

    def run(self, image: str, command: list[str], **options: Any) -> str:
        self.begun.set()
        if self.finds:
            raise ContainerFailed("exited 1", why=self.finds)
        return f"no issues\n{json.dumps(LISTED)}\n"


def test_django_is_asked_while_the_image_boots(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = Asked()

    def boot(engine_: object, image: str, labels: object, files: Callable[[], StaticFiles]) -> None:
        assert engine.begun.wait(SECONDS)
        assert files().manifest == ("a.1.css",)

    monkeypatch.setattr(smoke, "smoke", boot)
    fitness.check(engine, "shop:production", {})
    assert capsys.readouterr().err == (
        "  linux/amd64, 181 MB\n  manage.py check --deploy finds nothing\n"
    )


@pytest.mark.parametrize(
    "finds, boots, said",
    [
        ("SECRET_KEY", False, "SECRET_KEY"),
        ("SECRET_KEY", True, "SECRET_KEY"),
        ("", False, "it did not boot"),
    ],
)
def test_where_both_object_djangos_own_words_are_said(
    monkeypatch: pytest.MonkeyPatch, finds: str, boots: bool, said: str
) -> None:
    def boot(*arguments: object) -> None:
        if not boots:
            raise CheckFailed("it did not boot")

    monkeypatch.setattr(smoke, "smoke", boot)
    with pytest.raises((CheckFailed, ContainerFailed)) as raised:
        fitness.check(Asked(finds), "shop:production", {})
    assert said in f"{raised.value} {raised.value.why}"
