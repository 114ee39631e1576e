"""review_indexes"""

from server.schema import sql

revision = "0112"
down_revision = "0111"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
