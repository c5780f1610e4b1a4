"""Worker process: one polling loop that runs the register's recurring jobs.

``loop`` holds the lock of ``lock`` and runs the ``jobs`` that are due: the search index, retention.
"""
