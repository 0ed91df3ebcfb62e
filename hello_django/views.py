from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from hello_django.health import database_problem


def ping(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ping": "pong!"})


@never_cache
def home(request: HttpRequest) -> HttpResponse:
    context = {
        "release": settings.RELEASE,
        "commit": settings.COMMIT,
        "static_files_problem": static_files_problem("hello_django/site.css"),
        "database_problem": database_problem(),
    }
    return render(request, "hello_django/home.html", context)


def static_files_problem(name: str) -> str:
    """Why static files cannot be served, judged by one of them; empty when they can."""
    try:
        staticfiles_storage.url(name)
    except ValueError:  # not in the manifest
        return "static files not collected"
    return ""
