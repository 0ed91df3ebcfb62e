"""The web server: `python -m hello_django`, with gunicorn's own options after it.

gunicorn reads WEB_CONCURRENCY while it is imported, before any configuration of ours, and
answers an empty or a malformed one with a traceback. So it is settled here first; and the settings
are loaded, whose faults gunicorn would show with a traceback, too.
"""

import importlib
import os
import runpy
import sys

from hello_django import capacity
from hello_django.env import ConfigurationError

try:
    os.environ["WEB_CONCURRENCY"] = str(capacity.workers())
    chosen = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hello_django.settings")
    importlib.import_module(chosen)
except ConfigurationError as error:
    sys.exit(str(error))

runpy.run_module("gunicorn", run_name="__main__", alter_sys=True)
