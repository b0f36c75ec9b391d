"""The peer: contacts to CSV by Microsoft's Python SDK and `csv`.

    export_sdk.py URL TOKEN OUT.csv

Pages of 5,000, the same columns, the same forms; the SDK has no tracked scan.
"""

import csv
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Tests" / "interop"))

from azure.core.credentials import AccessToken
from contact_fields import HEADER, NAMES, line
from dataverse_sdk import PlainLoopback
from PowerPlatform.Dataverse.client import DataverseClient

url, token, out = sys.argv[1:]


class Given:
    """A token that is at hand."""

    def get_token(self, *scopes, **_):
        return AccessToken(token, int(time.time()) + 3600)


address = url.replace("http://", "https://", 1)
with DataverseClient(address, Given()) as client, open(
        out, "w", encoding="utf-8", newline="") as file:
    client._session.mount("https://127.0.0.1", PlainLoopback())
    writer = csv.writer(file, delimiter=";", lineterminator="\n")
    writer.writerow(HEADER)
    for page in client.records.list_pages("contact", select=NAMES, page_size=5000):
        writer.writerows(map(line, page))
