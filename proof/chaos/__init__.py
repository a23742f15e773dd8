"""Chaos on real processes: two replicas of everything, a steady load, faults that a seed decides, and the promises.

    make chaos SECONDS=600 FAULTS=F6,F18 SEED=7 RATE=5

stage.py is the installation and doors.py the proxies in front of its parts; cluster.py and network.py make three
brokers of one, disks.py small disks; faults/ has a function for each kind of fault, choice.py says which strike;
crowd.py is the load, canary.py measures recovery, run.py brings all together, report.py tells.
"""
