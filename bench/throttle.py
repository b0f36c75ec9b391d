"""How much two processes of one state folder get out of Dynamics' limits, in real time: `make throttle MINUTES=25`.

The sandbox plays the service protection limits at their true speed; two exports by ranges want more than they allow. What
comes before `--skip` minutes are over is not counted: then the limits were found. Fails where a wait was not waited for or
grew, or where both had more than `--concurrency` requests under way; the share is printed and not asserted, since a slow
machine plays the model slower.
"""

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from harness import ROOT, SANDBOX, TOOL, machine, run, scratch
from world import World

PAGE = 200
JOBS = ["contacts", "accounts"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--skip", type=float, default=10, help="minutes that are not counted")
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=16)
    return parser.parse_args()


def knobs(world, **values):
    world.sandbox.post("/knobs", {"dataverse": values})


def read(world):
    return world.sandbox.get("/meters")["dataverse"]["pages"]


def reset(world):
    world.sandbox.post("/meters", {})


def limits(world):
    """What was used, and its parts of one user on each server."""
    found = world.sandbox.get("/meters")["dataverse"]["limits"]
    users = [value for value in found.values() if isinstance(value, dict)]
    lanes = [lane for user in users for name, lane in user.items() if name.startswith("server")]
    return found, lanes


def refused(lanes):
    return sum(value for lane in lanes for name, value in lane.items() if name.startswith("refused"))


class Export:
    def __init__(self, world, job):
        self.output = open(scratch.path / f"{job}.log", "w+b")
        self.process = subprocess.Popen(
            [TOOL, "export", job, "--env", "sandbox", "--jobs", world.jobs, "--log", "json"],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output)

    @property
    def runs(self):
        return self.process.poll() is None

    def stop(self):
        """Ends it at its next safe point."""
        if self.runs:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait()
        if status not in (0, 75):
            self.output.seek(0)
            sys.exit(f"an export ended with {status}:\n{self.output.read().decode()[-2000:]}")


def list_keys(world, job, pages):
    """Reads the list of a job's keys, which is one request after the other, and stops behind it."""
    knobs(world, limitsEnabled=False, pace=0.005)
    before = read(world)
    export = Export(world, job)
    while read(world) < before + pages + 16:
        if not export.runs:
            export.stop()
            sys.exit(f"{job} was over before it could be measured")
        time.sleep(0.02)
    knobs(world, pace=1)
    export.stop()
    time.sleep(3)  # what it had under way is over


def watch(world, options, exports):
    began, counted = time.monotonic(), False
    print("  minute | share so far | refused | longest Retry-After | early", flush=True)
    for minute in range(1, int(options.minutes) + 1):
        time.sleep(max(0, began + minute * 60 - time.monotonic()))
        found, lanes = limits(world)
        print(
            f"  {minute:6} | {found['share']:12} | {refused(lanes):7} "
            f"| {max(lane['longestWait'] for lane in lanes):19} "
            f"| {sum(lane['violations'] for lane in lanes):5}", flush=True)
        if not all(export.runs for export in exports):
            sys.exit("an export was over before the time was: more rows are needed")
        if minute == int(options.skip) and not counted:
            check(lanes, options.concurrency, "until then")
            reset(world)
            counted = True


def check(lanes, concurrency, when):
    requests = sum(lane["requests"] for lane in lanes)
    most = max(lane["mostAtOnce"] for lane in lanes)
    print(
        f"  {when}: {requests:,} requests ran, {refused(lanes)} refused, at most {most} at once",
        flush=True)
    if most > concurrency:
        sys.exit(f"both together had more than {concurrency} requests under way")
    if any(lane["violations"] for lane in lanes) or any(lane["longestWait"] > 5 for lane in lanes):
        sys.exit("a wait was not waited for, or grew")


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        scratch.path = pathlib.Path(folder)
        print(machine(os.getloadavg()[0]))
        # Two seconds a page: two of them a second are allowed, and a window more at the beginning.
        pages = int((options.minutes + 5) * 60 * 2 * options.servers * 1.2)
        texts = {job: (ROOT / "jobs" / f"{job}.yaml").read_text() for job in JOBS}
        world = World("throttle", pages * PAGE, jobs=texts, more=["--accounts", pages * PAGE])
        world.environment.write_text(
            world.text.replace(
                "dynamics:\n",
                f"dynamics:\n  partitionFrom: 1000\n  concurrency: {options.concurrency}\n", 1))
        exports = []
        try:
            knobs(
                world, maxPageSize=PAGE, rowCostMicroseconds=9900, cellCostMicroseconds=0,
                servers=options.servers, dopHint=52)
            for job in JOBS:
                list_keys(world, job, pages)
            # What the lists took leaves the window.
            run(SANDBOX, "clock", "advance", "5m", "--directory", world.box)
            knobs(world, limitsEnabled=True)
            reset(world)
            exports = [Export(world, job) for job in JOBS]
            watch(world, options, exports)
            found, lanes = limits(world)
            check(lanes, options.concurrency, f"after minute {options.skip:.0f}")
            print(f"  {found['share']:.1%} of what the limits allow")
        finally:
            for export in exports:
                export.stop()
            world.stop()


if __name__ == "__main__":
    main()
