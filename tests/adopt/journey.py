"""What every project goes through once Underway is adopted in it, whatever kind it is."""

import json
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.adopt.conftest import browsing
from tests.adopt.projects import Folder, Make, environment, make
from tests.checkout import Checkout
from tests.deploy.conftest import Place
from tests.platform.conftest import FREE
from underway.engine import Engine
from underway.platform import supervisor

YEAR = 31_536_000


@dataclass(frozen=True)
class Stranger(Checkout):
    """Calls the command ``underway`` in a folder of their own."""

    program: Path

    @property
    def env(self) -> dict[str, str]:
        return environment()

    def argv(self, *words: str) -> list[str]:
        return [str(self.program), *words]


@dataclass(frozen=True)
class Kind:
    """A kind of project, and where in it is what every kind has."""

    recipe: Make
    urls: str = "mysite/urls.py"
    """The module of its root URLs."""
    admin: str = "/admin/"
    login: str = "admin"
    """What its administrator is called."""
    page: str = ""
    """A page that visitors see; empty: there is only the admin."""
    environment: bool = True
    """It has an environment of its own, for development."""


@dataclass(frozen=True, kw_only=True)
class Site(Place):
    """A project that has adopted Underway, and is deployed."""

    project: Folder
    said: str
    """By init."""
    receipt: dict[str, object]
    """Of the first deploy."""
    password: str
    """Of the administrator."""

    def url(self, path: str) -> str:
        return str(self.receipt["address"]) + path

    def rows(self, query: str) -> list[str]:
        """What the app's Postgres says."""
        words = ("--no-align", "--tuples-only", "--command", query)
        return self.done("psql", "--", *words).splitlines()

    def create_administrator(self) -> None:
        """As Django's own command does it, in a one-off dyno; a user model takes what it has."""
        given = {"USERNAME": "admin", "EMAIL": "admin@example.com", "PASSWORD": self.password}
        variables = [f"DJANGO_SUPERUSER_{name}={value}" for name, value in given.items()]
        create = ("python", "manage.py", "createsuperuser", "--noinput")
        self.done("exec", "--", "env", *variables, *create)

    def inside(self, code: str) -> str:
        """What Python code prints in a one-off dyno, with the project's Django."""
        shell = ("python", "manage.py", "shell", "--verbosity", "0", "--command", code)
        return self.done("exec", "--", *shell)


@contextmanager
def adopted(kind: Kind, root: Path, program: Path) -> Iterator[Site]:
    """A new project, with nothing done to it but the two commands."""
    project = make(root, kind.recipe)
    if not kind.environment:
        shutil.rmtree(root / ".venv")
    stranger = Stranger(root, program)
    told = stranger.invoke("init", "--yes")
    assert told.returncode == 0, told.stderr
    project.commit("Adopt Underway")
    place = Place(stranger)
    place.folder.mkdir(parents=True)
    (place.folder / "settings.json").write_text(json.dumps({"ports": FREE}))
    try:
        receipt = json.loads(place.done("deploy", "--json"))
        password = secrets.token_urlsafe(12)
        site = Site(stranger, project=project, said=told.stderr, receipt=receipt, password=password)
        site.create_administrator()
        yield site
    finally:
        supervisor.reset(place.folder)
        place.invoke("clean")
        engine = Engine.connect()
        for labels in (stranger.project.labels, place.settings.labels):
            assert engine.containers(labels) == engine.images(labels) == []
            assert engine.volumes(labels) == []
        engine.client.close()


class Journey:
    """From the first deploy to the way back; a kind of project says what is different in it."""

    kind: ClassVar[Kind]

    @pytest.fixture(scope="class")
    @classmethod
    def site(cls, underway: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
        name = f"{cls.__name__.lower()}-{secrets.token_hex(3)}"
        with adopted(cls.kind, tmp_path_factory.mktemp("adopt") / name, underway) as site:
            yield site

    def test_nothing_of_the_users_is_rewritten(self, site: Site) -> None:
        changed = site.project.git("diff", "--name-status", "HEAD~1").splitlines()
        assert "A\tDockerfile" in changed or "A\theroku.Dockerfile" in changed
        others = [line for line in changed if not line.startswith("A\t")]
        assert set(others) <= {"M\tpyproject.toml", "M\t.dockerignore"}
        removed = site.project.git("diff", "HEAD~1", "--diff-filter=M", "--numstat")
        assert all(line.split("\t")[1] == "0" for line in removed.splitlines())

    def test_init_again_changes_nothing(self, site: Site) -> None:
        again = site.invoke("init", "--yes")
        assert again.returncode == 0, again.stderr
        assert "there is nothing to write" in again.stderr
        assert site.project.git("status", "--porcelain") == ""

    def test_it_is_healthy_and_its_pages_answer(self, site: Site) -> None:
        health = site.visit("/healthz").json()
        assert health["release"] == f"v{site.receipt['release']}"
        assert health["commit"] == site.receipt["commit"]
        assert site.visit("/readyz").json() == {"ready": True}
        login = site.visit(f"{self.kind.admin}login/")
        assert login.status_code == 200 and login.headers["X-Request-ID"]
        assert "max-age=" in login.headers["Strict-Transport-Security"]
        assert site.visit("/no-such-page/").status_code == 404
        if self.kind.page:
            assert site.visit(self.kind.page).status_code == 200

    def test_static_files_are_kept_for_good_and_come_compressed(self, site: Site) -> None:
        page = site.visit(f"{self.kind.admin}login/").text
        sheets = [part for part in page.split('"') if part.endswith(".css")]
        assert sheets
        for sheet in sheets:
            answer = site.visit(sheet)
            assert answer.headers["Content-Type"].startswith("text/css")
            assert answer.headers["Content-Encoding"] in ("br", "gzip")
            assert int(answer.headers["Cache-Control"].split("=")[1].split(",")[0]) >= YEAR

    def test_the_administrator_logs_in_and_what_is_added_is_in_postgres(
        self, site: Site, driver: str
    ) -> None:
        name = f"group-{secrets.token_hex(4)}"
        with browsing(driver) as browser:
            browser.get(site.url(self.kind.admin))
            assert styles(browser) > 100
            submit(browser, username=self.kind.login, password=site.password)
            assert browser.find_element(By.ID, "user-tools").text
            browser.get(site.url(f"{self.kind.admin}auth/group/add/"))
            submit(browser, name=name)
            assert name in browser.find_element(By.CSS_SELECTOR, ".messagelist .success").text
            assert refused(browser) == []
        assert site.rows(f"select name from auth_group where name = '{name}'") == [name]

    def test_a_second_deploy_serves_the_change_and_rollback_the_old_one(self, site: Site) -> None:
        header = f"Changed {secrets.token_hex(4)}"
        site.inside(f"from django.contrib.auth.models import Group; Group(name='{header}').save()")
        site.project.append(
            self.kind.urls,
            f'\nfrom django.contrib import admin\n\nadmin.site.site_header = "{header}"\n',
        )
        site.project.commit("Change the header")
        receipt = json.loads(site.done("deploy", "--json"))
        assert receipt["replaces"] and not receipt["commit"].endswith("-dirty")
        assert header in site.visit(f"{self.kind.admin}login/").text
        site.done("rollback")
        assert header not in site.visit(f"{self.kind.admin}login/").text
        assert site.rows(f"select name from auth_group where name = '{header}'") == [header]

    def test_development_goes_on_as_before(self, site: Site) -> None:
        if not self.kind.environment:
            pytest.skip("this one has no environment of its own")
        with developing(site.project) as url:
            login = httpx.get(f"{url}{self.kind.admin}login/", trust_env=False)
            assert login.status_code == 200
            assert "X-Request-ID" not in login.headers


def submit(browser: webdriver.Remote, **values: str) -> None:
    """Fill in the admin's form, and wait for the page after it."""
    for name, value in values.items():
        browser.find_element(By.NAME, name).send_keys(value)
    button = browser.find_element(By.CSS_SELECTOR, "input[type=submit]")
    button.click()


def styles(browser: webdriver.Remote) -> int:
    """How many rules the page's style sheets have."""
    rules = "return [...document.styleSheets].reduce((n, sheet) => n + sheet.cssRules.length, 0)"
    return int(browser.execute_script(rules))


def refused(browser: webdriver.Remote) -> list[str]:
    """What the browser could not load of the site, or would not; no page names an icon."""
    site = urlsplit(browser.current_url).netloc
    log = browser.execute("getLog", {"type": "browser"})["value"]
    messages = [entry["message"] for entry in log if entry["source"] != "console-api"]
    return [text for text in messages if f"//{site}/" in text and "/favicon.ico" not in text]


@contextmanager
def developing(project: Folder) -> Iterator[str]:
    """The project under ``runserver``, in its own environment."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [".venv/bin/python", "manage.py", "runserver", "--noreload", str(port)]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(argv, cwd=project.root, env=project.env, stdout=quiet, stderr=quiet)
    try:
        deadline = time.monotonic() + 30
        while True:
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
