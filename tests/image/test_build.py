"""What `invoke build` makes, with each of the two builders."""

import subprocess

import pytest

from tests.checkout import Checkout
from tests.image.conftest import containers_of_step, files
from underway.builder import find_buildkit
from underway.command import Runner
from underway.engine import Engine
from underway.smoke import environment

MEGABYTE = 1_000_000


def layers(engine: Engine, image: str) -> list[str]:
    found = engine.find_image(image)
    assert found is not None
    return list(found.attrs["RootFS"]["Layers"])


def test_build_prints_the_reference_of_the_web_image_and_nothing_else(
    checkout: Checkout, engine: Engine
) -> None:
    built = checkout.invoke("build")
    assert built.stdout == f"{checkout.project.name}:production\n"
    found = engine.find_image(built.stdout.strip())
    assert found is not None
    assert found.attrs["Config"]["Cmd"] == ["python", "-m", "hello_django"]
    assert found.attrs["Config"]["User"] == "1000:1000"


def test_buildkit_is_used_on_this_machine_when_a_docker_client_speaks_it(
    checkout: Checkout, image: str
) -> None:
    buildkit = find_buildkit(Runner())
    assert buildkit is not None, "the docker client that setup installs speaks BuildKit"
    assert buildkit.name in checkout.invoke("build").stderr


def test_the_classic_builder_makes_the_same_files(
    checkout: Checkout, engine: Engine, image: str
) -> None:
    with_buildkit = files(engine, image, "/app", "/opt/venv")
    built = checkout.invoke("build", "--classic")
    assert "classic builder" in built.stderr
    assert files(engine, image, "/app", "/opt/venv") == with_buildkit
    checkout.invoke("build")


def test_a_build_that_names_no_target_gives_the_web_image(
    checkout: Checkout, engine: Engine, image: str
) -> None:
    docker = find_buildkit(Runner())
    assert docker is not None
    reference = f"{checkout.project.name}:no-target"
    label = [f"--label={key}={value}" for key, value in checkout.project.labels.items()]
    subprocess.run(
        [docker.docker, "build", "--quiet", *label, "--tag", reference, "."],
        cwd=checkout.root,
        env={"DOCKER_BUILDKIT": "1", "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    assert layers(engine, reference) == layers(engine, image)
    found = engine.find_image(reference)
    assert found is not None and found.attrs["Config"]["Cmd"] == ["python", "-m", "hello_django"]


def test_the_image_is_at_most_75_megabytes_over_its_base(
    checkout: Checkout, engine: Engine, image: str
) -> None:
    production, base = engine.find_image(image), engine.find_image(checkout.project.python_image)
    assert production is not None and base is not None
    over = (production.attrs["Size"] - base.attrs["Size"]) / MEGABYTE
    print(f"{over:.1f} MB over {checkout.project.python_image}")
    assert over <= 75


def test_bytecode_is_compiled_at_build_time(engine: Engine, image: str) -> None:
    names = "\n".join(files(engine, image, "/app", "/opt/venv/lib"))
    assert "/app/hello_django/__pycache__/wsgi.cpython-" in names
    assert "/django/__pycache__/__init__.cpython-" in names


@pytest.mark.parametrize("flags", [[], ["--classic"]], ids=["BuildKit", "classic"])
def test_a_code_change_rewrites_only_the_code(
    checkout: Checkout, engine: Engine, image: str, flags: list[str]
) -> None:
    checkout.invoke("build", *flags)
    before = layers(engine, image)
    views = "from django.conf import"
    with checkout.edited("hello_django/views.py", views, f"# nobody sees it\n{views}"):
        built = checkout.invoke("build", *flags)
    assert built.returncode == 0, built.stderr
    changed = [old != new for old, new in zip(before, layers(engine, image), strict=True)]
    assert changed == [False] * (len(changed) - 1) + [True]
    assert "Collecting django" not in built.stderr


def test_a_change_outside_the_app_rewrites_nothing(
    checkout: Checkout, engine: Engine, image: str
) -> None:
    checkout.invoke("build")
    before = layers(engine, image)
    (checkout.root / "README.md").write_text("# another text\n")
    checkout.invoke("build")
    assert layers(engine, image) == before


def test_the_image_knows_its_commit(checkout: Checkout, engine: Engine, image: str) -> None:
    checkout.git("commit", "--quiet", "--all", "--allow-empty", "--message", "all committed")
    checkout.invoke("build")
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout.root, capture_output=True, text=True
    ).stdout.strip()
    found = engine.find_image(image)
    assert found is not None
    assert found.labels["org.opencontainers.image.revision"] == head
    assert engine.run(image, ["printenv", "SOURCE_COMMIT"]).strip() == head


@pytest.mark.parametrize(
    "tool",
    ["gcc", "cc", "make", "black", "isort", "flake8", "pytest", "mypy", "nox", "invoke", "git"],
)
def test_production_has_no_compiler_linter_or_test_tool(
    engine: Engine, image: str, tool: str
) -> None:
    assert engine.run(image, ["sh", "-c", f"command -v {tool} || echo none"]).strip() == "none"


def test_curl_is_there_for_heroku_to_stream_the_release_log(engine: Engine, image: str) -> None:
    assert engine.run(image, ["curl", "--version"]).startswith("curl ")


def test_files_stay_readable_when_the_checkout_was_private(
    checkout: Checkout, engine: Engine, image: str
) -> None:
    urls = checkout.root / "hello_django" / "urls.py"
    urls.chmod(0o600)
    built = checkout.invoke("build")
    urls.chmod(0o644)
    assert built.returncode == 0
    assert engine.run(image, ["cat", "/app/hello_django/urls.py"], user="12345") != ""


def test_the_test_stage_tests_the_very_layers_that_ship(checkout: Checkout, engine: Engine) -> None:
    web = checkout.invoke("build").stdout.strip()
    test = checkout.invoke("build", "--target", "test").stdout.strip()
    shipped = layers(engine, web)
    assert layers(engine, test)[: len(shipped)] == shipped
    for command in (["black", "--check", "."], ["isort", "--check", "."], ["flake8"]):
        engine.run(test, command)
    tests = ["pytest", "-p", "no:cacheprovider", "hello_django/tests/test_http.py"]
    assert " passed" in engine.run(test, tests, tmpfs={"/tmp": "mode=1777"})


def test_a_stage_that_does_not_exist_is_named(checkout: Checkout) -> None:
    built = checkout.invoke("build", "--target", "prod")
    assert built.returncode == 2
    assert "no stage 'prod'" in built.stderr and "production" in built.stderr
    assert built.stdout == ""


@pytest.mark.parametrize("flags", [[], ["--classic"]], ids=["BuildKit", "classic"])
def test_a_base_image_that_does_not_exist_is_named(
    checkout: Checkout, engine: Engine, flags: list[str]
) -> None:
    built = checkout.invoke("build", *flags, PYTHON_IMAGE="no-such-python:3.13")
    assert built.returncode == 12
    assert "no-such-python:3.13" in built.stderr and "PYTHON_IMAGE" in built.stderr


@pytest.mark.parametrize("flags", [[], ["--classic"]], ids=["BuildKit", "classic"])
def test_a_full_disk_is_named_and_nothing_is_left(
    checkout: Checkout, engine: Engine, flags: list[str]
) -> None:
    step = f": {checkout.project.name}; head -c 1 /dev/zero > /dev/full"
    web = "FROM ${PYTHON_IMAGE} AS production"
    with checkout.edited("Dockerfile", web, f"{web}\nRUN {step}"):
        built = checkout.invoke("build", *flags)
    assert built.returncode == 14
    assert "disk is full" in built.stderr and "invoke clean" in built.stderr
    assert containers_of_step(engine, checkout.project.name) == []


def test_the_release_image_migrates(checkout: Checkout, engine: Engine) -> None:
    release = checkout.invoke("build", "--target", "release").stdout.strip()
    output = engine.run(
        release,
        [],
        environment=environment() | {"DATABASE_URL": "sqlite:////tmp/db.sqlite3"},
        tmpfs={"/tmp": "mode=1777"},
        read_only=True,
    )
    assert "Applying auth.0001_initial" in output
