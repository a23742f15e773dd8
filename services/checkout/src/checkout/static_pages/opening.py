"""The pages that still have no text."""

from checkout.static_pages.desk import DESK
from checkout.static_pages.rules import SUBJECTS
from shared.database.transactions import Tx
from shared.shop.settings.rows import read_subjects
from shared.web.opening import OpeningStep


async def opening_steps(tx: Tx) -> list[OpeningStep]:
    """Return which pages staff have not written yet. They keep no order back."""
    pages = await read_subjects(tx, SUBJECTS)
    empty = [subject.called for subject, page in zip(SUBJECTS, pages, strict=True) if not page.text]
    return [OpeningStep("ご案内ページ", empty, DESK, place=30, blocks=False)]
