"""Long runs that are no part of the test suite; what they measured stands in the README.

python -m tests.endurance.kills FOLDER      50 times kill -9 in a batch, resumed each time, against the uninterrupted one
python -m tests.endurance.memory [...]      memory of a command and its processes over time
python -m tests.endurance.make FOLDER       a video of four hours, and 3,000 short ones
"""
