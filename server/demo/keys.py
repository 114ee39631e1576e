"""Passwords and tokens of the demo: made from the installation's secret, so that they repeat.

Only their hashes are stored. Who knows the secret may know them; a new secret changes all.
"""

import base64
import hmac


def password(secret: bytes, email: str) -> str:
    """Sixteen characters in four groups, easy to read aloud: 80 bits."""
    digest = hmac.digest(secret, b"demo password\n" + email.encode(), "sha256")
    text = base64.b32encode(digest[:10]).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def token(secret: bytes, email: str) -> str:
    """A bearer token for the API and uploads: 256 bits."""
    digest = hmac.digest(secret, b"demo token\n" + email.encode(), "sha256")
    return "porthole_" + base64.urlsafe_b64encode(digest).decode().rstrip("=")
