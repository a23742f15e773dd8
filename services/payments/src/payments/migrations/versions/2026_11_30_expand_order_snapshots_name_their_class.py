"""expand order snapshots name their class: the comment says where the class is"""

from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "b3d94a6e5f18"
down_revision = "8ea62a4474cf"
branch_labels = None
depends_on = None

_NEW, _OLD = "payments.payment.rules.order.OrderSnapshot", "domain.order.OrderSnapshot"


def upgrade() -> None:
    op.alter_column(
        "order_snapshots",
        "snapshot",
        existing_type=JSONB(),
        existing_nullable=False,
        comment=_NEW,
        existing_comment=_OLD,
    )


def downgrade() -> None:
    op.alter_column(
        "order_snapshots",
        "snapshot",
        existing_type=JSONB(),
        existing_nullable=False,
        comment=_OLD,
        existing_comment=_NEW,
    )
