"""Clean copies of evidence files: made anew from what a file shows, in a child process.

``copies`` is what the rest of the register calls; ``python -m register.evidence.clean_copy`` is the
child, which imports neither the application nor the database.
"""
