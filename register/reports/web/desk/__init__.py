"""Reports on the desk: their lists, one report, and what members do with it."""
