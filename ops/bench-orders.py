"""Adds vendors 1 to CHANNELS and places MESSAGES paid orders, order i for vendor i mod CHANNELS + 1.

usage: bench-orders.py HOST:PORT CHANNELS MESSAGES
"""

import http.client
import json
import sys

address, channels, messages = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
connection = http.client.HTTPConnection(address)


def post(path, body):
    headers = {"X-Master-Token": "t", "Content-Type": "application/json"}
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status not in (200, 201):
        sys.exit(f"{path}: {answer.status} {text[:300]!r}")
    return json.loads(text)


for vendor in range(1, channels + 1):
    post("/api/vendors/", {"id": str(vendor), "name": f"Vendor {vendor}"})


def order(i):
    return {
        "vendor_id": str(i % channels + 1),
        "order_number": f"ORD-{i:08}",
        "status": "Paid",
        "currency": "EUR",
        "buyer": {"name": "Ana Souza", "email": "ana.souza@example.com"},
        "ship_to": {"line1": "Rua Um 1", "city": "Lisboa", "postcode": "1000-001", "country": "PT"},
        "lines": [{"sku": "MUG-1", "title": "Mug", "qty": 2, "unit_price": "5.00"}],
    }


for start in range(0, messages, 1000):
    rows = post("/api/orders/", [order(i) for i in range(start, min(start + 1000, messages))])["results"]
    refused = [row for row in rows if row["result"] != "placed"]
    if refused:
        sys.exit(f"refused: {refused[0]}")
