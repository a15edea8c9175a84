"""What all tests rely on."""

from __future__ import annotations

import signal

# Whoever starts the tests in the background of a shell has them ignore Ctrl-C, and the processes that they start inherit it: then no test
# could interrupt one.
signal.signal(signal.SIGINT, signal.default_int_handler)
