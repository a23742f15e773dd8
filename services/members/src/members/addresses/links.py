"""Moves the link of a mail from the URL to a cookie at once. The cookie lasts as long as the link is valid."""

from starlette.requests import Request
from starlette.responses import Response

from shared.clock import now
from shared.shop.mail_links import PATH, LinkPurpose, MailLink, read_link
from shared.shop.statements import COOKIE, StatementInvalid
from shared.web.parts import Parts


def keep_link(request: Request, parts: Parts, purpose: LinkPurpose) -> Response | None:
    """Move the statement of an opened link into a cookie and redirect without it. Return None if the URL has none.

    An invalid statement is dropped, together with the cookie of an earlier link.
    """
    token = request.query_params.get("token")
    if token is None:
        return None
    response = parts.pages.redirect(request, PATH[purpose])
    try:
        link = read_link(parts.verifier, purpose, token)
    except StatementInvalid:
        parts.cookies.clear(response, COOKIE[purpose], request=request)
    else:
        seconds = max(1, int((link.expires_at - now()).total_seconds()))
        parts.cookies.write(response, COOKIE[purpose], token, max_age_seconds=seconds)
    return without_referrer(response)


def link_in_browser(request: Request, parts: Parts, purpose: LinkPurpose) -> MailLink | None:
    """Return the link that this browser opened, if its statement is still valid."""
    token = parts.cookies.read(request, COOKIE[purpose])
    if not token:
        return None
    try:
        return read_link(parts.verifier, purpose, token)
    except StatementInvalid:
        return None


def without_referrer(response: Response) -> Response:
    """Set headers so that other sites do not see the URL of this page and caches do not store it.

    It does not use ``no-referrer``. With that value browsers send forms with ``Origin: null``, which the edge refuses.
    """
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response
