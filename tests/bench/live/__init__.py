"""What the live core costs beside Janus, and how late and how whole it brings packets."""
