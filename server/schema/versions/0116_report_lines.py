"""report lines"""

from server.schema import sql

revision = "0116"
down_revision = "0115"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
