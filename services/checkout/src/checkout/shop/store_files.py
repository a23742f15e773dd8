"""Pictures of the goods and the storefront's style sheet. Browsers cache them for a short time."""

from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

KEPT_SECONDS = 600


class StoreFiles(StaticFiles):
    """Files that may be some minutes old after a deployment. Browsers then revalidate them by their ETag."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the file with its cache time."""
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = f"public, max-age={KEPT_SECONDS}"
        return response
