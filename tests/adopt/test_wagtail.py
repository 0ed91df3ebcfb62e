"""Wagtail: ``wagtail start``, and Wagtail CRX's larger template."""

from selenium.webdriver.common.by import By

from tests.adopt import projects
from tests.adopt.conftest import browsing
from tests.adopt.journey import Journey, Kind, Site, refused


class TestWagtail(Journey):
    """It has a Dockerfile of its own, and settings for production without a key."""

    kind = Kind(projects.wagtail, admin="/django-admin/", page="/")

    def test_its_own_dockerfile_is_kept_and_that_is_said(self, site: Site) -> None:
        assert "heroku.Dockerfile is written beside it" in site.said
        assert site.project.git("diff", "--name-only", "HEAD~1", "--", "Dockerfile") == ""

    def test_uploads_to_a_dynos_disk_are_warned_of(self, site: Site) -> None:
        assert "uploads go to the local disk" in site.said

    def test_its_editor_works_in_a_browser(self, site: Site, driver: str) -> None:
        with browsing(driver) as browser:
            browser.get(site.url("/admin/"))
            browser.find_element(By.NAME, "username").send_keys(self.kind.login)
            browser.find_element(By.NAME, "password").send_keys(site.password)
            browser.find_element(By.CSS_SELECTOR, "form button[type=submit]").click()
            assert browser.find_element(By.CSS_SELECTOR, "[data-wagtail-sidebar]")
            assert refused(browser) == []


class TestCustomUserAndMedia(Journey):
    """Wagtail CRX: people log in by email; images and documents are models of the project."""

    kind = Kind(
        projects.custom_user_and_media,
        urls="shop/urls.py",
        admin="/django-admin/",
        login="admin@example.com",
        page="/",
    )

    def test_uploads_to_a_dynos_disk_are_warned_of(self, site: Site) -> None:
        assert "custom_media.CustomImage.file" in site.said

    def test_its_own_user_model_is_in_postgres(self, site: Site) -> None:
        assert site.rows("select email from custom_user_user") == [self.kind.login]
