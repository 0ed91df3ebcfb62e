"""Underway: a Django project, in Docker, to a verified production release on Heroku."""
