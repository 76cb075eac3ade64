"""A step as a later version may bring it: a column more where deadlines are kept, and a table of its own."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from alembic.config import Config
from alembic.script import ScriptDirectory

from safety_service.store import schema

_OURS = Config()
_OURS.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))

revision = "9001"
down_revision = ScriptDirectory.from_config(_OURS).get_current_head()


def upgrade() -> None:
    op.add_column("watch", sa.Column("later", sa.Integer(), server_default="0", nullable=False))
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
