"""What all faces share, and its assembly around a Flask application."""
