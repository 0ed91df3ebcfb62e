"""Add-ons: a database, above all."""

from __future__ import annotations

from typing import Any

from underway import console
from underway.heroku import Addon, Heroku, NotFound
from underway.operations.options import required
from underway.operations.table import render

EXAMPLE = "heroku-postgresql:essential-0"


def as_dict(addon: Addon) -> dict[str, Any]:
    """For programs."""
    return {
        "name": addon.name,
        "plan": addon.plan,
        "state": addon.state,
        "config_vars": list(addon.config_vars),
    }


def table(addons: list[Addon]) -> str:
    """For people."""
    rows = [(a.name, a.plan, a.state, ", ".join(a.config_vars)) for a in addons]
    return render(("name", "plan", "state", "sets"), rows)


def create(heroku: Heroku, *, plan: str, name: str, yes: bool) -> Addon:
    """An add-on that is ready, made where there is none such yet; ``name`` is its attachment's.

    Raises:
        UsageError: no plan was given; or it would be billed, and nobody agrees to that.
        HerokuRefused: there is no such plan, or the app may not have it.
        HerokuUnavailable: it does not become ready.
    """
    plan = required(plan, "--plan", EXAMPLE)
    found = _such(heroku.addons(), plan, name)
    if found:
        console.say(f"{heroku.target} has {found.name} ({found.plan}) already.")
        if not name:
            console.say("one more needs a name of its own: --name ANOTHER_DATABASE")
        return heroku.wait_for_addon(found)
    if not heroku.target.local:
        console.confirm(f"Add {plan} to {heroku.target}? It is billed.", yes, "--yes")
    with console.step(f"Adding {plan}"):
        return heroku.wait_for_addon(heroku.create_addon(plan, name))


def remove(heroku: Heroku, *, name: str, confirm: str) -> None:
    """Remove an add-on with all data in it, once the app's name has been typed.

    Raises:
        NotFound: the app has none of that name.
        UsageError: no name was given, or ``confirm``, or what was typed, is not the app's name.
    """
    wanted = required(name, "--name", "DATABASE")
    found = next((addon for addon in heroku.addons() if _is(addon, wanted)), None)
    if found is None:
        raise NotFound(f"{heroku.target} has no add-on {wanted}.", next="invoke addons")
    console.say(f"{found.name} ({found.plan}) goes for good, with all data in it.")
    console.confirm_name(heroku.target.app, confirm)
    heroku.destroy_addon(found.name)
    console.say(f"{console.good('✓')} {found.name} is gone.")


def _such(addons: list[Addon], plan: str, name: str) -> Addon | None:
    service = plan.partition(":")[0]
    for addon in addons:
        if addon.plan.partition(":")[0] == service and (not name or _is(addon, name)):
            return addon
    return None


def _is(addon: Addon, name: str) -> bool:
    """Whether that is its name, or the one that it is attached as."""
    return name == addon.name or f"{name}_URL" in addon.config_vars
