"""The peer: clicks to activities as a careful person writes it with `requests` and `csv`.

    events_requests.py URL TOKEN CAMPAIGN FILE...

One session, one POST for each event, with the same ids, columns and state: run again, it creates
nothing twice (412).
"""

import csv
import json
import sys
import uuid

import requests

url, token, campaign, *files = sys.argv[1:]
NAMESPACE = uuid.UUID("8f3a1c52-6d0b-4e7a-9b64-27c1e05d83f6")


def activity_id(row, contact):
    parts = [campaign, "click", row["trackId"], row["deliveryId"], contact]
    return uuid.uuid5(NAMESPACE, "".join(f"{len(part.encode())}:{part}" for part in parts))


def moment(text):
    return text.replace(" ", "T").split(".")[0].rstrip("Z") + "Z"


def is_click(row):
    return row["messageType"] == "0" and row["urlType"] in ("1", "10", "11")


def activity(row):
    contact, at = row["externalId"], moment(row["logDate"])
    body = {
        "activityid": str(activity_id(row, contact)),
        "subject": f"Campaign Name: {row['campaignId']}; Delivery Name: {row['deliveryId']}",
        "regardingobjectid_contact_adobe_campaignemailclick@odata.bind": f"/contacts({contact})",
        "actualend": at,
        "sortdate": at,
        "adobe_dateclicked": at,
        "adobe_campaignname": row["campaignId"],
        "adobe_deliveryname": row["deliveryId"],
        "adobe_trackingurl": row["url"],
        "adobe_mirrorpageurl": row["mirrorPage"],
        "statecode": 1,
        "statuscode": 2,
    }
    return {name: value for name, value in body.items() if value != ""}


with requests.Session() as session:
    session.headers.update(
        {
            "Authorization": "Bearer " + token,
            "Accept": "application/json",
            "Content-Type": "application/json; charset=utf-8",
            "OData-MaxVersion": "4.0",
            "OData-Version": "4.0",
        })
    created = 0
    for name in files:
        with open(name, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                if not is_click(row):
                    continue
                body = json.dumps(activity(row), ensure_ascii=False).encode()
                answer = session.post(
                    f"{url}/api/data/v9.2/adobe_campaignemailclicks", data=body, timeout=180)
                if answer.status_code != 412:
                    answer.raise_for_status()
                    created += 1
print(created)
