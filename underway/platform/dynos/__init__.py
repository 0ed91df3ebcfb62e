"""Dynos: containers that run an app's processes the way Heroku runs them."""

from underway.platform.dynos.attached import AttachedProcess
from underway.platform.dynos.container import command_text
from underway.platform.dynos.dynos import Dynos, NothingToRun, WebState
from underway.platform.dynos.sizes import SIZES, Size

__all__ = ["SIZES", "AttachedProcess", "Dynos", "NothingToRun", "Size", "WebState", "command_text"]
