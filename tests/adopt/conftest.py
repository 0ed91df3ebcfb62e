"""The library as a stranger has it: its wheel, in an environment that has nothing else."""

import fcntl
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from uv import find_uv_bin

from tests.adopt.projects import PYTHON, environment
from tests.checkout import ROOT
from tests.chromium import FLAGS, executor
from tests.waiting import wait_until
from underway.engine import Engine
from underway.machine import browser_image
from underway.project import Project

STARTED = rb"started successfully on port (\d+)"


@pytest.fixture(scope="session")
def underway(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command ``underway``, of a wheel built from here; one for all processes of a run."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if folder.name.startswith("popen") else folder
    with (folder / "wheel.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "tool" / "bin" / "underway").exists():
            _install(folder)
    return folder / "tool" / "bin" / "underway"


def _install(folder: Path) -> None:
    def uv(*words: str) -> None:
        subprocess.run([find_uv_bin(), *words], check=True, cwd=folder, env=environment())

    uv("build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("underway-*.whl")
    uv("venv", "--quiet", "--python", PYTHON, "tool")
    python = str(folder / "tool" / "bin" / "python")
    uv("pip", "install", "--quiet", "--python", python, f"{wheel}[platform]")


@pytest.fixture(scope="session")
def driver(engine: Engine) -> Iterator[str]:
    """Chromedriver's address, for browsers that find what is published on this machine."""
    here = Project.load(ROOT)
    command = ["chromedriver", "--port=0"]
    image = browser_image(here, engine)
    options = {"network_mode": "host", "shm_size": "512m", "labels": here.labels}
    with engine.throwaway(image, command=command, **options) as chromium:
        wait_until(lambda: re.search(STARTED, chromium.logs()))
        port = int(re.findall(STARTED, chromium.logs())[0])
        yield f"http://127.0.0.1:{port}"


@contextmanager
def browsing(driver: str) -> Iterator[webdriver.Remote]:
    """A new browser, which takes the certificate of a platform's own authority."""
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    options.accept_insecure_certs = True
    with webdriver.Remote(executor(driver), options=options) as session:
        session.implicitly_wait(10)
        try:
            yield session
        except BaseException:
            print(session.current_url, session.page_source, sep="\n")
            raise
