"""Real clients of both services and of SFTP against a running sandbox: `make interop`."""

import sys

import campaign_curl
import checks
import dataverse_sdk
import delta_chain
import openssh
from sandbox import Sandbox

sandbox = Sandbox(sys.argv[1])
checks.part("Microsoft's Dataverse SDK", lambda: dataverse_sdk.run(sandbox))
checks.part("requests and change tracking", lambda: delta_chain.run(sandbox))
checks.part("OpenSSH's sftp", lambda: openssh.run(sandbox))
checks.part("curl and Campaign", lambda: campaign_curl.run(sandbox))
print(f"{checks.passed} passed, {checks.failed} failed")
sys.exit(1 if checks.failed else 0)
