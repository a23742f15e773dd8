"""What somebody sends from a page of the desk: the form, with the versions that the page showed."""

import re
from collections.abc import Mapping
from typing import Any

import httpx

BULK = "/desk/orders/bulk"


async def as_seen(browser: httpx.AsyncClient, path: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``form`` with the versions on its page: that of ``path``, or the page that asks about many orders."""
    if path == BULK:
        page = await browser.post(
            path, data={name: value for name, value in form.items() if name != "confirmed"}
        )
    else:
        page = await browser.get(path)
    return {**form, **dict(re.findall(r'name="((?:[\w-]+-)?version)" value="(\w+)"', page.text))}
