"""Staff add, remove and order the pictures of a listing. Each is kept in two sizes, upright and without metadata."""

from collections.abc import Sequence
from typing import BinaryIO
from uuid import UUID

from anyio import to_thread
from PIL import Image

from checkout.catalogue.listing import PICTURES_MAX, Picture
from checkout.catalogue.listing_rows import lock_listing, read_pictures
from checkout.catalogue.save_listing import Doer, save_first_picture
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import CatalogueChanged
from shared.files.accepts import MEGABYTE, Accepts, Incoming
from shared.files.kinds import JPEG, KINDS, PNG, WEBP
from shared.files.pictures import made_anew
from shared.files.store import Files, chunks
from shared.ids import new_id

LARGE, SMALL = 1600, 640
FILES_AT_ONCE_MAX = 8
# A JPEG may have four times as many pixels: 40 megapixels.
GOODS_PICTURES = Accepts(
    (JPEG, PNG, WEBP),
    bytes_max=15 * MEGABYTE,
    files_max=FILES_AT_ONCE_MAX,
    pixels_max=10_000_000,
    side_max=LARGE,
)
KEPT_AS = {f"goods_{kind.picture.lower()}": kind for kind in (JPEG, PNG, WEBP)}
"""The kinds under which the files are stored."""


async def store_picture(files: Files, taken: Incoming) -> Picture:
    """Store an accepted file in both sizes, outside any transaction. A row must name it, else the sweep deletes it."""
    name = KINDS[taken.media_type].picture
    kind = f"goods_{name.lower()}"
    small, width, height = await to_thread.run_sync(_small, taken.content, name)
    try:
        taken.content.seek(0)
        large_kept = await files.keep(kind, chunks(taken.content))
        small_kept = await files.keep(kind, chunks(small))
    finally:
        small.close()
    return Picture(new_id(), large_kept.key, small_kept.key, width, height)


def _small(content: BinaryIO, name: str) -> tuple[BinaryIO, int, int]:
    content.seek(0)
    with Image.open(content, formats=[name]) as picture:
        width, height = picture.size
    content.seek(0)
    return made_anew(content, name, pixels_max=LARGE * LARGE, side_max=SMALL), width, height


async def add_pictures(tx: Tx, listing_id: UUID, pictures: Sequence[Picture], *, by: Doer) -> None:
    """Add stored pictures behind the others. Raises Refused at ``pictures`` if they are too many."""
    name = await _name_of(tx, listing_id)
    before = await read_pictures(tx, listing_id)
    if len(before) + len(pictures) > PICTURES_MAX:
        message = f"画像は1つの商品につき{PICTURES_MAX}枚までです。不要な画像を削除してから追加してください"
        raise Refused("too_many_pictures", message, field="pictures", status=422)
    for picture in pictures:
        await tx.execute(
            "INSERT INTO listing_pictures (picture_id, listing_id, position, large_key, small_key, width, height)"
            " SELECT :picture_id, :listing_id, coalesce(max(position) + 1, 0), :large_key, :small_key, :width,"
            " :height FROM listing_pictures WHERE listing_id = :listing_id",
            listing_id=listing_id,
            picture_id=picture.picture_id,
            large_key=picture.large_key,
            small_key=picture.small_key,
            width=picture.width,
            height=picture.height,
        )
    await save_first_picture(tx, listing_id)
    _say(tx, by, f"商品「{name}」に画像を{len(pictures)}枚追加")


async def remove_picture(tx: Tx, listing_id: UUID, picture_id: UUID, *, by: Doer) -> None:
    """Remove a picture. The sweep deletes its files if no copy of the listing shows them. A repetition changes nothing."""
    name = await _name_of(tx, listing_id)
    removed = await tx.execute(
        "DELETE FROM listing_pictures WHERE listing_id = :listing_id AND picture_id = :picture_id",
        listing_id=listing_id,
        picture_id=picture_id,
    )
    if removed:
        await save_first_picture(tx, listing_id)
        _say(tx, by, f"商品「{name}」の画像を1枚削除")


async def put_picture_first(tx: Tx, listing_id: UUID, picture_id: UUID, *, by: Doer) -> None:
    """Make a picture the first one, which lists, carts and orders show."""
    name = await _name_of(tx, listing_id)
    moved = await tx.execute(
        "UPDATE listing_pictures SET position = (SELECT min(position) - 1 FROM listing_pictures"
        " WHERE listing_id = :listing_id) WHERE listing_id = :listing_id AND picture_id = :picture_id",
        listing_id=listing_id,
        picture_id=picture_id,
    )
    if moved:
        await save_first_picture(tx, listing_id)
        _say(tx, by, f"商品「{name}」の1枚目の画像を変更")


async def named_pictures(tx: Tx, keys: Sequence[str]) -> set[str]:
    """Return which of the keys a picture names, for the sweep."""
    rows = await tx.rows(
        "SELECT large_key AS key FROM listing_pictures WHERE large_key = ANY(:keys)"
        " UNION SELECT small_key FROM listing_pictures WHERE small_key = ANY(:keys)",
        keys=list(keys),
    )
    return {row.key for row in rows}


async def _name_of(tx: Tx, listing_id: UUID) -> str:
    listing = await lock_listing(tx, listing_id)
    if listing is None:
        raise Refused("listing_unknown", "この商品は見つかりません。", status=404)
    return listing.details.name


def _say(tx: Tx, by: Doer, subject: str) -> None:
    if by:
        tx.say(CatalogueChanged(**by, subject=subject))
