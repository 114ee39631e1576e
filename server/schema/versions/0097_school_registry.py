"""school_registry"""

from server.schema import sql

revision = "0097"
down_revision = "0096"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
