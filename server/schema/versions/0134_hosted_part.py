"""hosted part"""

from server.schema import sql

revision = "0134"
down_revision = "0133"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
