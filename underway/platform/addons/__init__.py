"""Add-ons: what an app is given beside its dynos, and the config vars that lead to it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import quote

from underway.engine import Engine
from underway.platform import models
from underway.platform.addons import names
from underway.platform.addons.catalogue import (
    PLANS,
    SERVICES,
    Plan,
    Service,
    find_plan,
    find_service,
)
from underway.platform.addons.databases import Databases
from underway.platform.addons.refused import Refused
from underway.platform.addons.server import Server
from underway.platform.logs import Logs
from underway.platform.models import Account, Addon, App, Attachment
from underway.platform.releases import Releases
from underway.platform.settings import Settings
from underway.platform.store import Store
from underway.platform.tls import Authority
from underway.secret import Secret

__all__ = ["Addons", "Plan", "Refused", "Service", "find_plan", "find_service", "variable"]


class Addons:
    """Databases on the platform's own Postgres server.

    The row of an add-on is written before its database is made and deleted after it is dropped:
    what a killed service leaves half done, ``recover`` finishes.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        engine: Engine,
        releases: Releases,
        logs: Logs,
        authority: Authority,
    ) -> None:
        self._store, self._releases = store, releases
        self._server = Server(settings, engine, authority)
        self._databases = Databases(self._server)

    def services(self) -> list[Service]:
        """All services."""
        return list(SERVICES)

    def plans(self, service: Service | None = None) -> list[Plan]:
        """All plans, or those of one service."""
        return [plan for plan in PLANS if service in (None, plan.service)]

    async def start(self) -> None:
        """Start the server, if any add-on needs it."""
        if self._store.find(Addon):
            await self._server.place()

    async def stop(self) -> None:
        """Stop the server. The data stays."""
        await self._server.stop()

    async def recover(self) -> None:
        """Finish what was under way, and lead the apps to where the server listens now."""
        for addon in self._store.all(Addon):
            app, user = self._owner(addon)
            if addon.state == "deprovisioned":
                await self.destroy(app, user, addon)
                continue
            if addon.state == "provisioning":
                await self._provision(addon)
            for attachment in self.attachments_of(addon):
                await self._announce(user, attachment, f"Update {attachment.name} by {addon.plan}")

    async def create(
        self,
        app: App,
        user: Account,
        plan: str,
        name: str | None = None,
        attachment: str | None = None,
        config: Mapping[str, str] | None = None,
    ) -> Addon:
        """Make a database and set the app's config var for it. ``config`` has no effect, as yet.

        Raises:
            Refused: there is no such plan, or one of the names is taken.
        """
        found = find_plan(plan)
        if name and self._store.find(Addon, name=name):
            raise Refused(422, "invalid_params", "Name is already taken", "add_on")
        alias = self._free_name(app, attachment)
        addon = Addon(
            app_id=app.id,
            name=name or self._unused_name(found),
            plan=found.name,
            provider={
                "database": f"d{secrets.token_hex(6)}",
                "role": f"u{secrets.token_hex(6)}",
                "password": f"p{secrets.token_hex(32)}",
            },
        )
        with self._store.transaction():
            self._store.add(addon)
            row = self._store.add(Attachment(app_id=app.id, addon_id=addon.id, name=alias))
        try:
            await self._provision(addon)
        except BaseException:
            self._forget(addon)
            raise
        await self._announce(user, row, f"Attach {row.name} (@ref:{addon.name})")
        return addon

    async def destroy(self, app: App, user: Account, addon: Addon) -> None:
        """Unset its config vars, wherever it is attached, and drop the database."""
        addon.state = "deprovisioned"
        self._store.save(addon)
        for attachment in self.attachments_of(addon):
            await self.detach(user, attachment)
        await self._databases.drop(addon.provider["database"], addon.provider["role"])
        self._store.delete(Addon, id=addon.id)

    async def remove_app(self, app: App) -> None:
        """Drop the databases of an app that is being destroyed; it gets no release any more."""
        for row in self._store.all(Attachment, app_id=app.id):
            self._store.delete(Attachment, id=row.id)
        owner = self._account(app)
        for addon in self._store.all(Addon, app_id=app.id):
            await self.destroy(app, owner, addon)

    async def attach(
        self, app: App, user: Account, addon: Addon, name: str | None = None, confirm: str = ""
    ) -> Attachment:
        """Give an add-on a further name, on its own app or another.

        A name that another add-on has is taken from it where ``confirm`` is the app's name.

        Raises:
            Refused: the name is taken.
        """
        taken = self._store.find(Attachment, app_id=app.id, name=name) if name else None
        if taken and confirm == app.name:
            self._store.delete(Attachment, id=taken.id)
        row = Attachment(app_id=app.id, addon_id=addon.id, name=self._free_name(app, name))
        self._store.add(row)
        await self._announce(user, row, f"Attach {row.name} (@ref:{addon.name})")
        return row

    async def detach(self, user: Account, attachment: Attachment) -> None:
        """Take a name and its config var away; the add-on stays."""
        app = self._store.find(App, id=attachment.app_id)
        addon = self._store.find(Addon, id=attachment.addon_id)
        assert app is not None and addon is not None
        title = f"Detach {attachment.name} (@ref:{addon.name})"
        await self._set(app, user, title, variable(attachment), None)
        self._store.delete(Attachment, id=attachment.id)

    def resolve(self, identity: str, app: App | None = None) -> list[Addon]:
        """The add-ons that a user may mean: by id, name or service, or by one of their names."""
        attached = {row.addon_id for row in self.resolve_attachment(identity, app)}
        found = []
        for addon in self._store.all(Addon):
            service = find_plan(addon.plan).service.name
            by_app = [service] if app and addon.app_id == app.id else []
            if addon.id in attached or identity in (addon.id, addon.name, *by_app):
                found.append(addon)
        return found

    def resolve_attachment(self, identity: str, app: App | None = None) -> list[Attachment]:
        """The attachments that a user may mean: by id, name, config var, or the add-on's name."""
        every = self._store.all(Attachment)
        rows = [row for row in every if row.app_id == app.id] if app else every
        found = []
        for row in rows:
            addon = self._store.find(Addon, id=row.addon_id)
            by_addon = [addon.id, addon.name] if addon else []
            by_app = [row.name, variable(row)] if app else []
            if identity in (row.id, *by_addon, *by_app):
                found.append(row)
        return found

    def attachments_of(self, addon: Addon) -> list[Attachment]:
        """Where an add-on is attached, and under which names."""
        return self._store.all(Attachment, addon_id=addon.id)

    def config_vars(self, addon: Addon) -> list[str]:
        """The config vars that it sets on its own app."""
        rows = self._store.all(Attachment, addon_id=addon.id, app_id=addon.app_id)
        return [variable(row) for row in rows]

    async def _provision(self, addon: Addon) -> None:
        plan, known = find_plan(addon.plan), addon.provider
        await self._databases.make(
            known["database"], known["role"], Secret(known["password"]), plan.connections
        )
        addon.state = "provisioned"
        self._store.save(addon)

    async def _announce(self, user: Account, attachment: Attachment, title: str) -> None:
        """Set the config var, by a release, unless it is set already."""
        app = self._store.find(App, id=attachment.app_id)
        addon = self._store.find(Addon, id=attachment.addon_id)
        assert app is not None and addon is not None
        await self._set(app, user, title, variable(attachment), await self._url(addon))

    async def _set(self, app: App, user: Account, title: str, name: str, value: str | None) -> None:
        # What is pending may change the config vars too: it comes first, then nothing between.
        if newest := self._store.newest_release(app.id):
            await self._releases.wait(newest)
        current = self._store.current_release(app.id)
        config = dict(current.config) if current else {}
        if config.get(name) == value:
            return
        changed = {**config, name: value}
        config = {key: text for key, text in changed.items() if text is not None}
        await self._releases.create(app, user, title, config=config)

    async def _url(self, addon: Addon) -> str:
        host, port = await self._server.place()
        known = addon.provider
        account = f"{known['role']}:{quote(known['password'], safe='')}"
        return f"postgres://{account}@{host}:{port}/{known['database']}"

    def _free_name(self, app: App, wanted: str | None) -> str:
        taken = {row.name for row in self._store.all(Attachment, app_id=app.id)}
        if wanted is None:
            return names.attachment_name(taken)
        if wanted in taken:
            message = f"Another add-on is attached as {wanted} on {app.name}."
            raise Refused(422, "invalid_params", message, "attachment")
        return wanted

    def _unused_name(self, plan: Plan) -> str:
        while self._store.find(Addon, name=(name := names.addon_name(plan.service.prefix))):
            pass
        return name

    def _forget(self, addon: Addon) -> None:
        with self._store.transaction():
            self._store.delete(Attachment, addon_id=addon.id)
            self._store.delete(Addon, id=addon.id)

    def _owner(self, addon: Addon) -> tuple[App, Account]:
        app = self._store.find(App, id=addon.app_id)
        assert app is not None
        return app, self._account(app)

    def _account(self, app: App) -> Account:
        account = self._store.find(models.Account, id=app.owner_id)
        assert account is not None
        return account


def variable(attachment: Attachment) -> str:
    """The config var of an attachment."""
    return f"{attachment.name}_URL"
