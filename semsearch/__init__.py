"""Semantic search, clusters and few-shot classes on one stored set of vectors."""
