"""What the API refuses, in Heroku's own ids and words."""

from typing import Any


class ApiError(Exception):
    """An answer that is not a success: ``id`` is for programs, ``message`` for people."""

    def __init__(self, status: int, id: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.content = {**more, "id": id, "message": message}


def not_found(resource: str) -> ApiError:
    """There is no such thing; ``resource`` is its kind in Heroku's word, which clients compare."""
    words = resource.replace("_", " ")
    return ApiError(404, "not_found", f"Couldn't find that {words}.", resource=resource)


def no_such_route() -> ApiError:
    """Nothing answers to this method and path."""
    return ApiError(
        404,
        "not_found",
        "The requested API endpoint was not found. Are you using the right HTTP verb (i.e. `GET`"
        " vs. `POST`), and did you specify your intended version with the `Accept` header?",
    )


def invalid(message: str) -> ApiError:
    """The request is understood, but asks for what cannot be."""
    return ApiError(422, "invalid_params", message)


def bad_request() -> ApiError:
    """The body is not a JSON object."""
    return ApiError(400, "bad_request", "Request invalid, validate usage and try again.")


def unsatisfiable_range() -> ApiError:
    """The Range header cannot be read."""
    return ApiError(
        416, "requested_range_not_satisfiable", "Requested range not satisfiable, try another."
    )
