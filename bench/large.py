"""A load of millions of rows, killed again and again on the way: `make large ROWS=5000000 KILLS=10`.

Prints what each life came to, and at the end whether both sides are equal, the peak memory of the tool, and how many
pages were read more than once. Nothing of it is asserted by time; it fails where the sides differ.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

from harness import ROOT, SANDBOX, TOOL, machine, run, scratch
from world import World

PAGE = 5000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--longest", type=float, default=15, help="seconds of the longest life")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changes", type=int, default=0, help="rows of a delta afterwards")
    parser.add_argument("--via", choices=["api", "file"], default="api", help="the way of that delta")
    parser.add_argument("--watch", type=float, default=60, help="seconds between two looks at status")
    return parser.parse_args()


class Life:
    """One process of the tool, until it ends or is killed."""

    def __init__(self, world, *words, moment=None):
        began = time.perf_counter()
        with open(os.devnull) as nothing, open(scratch.path / "life", "w+b") as output:
            process = subprocess.Popen(
                [TOOL, *map(str, words), "--env", "sandbox", "--jobs", world.jobs], stdin=nothing,
                stdout=output, stderr=output)
            if moment is not None and not ended(process.pid, moment):
                process.send_signal(signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            self.said = output.read().decode().strip()
        self.code = process.returncode
        self.wall = time.perf_counter() - began
        self.peak = usage.ru_maxrss / 1024


def ended(pid, seconds):
    """Whether a process ends in that time; it stays to be waited for."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        time.sleep(0.01)
    return False


def standing(world):
    said = subprocess.run(
        [TOOL, "status", "contacts", "--json", "--offline", "--env", "sandbox", "--jobs", world.jobs],
        capture_output=True, text=True)
    return json.loads(said.stdout)[0] if said.stdout else {}


def pages(world):
    meters = subprocess.run(
        [SANDBOX, "meters", "--json", "--directory", world.box], capture_output=True, text=True)
    return json.loads(meters.stdout)["dataverse"]["pages"]


def load(world, options):
    dice = random.Random(options.seed)
    peak, began, kills = 0, time.perf_counter(), 0
    while True:
        moment = dice.uniform(1, options.longest) if kills < options.kills else None
        life = Life(world, "initial", "contacts", moment=moment)
        peak = max(peak, life.peak)
        where = standing(world)
        print(
            f"  {life.wall:6.1f} s  {'killed' if life.code == -9 else f'exit {life.code}':8} "
            f"{where.get('phase')}, {where.get('known', 0):,} rows in parts, {life.peak:.0f} MiB",
            flush=True)
        if life.code == -9:
            kills += 1
        elif life.code == 0:
            return time.perf_counter() - began, peak, kills, life.said
        else:
            sys.exit(life.said)


def compare(world):
    began = time.perf_counter()
    run(SANDBOX, "compare", "contacts", "--jobs", world.jobs, "--directory", world.box)
    print(f"  compare: equal ({time.perf_counter() - began:.0f} s)", flush=True)


def forecast(world):
    """What `status` says of the rest, to anybody who looks at it."""
    said = subprocess.run(
        [TOOL, "status", "contacts", "--env", "sandbox", "--jobs", world.jobs],
        capture_output=True, text=True).stdout
    for line in said.splitlines():
        if "backlog" in line or "progress" in line:
            print("  status: " + line.strip(), flush=True)


def follow(world, options):
    """Changed rows, by API one look-up and one write each; killed once on the way."""
    run(SANDBOX, "mutate", "--updates", options.changes, "--directory", world.box)
    forecast(world)
    began, peak, lives = time.perf_counter(), 0, 0
    for moment in [options.longest, None]:
        with Watch(world, options.watch):
            life = Life(world, "delta", "contacts", moment=moment)
        peak, lives = max(peak, life.peak), lives + 1
        if life.code == 0:
            break
        if life.code != -9:
            sys.exit(life.said)
    wall = time.perf_counter() - began
    print(
        f"  delta of {options.changes:,} rows by {options.via}: {wall:.0f} s, {options.changes / wall:,.0f} a second, "
        f"{lives - 1} kills, peak {peak:.0f} MiB\n  " + life.said)
    compare(world)


class Watch:
    """Somebody who looks at `status` now and then while a run goes on."""

    def __init__(self, world, seconds):
        self.world, self.seconds, self.over = world, seconds, threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.over.wait(self.seconds):
            forecast(self.world)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        scratch.path = pathlib.Path(folder)
        print(machine(os.getloadavg()[0]))
        job = (ROOT / "jobs" / "contacts.yaml").read_text()
        if options.via == "file":  # which keeps no increment rules
            job = job.replace("via: api", "via: file").replace(", applyUpdates: false", "")
        world = World("large", options.rows, job=job)
        try:
            before = pages(world)
            wall, peak, kills, said = load(world, options)
            print("  " + said)
            read = pages(world) - before
            needed = 2 * -(-options.rows // PAGE)
            print(
                f"  {options.rows:,} rows in {wall:.0f} s, {kills} kills, peak {peak:.0f} MiB; "
                f"{read:,} pages read, {needed:,} needed for keys and rows")
            compare(world)
            ledger = sum(path.stat().st_size for path in world.state.rglob("ledger.sqlite*"))
            print(f"  ledger {ledger / 2**20:.0f} MiB, {ledger / options.rows:.0f} bytes a row")
            if options.changes:
                follow(world, options)
        finally:
            world.stop()


if __name__ == "__main__":
    main()
