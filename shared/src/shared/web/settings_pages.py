"""The page of a group of settings, made from its declaration: fields, version, permission, list of changes, taking back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.shop.settings.change_settings import (
    Change,
    Changer,
    change,
    find_change,
    latest_changes,
    lock_settings,
    take_back,
)
from shared.shop.settings.group import Group
from shared.shop.settings.rows import read
from shared.shop.versions import version_of
from shared.web.forms import Form, parse_form
from shared.web.parts import parts_of
from shared.web.session import Staff, Viewer, require_staff, role_missing
from shared.web.settings_forms import changeable, form_model, form_of, in_words, with_typed

G = TypeVar("G", bound=Group)
CHANGE_ID_MAX = 2**63 - 1
TAKEN_BACK = "変更を取り消しました"


@dataclass(frozen=True)
class SettingsPage(Generic[G]):
    """The page of ``group`` at ``path``, for a group that has one set of values.

    ``template`` may extend ``settings_page.html`` or place the fields itself; ``more`` gives it further values.
    """

    group: type[G]
    path: str
    title: str
    changer: Callable[[Request, Viewer], Changer]
    template: str = "settings_page.html"
    more: Callable[[G], Mapping[str, Any]] = lambda _: {}

    def router(self) -> APIRouter:
        """Return the routes of the page."""
        routes = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)
        routes.add_api_route(self.path, self.show, methods=["GET"])
        routes.add_api_route(self.path, self.save, methods=["POST"])
        routes.add_api_route(f"{self.path}/take-back", self.take_back, methods=["POST"])
        return routes

    async def show(self, request: Request, staff: Staff) -> Response:
        """Show the settings in force, with their latest changes."""
        return await self._page(request, staff)

    async def save(self, request: Request, staff: Staff) -> Response:
        """Store what somebody who may do so has changed."""
        names = changeable(self.group, staff)
        data = await request.form()
        form = parse_form(form_model(self.group, names), data)
        if form.errors:
            return await self._page(request, staff, form, status=422)
        try:
            async with parts_of(request).db.transaction() as tx:
                # What the form does not hold must not be older than what it is compared with.
                await lock_settings(tx)
                wanted = with_typed(await read(tx, self.group), form)
                seen = str(data.get("version", ""))
                changed = await change(tx, wanted, by=self.changer(request, staff), at=now(), seen=seen)
        except Refused as refused:
            form.refuse(refused)
            return await self._page(request, staff, form, status=refused.status)
        return saved(request, self.path, changed=bool(changed))

    async def take_back(self, request: Request, staff: Staff) -> Response:
        """Give one setting the value from before a change."""
        async with parts_of(request).db.transaction() as tx:
            group, found = await sent_change(tx, request, staff, self.group)
            await take_back(tx, group, found, by=self.changer(request, staff), at=now())
        return parts_of(request).pages.redirect(request, self.path, toast=TAKEN_BACK)

    async def _page(
        self, request: Request, staff: Viewer, form: Form[BaseModel] | None = None, *, status: int = 200
    ) -> Response:
        async with parts_of(request).db.transaction() as tx:
            in_force = await read(tx, self.group)
            changes = await latest_changes(tx, self.group)
        return parts_of(request).pages.render(
            request,
            self.template,
            status=status,
            title=self.title,
            action=self.path,
            form=form or form_of(in_force, self.group.changed_as(staff.staff)),
            shown=self.group.shown,
            sections=sections(self.group),
            in_force=in_force.plain(),
            version=version_of(in_force.plain()),
            changes=in_words(changes, [self.group], staff),
            **self.more(in_force),
        )


async def sent_change(tx: Tx, request: Request, staff: Viewer, *groups: type[G]) -> tuple[type[G], Change]:
    """Return the change that ``staff`` want to take back, with its group.

    Raises Refused: it is none of ``groups`` (404), or ``staff`` may not change this setting (403).
    """
    sent = str((await request.form()).get("change", ""))
    change_id = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 20 else 0
    found = await find_change(tx, change_id if change_id <= CHANGE_ID_MAX else 0, *groups)
    group = next(group for group in groups if group.group_key == found.group_name)
    if found.name not in group.changed_as(staff.staff):
        raise role_missing()
    return group, found


def saved(request: Request, path: str, *, changed: bool, toast: str = "設定を保存しました") -> Response:
    """Go back to the page at ``path``, which says what became of the form."""
    if not changed:
        return parts_of(request).pages.redirect(request, path, toast="変更はありません", kind="note")
    return parts_of(request).pages.redirect(request, path, toast=toast)


def sections(group: type[Group]) -> list[tuple[str, list[str]]]:
    """Return the headings of the page with the settings below each, in the order of the declaration."""
    heads, head = [], ""
    for name, shown in group.shown.items():
        head = shown.section or head
        heads.append((head, name))
    return [(head, [name for _, name in those]) for head, those in groupby(heads, key=lambda one: one[0])]
