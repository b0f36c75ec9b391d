"""`make bench`: every figure against a peer in the same run, pair by pair, medians.

Prints the table and writes it to docs/benchmarks.md. No threshold makes it fail: it reports.
"""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile
import time

import harness
from egress import bench_egress
from export import bench_export, bench_memory
from harness import ROOT, SANDBOX, TOOL, Server, median, run, scratch
from world import MEBIBYTE, World, call, pairs, row, table

sys.path.insert(0, str(ROOT / "Tests" / "interop"))
from openssh import options as sftp_options  # noqa: E402

arguments = argparse.ArgumentParser()
arguments.add_argument("--contacts", type=int, default=100_000)
arguments.add_argument("--times", type=int, default=5, help="of the large memory run: default 5")
arguments.add_argument("--rounds", type=int, default=3)
arguments.add_argument("--upload", type=int, default=1024, help="MiB")
arguments.add_argument("--events", type=int, default=1_000_000, help="of the large egress run")
arguments.add_argument("--large", type=int, default=5 * 1024, help="MiB of one export file")
arguments.add_argument("--only", help="export, memory, sftp, delta; ingress for these four, or egress")
arguments = arguments.parse_args()

# --- SFTP ---------------------------------------------------------------------------------------


def bench_upload(world):
    world.forget()
    world.lead(strict=True)
    world.tool("export", "contacts")
    exported = world.path / "exported"
    shutil.copytree(world.state, exported)
    parts = sorted(world.spool.rglob("contacts-*.csv"))
    fill(parts, arguments.upload, exported)
    compare_uploads(world, exported, parts, arguments.upload, 5, "loopback", None)
    fill(parts, max(arguments.upload // 16, 1), exported)
    delay = Server(ROOT / "bench" / "delay.py", world.sandbox.sftp["port"], 20)
    known = world.path / "known_hosts"
    text = pathlib.Path(world.sandbox.sftp["knownHosts"]).read_text()
    known.write_text(text.replace(f":{world.sandbox.sftp['port']} ", f":{delay.port} "))
    compare_uploads(
        world, exported, parts, max(arguments.upload // 16, 1), 5, "40 ms round trip",
        (delay.port, known))
    delay.stop()


def fill(parts, mebibytes, exported):
    """Gives the exported parts a size that is worth measuring, also where it is remembered."""
    block = os.urandom(MEBIBYTE)
    size = mebibytes * MEBIBYTE // len(parts)
    for part in parts:
        with open(part, "wb") as file:
            left = size
            while left > 0:
                left -= file.write(block[:left])
    for checkpoint in exported.rglob("checkpoint.json"):
        state = json.loads(checkpoint.read_text())
        for sealed in state["state"]["stage"]["sealed"]:
            sealed["bytes"] = size
        checkpoint.write_text(json.dumps(state))


def clear(folder):
    """A folder that was used before, as it is on every day but the first."""
    for file in folder.iterdir():
        file.unlink()


def compare_uploads(world, exported, parts, mebibytes, rounds, label, by_way_of):
    area = pathlib.Path(world.sandbox.sftp["home"]) / "d365_loads"
    batch = scratch.path / "batch"
    batch.write_text(
        "-mkdir d365_loads/imports\ncd d365_loads/imports\n"
        + "".join(f"put {part} {part.stem}.part\nrename {part.stem}.part {part.name}\n"
                  for part in parts))
    sandbox = world.sandbox
    port, known = by_way_of or (sandbox.sftp["port"], sandbox.sftp["knownHosts"])
    world.lead(sftp_port=port, known_hosts=known)
    command = ["sftp", "-q", "-b", batch, *sftp_options(sandbox, known)]
    command[command.index("-P") + 1] = str(port)
    command.append(sandbox.sftp["user"] + "@127.0.0.1")
    peers = {"OpenSSH sftp": command}
    if by_way_of is None:
        peers["OpenSSH sftp -f, flushed as ours"] = [command[0], "-f", *command[1:]]
    mine, theirs = [], {name: [] for name in peers}
    for _ in range(rounds):
        shutil.rmtree(world.state)
        shutil.copytree(exported, world.state)
        mine.append(world.tool("stage", "contacts"))
        uploaded = sum(file.stat().st_size for file in area.rglob("*.csv"))
        if uploaded != sum(part.stat().st_size for part in parts):
            sys.exit(f"the tool uploaded {uploaded} bytes")
        clear(area / "imports")
        for name, words in peers.items():
            theirs[name].append(run(*words))
            clear(area / "imports")
    target = 1.0 if by_way_of is None else 2.0
    for name, costs in theirs.items():
        ratio, text = pairs(costs, mine, "wall")
        has_target = name == "OpenSSH sftp"
        row(
            f"SFTP upload, {mebibytes:,} MiB in {len(parts)} parts, {label}",
            f"{mebibytes / median(mine, 'wall'):.0f} MiB/s",
            f"{name} {mebibytes / median(costs, 'wall'):.0f} MiB/s", text,
            "(none)" if not has_target else "not slower" if target == 1 else "at least 2x",
            ratio >= target or not has_target)


# --- Delta --------------------------------------------------------------------------------------

SMALL = """\
kind: ingress
from: { table: contact }
to: { resource: profile, key: externalId }
fields:
  - { from: firstname, to: firstName, maxLength: 30, tooLong: cut }
  - { from: emailaddress1, to: email }
initial: { via: api }
"""


def bench_delta():
    world = World("small", 200, SMALL)
    world.tool("initial", "contacts")
    world.tool("delta", "contacts")
    costs = [world.tool("delta", "contacts") for _ in range(15)]
    record = json.loads(
        next(world.state.rglob("runs.jsonl")).read_text().splitlines()[-1])
    requests = record["requests"]
    trip = statistics.median(round_trip(world) for _ in range(15))
    wall, allowed = median(costs, "wall") * 1000, 50 + requests * trip
    row(
        "delta without changes, start to exit", f"{wall:.0f} ms",
        f"50 ms + {requests} round trips of {trip:.1f} ms = {allowed:.0f} ms",
        f"{wall / allowed:.2f}x", "within it", wall <= allowed)
    world.stop()
    versions = [run(TOOL, "--version") for _ in range(25)]
    wall = median(versions, "wall") * 1000
    row("`campaign-sync --version`", f"{wall:.1f} ms", "-", f"{wall / 20:.2f}x", "20 ms", wall <= 20)


def round_trip(world):
    began = time.perf_counter()
    call(world.sandbox.control + "/knobs")
    return (time.perf_counter() - began) * 1000


# --- Report -------------------------------------------------------------------------------------


PARTS = {"ingress": ["export", "sftp", "memory", "delta"], "egress": ["egress"]}


def report(part, seconds):
    """Prints the table of one part and puts it in its place; the other part stays as it is."""
    head = ("What", "campaign-sync", "Peer", "Ratio", "Target", "Reached")
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, ("---",) * 6, *table]]
    print("\n".join(["", *lines, ""]))
    table.clear()
    if arguments.only not in (None, part):
        return
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    measured = f"{now}, {seconds:.0f} s in all. {harness.machine(load)}."
    file = ROOT / "docs" / "benchmarks.md"
    text = (ROOT / "bench" / "benchmarks.md").read_text()
    for name in PARTS:
        block = "\n".join([measured, "", *lines]) if name == part else standing(file, name)
        text = text.replace("{%s}" % name, f"<!-- {name} -->\n{block}\n<!-- end -->")
    file.write_text(text)


def standing(file, name):
    """What the report says of a part that is not measured now."""
    text = file.read_text()
    begin = text.index(f"<!-- {name} -->\n") + len(f"<!-- {name} -->\n")
    return text[begin:text.index("\n<!-- end -->", begin)]


def main():
    began = time.monotonic()
    only = PARTS.get(arguments.only, [arguments.only])
    wants = lambda name: only == [None] or name in only  # noqa: E731
    world = None
    if wants("export") or wants("sftp"):
        job = (ROOT / "bench" / "contacts.yaml").read_text()
        world = World("contacts", arguments.contacts, job)
        if wants("export"):
            bench_export(world, arguments)
        if wants("sftp"):
            bench_upload(world)
        world.stop()
    if wants("memory"):
        bench_memory(arguments)
    if wants("delta"):
        bench_delta()
    if only != ["egress"]:
        report("ingress", time.monotonic() - began)
    if wants("egress"):
        began = time.monotonic()
        bench_egress(arguments)
        report("egress", time.monotonic() - began)


load = os.getloadavg()[0]
print(harness.machine(load))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
with tempfile.TemporaryDirectory() as folder:
    scratch.path = pathlib.Path(folder)
    try:
        main()
    finally:
        for box in scratch.path.glob("*/box"):
            if (box / "sandbox.json").exists():
                os.system(f"{SANDBOX} stop --directory {box} >/dev/null")
