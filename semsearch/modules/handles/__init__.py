"""Handles: one string names a module, and a chain of small resolvers finds its files."""

from semsearch.modules.handles.handle import Handle, parse_handle

__all__ = ["Handle", "parse_handle"]
