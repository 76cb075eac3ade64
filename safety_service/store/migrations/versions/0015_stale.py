"""Messages whose time is over are found by an index of their own, and not among all that waits."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    waits = sa.text("state = 'pending' AND expires_at IS NOT NULL")
    op.create_index("ix_outbox_expires", "outbox", ["expires_at"], sqlite_where=waits, postgresql_where=waits)
