"""expand find old mails by order number: orders that were heard of before their numbers were words"""

from alembic import op

revision = "7c0d5e92ab16"
down_revision = "e81d27f5b940"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO order_words (order_code, words)"
        " SELECT c.order_code, array_to_tsvector(ARRAY[c.placed->>'order_number']) FROM contacts AS c"
        " WHERE c.placed->>'order_number' IS NOT NULL AND NOT EXISTS (SELECT 1 FROM order_words AS w"
        " WHERE w.order_code = c.order_code AND c.placed->>'order_number' = ANY(tsvector_to_array(w.words)))"
    )


def downgrade() -> None:
    """Words are only added to; that a mail is found by its number as well does no harm."""
