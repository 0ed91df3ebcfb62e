"""Celery's own example for Django: a process type beside web, on Poetry's lock."""

import secrets

from tests.adopt import projects
from tests.adopt.journey import Journey, Kind, Site
from tests.waiting import wait_until


class TestCelery(Journey):
    kind = Kind(projects.celery_on_poetry, urls="proj/urls.py")

    def test_a_worker_is_released_and_does_what_it_is_given(self, site: Site) -> None:
        assert "web, release, worker" in site.said
        site.done("scale", "--", "worker=1")
        wait_until(lambda: "worker.1" in site.done("ps"))
        before, after = secrets.token_hex(4), secrets.token_hex(4)
        site.inside(
            "from demoapp.models import Widget\n"
            "from demoapp.tasks import rename_widget\n"
            f"widget = Widget.objects.create(name='{before}')\n"
            f"rename_widget.delay(widget.pk, '{after}')"
        )
        query = f"select name from demoapp_widget where name = '{after}'"
        wait_until(lambda: site.rows(query) == [after])
