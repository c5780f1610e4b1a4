"""Evidence files: storage in sealed blobs, recognition of kinds, clean copies."""
