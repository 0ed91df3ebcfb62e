"""Production's settings, whatever the shell says, with the values that its environment must give.

pytest-django loads settings before any conftest, so these values cannot come from there.
"""

import os

for name in ("DEBUG", "HTTPS", "LOG_LEVEL", "PGSSLMODE"):
    os.environ.pop(name, None)
os.environ["SECRET_KEY"] = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz"
os.environ["ALLOWED_HOSTS"] = "testserver"

from hello_django.settings import *  # noqa: E402, F401, F403
from hello_django.settings import STORAGES  # noqa: E402

# No collectstatic first: names without hashes, found where the apps keep them.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
