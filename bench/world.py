"""A sandbox with the tool on it, and rows of the table."""

import json
import shutil
import statistics
import sys
import urllib.parse
import urllib.request

from harness import ROOT, SANDBOX, TOOL, run, scratch

sys.path.insert(0, str(ROOT / "Tests" / "interop"))
from sandbox import Sandbox  # noqa: E402

MEBIBYTE = 1 << 20
table = []


def row(what, ours, peer, ratio, target, reached):
    table.append((what, ours, peer, ratio, target, "yes" if reached else "**no**"))
    print("  " + " | ".join(table[-1]), flush=True)


class World:
    """A sandbox with its own jobs folder, and the tool on it."""

    def __init__(self, name, contacts, job=None, jobs=None, more=()):
        self.path = scratch.path / name
        self.box = self.path / "box"
        self.jobs = self.path / "jobs"
        (self.jobs / "environments").mkdir(parents=True)
        for stem, text in (jobs or {"contacts": job}).items():
            (self.jobs / f"{stem}.yaml").write_text(text)
        self.environment = self.jobs / "environments" / "sandbox.yaml"
        run(
            SANDBOX, "start", "--directory", self.box, "--ports", "free", "--contacts", contacts,
            "--write-env", self.environment, *more)
        self.sandbox = Sandbox(self.box)
        self.sandbox.post("/knobs", {"dataverse": {"limitsEnabled": False}})
        self.text = self.environment.read_text()

    def lead(self, dynamics=None, sftp_port=None, known_hosts=None, strict=False):
        """Sends the tool by way of a proxy; it reads tables of any size in one scan, or by ranges."""
        rows = 1_000_000_000 if strict else 1
        text = self.text.replace("dynamics:\n", f"dynamics:\n  partitionFrom: {rows}\n", 1)
        if dynamics:
            text = text.replace(self.sandbox.dynamics, dynamics)
        if sftp_port:
            text = text.replace(f"port: {self.sandbox.sftp['port']}", f"port: {sftp_port}")
            text = text.replace(self.sandbox.sftp["knownHosts"], str(known_hosts))
        self.environment.write_text(text)

    def tool(self, *words, ok=(0,)):
        return run(TOOL, *words, "--env", "sandbox", "--jobs", self.jobs, "-q", ok=ok)

    @property
    def state(self):
        return self.box / "state"

    @property
    def spool(self):
        return self.box / "spool"

    def forget(self):
        for folder in [self.state, self.spool]:
            shutil.rmtree(folder, ignore_errors=True)

    def token(self):
        form = urllib.parse.urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": self.sandbox.dynamics_client,
                "client_secret": self.sandbox.dynamics_secret,
                "scope": self.sandbox.dynamics + "/.default",
            }).encode()
        with urllib.request.urlopen(self.sandbox.token_url, form) as answer:
            return json.load(answer)["access_token"]

    def stop(self):
        run(SANDBOX, "stop", "--directory", self.box)


def pairs(over, under, what, rate=""):
    """The ratio of each pair: its median, and the text with its range."""
    ratios = [getattr(a, what) / getattr(b, what) for a, b in zip(over, under)]
    middle = statistics.median(ratios)
    return middle, f"{middle:.2f}x{rate} ({min(ratios):.2f} to {max(ratios):.2f})"


def spread(costs, what, form):
    values = [getattr(cost, what) for cost in costs]
    return f"{form.format(statistics.median(values))} ({min(values):.0f} to {max(values):.0f})"


def call(url):
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)
