"""OpenSSH's own `sftp` reads and writes the staging area."""

import pathlib
import random
import subprocess
import tempfile

from checks import check, equal


def options(sandbox, known_hosts=None):
    return [
        "-F", "none", "-P", str(sandbox.sftp["port"]), "-i", sandbox.sftp["privateKey"],
        "-o", f"UserKnownHostsFile={known_hosts or sandbox.sftp['knownHosts']}",
        "-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes",
        "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
    ]


def batch(sandbox, *commands, known_hosts=None):
    return subprocess.run(
        ["sftp", "-b", "-", *options(sandbox, known_hosts), sandbox.sftp["user"] + "@127.0.0.1"],
        input="\n".join(commands) + "\n", capture_output=True, text=True)


def run(sandbox):
    area = pathlib.Path(sandbox.sftp["home"]) / "d365_loads"
    with tempfile.TemporaryDirectory() as folder:
        source, copy = pathlib.Path(folder, "source"), pathlib.Path(folder, "copy")
        source.write_bytes(random.Random(1).randbytes(3_000_001))

        done = batch(
            sandbox, "cd d365_loads", "-mkdir interop", "cd interop", f"put {source} load.part",
            "rename load.part load.csv", "ls -l", f"get load.csv {copy}")
        equal("sftp: put, rename, list and get", (done.returncode, done.stderr), (0, ""))
        check("sftp: what comes back is what went", copy.read_bytes() == source.read_bytes())
        stored = area / "interop" / "load.csv"
        check("sftp: the sandbox holds the same bytes", stored.read_bytes() == source.read_bytes())
        equal("sftp: readable by its owner alone", oct(stored.stat().st_mode & 0o777), "0o600")
        check("sftp: the temporary name is gone", not (area / "interop" / "load.part").exists())

        done = batch(sandbox, "rm d365_loads/interop/load.csv", "rmdir d365_loads/interop")
        equal("sftp: rm and rmdir", (done.returncode, (area / "interop").exists()), (0, False))
        done = batch(sandbox, "get d365_loads/nothing.csv")
        check("sftp: a missing file is an error", done.returncode != 0)
        stranger = pathlib.Path(folder, "known_hosts")
        stranger.write_text("")
        done = batch(sandbox, "pwd", known_hosts=stranger)
        check("sftp: an unknown host key is refused", done.returncode != 0)
