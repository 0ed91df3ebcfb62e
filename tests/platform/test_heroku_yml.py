"""Reading heroku.yml: what it means, and what is said of one that cannot be used."""

from pathlib import Path

import pytest

from underway.platform.heroku_yml import Addon, Image, ManifestError, parse

EVERYTHING = """\
setup:
  addons:
    - plan: heroku-postgresql:essential-0
      as: DATABASE
    - plan: heroku-redis
  config:
    S3_BUCKET: my-bucket
    WORKERS: 2
    DEBUG: false
build:
  docker:
    web:
      dockerfile: Dockerfile
      target: production
    worker: worker/Dockerfile
    release:
      dockerfile: Dockerfile
      target: release
  config:
    RAILS_ENV: production
run:
  web: gunicorn hello --bind :$PORT
  worker:
    command:
      - python worker.py
  clock:
    command: [python, clock.py]
    image: worker
release:
  image: web
  command:
    - ./deployment-tasks.sh
"""


def test_all_four_sections_are_read() -> None:
    manifest = parse(EVERYTHING)
    assert manifest.addons == (
        Addon("heroku-postgresql:essential-0", "DATABASE"),
        Addon("heroku-redis"),
    )
    assert manifest.config == {"S3_BUCKET": "my-bucket", "WORKERS": "2", "DEBUG": "false"}
    assert manifest.images == {
        "web": Image("Dockerfile", "production"),
        "worker": Image("worker/Dockerfile"),
        "release": Image("Dockerfile", "release"),
    }
    assert manifest.arguments == {"RAILS_ENV": "production"}
    assert manifest.processes == {"web": "web", "worker": "worker", "clock": "worker"}
    assert manifest.commands == {
        "web": ["/bin/sh", "-c", "gunicorn hello --bind :$PORT"],
        "worker": ["/bin/sh", "-c", "python worker.py"],
        "clock": ["/bin/sh", "-c", "python clock.py"],
    }
    assert manifest.release_image == "web"
    assert manifest.release_command == ["/bin/sh", "-c", "./deployment-tasks.sh"]


def test_the_least_runs_the_image_as_it_is() -> None:
    manifest = parse("build: {docker: {web: Dockerfile}}")
    assert manifest.processes == {"web": "web"}
    assert manifest.commands == {}
    assert manifest.release_image is None


def test_a_release_image_without_a_section_is_a_release_phase() -> None:
    manifest = parse("build: {docker: {web: Dockerfile, release: Dockerfile.release}}")
    assert manifest.processes == {"web": "web"}
    assert (manifest.release_image, manifest.release_command) == ("release", None)


def test_a_process_without_an_image_of_its_own_runs_in_the_web_image() -> None:
    manifest = parse("{build: {docker: {web: Dockerfile}}, run: {worker: ./work}}")
    assert manifest.processes == {"web": "web", "worker": "web"}


def test_the_projects_own_file_can_be_read() -> None:
    manifest = parse((Path(__file__).parents[2] / "heroku.yml").read_text())
    assert "web" in manifest.processes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "heroku.yml: must be a mapping, not nothing."),
        ("build: [", "is not valid YAML"),
        ("web: Dockerfile", "heroku.yml: web: is not a key."),
        ("biuld: {}", "did you mean build?"),
        ("run: {web: x}", "heroku.yml: build: must be a mapping, not nothing."),
        ("build: {docker: {}}", "heroku.yml: build.docker: names no image."),
        ("build: {docker: {web: 3}}", "build.docker.web: must be a path or {dockerfile, target}"),
        ("build: {docker: {web: {dockrfile: x}}}", "build.docker.web.dockrfile: is not a key."),
        ("build: {docker: {web: {target: [a]}}}", "build.docker.web.target: must be text"),
        ("build: {docker: {'a b': x}}", "build.docker.a b: a process type has letters"),
        ("build: {docker: {web: D}, config: [A]}", "build.config: must be a mapping, not a list."),
        ("build: {docker: {web: D}, config: {A: [1]}}", "build.config.A: must be text"),
        ("build: {packs: [heroku/python]}", "build: only docker images are built here"),
        ("{build: {docker: {web: D}}, run: {web: []}}", "run.web.command: must be text or a list"),
        ("{build: {docker: {web: D}}, run: {w: {image: x}}}", "run.w.image: x is not built."),
        ("{build: {docker: {job: D}}, run: {w: x}}", "run.w.image: web is not built."),
        ("{build: {docker: {web: D}}, release: {image: web}}", "release: has no command."),
        ("{build: {docker: {web: D}}, release: {command: 3}}", "release.command: must be text"),
        ("{build: {docker: {web: D}}, setup: {addons: x}}", "setup.addons: must be a list"),
        ("{build: {docker: {web: D}}, setup: {addons: [{as: X}]}}", "setup.addons[0]: has no plan"),
    ],
)
def test_an_error_names_the_key(text: str, message: str) -> None:
    with pytest.raises(ManifestError) as failure:
        parse(text)
    assert message in str(failure.value)
