#!/usr/bin/env python3
"""Measures four bulk changes at once, each of many rows about one order of 500 lines: time, memory and disk.

    ops/bulk.py SERVER [same | alternate]

SERVER is an `ordertop-server`. With `same` each request ships the order in 1,000 rows; with `alternate` each sets it
to Shipped and Disputed in turn in 700 rows, as often as one request may.
"""
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

TOKEN = "token-of-the-measurement"


def main(server, mode="same"):
    folder = tempfile.mkdtemp()
    command = [server, "serve", "--listen", "127.0.0.1:0", "--store", f"{folder}/orders.db"]
    environment = {**os.environ, "ORDERTOP_MASTER_TOKEN": TOKEN}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    )
    url = process.stdout.readline().split()[-1]

    def call(path, body, **headers):
        headers = {"X-Master-Token": TOKEN, "Content-Type": "application/json"} | headers
        request = urllib.request.Request(url + path, json.dumps(body).encode(), headers)
        return len(urllib.request.urlopen(request).read())

    def peak():
        with open(f"/proc/{process.pid}/status") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))

    line = {"title": "A mug of some kind, large, blue", "qty": 1, "unit_price": "1.00"}
    lines = [line | {"sku": f"S-{n}"} for n in range(500)]
    order = {"vendor_id": "42", "order_number": "L", "status": "Paid", "currency": "EUR", "lines": lines}
    call("/api/vendors/", {"id": "42", "name": "Acme"})
    call("/api/orders/", order)
    rows = [{"order_number": "L", "vendor_id": "42", "status": "Shipped"}] * 1000
    if mode == "alternate":
        steps = [{"status": "Shipped"}, {"status": "Disputed", "reason": "x"}]
        rows = [rows[0] | steps[n % 2] | {"reason": "x"} for n in range(700)]

    before, begun, answers = peak(), time.monotonic(), []

    def change(n):
        key = {"Idempotency-Key": f"k-{n}"}
        answers.append(call("/api/orders/update-status/", {"orders": rows}, **key))

    threads = [threading.Thread(target=change, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begun
    disk = sum(os.path.getsize(f"{folder}/{name}") for name in os.listdir(folder))
    print(f"{took:.2f} s, peak {before} -> {peak()} MiB, {disk // 1024} KiB on disk, answers of {answers} bytes")
    process.terminate()
    process.wait()


main(*sys.argv[1:])
