"""expand carriers are codes

Code of before reads a code as the name of a carrier that it does not know; what it still writes by name is understood.
"""

import sqlalchemy as sa
from alembic import op

revision = "c8d41f0b7e25"
down_revision = "5ba1a6315728"
branch_labels = None
depends_on = None

NAMES = {"yamato": "ヤマト運輸", "sagawa": "佐川急便", "japan_post": "日本郵便"}
CHANGE = sa.text("UPDATE order_destinations SET carrier = :after WHERE carrier = :before")


def upgrade() -> None:
    for code, name in NAMES.items():
        op.get_bind().execute(CHANGE, {"before": name, "after": code})


def downgrade() -> None:
    for code, name in NAMES.items():
        op.get_bind().execute(CHANGE, {"before": code, "after": name})
