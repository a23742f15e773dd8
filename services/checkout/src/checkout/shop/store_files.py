"""Pictures of the goods and the storefront's style sheet, kept by browsers for a while."""

from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

KEPT_SECONDS = 600


class StoreFiles(StaticFiles):
    """Files that may be a few minutes old after a deploy, and are asked for again by their ETag then."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the file with its time to be kept."""
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = f"public, max-age={KEPT_SECONDS}"
        return response
