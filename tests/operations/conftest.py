"""Fixtures of backups."""

from backup_places import places

__all__ = ["places"]
