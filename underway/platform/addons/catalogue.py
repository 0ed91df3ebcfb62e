"""The services and plans that can be had: Heroku Postgres, with each plan's connection limit."""

import uuid
from dataclasses import dataclass

from underway.platform.addons.refused import Refused

POSTGRES = "heroku-postgresql"
NAMESPACE = uuid.UUID("5d0e0f6e-3d5b-5f0c-9a53-1f2f7a4f6c10")
SINCE = "2012-01-01T12:00:00Z"


@dataclass(frozen=True)
class Service:
    """An add-on service. ``prefix`` begins the names of its add-ons."""

    name: str
    human_name: str
    prefix: str

    @property
    def id(self) -> str:
        """Always the same for the same service."""
        return str(uuid.uuid5(NAMESPACE, self.name))


@dataclass(frozen=True)
class Plan:
    """A plan of a service, and what it would cost on Heroku, a month."""

    service: Service
    short_name: str
    human_name: str
    cents: int
    connections: int

    @property
    def name(self) -> str:
        """As clients ask for it: ``SERVICE:PLAN``."""
        return f"{self.service.name}:{self.short_name}"

    @property
    def id(self) -> str:
        """Always the same for the same plan."""
        return str(uuid.uuid5(NAMESPACE, self.name))

    @property
    def description(self) -> str:
        """For people."""
        return f"{self.service.human_name} {self.human_name}"

    @property
    def default(self) -> bool:
        """Whether it is taken where a client names only the service."""
        return self == PLANS[0]


SERVICES = (Service(POSTGRES, "Heroku Postgres", "postgresql"),)
PLANS = (
    Plan(SERVICES[0], "essential-0", "Essential 0", 500, 20),
    Plan(SERVICES[0], "essential-1", "Essential 1", 900, 20),
    Plan(SERVICES[0], "essential-2", "Essential 2", 2000, 40),
    Plan(SERVICES[0], "standard-0", "Standard 0", 5000, 120),
    Plan(SERVICES[0], "standard-2", "Standard 2", 20000, 400),
    Plan(SERVICES[0], "premium-0", "Premium 0", 20000, 120),
    Plan(SERVICES[0], "premium-2", "Premium 2", 35000, 400),
)


def find_service(identity: str) -> Service:
    """The service of that name or id.

    Raises:
        Refused: there is none.
    """
    for service in SERVICES:
        if identity in (service.name, service.id):
            return service
    raise Refused(404, "not_found", "Couldn't find that add-on service.", "addon_service")


def find_plan(identity: str) -> Plan:
    """The plan of that name or id; a service's name alone stands for its first plan.

    Raises:
        Refused: there is none.
    """
    for plan in PLANS:
        if identity in (plan.name, plan.id, plan.service.name):
            return plan
    raise Refused(
        404,
        "not_found",
        f'Couldn\'t find either the add-on service or the add-on plan of "{identity}".',
        "plan",
    )
