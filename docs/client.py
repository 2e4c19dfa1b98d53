"""A program of the bureau's: reads a filtered register into pandas, changes rows without overwriting others, imports a file.

python docs/client.py http://127.0.0.1:8000 TOKEN FILE.xlsx
"""

import sys
import time

import pandas
import requests


def main(server, token, file):
    http, base = requests.Session(), f"{server}/api/v1"
    http.headers["Authorization"] = f"Bearer {token}"

    found, asked = [], {"kind": "teaching", "sort": "id", "limit": 200}
    while asked.get("cursor", "") is not None:
        page = http.get(f"{base}/registers/damaged_building/records", params=asked).json()
        found, asked["cursor"] = found + page["records"], page["next"]
    table = pandas.DataFrame(found)
    print(table.groupby("damage").size())

    for row in table[table["note"].isna()].itertuples():
        version = {"If-Match": f'"{row.version}"'}
        answer = http.patch(f"{base}/registers/damaged_building/records/{row.id}", json={"note": "待核"}, headers=version)
        print(row.id, answer.status_code, answer.json().get("detail", ""))

    with open(file, "rb") as opened:
        plan = http.post(f"{base}/registers/damaged_building/imports", files={"file": opened}, data={"policy": "good"}).json()
    for step, wanted in (("", "planned"), (":apply", "applied")):
        plan = http.post(f"{base}/imports/{plan['id']}{step}").json() if step else plan
        while plan["state"] in ("reading", "applying"):
            time.sleep(0.2)
            plan = http.get(f"{base}/imports/{plan['id']}").json()
        print(plan["state"], plan["counts"])
        if plan["state"] != wanted:
            return [question["label"] for question in plan["questions"]] or plan["message"]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
