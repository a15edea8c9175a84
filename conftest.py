"""What pytest leaves out where an extra is not installed: modules that cannot be imported without it."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("sklearn") else ["python/rkeras/wrappers/estimators.py"]
