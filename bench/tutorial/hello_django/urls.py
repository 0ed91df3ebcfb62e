"""The views of the tutorial, and the one that waits, for the measurements."""

import time

from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import path


def ping(request: HttpRequest) -> JsonResponse:
    """Answer at once."""
    return JsonResponse({"ping": "pong!"})


def slow(request: HttpRequest) -> JsonResponse:
    """Wait as for a database or another service."""
    time.sleep(0.1)
    return JsonResponse({"ping": "pong!"})


urlpatterns = [path("ping/", ping), path("slow/", slow), path("admin/", admin.site.urls)]
