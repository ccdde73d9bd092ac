"""Publishing: a module written as a SavedModel that describes and verifies itself."""
