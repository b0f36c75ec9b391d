"""Events to timelines: against one request for each event, and a million of them."""

import json
import pathlib
import re
import sys
import time

from harness import ROOT, SANDBOX, TOOL, Server, median, run, scratch
from world import World, pairs, row

EVENTS = ["send", "open", "click", "bounce"]
SCRIPT = ROOT / "bench" / "peers" / "events_requests.py"


def jobs(*events):
    """The committed job files; a file is taken when it looked the same a second ago."""
    texts = {}
    for event in events:
        text = (ROOT / "jobs" / f"egress-{event}.yaml").read_text()
        texts[f"egress-{event}"] = text.replace("  files: ", "  stableFor: 1s\n  files: ", 1)
    return texts


class Events(World):
    """A sandbox with export files; the same words, the same rows."""

    def __init__(self, name, contacts, events, *export):
        super().__init__(name, contacts, jobs=jobs(*events))
        self.order("export-events", *export)

    def order(self, *words, ok=(0,)):
        return run(SANDBOX, *words, "--directory", self.box, ok=ok)

    def results(self, *words):
        """What a command of the tool says as JSON; and what it cost."""
        cost = run(TOOL, *words, "--json", "--env", "sandbox", "--jobs", self.jobs, "-q")
        return json.loads((scratch.path / "output").read_text()), cost

    def look(self, *events):
        """A run that sees the files and has no time for them: the next one takes them at once."""
        self.tool("egress", *events, "--deadline", "1s")
        time.sleep(1.1)

    def prove_equal(self, job):
        self.order("compare", job, "--jobs", self.jobs)

    @property
    def files(self):
        home = pathlib.Path(self.sandbox.sftp["home"]) / "d365_loads" / "exports"
        return sorted(home.glob("*.csv"))

    @property
    def campaign(self):
        return re.search(r"^campaign:.*?url: (\S+)", self.text, re.M | re.S)[1].rstrip(",}")


def bench_egress(arguments):
    compare_requests("loopback", 10_000, arguments.rounds, 0)
    compare_requests("40 ms round trip", 1_000, arguments.rounds, 20)
    bench_million(arguments.events)
    bench_large(arguments.large)


def compare_requests(label, count, rounds, delay):
    """Each side writes the same events to a sandbox of its own, one after the other."""
    mine, theirs = [], []
    for index in range(rounds):
        for side in [mine, theirs]:
            name = f"{label.split()[0]}-{index}-{'ours' if side is mine else 'peer'}"
            world = Events(
                name, 2_000, ["click"], "--plain", "--only", "tracking", "--types", 1,
                "--events", count)
            line = None
            if delay:
                line = Server(
                    ROOT / "bench" / "delay.py", world.sandbox.dynamics.rpartition(":")[2], delay)
                world.lead(dynamics=line.url)
            if side is mine:
                world.look("click")
                side.append(world.tool("egress", "click"))
            else:
                url = line.url if line else world.sandbox.dynamics
                side.append(
                    run(sys.executable, SCRIPT, url, world.token(), world.campaign, *world.files))
            world.lead()
            world.prove_equal("egress-click")
            if line:
                line.stop()
            world.stop()
    ratio, text = pairs(theirs, mine, "wall")
    ours, peer = count / median(mine, "wall"), count / median(theirs, "wall")
    row(
        f"egress, {count:,} clicks, events a second, {label}", f"{ours:,.0f}",
        f"one request each {peer:,.0f}", text, "at least 10x", ratio >= 10)


def bench_million(count):
    files = 20
    world = Events(
        "million", 20_000, EVENTS, "--events", count, "--files", files // 2, "--repeats", 15,
        "--deliveries", 20)
    found = world.files
    size = sum(file.stat().st_size for file in found)
    world.look(*EVENTS)
    results, cost = world.results("egress", *EVENTS)
    created = sum(result["created"] for result in results)
    requests = sum(result["requests"] for result in results)
    for event in EVENTS:
        world.prove_equal(f"egress-{event}")
    again, second = world.results("run", "--all")
    if any(result["created"] for result in again):
        sys.exit("the second run created something")
    world.stop()
    row(
        f"egress, {count:,} rows and 15 % repeats in {len(found)} files ({size >> 20} MiB), "
        "four jobs at once", f"{created:,} activities in {cost.wall:.0f} s: "
        f"{created / cost.wall:,.0f} a second", f"{requests:,} requests",
        f"{created / requests:.0f} a request", "equal; none by a second run", True)
    row(
        "the same, peak memory of the tool", f"{cost.peak:.0f} MiB", "-",
        f"{cost.cpu / cost.wall:.2f} cores", "(none)", True)


def bench_large(mebibytes):
    """One file, most of whose rows are of another kind, against a small one."""
    costs = []
    for size in [5, mebibytes]:
        world = Events(
            f"large-{size}", 2_000, ["click"], "--plain", "--only", "tracking", "--types", 1,
            "--events", 2_000)
        [file] = world.files
        widen(file, size << 20)
        world.look("click")
        results, cost = world.results("egress", "click")
        if results[0]["created"] != 2_000:
            sys.exit(f"of 2,000 clicks in {size} MiB {results[0]['created']} were created")
        world.prove_equal("egress-click")
        world.stop()
        costs.append(cost)
    small, large = costs
    row(
        f"egress, one file of {mebibytes:,} MiB over SFTP, peak memory",
        f"{large.peak:.0f} MiB ({mebibytes / large.wall:.0f} MiB/s)",
        f"a file of 5 MiB {small.peak:.0f} MiB", f"{large.peak / small.peak:.2f}x",
        "the same (1.1x)", large.peak <= 1.1 * small.peak)


def widen(file, size):
    """Puts opt-outs, which are no clicks, between the clicks, up to this size."""
    header, *clicks = file.read_text().splitlines(keepends=True)
    place = header.split(";").index("urlType")
    others = []
    for line in clicks:
        fields = line.split(";")
        fields[place] = "3"
        others.append(";".join(fields))
    block = "".join(others).encode()
    half = len(clicks) // 2
    with open(file, "wb") as output:
        output.write("".join([header, *clicks[:half]]).encode())
        left = size - output.tell()
        while left > 0:
            left -= output.write(block)
        output.write("".join(clicks[half:]).encode())
