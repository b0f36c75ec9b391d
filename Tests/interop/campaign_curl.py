"""curl talks to the Campaign stand-in: token, create, look up, change, delete, an error."""

import json
import subprocess
from urllib.parse import quote

from checks import check, equal

ID = "5a3c1e6e-0f5d-4a41-9d1c-6a2f0c1d9b77"


def curl(*arguments):
    done = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code} %{content_type}", *arguments],
        capture_output=True, text=True, check=True)
    body, _, last = done.stdout.rpartition("\n")
    status, _, kind = last.partition(" ")
    return int(status), kind, body


def run(sandbox):
    status, _, body = curl(
        f"{sandbox.campaign}/ims/token/v3", "-d", "grant_type=client_credentials",
        "-d", f"client_id={sandbox.campaign_client}",
        "--data-urlencode", f"client_secret={sandbox.campaign_secret}",
        "-d", "scope=openid,AdobeID,campaign_sdk")
    equal("curl: a token", status, 200)
    headers = [
        "-H", "Authorization: Bearer " + json.loads(body)["access_token"],
        "-H", "X-Api-Key: " + sandbox.campaign_client, "-H", "Content-Type: application/json",
    ]
    base = f"{sandbox.campaign}/{sandbox.organization}/campaign/profileAndServicesExt/profile"
    lookup = f"{base}/byExternalId?externalId_parameter={quote(ID)}"

    profile = {"externalId": ID, "firstName": "Zoë", "lastName": "O'Brien", "email": "z@example.org",
               "location": {"city": "Århus"}}
    status, _, body = curl(base, *headers, "-d", json.dumps(profile))
    equal("curl: create", status, 201)
    made = json.loads(body)
    equal("curl: the answer repeats the profile", made["location"]["city"], "Århus")

    status, _, body = curl(lookup, *headers)
    found = json.loads(body)["content"]
    equal("curl: look up by the filter", [row["PKey"] for row in found], [made["PKey"]])

    status, _, _ = curl("-X", "PATCH", found[0]["href"], *headers, "-d", '{"firstName": "Zoé"}')
    equal("curl: change", status, 200)
    stored = [r for r in sandbox.rows("campaign/profile") if r.get("externalId") == ID]
    equal("curl: the sandbox holds the change",
          [(r["firstName"], r["lastName"]) for r in stored], [("Zoé", "O'Brien")])

    status, kind, body = curl(base, *headers, "-d", '{"noSuchField": 1}')
    equal("curl: data errors are 500", status, 500)
    check("curl: and plain text", kind.startswith("text/plain") and body.startswith("RST-360011"))
    status, kind, body = curl(lookup, *headers[2:])
    check("curl: the gateway's errors are JSON",
          status == 401 and json.loads(body)["error_code"] == "401013")

    status, _, _ = curl("-X", "DELETE", found[0]["href"], *headers)
    equal("curl: delete", status, 200)
    status, _, body = curl(lookup, *headers)
    equal("curl: a miss is an empty list", (status, json.loads(body)["content"]), (200, []))
