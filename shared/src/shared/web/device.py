"""The browser of a request, as its owner recognises it."""

from fastapi import Request


def device_of(request: Request) -> str:
    """Return the browser of the request, as its owner recognises it."""
    return device_label(request.headers.get("user-agent", ""))


def device_label(user_agent: str) -> str:
    """Return a description of a browser that its owner recognises, for the list of logins."""
    systems = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"))
    system = next(
        (label for mark, label in (*systems, ("Mac OS", "Mac"), ("Linux", "Linux")) if mark in user_agent), ""
    )
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    browser = next((label for mark, label in browsers if mark in user_agent), "")
    return " ".join(part for part in (system, browser) if part) or "ブラウザー不明"
