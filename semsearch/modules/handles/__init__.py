"""Handles: one string names a module, and a chain of small resolvers finds its files."""

from semsearch.modules.handles.cache import cache_root
from semsearch.modules.handles.handle import Handle, parse_handle
from semsearch.modules.handles.packages import package_folder
from semsearch.modules.handles.policy import Policy, current_policy
from semsearch.modules.handles.resolve import Resolved, resolve
from semsearch.modules.handles.stock import (
    CachedModule,
    Finding,
    cached_modules,
    forget,
    verify_cached,
)

__all__ = [
    "CachedModule",
    "Finding",
    "Handle",
    "Policy",
    "Resolved",
    "cache_root",
    "cached_modules",
    "current_policy",
    "forget",
    "package_folder",
    "parse_handle",
    "resolve",
    "verify_cached",
]
