"""room parts"""

from server.schema import sql

revision = "0123"
down_revision = "0122"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
