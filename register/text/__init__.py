"""Pure functions on text: dates, typography, Markdown, normalisation, personal data."""
