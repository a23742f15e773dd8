"""The key of the pages of an order: it stands in links of mails and opens them without a session."""

from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit


def key_of(page_url: str) -> str:
    """Return the key in the address of a page of an order; "" if it has none."""
    [key] = parse_qs(urlsplit(page_url).query).get("key", [""])
    return key


def with_key(page_url: str, key: str) -> str:
    """Return the address of a page with another key. An address without a key stays as it is."""
    parts = urlsplit(page_url)
    query = [(name, key if name == "key" else value) for name, value in parse_qsl(parts.query)]
    return parts._replace(query=urlencode(query)).geturl() if key_of(page_url) else page_url
