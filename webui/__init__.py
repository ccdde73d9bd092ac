"""The browser's side of semsearch: a Flask app and its static ES modules."""
