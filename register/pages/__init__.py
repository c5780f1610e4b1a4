"""Editorial pages: shipped texts and their revisions."""
