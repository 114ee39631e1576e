"""needs"""

from server.schema import sql

revision = "0098"
down_revision = "0097"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
