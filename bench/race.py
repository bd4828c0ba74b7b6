#!/usr/bin/env python3
"""Run commands in turn, and print how long each takes.

Usage: race.py RUNS OUT COMMAND...

Each command runs once to warm up (unless RUNS is 1), and then RUNS times, in turn with the others, so that other
load on the machine affects all of them alike.  OUT, a file or a folder, is removed before each run.  Prints a line
for each command: its median time, and its median processor time, in seconds.

A command without shell metacharacters is started without a shell.
"""

import os
import re
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import time


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def argv(command):
    if re.search(r"[|<>&;]", command):
        return ["bash", "-o", "pipefail", "-c", command]
    return shlex.split(command)


def cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def once(command, out):
    remove(out)
    before, begin = cpu(), time.perf_counter()
    done = subprocess.run(argv(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    took = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"{command}: exit status {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return took, cpu() - before


def main(args):
    if len(args) < 3 or not args[0].isdigit() or not int(args[0]):
        sys.exit(__doc__.strip())
    runs, out, commands = int(args[0]), args[1], args[2:]
    times = [[] for _ in commands]
    for turn in range(runs + (runs > 1)):
        for i, command in enumerate(commands):
            result = once(command, out)
            if turn or runs == 1:
                times[i].append(result)
    remove(out)
    for result in times:
        print(*(f"{statistics.median(column):.6f}" for column in zip(*result)))


if __name__ == "__main__":
    main(sys.argv[1:])
