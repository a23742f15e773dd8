"""Settings that are pictures: the file of an upload is stored, then the setting names its key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.files.accepts import Accepts
from shared.files.kinds import KINDS
from shared.files.store import Files, chunks
from shared.shop.settings.change_settings import Changer, change, lock_settings
from shared.shop.settings.group import Group
from shared.shop.settings.rows import read
from shared.web.parts import parts_of
from shared.web.session import Viewer, role_missing
from shared.web.uploads import received


@dataclass(frozen=True)
class Picture:
    """A setting that is a picture: the files that it accepts, and the path below which the shop shows them.

    The key of a file is ``<kind>_<format>/<id>``. Former files stay, so that a change can be taken back.
    """

    name: str
    accepts: Accepts
    kind: str
    shown_at: str


async def keep_picture(
    request: Request,
    staff: Viewer,
    group: type[Group],
    picture: Picture,
    *,
    by: Changer,
    path: str,
    told: Callable[[Request, Tx], Awaitable[None]],
) -> Response:
    """Store the uploaded file, name it in the setting, and return to the page at ``path``.

    Raises Refused (403) if ``staff`` may not change the setting. A file that is not accepted is told on the page.
    """
    if picture.name not in group.changed_as(staff.changes_settings_as):
        raise role_missing()
    parts, label = parts_of(request), group.shown[picture.name].label
    try:
        async with received(request, picture.name, picture.accepts, label=label) as [file]:
            kind = f"{picture.kind}_{KINDS[file.media_type].picture.lower()}"
            kept = await parts[Files].keep(kind, chunks(file.content))
    except Refused as refused:
        return parts.pages.redirect(request, path, toast=refused.message, kind="stop", place=picture.name)
    async with parts.db.transaction() as tx:
        await lock_settings(tx)
        in_force = await read(tx, group)
        wanted = group.model_validate({**dict(in_force), picture.name: kept.key})
        if await change(tx, wanted, by=by, at=now()):
            await told(request, tx)
    return parts.pages.redirect(request, path, toast=f"{label}を更新しました")
