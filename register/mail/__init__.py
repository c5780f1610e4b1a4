"""Mail that the register sends: the outbox, the texts, and delivery to the mail server."""
