"""Reports as they were received: private, sealed, answered, and purged on their day."""
