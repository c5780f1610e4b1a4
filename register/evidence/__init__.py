"""Evidence files: recognised by content, sealed, and copied clean for the public."""
