"""Microsoft's own Dataverse SDK for Python lists, pages and writes contacts of the stand-in."""

import time

import requests
from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError

from checks import check, equal


class SandboxCredential:
    """Client credentials, as azure-identity would ask for them, at the stand-in's endpoint."""

    def __init__(self, sandbox):
        self.sandbox, self.token = sandbox, None

    def get_token(self, *scopes, **_):
        if self.token is None or self.token.expires_on < time.time() + 300:
            answer = requests.post(
                self.sandbox.token_url,
                {
                    "grant_type": "client_credentials",
                    "client_id": self.sandbox.dynamics_client,
                    "client_secret": self.sandbox.dynamics_secret,
                    "scope": scopes[0],
                },
            )
            answer.raise_for_status()
            token = answer.json()
            self.token = AccessToken(token["access_token"], int(time.time()) + token["expires_in"])
        return self.token


class PlainLoopback(requests.adapters.HTTPAdapter):
    """The SDK speaks https only: its requests to the loopback lose the `s` on the way out."""

    def send(self, request, **options):
        request.url = request.url.replace("https://127.0.0.1:", "http://127.0.0.1:", 1)
        return super().send(request, **options)


def run(sandbox):
    url = sandbox.dynamics.replace("http://", "https://", 1)
    with DataverseClient(url, SandboxCredential(sandbox)) as client:
        client._session.mount("https://127.0.0.1", PlainLoopback())
        read(client, sandbox)
        write_one(client, sandbox)
        write_many(client, sandbox)


def stored(sandbox, ids):
    return [row for row in sandbox.rows("dataverse/contact") if row["contactid"] in ids]


def read(client, sandbox):
    everyone = sandbox.rows("dataverse/contact")
    pages = list(
        client.records.list_pages("contact", select=["contactid", "lastname"], page_size=150))
    check("SDK: a list comes in more than one page", len(pages) > 1)
    equal("SDK: no page is larger than asked for", max(map(len, pages)), 150)
    found = {row["contactid"]: row["lastname"] for page in pages for row in page}
    equal(
        "SDK: the pages hold every contact once, with its name",
        found, {row["contactid"]: row["lastname"] for row in everyone})
    equal("SDK: as many rows as there are contacts", sum(map(len, pages)), len(everyone))

    wanted = {row["contactid"] for row in everyone if row["gendercode"] == 2}
    women = client.records.list("contact", select=["contactid"], filter="gendercode eq 2")
    equal("SDK: a filter on a choice", {row["contactid"] for row in women}, wanted)
    newest = client.records.list(
        "contact", select=["createdon"], orderby=["createdon desc"], top=3)
    equal(
        "SDK: order and top", [row["createdon"] for row in newest],
        sorted((row["createdon"] for row in everyone), reverse=True)[:3])
    one = client.records.retrieve("contact", everyone[7]["contactid"], select=["emailaddress1"])
    equal("SDK: one contact by its id", one["emailaddress1"], everyone[7]["emailaddress1"])


def write_one(client, sandbox):
    before = sandbox.count("dataverse/contact")
    values = {"firstname": "Zoë", "lastname": 'O\'Brien; "Ann"', "donotbulkemail": True}
    id = client.records.create("contact", values)
    equal("SDK: create adds one contact", sandbox.count("dataverse/contact"), before + 1)
    row = stored(sandbox, {id})[0]
    equal("SDK: create stores what was sent", {name: row[name] for name in values}, values)

    client.records.update("contact", id, {"firstname": None, "jobtitle": "Räksmörgås"})
    row = stored(sandbox, {id})[0]
    equal(
        "SDK: update changes what it names and no more",
        (row["firstname"], row["jobtitle"], row["lastname"]),
        (None, "Räksmörgås", values["lastname"]))

    client.records.delete("contact", id)
    equal("SDK: delete removes it", stored(sandbox, {id}), [])
    try:
        client.records.update("contact", id, {"jobtitle": "ghost"})
        equal("SDK: an update never creates", stored(sandbox, {id}), [])
    except HttpError as error:
        equal("SDK: a contact that is gone is 404", error.status_code, 404)
    try:
        client.records.create("contact", {"nosuchcolumn": 1})
        check("SDK: an unknown column is refused", False)
    except HttpError as error:
        equal("SDK: an unknown column is refused with 400", error.status_code, 400)


def write_many(client, sandbox):
    before = sandbox.count("dataverse/contact")
    ids = client.records.create("contact", [{"lastname": f"Bulk {n}"} for n in range(25)])
    equal("SDK: CreateMultiple gives an id for each", len(set(ids)), 25)
    client.records.update("contact", ids, {"jobtitle": "Sailor"})
    equal(
        "SDK: UpdateMultiple reaches all of them",
        {row["jobtitle"] for row in stored(sandbox, set(ids))}, {"Sailor"})
    client.records.delete("contact", ids, use_bulk_delete=False)
    equal("SDK: all are gone again", sandbox.count("dataverse/contact"), before)
