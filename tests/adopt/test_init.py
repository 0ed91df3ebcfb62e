"""``underway init`` by itself: what it refuses, what it says first, all or nothing."""

import hashlib
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.adopt.journey import Stranger
from tests.adopt.projects import Folder, make, plain

SETTINGS = "mysite/settings.py"
MODEL = """\
from django.db import models


class Book(models.Model):
    title = models.CharField(max_length=100)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A project that has not adopted Underway; never changed."""
    return make(tmp_path_factory.mktemp("init") / f"plain-{secrets.token_hex(3)}", plain("6.1"))


@pytest.fixture
def folder(made: Folder, tmp_path: Path) -> Folder:
    """A clone of it."""
    made.run("git", "clone", "--quiet", str(made.root), str(tmp_path / made.root.name))
    return Folder(tmp_path / made.root.name)


Init = Callable[..., CompletedProcess[str]]


@pytest.fixture
def init(folder: Folder, underway: Path) -> Init:
    """Call it in the clone."""
    return lambda *words: Stranger(folder.root, underway).invoke("init", *words)


def untouched(folder: Folder) -> bool:
    return folder.git("status", "--porcelain", "--ignored") == ""


def test_the_plan_is_a_patch_that_gives_what_init_writes(folder: Folder, init: Init) -> None:
    planned = init("--plan")
    assert planned.returncode == 0, planned.stderr
    assert untouched(folder)
    folder.write("../plan.patch", planned.stdout)
    folder.git("apply", "../plan.patch")
    folder.git("add", "--all")
    patched = folder.git("write-tree")
    folder.git("reset", "--quiet", "--hard")
    done = init("--yes")
    assert done.returncode == 0, done.stderr
    folder.git("add", "--all")
    assert folder.git("write-tree") == patched


def test_the_undo_that_is_printed_takes_all_of_it_back(folder: Folder, init: Init) -> None:
    done = init("--yes")
    assert not untouched(folder)
    (line,) = [line for line in done.stderr.splitlines() if "To undo it: " in line]
    folder.run("sh", "-c", line.partition("To undo it: ")[2])
    assert untouched(folder)


def test_without_a_terminal_and_without_yes_nothing_is_written(folder: Folder, init: Init) -> None:
    asked = init()
    assert asked.returncode == 2 and "add --yes" in asked.stderr
    assert untouched(folder)


def test_files_that_are_not_committed_are_named_and_it_refuses(folder: Folder, init: Init) -> None:
    folder.append(SETTINGS, "\n")
    folder.write("new.txt", "")
    refused = init("--yes")
    assert refused.returncode == 2
    assert SETTINGS in refused.stderr and "new.txt" in refused.stderr
    assert folder.git("status", "--porcelain").split() == ["M", SETTINGS, "??", "new.txt"]


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path, underway: Path) -> None:
    refused = Stranger(tmp_path, underway).invoke("init", "--yes")
    assert refused.returncode == 2 and "manage.py" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def no_git(folder: Folder) -> None:
    shutil.rmtree(folder.root / ".git")


def no_requirements(folder: Folder) -> None:
    (folder.root / "requirements.txt").unlink()


def no_application(folder: Folder) -> None:
    (folder.root / "mysite" / "wsgi.py").unlink()
    (folder.root / "mysite" / "asgi.py").unlink()
    folder.append(SETTINGS, "\nWSGI_APPLICATION = None\n")


def no_migration(folder: Folder) -> None:
    folder.write("books/__init__.py", "")
    folder.write("books/models.py", MODEL)
    folder.write("books/migrations/__init__.py", "")
    folder.append(SETTINGS, '\nINSTALLED_APPS += ["books"]\n')


def a_variable(folder: Folder) -> None:
    folder.append(SETTINGS, '\nimport os\n\nPAYMENT_KEY = os.environ["PAYMENT_KEY"]\n')


def a_missing_picture(folder: Folder) -> None:
    folder.write("assets/site.css", "body { background: url(gone.png) }\n")
    folder.append(SETTINGS, '\nSTATICFILES_DIRS = [BASE_DIR / "assets"]\n')


def no_such_package(folder: Folder) -> None:
    folder.append("requirements.txt", "django-no-such-package-1a2b3c==1.0\n")


def a_package_to_compile(folder: Folder) -> None:
    folder.append("requirements.txt", "psycopg2==2.9.10\n")


def postgis(folder: Folder) -> None:
    engine = "django.contrib.gis.db.backends.postgis"
    folder.append(SETTINGS, f'\nDATABASES["default"] = {{"ENGINE": "{engine}", "NAME": "x"}}\n')


OBSTACLES: dict[Callable[[Folder], None], str] = {
    no_git: "git init",
    no_requirements: "requirements",
    no_application: "no WSGI and no ASGI application",
    no_migration: "python manage.py makemigrations",
    a_variable: "PAYMENT_KEY",
    a_missing_picture: "gone.png",
    no_such_package: "django-no-such-package-1a2b3c",
    a_package_to_compile: "psycopg2",
    postgis: "PostGIS",
}


@pytest.mark.parametrize("obstacle", OBSTACLES, ids=lambda change: change.__name__)
def test_what_is_in_the_way_is_told_with_its_mend_before_anything_is_written(
    obstacle: Callable[[Folder], None], folder: Folder, init: Init
) -> None:
    obstacle(folder)
    if obstacle is not no_git:
        folder.commit("in the way")
    before = sorted(folder.root.rglob("*"))
    refused = init("--yes")
    assert refused.returncode != 0, refused.stderr
    assert "Traceback" not in refused.stderr.partition("error:")[0]
    assert OBSTACLES[obstacle] in refused.stderr and "next:" in refused.stderr
    assert sorted(folder.root.rglob("*")) == before


@pytest.mark.parametrize("moment", ["Installing it", "Trying it"])
def test_ctrl_c_while_it_looks_leaves_nothing(
    moment: str, folder: Folder, underway: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with started(folder, underway, TMPDIR=str(temporary)) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if line.startswith(moment))
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(60) == 130, said
    assert "stopped." in said
    assert untouched(folder)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_writes_leaves_all_or_nothing(
    kill: signal.Signals, folder: Folder, underway: Path, init: Init
) -> None:
    code = stopped_in_the_middle(folder, underway, kill)
    assert not (folder.root / ".underway-init").exists()
    assert untouched(folder) or complete(folder, init), code


def test_kill_while_it_writes_is_put_right_by_the_next_init(
    folder: Folder, underway: Path, init: Init
) -> None:
    code = stopped_in_the_middle(folder, underway, signal.SIGKILL)
    left = folder.git("status", "--porcelain")
    planned = init("--plan")
    assert not (folder.root / ".underway-init").exists()
    if code == -signal.SIGKILL and "was taken back" in planned.stderr:
        assert untouched(folder)
    assert untouched(folder) or complete(folder, init), left


def test_after_an_upgrade_new_templates_are_shown_and_what_you_changed_is_kept(
    folder: Folder, init: Init
) -> None:
    assert init("--yes").returncode == 0
    written = (folder.root / "heroku.yml").read_text()
    folder.append("Dockerfile", "# mine\n")
    folder.append("gunicorn.conf.py", "# mine\n")
    # As an older release would have left it: other templates for these two.
    older = written.replace("essential-0", "mini")
    folder.write("heroku.yml", older)
    record = json.loads((folder.root / "underway.lock").read_text())
    record |= {"heroku.yml": digest(older), "gunicorn.conf.py": digest("older")}
    folder.write("underway.lock", json.dumps(record))
    folder.commit("adopted, an upgrade ago")
    again = init("--yes")
    assert again.returncode == 0, again.stderr
    assert "~ heroku.yml: as it was written, and its template has changed" in again.stderr
    assert "\n+    - plan: heroku-postgresql:essential-0\n" in again.stderr
    assert "= Dockerfile: yours, kept" in again.stderr
    assert "= gunicorn.conf.py: changed by you and in its template: kept" in again.stderr
    changed = folder.git("diff", "--name-only").split()
    assert changed == ["heroku.yml", "underway.lock"]
    assert (folder.root / "heroku.yml").read_text() == written


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def started(folder: Folder, program: Path, **env: str) -> "subprocess.Popen[str]":
    """It, under way."""
    return subprocess.Popen(
        [str(program), "init", "--yes"],
        cwd=folder.root,
        env=folder.env | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def stopped_in_the_middle(folder: Folder, program: Path, kill: signal.Signals) -> int:
    """Send a signal once it has begun to write; its exit code."""
    staging = folder.root / ".underway-init"
    with started(folder, program) as process:
        while not staging.exists() and process.poll() is None:
            time.sleep(0.0001)
        time.sleep(random.uniform(0, 0.004))
        os.kill(process.pid, kill)
        process.communicate(timeout=60)
    return process.returncode


def complete(folder: Folder, init: Init) -> bool:
    """Whether all of it is there."""
    folder.commit("adopted")
    return "there is nothing to write" in init("--yes").stderr
