"""Modules: the encoders that turn texts and pictures into vectors, each named by one handle."""

from semsearch.modules.card import ModuleCard
from semsearch.modules.catalogue import known_modules, load_module
from semsearch.modules.module import Module

__all__ = ["Module", "ModuleCard", "known_modules", "load_module"]
