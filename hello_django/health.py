"""What this process knows of its own health."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

logger = logging.getLogger(__name__)


class LivenessMiddleware:
    """Answers /healthz before hosts, HTTPS or the database matter: the process is up, no more."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            state = {"alive": True, "release": settings.RELEASE, "commit": settings.COMMIT}
            return JsonResponse(state, headers={"Cache-Control": "no-store"})
        return self.get_response(request)


class ReadinessMiddleware:
    """Answers /readyz: whether database and migrations are as the code wants them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != "/readyz":
            return self.get_response(request)
        problem = database_problem()
        state = {"ready": False, "reason": problem} if problem else {"ready": True}
        headers = {"Cache-Control": "no-store"}
        return JsonResponse(state, status=503 if problem else 200, headers=headers)


def database_problem() -> str:
    """Why the database cannot serve this code, in words fit for strangers; empty when it can."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        # The driver's text names host and user: for the log, not for the answer.
        logger.warning("The database cannot be used: %s", " ".join(str(error).split()))
        return "database unreachable"
    count = len(missing)
    return f"{count} migration{'s' if count > 1 else ''} not applied" if count else ""
