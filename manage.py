#!/usr/bin/env python
"""Django's command line for this project."""

import os
import secrets
import sys

from django.core.management import execute_from_command_line

from hello_django.env import ConfigurationError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hello_django.settings")
    if sys.argv[1:2] == ["collectstatic"]:
        # It runs while the image is built, where there is neither a secret nor a host name.
        # Both stand-ins die with this process, and no web process starts from here.
        os.environ.update(SECRET_KEY=secrets.token_urlsafe(50), ALLOWED_HOSTS="localhost")
    try:
        execute_from_command_line(sys.argv)
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
