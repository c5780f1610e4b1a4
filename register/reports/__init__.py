"""Reports sent by citizens: content, acts, queries, receipts and retention."""
