"""What ``django-admin startproject`` makes, on each Django, with each tool that locks packages."""

from tests.adopt import projects
from tests.adopt.journey import Journey, Site


class TestDjango61(Journey):
    """requirements.txt, as ``pip freeze`` writes it."""

    recipe = projects.plain("6.1")
    urls = "mysite/urls.py"


class TestDjango52OnUv(Journey):
    """uv.lock; no environment of its own, as in a fresh clone."""

    recipe = staticmethod(projects.uv_lock)
    urls = "mysite/urls.py"
    environment_too = False

    def test_what_only_development_needs_is_not_shipped(self, site: Site) -> None:
        code = "import importlib.util as u; print(u.find_spec('debug_toolbar'))"
        assert site.inside(code).strip() == "None"


class TestDjango42OnPipenv(Journey):
    """Pipfile.lock."""

    recipe = staticmethod(projects.pipenv)
    urls = "mysite/urls.py"
