"""Where a request goes, by its host name."""

from collections.abc import Mapping

from underway.platform.models import App, Domain
from underway.platform.settings import Ports
from underway.platform.store import Store

SUFFIX = ".localhost"


def internal_hosts(ports: Ports) -> dict[str, int]:
    """The platform's own host names, as clients with HEROKU_HOST=heroku.localhost ask for them."""
    return {
        "api.heroku.localhost": ports.api,
        "git.heroku.localhost": ports.api,
        "registry.heroku.localhost": ports.registry,
    }


class Table:
    """Host names, and the app or the internal port behind each."""

    def __init__(self, store: Store, internal: Mapping[str, int]) -> None:
        self._store = store
        self._internal = internal

    def find(self, host: str) -> App | int | None:
        """The app of a Host header; a port of the platform itself; nothing."""
        name = host.rpartition(":")[0] if ":" in host else host
        name = name.lower().rstrip(".")
        if port := self._internal.get(name):
            return port
        if name.endswith(SUFFIX):
            if app := self._store.find(App, host=name.removesuffix(SUFFIX)):
                return app
        wildcard = "*." + name.partition(".")[2]
        for hostname in (name, wildcard):
            if domain := self._store.find(Domain, hostname=hostname):
                return self._store.find(App, id=domain.app_id)
        return None
