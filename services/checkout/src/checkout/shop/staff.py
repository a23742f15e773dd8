"""Who acts at a desk."""

from shared.web.session import Viewer


def actor(viewer: Viewer) -> str:
    """Return the name under which a person's acts are recorded."""
    return viewer.name or f"スタッフ {viewer.member_id}"
