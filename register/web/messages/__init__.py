"""Sentences of errors and of the desk. French is the source language of the catalogue.

``tests/web/test_error_messages.py`` checks that every key in the code has a sentence here, which
uses only values that are passed.
"""
