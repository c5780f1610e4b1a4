"""The desk: dashboard, case list, case, editor, publication and acts."""
