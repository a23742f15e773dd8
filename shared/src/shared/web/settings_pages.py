"""The pages of settings, made from their declaration: fields, version, permission, list of changes, taking back."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.shop.settings.change_settings import (
    Change,
    Changer,
    change_seen,
    find_change,
    latest_changes,
    lock_settings,
    plain_of,
    take_back,
)
from shared.shop.settings.group import Group
from shared.shop.settings.rows import read_subjects
from shared.shop.settings.subjects import Subject
from shared.shop.versions import version_of
from shared.web.forms import FIELDS_MAX, Form
from shared.web.parts import Parts, parts_of
from shared.web.session import Staff, Viewer, needs, role_missing
from shared.web.settings_forms import in_words
from shared.web.settings_pictures import Picture, keep_picture
from shared.web.settings_sheets import Placed, Sheet

CHANGE_ID_MAX = 2**63 - 1
CHANGES_SHOWN = 50
READ, CHANGE = needs("read_settings"), needs("change_settings")
Subjects = Callable[[Parts], Sequence[Subject[Any]]]
LabelsRead = Callable[[Tx], Awaitable[Mapping[str, str]]]
Forms = Sequence[Form[BaseModel]] | None
Warn = Callable[[Sequence[Any]], str]
"""What the settings of all subjects together lead to that staff may not want; nothing if all is well."""
More = Callable[[Parts, Subject[Any], Any], Mapping[str, Any]]


Told = Callable[[Request, Tx], Awaitable[None]]
"""Tells others about a change, in its transaction."""


async def _nobody(_: Request, __: Tx) -> None:
    """Tell nobody."""


class _Unconfirmed(Exception):
    """Staff have not yet confirmed what their change leads to, which the message says: nothing is changed."""


@dataclass(frozen=True)
class _Settings(ABC):
    """The common part of both kinds of pages: saving a sheet, taking a change back, and the redirects after it."""

    about: type[Group] | Subjects
    path: str
    title: str
    changer: Callable[[Request, Viewer], Changer]
    template: str = "settings_page.html"
    more: More = lambda *_: {}
    labels: LabelsRead | None = None
    warning: Warn = lambda _: ""
    told: Told = _nobody

    @abstractmethod
    async def page(
        self, request: Request, sheet: Sheet, forms: Forms = None, *, status: int = 200, asks: str = ""
    ) -> Response:
        """Return the page of a sheet, with the submitted ``forms`` if there are any. ``asks`` requests a confirmation."""

    def subjects(self, request: Request) -> Sequence[Subject[Any]]:
        """Return the subjects of the page."""
        return [Subject(self.about())] if isinstance(self.about, type) else self.about(parts_of(request))

    async def take_back(self, request: Request, staff: Staff) -> Response:
        """Restore the value of one setting from before a change."""
        async with parts_of(request).db.transaction() as tx:
            about, found = await _sent_change(tx, request, staff, self.subjects(request))
            labels = await self.labels_in(tx)
            await take_back(tx, about, found, by=self.changer(request, staff), at=now(), labels=labels)
            await self.told(request, tx)
        return parts_of(request).pages.redirect(request, self.path, toast="変更を取り消しました")

    async def save_sheet(self, request: Request, sheet: Sheet) -> Response:
        """Store the settings that the viewer changed and may change."""
        data = await request.form(max_fields=FIELDS_MAX)
        forms = sheet.sent(data)
        if any(form.errors for form in forms):
            return await self.page(request, sheet, forms, status=422)
        by, seen = self.changer(request, sheet.staff), str(data.get("version", ""))
        try:
            async with parts_of(request).db.transaction() as tx:
                # Fields that are not in the form must be as new as the settings with which it is compared.
                await lock_settings(tx)
                in_force = await read_subjects(tx, sheet.subjects)
                wanted = sheet.wanted(in_force, forms)
                labels = await self.labels_in(tx)
                count = await change_seen(tx, wanted, by=by, at=now(), seen=seen, labels=labels)
                warned = self.warning([values for _, values in wanted])
                if warned and warned != self.warning(in_force) and data.get("although") != "true":
                    raise _Unconfirmed(warned)
                if count:
                    await self.told(request, tx)
        except _Unconfirmed as warned:
            return await self.page(request, sheet, forms, status=409, asks=str(warned))
        except Refused as refused:
            if not any(form.errors for form in forms):
                forms[0].refuse(refused)
            return await self.page(request, sheet, forms, status=refused.status)
        pages = parts_of(request).pages
        if not count:
            return pages.redirect(request, self.path, toast="変更はありません", kind="note")
        return pages.redirect(request, self.path, toast=f"{sheet.called}設定を保存しました")

    async def labels_in(self, tx: Tx) -> Mapping[str, str] | None:
        """Return the labels of values that are known only at run time."""
        return await self.labels(tx) if self.labels else None

    def placed(
        self, request: Request, sheet: Sheet, in_force: Any, forms: Forms, labels: Any
    ) -> list[Placed]:
        """Return the subjects of a sheet as its page shows them."""
        parts = parts_of(request)
        return sheet.placed(in_force, forms, labels=labels, more=lambda *one: self.more(parts, *one))


@dataclass(frozen=True)
class SettingsPage(_Settings):
    """The page of settings at ``path``, all of them in one form.

    ``about`` is a group about the shop, or a function that returns the subjects. Several subjects are shown as a table
    with a row for each. ``template`` may extend ``settings_page.html``; ``more`` gives it further values, of the first
    subject. ``labels`` returns the labels of values that are known only at run time. The page shows the ``warning`` about the
    settings; a change that leads to it needs a confirmation. ``pictures`` are the settings with an upload of their own.
    """

    pictures: Sequence[Picture] = ()

    def router(self) -> APIRouter:
        """Return the routes of the page."""
        routes = APIRouter(include_in_schema=False)
        routes.add_api_route(self.path, self.show, methods=["GET"], dependencies=[READ])
        routes.add_api_route(self.path, self.save, methods=["POST"], dependencies=[CHANGE])
        routes.add_api_route(
            f"{self.path}/take-back", self.take_back, methods=["POST"], dependencies=[CHANGE]
        )
        if self.pictures:
            routes.add_api_route(
                f"{self.path}/{{name}}/upload", self.keep_picture, methods=["POST"], dependencies=[CHANGE]
            )
        return routes

    async def keep_picture(self, request: Request, staff: Staff, name: str) -> Response:
        """Store the uploaded picture of one setting. Raises Refused (404) if the page has no such picture."""
        found = [picture for picture in self.pictures if picture.name == name]
        if not found or not isinstance(self.about, type):
            raise Refused("setting_unknown", "この設定はありません。", status=404)
        by = self.changer(request, staff)
        return await keep_picture(request, staff, self.about, found[0], by=by, path=self.path, told=self.told)

    async def show(self, request: Request, staff: Staff) -> Response:
        """Show the settings in force, with their latest changes."""
        return await self.page(request, Sheet(self.subjects(request), staff))

    async def save(self, request: Request, staff: Staff) -> Response:
        """Store the settings that the viewer changed and may change."""
        return await self.save_sheet(request, Sheet(self.subjects(request), staff))

    async def page(
        self, request: Request, sheet: Sheet, forms: Forms = None, *, status: int = 200, asks: str = ""
    ) -> Response:
        """Return the page, with the submitted ``forms`` if there are any."""
        async with parts_of(request).db.transaction() as tx:
            in_force, labels = await read_subjects(tx, sheet.subjects), await self.labels_in(tx)
            changes = await latest_changes(tx, *_groups(sheet.subjects), newest=CHANGES_SHOWN)
        placed = self.placed(request, sheet, in_force, forms, labels)
        rows = groupby([one for one in placed if one.subject.key], key=lambda one: one.subject.group)
        return parts_of(request).pages.render(
            request,
            self.template,
            status=status,
            title=self.title,
            above=None,
            action=self.path,
            forms=[one.form for one in placed],
            alone=[one for one in placed if not one.subject.key],
            tables=[(group.about, list(those)) for group, those in rows],
            pictures={picture.name: picture.shown_at for picture in self.pictures},
            version=version_of(plain_of(sheet.subjects, in_force)),
            warning="" if asks else self.warning(in_force),
            asks=asks,
            changes=in_words(changes, sheet.subjects, sheet.staff, labels),
            **placed[0].more,
        )


@dataclass(frozen=True)
class SubjectPages(_Settings):
    """The list of a group's subjects at ``path``, and a page of each subject at ``path/<key>``.

    The list has a column for each setting that all subjects have. It shows other settings only if they are not empty.
    Templates may extend ``settings_list.html`` and ``settings_page.html``; ``more`` gives both further values of a
    subject.
    """

    list_template: str = "settings_list.html"

    def router(self) -> APIRouter:
        """Return the routes of the pages."""
        routes = APIRouter(include_in_schema=False)
        routes.add_api_route(self.path, self.show_list, methods=["GET"], dependencies=[READ])
        routes.add_api_route(
            f"{self.path}/take-back", self.take_back, methods=["POST"], dependencies=[CHANGE]
        )
        routes.add_api_route(f"{self.path}/{{key}}", self.show, methods=["GET"], dependencies=[READ])
        routes.add_api_route(f"{self.path}/{{key}}", self.save, methods=["POST"], dependencies=[CHANGE])
        return routes

    async def show_list(self, request: Request, staff: Staff) -> Response:
        """Show all subjects with their settings in force, and the latest changes."""
        sheet = Sheet(self.subjects(request), staff)
        async with parts_of(request).db.transaction() as tx:
            in_force, labels = await read_subjects(tx, sheet.subjects), await self.labels_in(tx)
            changes = await latest_changes(tx, *_groups(sheet.subjects), newest=CHANGES_SHOWN)
        placed = self.placed(request, sheet, in_force, None, labels)
        group = sheet.subjects[0].group
        columns = [name for name in group.model_fields if all(name in one.subject.has for one in placed)]
        return parts_of(request).pages.render(
            request,
            self.list_template,
            title=self.title,
            action=self.path,
            about=group.about,
            columns=[(name, group.shown[name].label) for name in columns],
            lines=placed,
            changes=in_words(changes, sheet.subjects, staff, labels),
        )

    async def show(self, request: Request, staff: Staff, key: str) -> Response:
        """Show the settings of one subject. Raises Refused (404) if it does not exist."""
        return await self.page(request, self._sheet(request, staff, key))

    async def save(self, request: Request, staff: Staff, key: str) -> Response:
        """Store the settings of one subject that the viewer changed and may change."""
        return await self.save_sheet(request, self._sheet(request, staff, key))

    async def page(
        self, request: Request, sheet: Sheet, forms: Forms = None, *, status: int = 200, asks: str = ""
    ) -> Response:
        """Return the page of one subject, with the submitted ``forms`` if there are any."""
        async with parts_of(request).db.transaction() as tx:
            in_force, labels = await read_subjects(tx, sheet.subjects), await self.labels_in(tx)
        [one] = self.placed(request, sheet, in_force, forms, labels)
        return parts_of(request).pages.render(
            request,
            self.template,
            status=status,
            title=f"{one.subject.called}設定",
            above=(self.path, self.title),
            action=f"{self.path}/{one.subject.key}",
            forms=[one.form],
            alone=[one],
            tables=[],
            pictures={},
            changes=None,
            version=version_of(plain_of(sheet.subjects, in_force)),
            warning="" if asks else self.warning(in_force),
            asks=asks,
            **one.more,
        )

    def _sheet(self, request: Request, staff: Viewer, key: str) -> Sheet:
        found = [subject for subject in self.subjects(request) if subject.key == key]
        if not found:
            raise Refused("settings_subject_unknown", "この設定はありません。", status=404)
        return Sheet(found, staff)


def _groups(subjects: Sequence[Subject[Any]]) -> list[type[Group]]:
    return list(dict.fromkeys(subject.group for subject in subjects))


async def _sent_change(
    tx: Tx, request: Request, staff: Viewer, subjects: Sequence[Subject[Any]]
) -> tuple[Subject[Any], Change]:
    """Return the change that ``staff`` want to take back, with its subject.

    Raises Refused if it belongs to no group of ``subjects`` (404), or ``staff`` may not change the setting (403).
    """
    sent = str((await request.form()).get("change", ""))
    change_id = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 20 else 0
    groups = _groups(subjects)
    found = await find_change(tx, change_id if change_id <= CHANGE_ID_MAX else 0, *groups)
    group = next(group for group in groups if group.group_key == found.group_name)
    if found.name not in group.changed_as(staff.changes_settings_as):
        raise role_missing()
    about = [one for one in subjects if (one.group, one.key) == (group, found.subject)]
    return about[0] if about else Subject(group(), found.subject, found.subject), found
