"""Entries of a locked file of requirements: taken out of one, put into another."""

import re

NEW = ("idna", "certifi", "urllib3", "filelock", "distlib", "platformdirs")
"""Small packages that the app has not, and that the development lock has: one more, and again."""


def entry(lock: str, name: str) -> str:
    """A package's lines: its version and its hashes.

    Raises:
        ValueError: it is not in the lock.
    """
    found = re.search(rf"^{re.escape(name)}==.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"{name} is not in the lock")
    return found[0]


def without(lock: str, name: str) -> str:
    """The lock without a package."""
    return lock.replace(entry(lock, name), "")
