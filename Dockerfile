# One file for both of Heroku's methods, and for the classic builder as well as BuildKit.
# A build that names no target gives the web image.
ARG PYTHON_IMAGE=python:3.13-slim-trixie


# The packages, and what making them takes, compilers included: the latter does not ship.
FROM ${PYTHON_IMAGE} AS packages

# Debian packages for requirements that come without a wheel, such as "gcc libc6-dev".
ARG BUILD_PACKAGES=""
RUN if [ -n "$BUILD_PACKAGES" ]; then \
        apt-get update -qq \
        && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
            $BUILD_PACKAGES; \
    fi

RUN python -m venv --without-pip /opt/venv
COPY requirements/production.txt /tmp/
RUN pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --require-hashes \
        --disable-pip-version-check --root-user-action ignore --requirement /tmp/production.txt \
    # What only translators read.
    && find /opt/venv -name '*.po' -delete \
    # Valid whatever the files' times, so that the same source gives the same layer.
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv


# The app and its static files. A stage of its own: a change of them leaves the one above as it
# was, and no builder need look through it for what is new.
FROM packages AS build
WORKDIR /app
COPY manage.py gunicorn.conf.py ./
COPY hello_django hello_django
# A key and a host that last as long as this step: an image has neither.
RUN rm -r hello_django/tests \
    && export PYTHONDONTWRITEBYTECODE=1 ALLOWED_HOSTS=localhost \
        "SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
    && /opt/venv/bin/python manage.py collectstatic --noinput \
    && mv staticfiles /tmp/staticfiles \
    && python -m compileall -q --invalidation-mode unchecked-hash . \
    # Readable by any user, whatever the mask was where the source was checked out.
    && chmod -R u=rwX,go=rX /app /tmp/staticfiles


# The web image.
FROM ${PYTHON_IMAGE} AS production

# Heroku streams the log of a release phase with curl. The official base image has no bytecode of
# the standard library, and a dyno cannot keep what it compiles at each start.
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/debconf/*-old /var/log/*.log \
        /var/log/apt /var/cache/ldconfig/aux-cache \
    && python -m compileall -q -j 0 -x '/(site-packages|tests?)/' --invalidation-mode unchecked-hash \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DEBUG=0

WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY --from=build /tmp/staticfiles staticfiles
COPY --from=build /app ./

ARG SOURCE_COMMIT=""
ENV SOURCE_COMMIT=${SOURCE_COMMIT}
LABEL org.opencontainers.image.revision=${SOURCE_COMMIT}

# Heroku runs it as a user of its own choice; elsewhere it is at least not root.
USER 1000:1000
CMD ["python", "-m", "hello_django"]


# Heroku's release phase: the web image, and a command that migrates.
FROM production AS release
CMD ["python", "manage.py", "release"]


# The very layers that ship, with the tools that test them.
FROM production AS test
USER root
COPY requirements/test.txt /tmp/
RUN pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes \
        --disable-pip-version-check --root-user-action ignore --requirement /tmp/test.txt
COPY pyproject.toml .flake8 ./
COPY hello_django/tests hello_django/tests
USER 1000:1000
CMD ["pytest", "-p", "no:cacheprovider", "hello_django"]


FROM production
