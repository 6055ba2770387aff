"""Checks of an installation: what is installed, what works, and the command that repairs the rest.

Not handled here: how the result is printed; `cli.diagnosis` does that.
"""
