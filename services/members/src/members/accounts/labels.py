"""Labels of accounts for staff."""

from shared.shop.labels import Labels
from shared.web.staff_rights import FORMER_ROLES, Role

STAFF_ROLE = Labels[Role](
    Role,
    {
        "owner": "責任者",
        "manager": "店長",
        "orders": "受注担当",
        "money": "経理担当",
        "support": "お客様対応",
        "ops": "運用担当",
        "read_only": "閲覧のみ",
    },
)


def role_label(role: str) -> str:
    """Return the label of a stored role, also of a former one."""
    return STAFF_ROLE.of(FORMER_ROLES.get(role, role))
