"""Long runs that are not part of the test suite; the results are in scsampler_cli/batch/README.md.

python -m tests.endurance.kills FOLDER OUT  a batch killed and resumed 50 times, and one left alone
python -m tests.endurance.memory [...]      memory of a command and its processes over time
python -m tests.endurance.make FOLDER       a video of four hours, and 3,000 short ones
"""
