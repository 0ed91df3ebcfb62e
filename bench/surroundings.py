"""What is measured: copies of this repository, a tutorial's project, and a platform for both."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import locked
from tests.checkout import ROOT, Checkout, copy
from tests.deploy.conftest import Place, a_place
from underway import builder
from underway.builder import Build
from underway.command import Runner
from underway.engine import Engine

HELLO = Path(__file__).parent / "hello"
TUTORIAL = Path(__file__).parent / "tutorial"
GUIDE = ROOT / "tests" / "pipeline" / "guide"
PONG = re.compile(r'"pong[^"]*"')
SLOW = """

def slow(request: HttpRequest) -> JsonResponse:
    time.sleep(0.1)
    return JsonResponse({"ping": "pong!"})
"""


@contextmanager
def checkout() -> Iterator[Checkout]:
    """A copy of this repository; what is made with its labels is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="underway-bench-") as folder:
        made = copy(Path(folder) / "project")
        try:
            yield made
        finally:
            made.invoke("clean")


@contextmanager
def place() -> Iterator[Place]:
    """A copy with a platform that runs, and has Heroku's own limits."""
    with tempfile.TemporaryDirectory(prefix="underway-bench-") as folder:
        with a_place(Path(folder), limits={}) as made:
            made.done("platform.up")
            yield made


def tutorial(made: Checkout) -> Path:
    """The tutorial's project beside a copy; its images carry the copy's labels.

    Its packages are ours in the same versions, without Brotli, of which it knows nothing.
    """
    folder = made.root.parent / "tutorial"
    shutil.copytree(TUTORIAL, folder)
    requirements = folder / "requirements"
    requirements.mkdir()
    production = (ROOT / "requirements" / "production.txt").read_text()
    (requirements / "production.txt").write_text(locked.without(production, "brotli"))
    shutil.copy(ROOT / "requirements" / "test.txt", requirements)
    labels = "\n".join(f"LABEL {key}={value}" for key, value in made.project.labels.items())
    (folder / "Dockerfile").write_text(f"{(GUIDE / 'Dockerfile').read_text()}{labels}\n")
    return folder


def change_code(file: Path) -> str:
    """Have /ping/ answer with another text, and return that."""
    # No builder has seen it, in no run before this one.
    pong = f"pong {secrets.token_hex(4)}"
    text, count = PONG.subn(f'"{pong}"', file.read_text())
    assert count, f"{file} has no pong"
    file.write_text(text)
    return pong


def add_dependency(requirements: Path) -> None:
    """Have the app need one more small package, as the development lock knows it."""
    lock = requirements / "production.txt"
    known = (ROOT / "requirements" / "development.txt").read_text()
    text = lock.read_text()
    name = next(name for name in locked.NEW if f"\n{name}==" not in text)
    new = f"# for {secrets.token_hex(4)}: no builder has seen it\n"
    lock.write_text(text + new + locked.entry(known, name))


def add_slow_view(made: Checkout) -> None:
    """Give a copy the view that waits, as the tutorial's project has it."""
    made.replace("hello_django/views.py", "from django.conf", "import time\n\nfrom django.conf")
    views = made.root / "hello_django" / "views.py"
    views.write_text(views.read_text() + SLOW)
    ping = 'path("ping/", views.ping),'
    made.replace("hello_django/urls.py", ping, f'{ping} path("slow/", views.slow),')


def build(engine: Engine, folder: Path, tag: str, labels: dict[str, str]) -> str:
    """Build a folder's Dockerfile, with the builder that a deploy would take; the image's id."""
    plan = Build(context=folder, target="", tag=tag, arguments={}, labels=labels)
    return builder.build(plan, engine, Runner(), lambda line: None)
