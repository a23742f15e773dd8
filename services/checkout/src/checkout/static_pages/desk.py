"""ページの編集: text, preview, versions."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.shop.desk import at_desk
from checkout.static_pages.markdown import to_html
from checkout.static_pages.rows import read_versions
from checkout.static_pages.rules import PATH, SUBJECTS, StaticPage, subject_of
from shared.errors import Refused
from shared.shop.settings.subjects import Subject
from shared.web.forms import read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import needs
from shared.web.settings_forms import form_model
from shared.web.settings_pages import SubjectPages

DESK = "/desk/shop/pages"


def _more(_: Parts, subject: Subject[Any], in_force: Any) -> Mapping[str, Any]:
    return {
        "public_path": f"{PATH}/{subject.key}",
        "preview_path": f"{DESK}/{subject.key}/preview",
        "versions_path": f"{DESK}/{subject.key}/versions",
        "body": to_html(in_force.text),
    }


router = APIRouter(include_in_schema=False)


@router.post(DESK + "/{key}/preview", dependencies=[needs("change_settings")])
async def preview_page(request: Request, parts: CurrentParts, key: str) -> Response:
    """Return the typed text as buyers would read it. Nothing is stored."""
    _known(key)
    form = await read_form(request, form_model(StaticPage, ("text",)))
    text = "" if form.errors else str(form["text"])
    return parts.pages.fragment(
        request, "desk_static_page.html", "preview", body=to_html(text), wrong=form.errors.get("text", "")
    )


@router.get(DESK + "/{key}/versions", dependencies=[needs("read_settings")])
async def show_versions(request: Request, parts: CurrentParts, key: str) -> Response:
    """Show what the page said, and who changed it."""
    subject = _known(key)
    async with parts.db.transaction() as tx:
        versions = await read_versions(tx, key)
    shown = [(version, to_html(version.text)) for version in versions]
    return parts.pages.render(
        request, "desk_page_versions.html", title=f"{subject.called}の版", desk=DESK, key=key, versions=shown
    )


def _known(key: str) -> Subject[StaticPage]:
    subject = subject_of(key)
    if subject is None:
        raise Refused("page_unknown", "このページはありません。", status=404)
    return subject


router.include_router(
    SubjectPages(
        lambda _: SUBJECTS,
        DESK,
        "ページの編集",
        at_desk,
        template="desk_static_page.html",
        list_template="desk_static_pages.html",
        more=_more,
    ).router()
)
