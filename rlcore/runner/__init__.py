"""The container contract, run for one host.

Run as `PYTHON path/to/rlcore/runner ROOT` by the Python of the release's environment, where nothing
of ours is installed: Python 3.6 and the standard library are all there is.
"""
