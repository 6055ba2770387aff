"""What is installed here, what of it works, and the command that mends what does not.

Not handled here: how the result is printed, which is the business of `cli`.
"""
