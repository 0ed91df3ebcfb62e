"""Heroku's Platform API, as far as the tasks need it. No command line is needed for it."""

from underway.heroku.client import Heroku
from underway.heroku.models import Account, Addon, App, Build, Domain, Dyno, Process, Release
from underway.heroku.session import NotFound, Session

__all__ = [
    "Account",
    "Addon",
    "App",
    "Build",
    "Domain",
    "Dyno",
    "Heroku",
    "NotFound",
    "Process",
    "Release",
    "Session",
]
