"""Lists and pages of reports on the desk."""
