"""Processes and what they cost."""

import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = pathlib.Path(os.environ.get("BINARIES", ROOT / ".build" / "release"))
TOOL, SANDBOX = RELEASE / "campaign-sync", RELEASE / "campaign-sync-sandbox"


class Cost:
    """Of one process: wall and CPU seconds, peak memory in MiB."""

    def __init__(self, wall, usage):
        self.wall, self.cpu = wall, usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss / 1024
        # A child's peak begins with the size of this process: below that it was not measured.
        self.is_peak_known = usage.ru_maxrss > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run(*command, stdin=None, ok=(0,)):
    """Runs a program to its end, its output kept away."""
    with open(os.devnull) as nothing, open(scratch.path / "output", "wb+") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], stdout=output, stderr=output,
            stdin=open(stdin) if stdin else nothing)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in ok:
            output.seek(0)
            sys.exit(f"{command} ended with {process.returncode}:\n{output.read().decode()[-2000:]}")
    return Cost(wall, usage)


def median(costs, what):
    if what == "peak" and not all(cost.is_peak_known for cost in costs):
        sys.exit("this process is larger than the ones it measures: their memory is unknown")
    return statistics.median(getattr(cost, what) for cost in costs)


class Scratch:
    path = None


scratch = Scratch()


class Server:
    """A helper program that prints its port first and ends with its standard input."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            [sys.executable, *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def machine(load):
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())[1]
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout
    version = re.search(r"Swift version (\S+)", swift)
    return ", ".join(
        [
            f"{os.cpu_count()} x {cpu[1] if cpu else os.uname().machine}",
            f"{round(memory / 2**20)} GiB", system, f"Linux {os.uname().release}",
            f"Swift {version[1] if version else '?'}",
            f"Python {sys.version.split()[0]}",
            subprocess.run(["ssh", "-V"], capture_output=True, text=True).stderr.split(",")[0],
            f"load {load:.1f} at the start",
        ])
