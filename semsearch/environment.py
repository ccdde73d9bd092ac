"""The variables of the environment that semsearch heeds and that its command line sets."""

OFFLINE = "SEMSEARCH_OFFLINE"
"""Set to anything but nothing and 0: no module is fetched."""

WAIT = "SEMSEARCH_WAIT"
"""How many seconds a writer waits for another one."""
