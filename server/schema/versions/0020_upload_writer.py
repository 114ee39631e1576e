"""upload_writer"""

from server.schema import sql

revision = "0020"
down_revision = "0051"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
