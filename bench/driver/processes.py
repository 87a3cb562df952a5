"""The programs under measurement: started, listened to and ended by their process ids."""
import contextlib
import json
import random
import socket
import subprocess
import tempfile
import threading
import time

STOP_S = 10.0
START_S = 30.0

# Listening ports are taken from below those that the kernel gives to outgoing connections.
FIRST_PORT, LAST_PORT = 10000, 32000


class Failure(Exception):
    """A measurement that could not be made; says why."""


class Child:
    """A program of ours or of others. Ends with this one, whatever becomes of it."""

    def __init__(self, command, folder=None):
        self.name = str(command[0]).rsplit('/', 1)[-1]
        self.errors = tempfile.TemporaryFile('w+')
        self.begun = time.monotonic()
        # setpriv becomes the program; the kernel ends it when this process is gone.
        self.process = subprocess.Popen(
            ['setpriv', '--pdeathsig', 'TERM', *map(str, command)], text=True, cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors)
        self.lines = []  # (moment, object) of each line of its output
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    @property
    def pid(self):
        return self.process.pid

    def _read(self):
        for line in self.process.stdout:
            with contextlib.suppress(json.JSONDecodeError), self.changed:
                self.lines.append((time.monotonic(), json.loads(line)))
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def wait_for(self, is_wanted, seconds=START_S):
        """The first line, as (moment, object), for which `is_wanted` holds."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                for moment, line in self.lines:
                    if is_wanted(line):
                        return moment, line
                if self.process.poll() is not None:
                    raise Failure(f'{self.name} has ended: {self.error_text()}')
                left = end - time.monotonic()
                if left <= 0:
                    raise Failure(f'{self.name} says nothing of what is waited for: {self.error_text()}')
                self.changed.wait(min(left, 0.5))

    def error_text(self):
        self.errors.seek(0)
        return self.errors.read()[-500:].strip() or 'without a message'

    def tell_to_end(self):
        if self.process.poll() is None:
            self.process.terminate()

    def stop(self):
        self.tell_to_end()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(1)
        self.process.stdout.close()
        self.errors.close()


def stop_all(children):
    """All are told first, so that they end side by side."""
    for child in children:
        child.tell_to_end()
    for child in children:
        child.stop()


def run_json(command, seconds):
    """The last line that a program prints, as JSON; the program has that long for it."""
    name = str(command[0]).rsplit('/', 1)[-1]
    try:
        run = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=seconds,
                             check=False)
        return json.loads(run.stdout.strip().rsplit('\n', 1)[-1])
    except subprocess.TimeoutExpired:
        raise Failure(f'{name} was not done in {seconds} s') from None
    except json.JSONDecodeError:
        raise Failure(f'{name}: {run.stderr[-300:].strip() or "no result"}') from None


def is_free(port):
    for family, host in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def free_ports(count):
    """The first of `count` consecutive ports that nobody listens on."""
    for _ in range(1000):
        first = random.randrange(FIRST_PORT, LAST_PORT - count)
        if all(is_free(port) for port in range(first, first + count)):
            return first
    raise Failure(f'no {count} consecutive ports are free')
