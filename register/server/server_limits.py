"""What both servers allow: the same whichever one runs."""

from __future__ import annotations

# Four more than those who report may hold while somebody else holds the database: pages are read
# meanwhile.
THREADS = 12
# Beside those, in the embedded server: see ``register.server.lanes``. Few, since each that
# computes keeps the interpreter from those who read. The form is made anew for whoever asks for it;
# one report at a time is written; two more of the desk's than strangers who wait to be signed in.
FORM_THREADS = 2
REPORT_THREADS = 4
DESK_THREADS = 8
# waitress's own 100 let a hundred half-sent requests shut everybody out. With several processes,
# of each one.
CONNECTIONS = 1000
IDLE = 30  # seconds that a silent connection is kept
HEADER_LIMIT = 16 * 1024  # bytes of a request's head
SWITCHING = 0.0001  # seconds that a thread may go on while another waits
