"""room state"""

from server.schema import sql

revision = "0092"
down_revision = "0091"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
