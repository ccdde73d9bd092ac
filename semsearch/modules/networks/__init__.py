"""The networks that we build ourselves, each from weights that a package registry carries."""
