"""How the register does, for its operator: figures for a monitor, a page for administrators."""
