"""An app itself: made, put on its stack, taken out of service, removed."""

from __future__ import annotations

from underway import console
from underway.heroku import App, Heroku


def create(heroku: Heroku, *, yes: bool) -> App:
    """The app, made on the container stack where there is none yet.

    Raises:
        UsageError: it would be on Heroku, nobody can be asked, and ``yes`` was not given.
        HerokuRefused: the name is taken.
    """
    target = heroku.target
    if found := heroku.find_app():
        console.say(f"{target} exists already.")
        return found
    if not target.local:
        console.confirm(f"Create the app {target}? It has a public address.", yes, "--yes")
    made = heroku.create_app()
    console.say(f"{console.good('✓')} {target} is made, on the stack {made.build_stack}.")
    return made


def stack(heroku: Heroku, wanted: str = "") -> str:
    """The stack of the app's next build, changed first where another one is wanted."""
    app = heroku.app()
    if not wanted:
        return app.build_stack
    if app.build_stack == wanted:
        console.say(f"the stack is {wanted} already.")
        return wanted
    changed = heroku.update_app(build_stack=wanted)
    console.say(f"the stack was {app.build_stack}; {wanted} counts from the next build on.")
    return changed.build_stack


def maintenance(heroku: Heroku, on: bool | None = None) -> str:
    """Whether visitors get the maintenance page ("on", "off"), switched first where asked to."""
    app = heroku.app()
    if on is not None and app.maintenance == on:
        console.say(f"maintenance is {_on_off(on)} already.")
    elif on is not None:
        app = heroku.update_app(maintenance=on)
    return _on_off(app.maintenance)


def destroy(heroku: Heroku, confirm: str) -> None:
    """Remove the app with its databases, config and images, once its name has been typed.

    Raises:
        NotFound: there is no such app.
        UsageError: ``confirm``, or what was typed, is not its name.
    """
    heroku.app()
    addons = "".join(f", {addon.name} with all data" for addon in heroku.addons())
    console.say(f"this goes for good: {heroku.target}{addons}.")
    console.confirm_name(heroku.target.app, confirm)
    heroku.destroy_app()
    console.say(f"{console.good('✓')} {heroku.target} is gone.")


def _on_off(on: bool) -> str:
    return "on" if on else "off"
