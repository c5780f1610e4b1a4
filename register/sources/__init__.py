"""Pages of sources: fetched from public hosts only, and written as web archives."""
