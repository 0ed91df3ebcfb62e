"""Django's settings, all from the environment; the defaults are those of production.

Written by hand, where an adopted project has its own and a module that adds to them.
"""

from pathlib import Path

from csp.constants import NONE, SELF

from hello_django import database, env

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.flag("DEBUG", default=False)
HTTPS = env.flag("HTTPS", default=not DEBUG)  # off: the production image over plain HTTP
LOG_LEVEL = env.log_level()

SECRET_KEY = env.secret_key(debug=DEBUG)
ALLOWED_HOSTS = env.hosts(debug=DEBUG)

# Heroku's dyno metadata; the build of an image sets SOURCE_COMMIT.
RELEASE = env.text("HEROKU_RELEASE_VERSION", "development")
COMMIT = (
    env.text("HEROKU_BUILD_COMMIT")
    or env.text("HEROKU_SLUG_COMMIT")
    or env.text("SOURCE_COMMIT", "development")
)

INSTALLED_APPS = [
    "hello_django",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",  # WhiteNoise serves static files in development too
    "django.contrib.staticfiles",
    "csp",
]

MIDDLEWARE = [
    "hello_django.request_id.RequestIdMiddleware",
    "hello_django.health.LivenessMiddleware",
    "hello_django.health.ReadinessMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "hello_django.urls"
WSGI_APPLICATION = "hello_django.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database.configure(env.text("DATABASE_URL"), BASE_DIR / "db.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

# Static files: names carry a hash of their content, so browsers may keep them for good.
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "hello_django.storage.StaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# HTTPS. There is no SECURE_PROXY_SSL_HEADER on purpose: Django would believe the header from
# anyone, while gunicorn sets the scheme from it only when the peer is a proxy that it trusts.
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "hello_django.request_id.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "{levelname} {name} request_id={request_id} {message}", "style": "{"}
    },
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "filters": ["request_id"],
            "formatter": "line",
        }
    },
    "root": {"handlers": ["stdout"], "level": LOG_LEVEL},
    # Drop Django's own handlers, so that each record is printed once, whatever DEBUG says.
    "loggers": {
        "django": {"handlers": [], "level": "NOTSET"},
        # Scanners try host names all day: the access log's 400 will do, without a traceback.
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
    },
}
