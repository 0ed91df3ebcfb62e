from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from hello_django.health import database_problem, static_files_problem


def ping(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ping": "pong!"})


@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    if problem := database_problem():
        return JsonResponse({"ready": False, "reason": problem}, status=503)
    return JsonResponse({"ready": True})


@never_cache
def home(request: HttpRequest) -> HttpResponse:
    context = {
        "release": settings.RELEASE,
        "commit": settings.COMMIT,
        "static_files_problem": static_files_problem("hello_django/site.css"),
        "database_problem": database_problem(),
    }
    return render(request, "hello_django/home.html", context)
