"""A browser without JavaScript: opens pages, fills in forms as they stand, presses buttons by their text."""

import asyncio
import re
import ssl
import time
from functools import cache
from typing import Any, Self
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
from bs4 import BeautifulSoup, Tag

WAIT_SECONDS_MAX = 30.0
REDIRECTS_MAX = 20


@cache
def _trust() -> ssl.SSLContext:
    """Made once: reading the certificates of the world for each visitor would cost more than a visit."""
    return httpx.create_ssl_context()


class NotOnThePage(AssertionError):
    """What was looked for is not on the page; the text of the page says what is."""


class Browser:
    """One visitor with one cookie jar. Follows redirects and pages that ask to be loaded again."""

    def __init__(self, origin: str, *, timeout_seconds: float = 30) -> None:
        self.origin = origin
        self.client = httpx.AsyncClient(
            base_url=origin,
            timeout=timeout_seconds,
            verify=_trust(),
            headers={"Accept": "text/html", "Accept-Language": "ja", "User-Agent": "noren-proof"},
        )
        self.url = origin
        self.status = 0
        self.page = BeautifulSoup("", "html.parser")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    @property
    def text(self) -> str:
        """The visible text of the page, white space folded."""
        return re.sub(r"\s+", " ", self.page.get_text(" ")).strip()

    @property
    def title(self) -> str:
        """The title of the page."""
        return self.page.title.get_text(strip=True) if self.page.title else ""

    async def open(self, address: str) -> Self:
        """Open ``address`` (absolute or a path of the page shown) and wait until the page stands still."""
        await self._show(await self._send("GET", urljoin(self.url, address)))
        return self

    async def follow(self, link: str) -> Self:
        """Follow the first link whose text contains ``link``."""
        for anchor in self.page.find_all("a", href=True):
            if link in anchor.get_text(" ", strip=True):
                return await self.open(str(anchor["href"]))
        raise NotOnThePage(f"no link {link!r} on {self.url}: {self.text[:500]}")

    async def press(self, button: str, *, near: str = "", **fields: Any) -> Self:
        """Press the button whose text contains ``button``; ``fields`` are typed or chosen before.

        Where several rows have such a button, ``near`` is a text of the row that is meant. A field set to None is left out, as an unticked box is. Raises NotOnThePage if there is no such
        button, or if a field named is not in its form.
        """
        form, pressed = self._form_of(button, near)
        data = form_values(form)
        for name, value in fields.items():
            if form.select_one(f'[name="{name}"]') is None and not self.page.select(f'[form][name="{name}"]'):
                raise NotOnThePage(f"no field {name!r} in the form of {button!r} on {self.url}")
            data = [pair for pair in data if pair[0] != name]
            if value is not None:
                data += [(name, str(one)) for one in (value if isinstance(value, list) else [value])]
        if pressed.get("name"):
            data.append((str(pressed["name"]), str(pressed.get("value", ""))))
        action = str(pressed.get("formaction") or form.get("action") or self.url)
        await self.send_form(str(pressed.get("formmethod") or form.get("method") or "get"), action, data)
        return self

    async def send_form(self, method: str, action: str, data: list[tuple[str, str]]) -> Self:
        """Send ``data`` as a form, tampered or not."""
        address = urljoin(self.url, action)
        if method.lower() == "get":
            response = await self._send("GET", f"{address.partition('?')[0]}?{urlencode(data)}")
        else:
            content = urlencode(data)
            response = await self._send("POST", address, content=content)
        await self._show(response)
        return self

    def has_button(self, button: str) -> bool:
        """Tell whether a button of this text can be pressed."""
        try:
            self._form_of(button)
        except NotOnThePage:
            return False
        return True

    def _form_of(self, button: str, near: str = "") -> tuple[Tag, Tag]:
        found: list[tuple[int, Tag, Tag]] = []
        for candidate in self.page.find_all(["button", "input"]):
            if candidate.name == "input" and candidate.get("type") not in {"submit", "image"}:
                continue
            if candidate.has_attr("disabled") or candidate.get("type") == "button":
                continue
            words = f"{candidate.get_text(' ', strip=True)} {candidate.get('value', '')} {candidate.get('aria-label', '')}"
            named = candidate.get("form")
            form = self.page.find("form", id=named) if named else candidate.find_parent("form")
            if button in words and isinstance(form, Tag):
                found.append((_distance(candidate, near), form, candidate))
        if found:
            _, form, candidate = min(found, key=lambda one: one[0])
            return form, candidate
        raise NotOnThePage(f"no button {button!r} on {self.url}: {self.text[:800]}")

    async def _send(self, method: str, url: str, *, content: str | None = None) -> httpx.Response:
        headers = {
            "Sec-Fetch-Site": "same-origin",
            "Origin": "{0.scheme}://{0.netloc}".format(urlsplit(self.url)),
        }
        if content is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        for _ in range(REDIRECTS_MAX):
            response = await self.client.request(method, url, content=content, headers=headers)
            if not response.is_redirect:
                return response
            url = urljoin(str(response.url), response.headers["location"])
            if response.status_code in {301, 302, 303}:
                method, content = "GET", None
                headers.pop("Content-Type", None)
        raise NotOnThePage(f"too many redirects, last to {url}")

    async def _show(self, response: httpx.Response) -> None:
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while True:
            self.url, self.status = str(response.url), response.status_code
            self.page = BeautifulSoup(response.text, "html.parser")
            waiting = self.page.select_one("[data-look-again]")
            link = waiting.find("a") if waiting else None
            if waiting is None or not isinstance(link, Tag) or time.monotonic() > deadline:
                return
            await asyncio.sleep(min(float(str(waiting["data-look-again"])), 0.3))
            target = str(link["href"])
            response = await self._send("GET", urljoin(self.url, target))


def _distance(element: Tag, text: str) -> int:
    """Return how many steps up from ``element`` an element holds ``text``."""
    for steps, parent in enumerate([element, *element.parents]):
        if text in parent.get_text(" "):
            return steps
    return 1000


def form_values(form: Tag) -> list[tuple[str, str]]:
    """Return what the form would send as it stands, without any button."""
    values: list[tuple[str, str]] = []
    owner = form.get("id")
    fields = list(form.find_all(["input", "select", "textarea"]))
    if owner:
        root = form.find_parent("html") or form
        fields += root.select(f'[form="{owner}"]')
    for field in fields:
        name = field.get("name")
        if not name or field.has_attr("disabled"):
            continue
        kind = str(field.get("type", "text")).lower()
        if field.name == "select":
            options = field.find_all("option")
            chosen = [option for option in options if option.has_attr("selected")] or options[:1]
            values += [
                (str(name), str(option.get("value", option.get_text(strip=True)))) for option in chosen
            ]
        elif field.name == "textarea":
            values.append((str(name), field.get_text()))
        elif kind in {"checkbox", "radio"}:
            if field.has_attr("checked"):
                values.append((str(name), str(field.get("value", "on"))))
        elif kind not in {"submit", "image", "button", "reset", "file"}:
            values.append((str(name), str(field.get("value", ""))))
    return values
