"""Exports against scripts, Microsoft's SDK and curl, by pages that a small server keeps."""

import sys

from harness import ROOT, Server, median, run, scratch
from world import MEBIBYTE, World, call, pairs, row, spread

PREFER = "odata.track-changes,odata.maxpagesize=5000"
PEERS = {
    "requests + csv": ("export_requests.py",),
    "requests + orjson + csv": ("export_requests.py", "--orjson"),
    "Microsoft's SDK + csv": ("export_sdk.py",),
}
READERS = 4


class Kept:
    """The page server before a world's Dynamics, and who asks it."""

    def __init__(self, world):
        self.world = world
        self.server = Server(ROOT / "bench" / "replay.py", "--upstream", world.sandbox.dynamics)
        self.token = world.token()
        self.config = scratch.path / "pages.curl"

    def pace(self, milliseconds, by_size=False):
        call(f"{self.server.url}/_pace?ms={milliseconds}{'&by=size' if by_size else ''}")

    def ours(self, strict=True):
        self.world.lead(dynamics=self.server.url, strict=strict)
        self.world.forget()
        return self.world.tool("export", "contacts")

    def peer(self, name):
        script, *options = PEERS[name]
        out = scratch.path / "peer.csv"
        return run(
            sys.executable, ROOT / "bench" / "peers" / script, self.server.url, self.token, out,
            *options)

    def compare(self):
        """In a process of its own: what this one holds would count as its children's memory."""
        parts = sorted(self.world.spool.rglob("*.csv"))
        run(sys.executable, ROOT / "bench" / "same_rows.py", scratch.path / "peer.csv", *parts)

    def curl(self):
        return run("curl", "-sS", "-H", f"Prefer: {PREFER}", "-K", self.config)

    def fill(self):
        """Lets the server see every page once; what curl fetches are those of one scan.

        Returns how many they are, and the size of the largest.
        """
        self.ours()
        known = call(self.server.url + "/_pages")
        self.config.write_text(
            "".join(
                f'url = "{self.server.url}{page}"\noutput = "/dev/null"\n'
                for page in known["pages"]))
        for name in PEERS:
            self.peer(name)
            self.compare()
        self.ours(strict=False)
        return len(known["pages"]), known["largest"]


def bench_export(world, arguments):
    kept = Kept(world)
    count, page = kept.fill()
    print(f"  ({count} pages, the largest {page / MEBIBYTE:.1f} MiB)")
    against_scripts(kept, arguments, page)
    against_curl(kept)
    in_ranges(kept, page)
    kept.server.stop()


def against_scripts(kept, arguments, page):
    rows = arguments.contacts
    mine, fetches, theirs = [], [], {name: [] for name in PEERS}
    for _ in range(arguments.rounds):
        mine.append(kept.ours())
        for name in PEERS:
            theirs[name].append(kept.peer(name))
        fetches.append(kept.curl())
    for name, costs in theirs.items():
        ratio, text = pairs(costs, mine, "cpu")
        has_target = name == "requests + csv"
        row(
            f"export, {rows:,} x 30, rows per CPU second", f"{rows / median(mine, 'cpu'):,.0f}",
            f"{name} {rows / median(costs, 'cpu'):,.0f}", text,
            "at least 5x" if has_target else "(none)", ratio >= 5 or not has_target)
    for name, costs in theirs.items():
        row(
            "export, wall time, pages from memory", f"{median(mine, 'wall'):.2f} s",
            f"{name} {median(costs, 'wall'):.2f} s", pairs(costs, mine, "wall", " faster")[1],
            "(none)", True)
    memory_row("one scan", mine, 1, page)
    curl_row("pages from memory", mine, fetches)


def against_curl(kept):
    kept.pace(250)
    costs = [(kept.ours(), kept.curl()) for _ in range(2)]
    curl_row("a page every 250 ms", *zip(*costs))


def in_ranges(kept, page):
    """As a service whose pages take their time by their size: keys are read before the rows."""
    kept.pace(250, by_size=True)
    costs = [(kept.ours(strict=False), kept.ours(), kept.curl()) for _ in range(2)]
    ranges, strict, fetches = zip(*costs)
    kept.pace(0)
    for peer, theirs in [("one scan", strict), ("curl", fetches)]:
        row(
            f"export in ranges, {READERS} readers, 250 ms for a page of {page / MEBIBYTE:.1f} MiB",
            f"{median(ranges, 'wall'):.2f} s", f"{peer} {median(theirs, 'wall'):.2f} s",
            pairs(theirs, ranges, "wall", " faster")[1], "(none)", True)
    memory_row(f"{READERS} readers", [kept.ours(strict=False) for _ in range(3)], READERS, page)


def curl_row(label, mine, fetches):
    ratio, text = pairs(mine, fetches, "wall")
    row(
        f"export, wall time, {label}", f"{median(mine, 'wall'):.2f} s",
        f"curl {median(fetches, 'wall'):.2f} s", text, "within 1.2x", ratio <= 1.2)


def memory_row(label, costs, lanes, page):
    peak, limit = median(costs, "peak"), lanes * 2 * page / MEBIBYTE + 32
    row(
        f"peak memory, {label}", f"{peak:.0f} MiB",
        f"{lanes} x 2 pages + 32 MiB = {limit:.0f} MiB", f"{peak / limit:.2f}x", "within it",
        peak <= limit)


def bench_memory(arguments):
    """Both tables by the same way: rendered by the sandbox, passed on, nothing kept."""
    small, rows = arguments.contacts, arguments.contacts * arguments.times
    peaks = {}
    for count in [small, rows]:
        world = World(f"memory-{count}", count, (ROOT / "bench" / "contacts.yaml").read_text())
        pages = Server(
            ROOT / "bench" / "replay.py", "--upstream", world.sandbox.dynamics, "--keep-nothing")
        world.lead(dynamics=pages.url)
        peaks[count] = []
        for _ in range(3):
            world.forget()
            peaks[count].append(world.tool("export", "contacts"))
        pages.stop()
        world.stop()
    large, base = median(peaks[rows], "peak"), median(peaks[small], "peak")
    row(
        f"peak memory, {rows:,} rows in ranges", spread(peaks[rows], "peak", "{:.0f} MiB"),
        f"{small:,} rows " + spread(peaks[small], "peak", "{:.0f} MiB"), f"{large / base:.2f}x",
        "the same (1.1x)", large <= 1.1 * base)
