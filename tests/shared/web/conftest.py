"""The preview service as a client sees it: anonymous, as a member, as staff."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient


def _load_preview() -> Any:
    spec = importlib.util.spec_from_file_location("preview_app", Path(__file__).with_name("preview_app.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def preview() -> Any:
    return _load_preview()


@pytest.fixture(autouse=True)
def no_session_has_ended(preview: Any) -> Iterator[None]:
    yield
    preview.ended.clear()


@pytest.fixture
def browser(preview: Any) -> TestClient:
    """A browser with nobody signed in: it sends the Origin that our own pages have."""
    headers = {"Accept": "text/html,application/xhtml+xml", "Origin": preview.ORIGIN}
    return TestClient(preview.make_app(), base_url=preview.ORIGIN, headers=headers, follow_redirects=False)


@pytest.fixture
def program(preview: Any) -> TestClient:
    """A program without cookies or browser headers."""
    return TestClient(preview.make_app(), base_url=preview.ORIGIN, follow_redirects=False)


@pytest.fixture
def signed_in(preview: Any, browser: TestClient) -> Callable[..., TestClient]:
    """`signed_in("佐藤 彩", staff="clerk")`: the browser with that person's session cookie."""

    def sign_in(name: str = "佐藤 彩", *, staff: str | None = None) -> TestClient:
        browser.cookies.set("noren_session", preview.session_for(name, staff=staff))
        return browser

    return sign_in
