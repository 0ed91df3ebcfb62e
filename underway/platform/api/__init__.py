"""Heroku's Platform API, answered from the platform's own parts: one module for each resource."""
