"""What gunicorn serves."""

import os
import sys

from django.core.wsgi import get_wsgi_application

from hello_django.env import ConfigurationError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hello_django.settings")

try:
    application = get_wsgi_application()
except ConfigurationError as error:
    sys.exit(str(error))
