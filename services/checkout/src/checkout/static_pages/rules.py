"""Which pages there are, and the setting that holds the text of each."""

from checkout.static_pages.labels import TITLES
from shared.shop.settings.group import Group, setting
from shared.shop.settings.subjects import Subject
from shared.web.fields import LongText

PATH = "/pages"


class StaticPage(Group, key="static_page", about="ページ"):
    """The text of a page, in Markdown. Every change of it is a version, which can be taken back (SHO-04)."""

    text: LongText = setting(
        "",
        label="本文",
        hint="Markdownで書きます。「## 見出し」「- 箇条書き」「[リンク](https://…)」「**太字**」と表が使えます。HTMLと画像は使えません。",
        shown="long_text",
        empty="（空欄）",
    )


SUBJECTS = tuple(Subject(StaticPage(), key, title) for key, title in TITLES.items())


def subject_of(key: str) -> Subject[StaticPage] | None:
    """Return the page called ``key``; None if there is none."""
    return next((subject for subject in SUBJECTS if subject.key == key), None)
