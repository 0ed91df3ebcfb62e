"""Host names that lead to the app."""

from __future__ import annotations

from underway import console
from underway.heroku import Domain, Heroku
from underway.operations.options import required
from underway.operations.table import render


def as_dict(domain: Domain) -> dict[str, str]:
    """For programs."""
    return {"hostname": domain.hostname, "kind": domain.kind, "cname": domain.cname}


def table(domains: list[Domain]) -> str:
    """For people."""
    rows = [(domain.hostname, domain.kind, domain.cname) for domain in domains]
    return render(("host name", "kind", "DNS points at"), rows)


def add(heroku: Heroku, hostname: str) -> Domain:
    """A host name that leads to the app, added where it does not yet.

    Raises:
        UsageError: no host name was given.
        HerokuRefused: it is none, or leads to another app.
    """
    wanted = _wanted(hostname)
    for domain in heroku.domains():
        if domain.hostname == wanted:
            console.say(f"{wanted} leads to {heroku.target} already.")
            return domain
    added = heroku.add_domain(wanted)
    console.say(f"now let the DNS entry of {wanted} point (CNAME) at {added.cname}")
    console.say(f"and let the app know its name: ALLOWED_HOSTS must have {wanted}")
    return added


def remove(heroku: Heroku, hostname: str) -> None:
    """Let a host name lead to the app no more; nothing where it does not.

    Raises:
        UsageError: no host name was given.
        HerokuRefused: it is the app's own.
    """
    wanted = _wanted(hostname)
    if wanted not in [domain.hostname for domain in heroku.domains()]:
        console.say(f"{wanted} does not lead to {heroku.target}; nothing to remove.")
        return
    heroku.remove_domain(wanted)
    console.say(f"{console.good('✓')} {wanted} leads to {heroku.target} no more.")


def _wanted(hostname: str) -> str:
    return required(hostname, "--hostname", "www.example.com").lower()
