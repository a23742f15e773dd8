"""A visitor in headless Chromium, at the width of a phone or of a desk.

    with Chromium(stack.origin_url, PHONE) as visitor:
        visitor.open("/")
        visitor.press("カートに入れる")

Every page that is left or photographed is checked on the way: nothing on its console, nothing wider than the
screen. What was found wrong collects in ``complaints``.
"""

import base64
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import urljoin, urlsplit

from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

WAIT_SECONDS_MAX = 30.0
LOOK_AGAIN_SECONDS = 0.1

# Words, fields and pictures that a person cannot use or a screen reader cannot name.
UNNAMED = """
const named = e => (e.labels && e.labels.length) || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')
  || e.title || e.textContent.trim() || e.value && e.type === 'submit';
const shown = e => e.offsetParent !== null && !e.closest('[aria-hidden=true]');
const found = [];
for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a[href]'))
  if (shown(e) && !named(e)) found.push(e.outerHTML.slice(0, 120));
for (const e of document.querySelectorAll('img:not([alt])')) found.push(e.outerHTML.slice(0, 120));
const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) found.push('id twice: ' + id);
if (document.querySelectorAll('h1').length !== 1) found.push('needs one h1');
return found;
"""
# Contrast of every piece of text against what is painted behind it (WCAG 2.2, 1.4.3).
PALE = """
const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
const paint = canvas.getContext('2d', {willReadFrequently: true});
const rgba = colour => { paint.clearRect(0, 0, 1, 1); paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1);
  return [...paint.getImageData(0, 0, 1, 1).data]; };
const light = c => { const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b; };
const behind = e => { for (; e; e = e.parentElement) { const s = getComputedStyle(e);
  if (s.backgroundImage !== 'none') return null; const c = rgba(s.backgroundColor); if (c[3] === 255) return c;
  if (c[3] > 0) return null; } return [255, 255, 255, 255]; };
const found = new Set();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement, words = walker.currentNode.textContent.trim();
  if (!words || !e.checkVisibility({opacityProperty: true, visibilityProperty: true}) || e.closest('option, script, style, :disabled, .is-disabled, .visually-hidden, .skip')) continue;
  const s = getComputedStyle(e), back = behind(e); if (!back) continue;
  const [a, b] = [light(rgba(s.color)), light(back)].sort((x, y) => y - x);
  const large = parseFloat(s.fontSize) >= 24 || parseFloat(s.fontSize) >= 18.66 && s.fontWeight >= 700;
  const ratio = (a + .05) / (b + .05);
  if (ratio < (large ? 3 : 4.5) - .01) found.add(words.slice(0, 30) + ' ' + ratio.toFixed(2));
}
return [...found];
"""

# Whether a press asks for another page.
LEAVES = """
const e = arguments[0], form = e.form;
if (e.matches('a[href]')) return !e.getAttribute('href').startsWith('#');
return e.matches('button[type=submit], button:not([type])') && form !== null && form.method !== 'dialog'
  && !form.matches('[hx-post], [hx-get], [data-confirm]') && !e.matches('[data-confirm]');
"""


@dataclass(frozen=True)
class Screen:
    """How large the visitor's screen is, in CSS pixels."""

    name: str
    width: int
    height: int


PHONE = Screen("phone", 390, 844)
DESK = Screen("desk", 1280, 800)


class NotInTheBrowser(AssertionError):
    """What was looked for is not on the page; its text says what is."""


def missing() -> str:
    """Which of the programs is not on this machine; empty when none is."""
    return ", ".join(program for program in ("chromium", "chromedriver") if not shutil.which(program))


class Chromium:
    """One visitor with a profile of its own."""

    def __init__(self, origin: str, screen: Screen, shots: Path | None = None, *, dark: bool = False) -> None:
        self.origin = origin
        self.screen = screen
        self.shots = shots
        self.complaints: list[str] = []
        self.headings: list[str] = []  # of the pages left, oldest first
        self._looked_at: set[str] = set()
        self._profile = tempfile.mkdtemp(prefix="noren-chromium-")
        self.driver = webdriver.Chrome(
            options=_options(self._profile, screen), service=webdriver.ChromeService("/usr/bin/chromedriver")
        )
        self.driver.set_page_load_timeout(WAIT_SECONDS_MAX)
        if dark:
            self._media([{"name": "prefers-color-scheme", "value": "dark"}])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    @property
    def path(self) -> str:
        """The path of the page shown."""
        return urlsplit(self.driver.current_url).path

    @property
    def text(self) -> str:
        """The visible text of the page."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def open(self, address: str) -> Self:
        """Open an address, absolute or on the shop's origin."""
        self._look()
        self.driver.get(urljoin(self.origin, address))
        return self

    def one(self, selector: str) -> WebElement:
        """The first visible element of a CSS selector. Raises NotInTheBrowser."""
        for element in self.driver.find_elements(By.CSS_SELECTOR, selector):
            if element.is_displayed():
                return element
        raise NotInTheBrowser(f"no {selector} on {self.driver.current_url}: {self.text[:600]}")

    def press(self, words: str, *, within: str = "body") -> Self:
        """Press the button or link that says ``words``, and wait for the page that follows."""
        self._look()
        for element in self.driver.find_elements(By.CSS_SELECTOR, f"{within} :is(button, a, summary)"):
            if (
                words in (element.text or element.get_attribute("aria-label") or "")
                and element.is_displayed()
            ):
                self._click(element)
                return self
        raise NotInTheBrowser(f"no button {words!r} on {self.driver.current_url}: {self.text[:600]}")

    def choose(self, words: str) -> Self:
        """Tick the box or radio whose label says ``words``."""
        for element in self.driver.find_elements(By.TAG_NAME, "label"):
            if words in element.text and element.is_displayed():
                self._click(element)
                return self
        raise NotInTheBrowser(f"nothing to choose {words!r} on {self.driver.current_url}: {self.text[:600]}")

    def fill(self, **fields: str) -> Self:
        """Type into fields, and choose in lists, by their names."""
        for name, value in fields.items():
            element = self.one(f'[name="{name}"]')
            if element.tag_name == "select":
                Select(element).select_by_value(value)
            else:
                element.clear()
                element.send_keys(value)
        return self

    def keys(self, *keys: str) -> Self:
        """Press keys on the page itself."""
        self.driver.switch_to.active_element.send_keys(*keys)
        return self

    def focused(self) -> str:
        """Id, name or class of what has the focus."""
        script = "const e = document.activeElement; return e.id || e.name || e.className || e.tagName;"
        return str(self._run(script))

    def wait_for(self, words: str, *, again: bool = False) -> Self:
        """Wait until the page says ``words``; with ``again`` it is loaded anew meanwhile."""

        def says() -> bool:
            if words in self.text:
                return True
            if again:
                self.driver.refresh()
            return False

        self.wait_until(says, words)
        return self

    def wait_until(self, check: Callable[[], object], what: str) -> None:
        """Wait until ``check`` holds. Raises NotInTheBrowser."""
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while time.monotonic() < deadline:
            try:
                if check():
                    return
            except WebDriverException as error:
                if not _is_of_a_page_just_left(error):
                    raise
            time.sleep(LOOK_AGAIN_SECONDS)
        raise NotInTheBrowser(f"not in time: {what} on {self.driver.current_url}: {self.text[:600]}")

    def shot(self, name: str, *, printed: bool = False) -> Self:
        """Check the page and keep a picture of the whole of it as ``<screen>-<name>.png``."""
        if printed:
            self._media([], "print")
        else:
            self._look()
        if self.shots is not None:
            size = self._cdp("Page.getLayoutMetrics")["cssContentSize"]
            clip = {
                "x": 0,
                "y": 0,
                "width": self.screen.width,
                "height": min(size["height"], 6000),
                "scale": 1,
            }
            picture = self._cdp("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
            self.shots.mkdir(parents=True, exist_ok=True)
            (self.shots / f"{self.screen.name}-{name}.png").write_bytes(base64.b64decode(picture))
        if printed:
            self._media([], "")
        return self

    def _look(self) -> None:
        """Note what is wrong with the page shown, once for each address."""
        address = self.driver.current_url
        for entry in self.driver.get_log("browser"):  # type: ignore[no-untyped-call]
            refused_form = "status of 422" in entry["message"]
            if entry["level"] in {"SEVERE", "WARNING"} and not refused_form:
                self.complaints.append(f"{address}: console: {entry['message']}")
        if not address.startswith(self.origin):
            return
        heading = self.driver.find_elements(By.TAG_NAME, "h1")
        if heading and heading[0].text not in self.headings[-1:]:
            self.headings.append(heading[0].text)
        if address in self._looked_at:
            return
        self._looked_at.add(address)
        script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        if wider := self._run(script):
            self.complaints.append(f"{address}: {wider} px wider than the screen")
        for problem in [*self._run(UNNAMED), *self._run(PALE)]:
            self.complaints.append(f"{address}: {problem}")

    def _click(self, element: WebElement) -> None:
        self._run("window.isOld = true; arguments[0].scrollIntoView({block: 'center'})", element)
        leaves = self._run(LEAVES, element)
        element.click()
        if leaves:
            self.wait_until(lambda: not self._run("return window.isOld"), "the next page")
        self.wait_until(lambda: self._run("return document.readyState") == "complete", "the whole page")

    def _run(self, script: str, *values: object) -> Any:
        return self.driver.execute_script(script, *values)

    def _cdp(self, command: str, **parameters: object) -> dict[str, Any]:
        return cast(dict[str, Any], self.driver.execute_cdp_cmd(command, parameters))

    def _media(self, features: list[dict[str, str]], media: str = "") -> None:
        self._cdp("Emulation.setEmulatedMedia", media=media, features=features)


def _is_of_a_page_just_left(error: WebDriverException) -> bool:
    """Whether the next page replaced the one that was looked at: looking again helps.

    Chromium says so in its own words where the element vanishes between finding and reading it.
    """
    gone = isinstance(error, StaleElementReferenceException | NoSuchElementException)
    return gone or "does not belong to the document" in str(error.msg)


def _options(profile: str, screen: Screen) -> webdriver.ChromeOptions:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    flags = ["--headless=new", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    for flag in [*flags, "--disable-dev-shm-usage", "--lang=ja", f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    if screen.width < 500:  # a window cannot be as narrow as a phone
        metrics = {"width": screen.width, "height": screen.height, "pixelRatio": 1, "touch": True}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    else:
        options.add_argument(f"--window-size={screen.width},{screen.height}")
    options.add_experimental_option(
        "prefs", {"intl.accept_languages": "ja", "credentials_enable_service": False}
    )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return options


__all__ = ["DESK", "PHONE", "Chromium", "Keys", "NotInTheBrowser", "Screen", "missing"]
