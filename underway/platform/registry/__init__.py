"""The platform's Docker registry: a real one, behind a proxy that knows accounts and apps."""

from underway.platform.registry.service import Registry

__all__ = ["Registry"]
