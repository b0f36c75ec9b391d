"""`requests` follows a change tracking chain as its documentation describes it."""

import requests

from checks import check, equal

SELECT = "fullname,emailaddress1"


def run(sandbox):
    with requests.Session() as session:
        session.headers.update(
            {
                "Authorization": "Bearer " + token(session, sandbox),
                "Accept": "application/json",
                "OData-MaxVersion": "4.0",
                "OData-Version": "4.0",
            })
        for position in ["before", "after"]:
            sandbox.post("/knobs", {"dataverse": {"links": position}})
            chain(session, sandbox, position)
        sandbox.post("/knobs", {"dataverse": {"links": "alternate"}})
        refusals(session, sandbox)


def token(session, sandbox):
    answer = session.post(
        sandbox.token_url,
        {
            "grant_type": "client_credentials",
            "client_id": sandbox.dynamics_client,
            "client_secret": sandbox.dynamics_secret,
            "scope": sandbox.dynamics + "/.default",
        })
    answer.raise_for_status()
    return answer.json()["access_token"]


def follow(session, url, prefer):
    """Pages to the end of the chain -> rows, removed items, the delta link, pages."""
    rows, removed, pages = [], [], []
    while True:
        answer = session.get(url, headers={"Prefer": prefer})
        answer.raise_for_status()
        page = answer.json()
        pages.append((answer, page))
        for item in page["value"]:
            gone = item.get("@odata.context", "").endswith("$deletedEntity")
            (removed if gone else rows).append(item)
        if "@odata.nextLink" not in page:
            return rows, removed, page.get("@odata.deltaLink"), pages
        url = page["@odata.nextLink"]


def chain(session, sandbox, position):
    say = f"delta chain, links {position} the rows: "
    prefer = "odata.track-changes,odata.maxpagesize=200"
    rows, removed, link, pages = follow(
        session, f"{sandbox.web_api}/contacts?$select={SELECT}", prefer)
    answer = pages[0][0]
    check(
        say + "tracking is applied",
        "odata.track-changes" in answer.headers.get("Preference-Applied", ""))
    check(say + "the scan has several pages", len(pages) > 1)
    equal(
        say + "the scan has every contact", {row["contactid"] for row in rows},
        {row["contactid"] for row in sandbox.rows("dataverse/contact")})
    check(
        say + "only the last page has the delta link",
        link and all("@odata.deltaLink" not in page for _, page in pages[:-1]))
    places = [list(page).index(name) < list(page).index("value")
              for _, page in pages for name in page if name.endswith("Link")]
    equal(say + "links stand there", set(places), {position == "before"})

    rows, removed, empty, _ = follow(session, link, "odata.maxpagesize=200")
    equal(say + "no changes, no rows", (rows, removed), ([], []))

    done = sandbox.post(
        "/mutate",
        {"table": "contact", "updates": 230, "creates": 15, "deletes": 12, "seed": len(say)})
    changed = set(done["updated"]) | set(done["created"])
    token = link.split("$deltatoken=")[-1].split("%24deltatoken=")[-1].split("&")[0]
    count = session.get(f"{sandbox.web_api}/contacts/$count?$deltatoken={token}")
    equal(say + "$count says how many wait", int(count.content.decode("utf-8-sig")), 257)

    rows, removed, later, pages = follow(session, link, "odata.maxpagesize=200")
    check(say + "the changes have several pages", len(pages) > 1)
    equal(say + "changed and created rows", {row["contactid"] for row in rows}, changed)
    equal(
        say + "deleted items", {(item["id"], item["reason"]) for item in removed},
        {(id, "deleted") for id in done["deleted"]})
    again, _, _, _ = follow(session, empty, "odata.maxpagesize=200")
    equal(
        say + "an older link still works", {row["contactid"] for row in again}, changed)
    rows, removed, _, _ = follow(session, later, "odata.maxpagesize=200")
    equal(say + "and then nothing more", (rows, removed), ([], []))


def refusals(session, sandbox):
    answer = session.get(
        f"{sandbox.web_api}/contacts?$select={SELECT}&$filter=statecode eq 0",
        headers={"Prefer": "odata.track-changes"})
    equal("a tracked query takes no filter", answer.status_code, 400)
    answer = session.get(f"{sandbox.web_api}/contacts?$deltatoken=1%2101%2f01%2f2001")
    check("a token of nowhere is refused", answer.status_code in (400, 410))
    answer = session.get(f"{sandbox.web_api}/contacts", headers={"Authorization": "Bearer no"})
    equal("a wrong token is 401", answer.status_code, 401)
