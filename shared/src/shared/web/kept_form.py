"""A form that arrives after its session ended: it is shown again with everything typed, to be sent after a login.

Nothing is stored. The answer carries the fields back to the browser that sent them. The login opens in another tab,
and the person sends the form again. A form with a password, a card or files (multipart/form-data) is not shown again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from shared.web.forms import FIELDS_MAX

_URLENCODED = "application/x-www-form-urlencoded"
_SECRET = re.compile(r"password|passwd|secret|card_|cvc|cvv|security_code|token", re.IGNORECASE)
# A kept answer to a question of the page is no consent. The page asks again.
_ASKED_AGAIN = "confirmed"
# Fields that the page adds to a form for its own use.
_OF_THE_PAGE = frozenset({"version", "next"})
# A word of Noren, such as a choice or an id. Texts of people contain other signs, or are numbers.
_CODE = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_.:-]+")


@dataclass(frozen=True)
class KeptForm:
    """The fields that were sent to ``action`` (path and query of this origin), as pairs of name and text."""

    action: str
    fields: Sequence[tuple[str, str]]

    @property
    def typed(self) -> list[str]:
        """Return the texts that a person wrote, in the order of the form, each once."""
        return list(
            dict.fromkeys(
                text
                for name, text in self.fields
                if name not in _OF_THE_PAGE and text.strip() and not _CODE.fullmatch(text)
            )
        )


async def kept_form(request: Request, action: str) -> KeptForm | None:
    """Return the form of ``request``, for ``action``. Return None if it has no field that may be shown again."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or kind != _URLENCODED:
        return None
    sent = await request.form(max_fields=FIELDS_MAX)
    fields = [(name, text) for name, text in sent.multi_items() if isinstance(text, str)]
    if any(_SECRET.search(name) for name, _ in fields):
        return None
    kept = [(name, text) for name, text in fields if name != _ASKED_AGAIN]
    return KeptForm(action, kept) if any(name not in _OF_THE_PAGE for name, _ in kept) else None
