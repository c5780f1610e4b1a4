"""Web faces of the cases: the public pages and the desk."""
