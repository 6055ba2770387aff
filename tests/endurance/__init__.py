"""Long runs that are not part of the test suite; the results are in scsampler_cli/batch/README.md.

python -m tests.endurance.kills FOLDER      50 times kill -9 in a batch, resumed each time, against the uninterrupted one
python -m tests.endurance.memory [...]      memory of a command and its processes over time
python -m tests.endurance.make FOLDER       a video of four hours, and 3,000 short ones
"""
