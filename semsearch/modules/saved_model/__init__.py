"""SavedModels of any origin: read without running, scanned, and run as encoders."""
