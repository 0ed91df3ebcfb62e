"""gunicorn's settings; it reads this file from its working directory by itself."""

import os
import sys
from typing import Any

from hello_django import capacity, env

try:
    _port = env.number("PORT", default=8000, low=1, high=65535)
    workers = capacity.workers()
    loglevel = env.log_level().lower()
except env.ConfigurationError as error:
    sys.exit(str(error))

wsgi_app = "hello_django.wsgi"
bind = f"0.0.0.0:{_port}"

# Workers share the memory of one loaded application, and a broken setting stops the server
# once, in the parent, instead of every worker in turn.
preload_app = True
worker_class = "gthread"
threads = capacity.threads(workers)

# A heartbeat file on a disk can block a worker; the root file system may also be read-only.
_memory_disk = "/dev/shm"  # nosec B108
if os.access(_memory_disk, os.W_OK):
    worker_tmp_dir = _memory_disk
control_socket_disable = True

# Heroku's router keeps idle connections for 90 s: were they closed here first, it would now and
# then send a request into a closing one. Heroku kills what has not stopped after 30 s.
keepalive = 95
graceful_timeout = 25

# On Heroku only the router reaches a dyno; anywhere else gunicorn trusts loopback alone, or
# what FORWARDED_ALLOW_IPS names. The router vouches for one header, so only that one counts.
if "DYNO" in os.environ:
    forwarded_allow_ips = "*"
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
forwarder_headers = ""

errorlog = "-"
accesslog = "-"
access_log_format = (
    'access "%(r)s" status=%(s)s bytes=%(B)s duration=%(M)sms'
    ' request_id=%({x-request-id}o)s fwd="%({x-forwarded-for}i)s" agent="%(a)s"'
)


def pre_fork(server: Any, worker: Any) -> None:
    """Leave no connection for two workers to share, should loading have opened one."""
    from django.db import connections

    connections.close_all()
