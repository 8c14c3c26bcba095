#!/usr/bin/env python3
"""Times the reading of a large mailbox beside Python's mailbox and email modules.

    cargo build --release --example read_mailbox
    python3 benches/mbox.py [--megabytes 1024] [--scratch DIR]

The mailbox is made by repetition of the messages of tests/fixtures/mail in a scratch folder, with attachments that bring
an average message to ten kilobytes: 1 GB is about 100,000 messages. It is removed at the end. Both programs decode headers
and bodies of every message; ours is timed once more with the cleaning and redaction that a run adds; peak memory is that of the process (getrusage).
"""

import argparse
import base64
import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

PYTHON = r"""
import itertools, mailbox, resource, sys, time, email, email.policy
count = characters = 0
started = time.monotonic()
box = mailbox.mbox(sys.argv[1], factory=lambda file: email.message_from_binary_file(file, policy=email.policy.default), create=False)
keys = box.keys()
found = time.monotonic()
for key in itertools.islice(keys, int(sys.argv[2])):
    message = box[key]
    count += 1
    body = message.get_body(("plain", "html"))
    if body is not None:
        try:
            characters += len(body.get_content())
        except (LookupError, ValueError):
            pass
print((found - started) / len(keys) + (time.monotonic() - found) / count, count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def messages():
    found = []
    for path in sorted((ROOT / "tests/fixtures/mail").glob("*/*.eml")):
        raw = path.read_bytes().replace(b"\r\n", b"\n")
        if b"\nMessage-ID:" in raw and b"\nDate:" in raw and b"multipart" not in raw:
            found.append(raw)
    return found


def with_attachment(raw, rng):
    head, _, body = raw.partition(b"\n\n")
    fields = [b""]
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            fields[-1] += b"\n" + line
        else:
            fields.append(line)
    part = [field for field in fields if field.lower().startswith(b"content-")]
    rest = [field for field in fields[1:] if field not in part and not field.lower().startswith(b"mime-version")]
    data = base64.encodebytes(rng.randbytes(6800))
    return b"\n".join(
        rest
        + [b"MIME-Version: 1.0", b'Content-Type: multipart/mixed; boundary="part"', b"", b"--part"]
        + part
        + [b"", body, b"--part", b'Content-Type: image/jpeg; name="photo.jpg"', b"Content-Transfer-Encoding: base64"]
        + [b'Content-Disposition: attachment; filename="photo.jpg"', b"", data + b"--part--", b""]
    )


def make(path, size):
    rng = random.Random(7)
    source = messages()
    count = written = 0
    with open(path, "wb") as file:
        while written < size:
            raw = with_attachment(source[count % len(source)], rng)
            raw = raw.replace(b"Message-ID: <", b"Message-ID: <%d." % count, 1)
            raw = raw.replace(b"\nFrom ", b"\n>From ")
            record = b"From sender@example.com Mon Nov  3 18:42:00 2025\n" + raw + b"\n"
            file.write(record)
            written += len(record)
            count += 1
    return count


def timed(command):
    before = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return time.monotonic() - before, done


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--python-messages", type=int, help="messages that Python reads after it has found them all; default all")
    parser.add_argument("--scratch", default=None)
    parser.add_argument("--reader", default=str(ROOT / "target/release/examples/read_mailbox"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        path = pathlib.Path(folder) / "box.mbox"
        count = make(path, arguments.megabytes * 1024 * 1024)
        size = path.stat().st_size
        print(f"{count} messages, {size / 2**20:.0f} MiB", file=sys.stderr)
        results = {"messages": count, "bytes": size}
        for name, options in (("motif_read", ["--read-only"]), ("motif_read_and_clean", [])):
            seconds, done = timed([arguments.reader, str(path), *options])
            # The largest child so far: reading alone comes first.
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            if done.returncode:
                sys.exit(done.stderr)
            results[name] = {
                "seconds": round(seconds, 1),
                "per_s": round(count / seconds),
                "peak_mib": peak // 1024,
                **json.loads(done.stdout),
            }
        seconds, done = timed([sys.executable, "-c", PYTHON, str(path), str(arguments.python_messages or count)])
        if done.returncode:
            sys.exit(done.stderr)
        # Finding the messages is shared by all of them, whether they are read or not.
        each, read, peak = map(float, done.stdout.split())
        results["python"] = {
            "seconds": round(seconds, 1),
            "per_s": round(1 / each),
            "peak_mib": int(peak) // 1024,
            "messages": int(read),
        }
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
