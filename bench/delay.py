"""A TCP proxy that lets every byte take its time: delay.py PORT MILLISECONDS (one way).

Prints its port, then serves until its standard input ends. Throughput is not limited.
"""

import queue
import socket
import sys
import threading
import time

port, delay = int(sys.argv[1]), float(sys.argv[2]) / 1000


def take(source, line):
    try:
        while data := source.recv(1 << 18):
            line.put((time.monotonic() + delay, data))
    except OSError:
        pass
    line.put((time.monotonic() + delay, b""))


def give(line, target):
    try:
        while True:
            due, data = line.get()
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            if not data:
                return target.shutdown(socket.SHUT_WR)
            target.sendall(data)
    except OSError:
        pass


def connect(source):
    target = socket.create_connection(("127.0.0.1", port))
    for one, other in [(source, target), (target, source)]:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = queue.SimpleQueue()
        threading.Thread(target=take, args=(one, line), daemon=True).start()
        threading.Thread(target=give, args=(line, other), daemon=True).start()


def accept(listener):
    while True:
        connect(listener.accept()[0])


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print(listener.getsockname()[1], flush=True)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
sys.stdin.read()
