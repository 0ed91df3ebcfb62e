"""Stand-ins for what lies outside; each fails on what no test has announced."""

from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, cast

from underway.command import Command, Result, Runner
from underway.engine import Engine
from underway.errors import CommandFailed, ImageUnavailable

if TYPE_CHECKING:
    from docker.models.images import Image


class FakeRunner(Runner):
    """Takes the commands that are expected, in their order, and no others."""

    def __init__(self) -> None:
        self._expected: list[tuple[tuple[str, ...], Result]] = []

    def expect(self, *argv: str, code: int = 0, stdout: str = "", stderr: str = "") -> None:
        """The next command, and how it is to end."""
        self._expected.append((argv, Result(code, stdout, stderr)))

    def verify(self) -> None:
        """Every command that was expected has been run."""
        assert not self._expected, f"never run: {self._expected[0][0]}"

    def capture(self, command: Command, check: bool = True) -> Result:
        result = self._take(command)
        if check and result.code != 0:
            raise CommandFailed(f"exited {result.code}: {command}", why=result.stderr)
        return result

    def follow(self, command: Command, on_line: Callable[[str], None]) -> Result:
        result = self.capture(command)
        for line in result.stdout.splitlines():
            on_line(line)
        return result

    def transfer(
        self, command: Command, *, source: IO[bytes] | None = None, sink: IO[bytes] | None = None
    ) -> None:
        result = self.capture(command)
        if sink:
            sink.write(result.stdout.encode())

    def attach(self, command: Command) -> int:
        return self._take(command).code

    def _take(self, command: Command) -> Result:
        assert self._expected, f"unexpected: {command}"
        argv, result = self._expected.pop(0)
        assert command.argv == argv
        return result


class FakeImage:
    """An image: its labels, and the variables of its configuration."""

    def __init__(self, labels: dict[str, str] | None = None, env: tuple[str, ...] = ()) -> None:
        self.labels = labels or {}
        self.attrs: dict[str, Any] = {"Config": {"Env": list(env)}}

    def __call__(self) -> "Image":
        return cast("Image", self)


class FakeEngine(Engine):
    """An engine with some images, and a registry that has some others or cannot be reached."""

    def __init__(self, *, has: dict[str, FakeImage] | None = None, registry: tuple[str, ...] = ()):
        self.has = has or {}
        self.registry = registry
        self.pulled: list[str] = []

    def find_image(self, reference: str) -> "Image | None":
        return self.has[reference]() if reference in self.has else None

    def pull(self, reference: str, login: dict[str, str] | None = None) -> None:
        if reference not in self.registry:
            raise ImageUnavailable(f"{reference} could not be pulled.", why="no such host")
        self.pulled.append(reference)
        self.has[reference] = FakeImage()
