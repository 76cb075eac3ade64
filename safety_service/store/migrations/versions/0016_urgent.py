"""Words that wait behind nobody else's: a call for help stood behind all that had been said in an outage."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.text("false")))
