"""A reverse proxy that keeps pages: what a stand-in answered once, it serves from memory.

    replay.py --upstream http://127.0.0.1:8365 [--keep-nothing]

Prints its port, then serves until its standard input ends. Pages of `/contacts?` are kept by
address and `Prefer`, without compression; everything else is passed on. `GET /_pages` lists the
kept addresses and the size of the largest; `GET /_pace?ms=100` lets every kept page take as long,
with `&by=size` only the largest, and the others as much less as they are smaller.
"""

import argparse
import http.client
import json
import socket
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

arguments = argparse.ArgumentParser()
arguments.add_argument("--upstream", required=True)
arguments.add_argument("--keep-nothing", action="store_true")
arguments = arguments.parse_args()

kept = {}
pace = 0.0
largest = 0  # where pages take their time by their size
lock = threading.Lock()


def ask(method, target, headers, body):
    upstream = http.client.HTTPConnection(urlsplit(arguments.upstream).netloc)
    passed = {name: value for name, value in headers.items() if name != "accept-encoding"}
    upstream.request(method, target, body, {**passed, "accept-encoding": "identity"})
    answer = upstream.getresponse()
    content = answer.read()
    upstream.close()
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
    skipped = {"content-length", "transfer-encoding", "connection"}
    lines += [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in skipped]
    lines.append(f"Content-Length: {len(content)}")
    return answer.status, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + content


def control(target):
    global pace, largest
    url = urlsplit(target)
    size = max(map(len, kept.values()), default=0)
    if url.path == "/_pace":
        query = parse_qs(url.query)
        pace = int(query["ms"][0]) / 1000
        largest = size if "by" in query else 0
    body = json.dumps({"pages": [target for target, _ in kept], "largest": size})
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def answer(method, target, headers, body):
    if target.startswith("/_pa"):
        return control(target)
    is_page = method == "GET" and "/contacts?" in target and "deltatoken" not in target
    key = (target, headers.get("prefer", ""))
    if is_page and key in kept:
        if pace:
            time.sleep(pace * len(kept[key]) / largest if largest else pace)
        return kept[key]
    status, response = ask(method, target, headers, body)
    if is_page and status == 200 and not arguments.keep_nothing:
        with lock:
            kept[key] = response
    return response


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = connection.makefile("rb")
    with connection, stream:
        while line := stream.readline():
            method, target, _ = line.decode("latin-1").split(" ", 2)
            headers = {}
            while (line := stream.readline().strip()):
                name, _, value = line.decode("latin-1").partition(":")
                name, value = name.lower(), value.strip()
                headers[name] = headers[name] + "," + value if name in headers else value
            body = stream.read(int(headers.get("content-length", 0)))
            connection.sendall(answer(method, target, headers, body))


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=quietly, args=(connection,), daemon=True).start()


def quietly(connection):
    try:
        serve(connection)
    except OSError:
        pass  # a client that has what it wants may leave


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print(listener.getsockname()[1], flush=True)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
sys.stdin.read()
