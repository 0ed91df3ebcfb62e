"""The router: HTTP and HTTPS for all apps, by host name, with Heroku's headers, codes and logs."""

from underway.platform.router.server import Router

__all__ = ["Router"]
