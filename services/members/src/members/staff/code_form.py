"""The form for a code of the app or a recovery code. It reads codes as people type them (STF-02)."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from members.accounts.passwords import LENGTH_MAX
from shared.web.fields import wrong

_OF_APP = re.compile(r"[0-9]{6}")
_RECOVERY = re.compile(r"([0-9a-f]{8})([0-9a-f]{8})")
_BETWEEN = re.compile(r"[\s\-‐‑‒–—―−ー]")


def _code(text: str) -> str:
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).lower()
    if _OF_APP.fullmatch(plain):
        return plain
    if halves := _RECOVERY.fullmatch(plain):
        return "-".join(halves.groups())
    raise wrong("6桁の確認コードか回復コードを入力してください")


TypedCode = Annotated[str, Field(min_length=6, max_length=40), AfterValidator(_code)]
"""Six digits of the app, or a recovery code, also in full width and with blanks. It is kept in its one form."""


class CodeForm(BaseModel):
    """A code of the app, or a recovery code."""

    code: TypedCode = Field(title="確認コード")


class SetUpForm(CodeForm):
    """The first code of a factor, with the password: an open login alone sets up no factor."""

    password: str = Field(title="現在のパスワード", max_length=LENGTH_MAX)
