"""The texts of the demo's pages. A sandbox adds them at start where nobody has written anything."""

from importlib.resources import files

from checkout.shop.samples import BY
from checkout.static_pages.rules import SUBJECTS, StaticPage
from shared.clock import now
from shared.database.transactions import Tx
from shared.shop.settings.change_settings import change, lock_settings
from shared.shop.settings.rows import read_each


def sample_text(key: str) -> str:
    """Return the text of ``samples/<key>.md``."""
    return files("checkout.static_pages").joinpath("samples", f"{key}.md").read_text("utf-8").strip()


async def add_sample_pages(tx: Tx) -> None:
    """Store the sample text of each page that nobody has ever changed."""
    await lock_settings(tx)
    known = await read_each(tx, StaticPage)
    for subject in SUBJECTS:
        if subject.key not in known:
            await change(tx, StaticPage(text=sample_text(subject.key)), by=BY, at=now(), about=subject)
