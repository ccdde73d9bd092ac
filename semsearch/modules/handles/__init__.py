"""Handles: one string names a module, and a chain of small resolvers finds its files."""

from semsearch.modules.handles.handle import Handle, parse_handle
from semsearch.modules.handles.packages import package_folder
from semsearch.modules.handles.policy import Policy, current_policy
from semsearch.modules.handles.resolve import Resolved, resolve

__all__ = [
    "Handle",
    "Policy",
    "Resolved",
    "current_policy",
    "package_folder",
    "parse_handle",
    "resolve",
]
