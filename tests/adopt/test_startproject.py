"""What ``django-admin startproject`` makes, on each Django, with each tool that locks packages."""

from tests.adopt import projects
from tests.adopt.journey import Journey, Kind, Site


class TestDjango61(Journey):
    """requirements.txt, as ``pip freeze`` writes it."""

    kind = Kind(projects.plain("6.1"))


class TestDjango52OnUv(Journey):
    """uv.lock; no environment of its own, as in a fresh clone."""

    kind = Kind(projects.uv_lock, environment=False)

    def test_what_only_development_needs_is_not_shipped(self, site: Site) -> None:
        code = "import importlib.util as u; print(u.find_spec('debug_toolbar'))"
        assert site.inside(code).strip() == "None"


class TestDjango42OnPipenv(Journey):
    """Pipfile.lock."""

    kind = Kind(projects.pipenv)
