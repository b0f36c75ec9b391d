"""A running sandbox as its own announcement describes it, and the control endpoint beside it."""

import json
import pathlib
import urllib.request


class Sandbox:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        about = json.loads((self.directory / "sandbox.json").read_text())
        self.dynamics, self.campaign = about["dataverse"], about["campaign"]
        self.control, self.sftp = about["control"], about["sftp"]
        self.dynamics_secret = (self.directory / "dynamics.secret").read_text().strip()
        self.campaign_secret = (self.directory / "campaign.secret").read_text().strip()

    tenant = "6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d"
    dynamics_client = "11111111-2222-3333-4444-555555555555"
    campaign_client = "4f6c0bd2a0d24c1e8b8f0c3f1d2e3a4b"
    organization = "acme-mkt-stage"

    @property
    def token_url(self):
        return f"{self.dynamics}/{self.tenant}/oauth2/v2.0/token"

    @property
    def web_api(self):
        return f"{self.dynamics}/api/data/v9.2"

    def get(self, path):
        with urllib.request.urlopen(self.control + path) as answer:
            return json.load(answer)

    def post(self, path, body):
        request = urllib.request.Request(self.control + path, json.dumps(body).encode())
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def count(self, table):
        return self.get(f"/state/{table}?count=0")["total"]

    def rows(self, table):
        """Every row that the stand-in holds, past its own API."""
        rows = []
        while True:
            page = self.get(f"/state/{table}?offset={len(rows)}&count=5000")
            rows += page["rows"]
            if len(rows) >= page["total"] or not page["rows"]:
                return rows
