"""Projects that nobody here wrote: made from what PyPI's packages make, each as its users keep it.

Each function fills an empty folder with a project that runs in development, its own environment
in ``.venv`` beside it.
"""

import os
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from uv import find_uv_bin

PYTHON = "3.13"
OURS = {
    *("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "SECRET_KEY", "ALLOWED_HOSTS"),
    *("VIRTUAL_ENV", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT"),
}
"""Variables of this test run's own environment."""
IGNORED = ".venv/\n__pycache__/\n*.sqlite3\n"
CHANNELS = """

INSTALLED_APPS = ["daphne", "channels", *INSTALLED_APPS]
ASGI_APPLICATION = "live.asgi.application"
"""
ASGI = '''\
"""HTTP and WebSockets."""

import os

from channels.generic.websocket import WebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "live.settings")


class Echo(WebsocketConsumer):
    def receive(self, text_data=None, bytes_data=None):
        self.send(text_data=f"echo: {text_data}")


application = ProtocolTypeRouter(
    {"http": get_asgi_application(), "websocket": URLRouter([path("ws/", Echo.as_asgi())])}
)
'''
ADMIN = """
from django.contrib import admin

urlpatterns += [path("admin/", admin.site.urls)]
"""
WIDGETS = """\
from django.contrib import admin

from demoapp.models import Widget

admin.site.register(Widget)
"""
BROKER = """

BROKER = os.environ.get("DATABASE_URL", "postgres://localhost/broker")
CELERY_BROKER_URL = BROKER.replace("postgres://", "sqla+postgresql+psycopg://", 1)
CELERY_RESULT_BACKEND = None
"""


def environment() -> dict[str, str]:
    """A stranger's: nothing of this test run's own Python or settings is in it."""
    kept = {name: text for name, text in os.environ.items() if name not in OURS}
    bin = str(Path(find_uv_bin()).parent)
    kept["PATH"] = os.pathsep.join(p for p in os.get_exec_path() if p != bin)
    return kept


@dataclass(frozen=True)
class Folder:
    """A project in the making."""

    root: Path
    env: dict[str, str] = field(default_factory=environment)

    def run(self, *argv: str, **env: str) -> str:
        """Run a program in the folder, to its success; its standard output."""
        done = subprocess.run(
            argv,
            cwd=self.root,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return done.stdout

    def uv(self, *words: str, **env: str) -> str:
        return self.run(find_uv_bin(), *words, **env)

    def python(self, *words: str) -> str:
        return self.run(str(self.root / ".venv" / "bin" / "python"), *words)

    def tool(self, name: str, *words: str, **env: str) -> str:
        """Run a program of the project's own environment's packages."""
        return self.run(str(self.root / ".venv" / "bin" / name), *words, **env)

    def install(self, *packages: str) -> None:
        """A new environment, with these."""
        if not (self.root / ".venv").exists():
            self.uv("venv", "--quiet", "--python", PYTHON)
        self.uv("pip", "install", "--quiet", *packages)

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def append(self, name: str, text: str) -> None:
        self.write(name, (self.root / name).read_text() + text)

    def git(self, *words: str) -> str:
        identity = ("-c", "user.name=Stranger", "-c", "user.email=stranger@example.com")
        return self.run("git", *identity, *words)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)


Make = Callable[[Folder], None]


def make(root: Path, recipe: Make) -> Folder:
    """The project, committed."""
    root.mkdir(parents=True)
    folder = Folder(root)
    folder.git("init", "--quiet", "--initial-branch", "main")
    recipe(folder)
    ignore = root / ".gitignore"
    ignore.write_text((ignore.read_text() if ignore.exists() else "") + IGNORED)
    folder.commit("the project")
    folder.python("manage.py", "check")
    assert folder.git("status", "--porcelain") == ""
    return folder


def _pip(folder: Folder, *, django: str) -> None:
    folder.install(f"django~={django}.0")
    folder.tool("django-admin", "startproject", "mysite", ".")
    folder.write("requirements.txt", folder.uv("pip", "freeze"))


def plain(django: str) -> Make:
    """``django-admin startproject``, and what is installed frozen into requirements.txt."""
    return partial(_pip, django=django)


def uv_lock(folder: Folder) -> None:
    """``startproject`` on Django 5.2, in a folder of uv's, with a tool for development."""
    folder.uv("init", "--quiet", "--bare", "--python", PYTHON, "--name", folder.root.name)
    folder.uv("add", "--quiet", "django~=5.2.0")
    folder.uv("add", "--quiet", "--dev", "django-debug-toolbar")
    folder.tool("django-admin", "startproject", "mysite", ".")


def asgi(folder: Folder) -> None:
    """Channels on Django 6.0: no WSGI application at all; pip-tools' pair of requirements."""
    folder.install("channels[daphne]~=4.3", "django~=6.0.0")
    folder.tool("django-admin", "startproject", "live", ".")
    (folder.root / "live" / "wsgi.py").unlink()
    settings = (folder.root / "live" / "settings.py").read_text()
    without = "\n".join(line for line in settings.split("\n") if "WSGI_APPLICATION" not in line)
    folder.write("live/settings.py", without + CHANNELS)
    folder.write("live/asgi.py", ASGI)
    folder.write("requirements.in", "channels[daphne]~=4.3\ndjango~=6.0.0\n")
    compiled = ("--quiet", "--generate-hashes", "--no-header", "requirements.in")
    folder.write("requirements.txt", folder.uv("pip", "compile", *compiled))


def wagtail(folder: Folder) -> None:
    """``wagtail start``: settings in three files, a Dockerfile of its own, ranges for versions."""
    folder.install("wagtail")
    folder.tool("wagtail", "start", "mysite", ".")
    folder.install("--requirement", "requirements.txt")


def custom_user_and_media(folder: Folder) -> None:
    """Wagtail CRX's larger template: its own user, images and documents, production settings."""
    folder.install("coderedcms")
    words = ("--template", "pro", "--sitename", "Shop", "--domain", "shop.example.com")
    folder.tool("coderedcms", "start", "shop", ".", *words)
    manifest = (folder.root / "pyproject.toml").read_text()
    folder.write("pyproject.toml", manifest.replace('"shop"', f'"{folder.root.name}"', 1))
    folder.install("--requirement", "requirements-dev.txt")
    # Its README says so, "before deploying".
    css = "website/static/website"
    folder.python("manage.py", "sass", "-t", "compressed", f"{css}/src/custom.scss", f"{css}/css/")


def celery_on_poetry(folder: Folder) -> None:
    """Celery's own example for Django, from its source; its queue in the app's Postgres."""
    sdist = ("download", "--quiet", "--no-deps", "--no-binary", "celery", "celery")
    folder.uv("tool", "run", "--quiet", "pip", *sdist)
    (archive,) = folder.root.glob("celery-*.tar.gz")
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            _, _, name = member.name.partition("/examples/django/")
            if name and member.isfile():
                content = packed.extractfile(member)
                assert content is not None
                folder.write(name, content.read().decode())
    archive.unlink()
    (folder.root / "requirements.txt").unlink()
    folder.append("proj/urls.py", ADMIN)
    folder.write("demoapp/admin.py", WIDGETS)
    folder.append("proj/settings.py", BROKER)
    described = ("--no-interaction", "--name", folder.root.name, "--python", ">=3.13,<4.0")
    wanted = [
        f"--dependency={package}"
        for package in ("django@~5.2", "celery@^5.6", "sqlalchemy@^2", "psycopg[binary]@^3.2")
    ]
    poetry = ("tool", "run", "--quiet", "--from", "poetry", "poetry")
    folder.uv(*poetry, "init", "--quiet", *described, *wanted)
    # The index that uv uses: Poetry's own way to PyPI is not served by every mirror.
    folder.uv(*poetry, "source", "add", "--priority=primary", "index", _index(folder))
    folder.uv(*poetry, "install", "--no-root", "--quiet", POETRY_VIRTUALENVS_IN_PROJECT="true")


def _index(folder: Folder) -> str:
    folder.write("requirements.in", "celery\n")
    words = ("--quiet", "--no-header", "--no-deps", "--emit-index-url", "requirements.in")
    line = folder.uv("pip", "compile", *words).split("\n")[0]
    (folder.root / "requirements.in").unlink()
    return line.removeprefix("--index-url ")


def pipenv(folder: Folder) -> None:
    """``startproject`` on Django 4.2, which no longer gets fixes, on Pipenv's lock."""
    python = folder.uv("python", "find", PYTHON).strip()
    words = ("tool", "run", "--quiet", "pipenv", "--python", python)
    env = {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_NOSPIN": "1"}
    folder.uv(*words, "install", "django~=4.2.0", **env)
    folder.tool("django-admin", "startproject", "mysite", ".")
