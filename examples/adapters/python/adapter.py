#!/usr/bin/env python3
"""A loader and saver of QEMU's vmstate, behind the protocol of vmconform (docs/protocol.md).

An example for people who put an implementation of their own to the test: Load and Save stand for
that implementation, all else is what the protocol asks for. A request is a JSON object on a line
of standard input, its reply one on a line of standard output.

There is no other form of a value in here than the protocol's: what a load makes and what a save
reads is the JSON form, a dict for a struct, a decimal string for 64 bits, base64 for a buffer.

Out of scope: trees, pointers, conditions, hooks, bitmaps, structs at a version of their own.
"""

import argparse
import base64
import itertools
import json
import sys

# The limits of a load, and what no count may exceed (to QEMU counts are C's int).
MAX_DEPTH, MAX_ELEMENTS, MAX_BYTES = 1024, 1 << 20, 256 << 20
MAX_COUNT = (1 << 31) - 1
EMPTY_ELEMENT_COST = 1024  # elements that an array's element counts for which took no bytes
MAX_NOTE_PATHS = 256 << 10  # bytes of the paths of all notes

# The types that are numbers: their bytes on the wire, and whether they have a sign.
NUMBERS = {
    "int8": (1, True), "int16": (2, True), "int32": (4, True), "int64": (8, True),
    "uint8": (1, False), "uint16": (2, False), "uint32": (4, False), "uint64": (8, False),
    "uint8 equal": (1, False), "uint16 equal": (2, False), "uint32 equal": (4, False),
    "uint64 equal": (8, False), "int32 equal": (4, True), "int32 le": (4, True),
    "timer": (8, True), "CPU_Double_U": (8, False),
}
QUEUES = {"queue": "qtailq/marker-canonical", "list": "qlist/marker-canonical"}
TYPES = [*NUMBERS, *QUEUES, "bool", "buffer", "unused", "struct"]
FEATURES = ["arrays", "counts", "subsections", "recursive", "versions", "locals", "limits"]

# What a schema may hold here; another key is a feature that the handshake did not offer.
SCHEMA_KEYS = set("name version minimum fields subsections".split())
FIELD_KEYS = set("name type version info local size size_from count count_from elem".split())

# What --wrong takes: a marker must be exactly 01 or it ends the queue; elements are inserted at
# the head; an 05 is a subsection whatever its name begins with.
DEFECTS = ["marker", "head", "prefix"]
wrong = None


class Skipped(Exception):
    """What this adapter was not made for."""


class Refused(Exception):
    def __init__(self, kind, offset, path, message):
        self.reply = {"class": kind, "offset": offset, "path": path_text(path), "message": message}


def path_text(path):
    """The text of a path, a list of names and of indices."""
    return "".join(f"[{p}]" if isinstance(p, int) else "/" + p for p in path)[1:]


class Field:
    def __init__(self, document, ref):
        if document["type"] not in TYPES or not FIELD_KEYS.issuperset(document):
            raise Skipped(f"the field {document['name']!r} is not supported")
        self.name, self.type = document["name"], document["type"]
        # The key of its value: one '/' more before a '/', so that none is "/subsections".
        self.key = "/" + self.name if self.name.startswith("/") else self.name
        self.version, self.local = document["version"], int(document.get("local", 0))
        self.array = "count" in document or "count_from" in document
        self.number = document.get("count" if self.array else "size", 0)
        counter = document.get("count_from") or document.get("size_from")
        self.counter = counter and counter.replace("/", "//", counter.startswith("/"))
        self.elem = ref(document["elem"]) if "elem" in document else None

    def fresh(self):
        """What memory holds before a load: nothing yet where a counter says how many."""
        return [self.fresh_one() for _ in range(self.number)] if self.array else self.fresh_one()

    def counted(self, memory, refuse):
        """How many elements or bytes there are, as the schema or the counter in memory says."""
        n = int(memory[self.counter]) if self.counter else self.number
        if not 0 <= n <= MAX_COUNT:
            refuse("out-of-range", f"{self.counter} is {n}")
        return n

    def fresh_one(self):
        if self.type == "struct":
            return self.elem.fresh()
        if self.type in QUEUES:
            return []
        if self.type == "buffer":
            return base64.b64encode(bytes(self.number)).decode()
        if self.type == "bool":
            return bool(self.local)
        return number_json(self.type, self.local)


class Schema:
    """A vmsd. It is filled in later than made, for it may refer to itself."""

    def fill(self, document, ref):
        if not SCHEMA_KEYS.issuperset(document):
            raise Skipped(f"the vmsd {document['name']!r} is not supported")
        self.name, self.wire_name = document["name"], document["name"].encode()
        self.version, self.minimum = document["version"], document["minimum"]
        self.fields = [Field(f, ref) for f in document["fields"]]
        self.subsections = [ref(s) for s in document.get("subsections", ())]
        return self

    def fresh(self):
        return {f.key: f.fresh() for f in self.fields if f.type != "unused"}

    def judge(self, version, refuse, *offset):
        if version > self.version:
            refuse("version-too-new", f"{version} is above {self.version}", *offset)
        if version < self.minimum:
            refuse("version-too-old", f"{version} is below {self.minimum}", *offset)


def read_schema(document):
    defs = {}

    def ref(r):  # a schema in place, or the name of one in "defs"
        if isinstance(r, dict):
            return Schema().fill(r, ref)
        if r not in defs:
            defs[r] = Schema()
            defs[r].fill(document["defs"][r], ref)
        return defs[r]

    return ref(document["schema"])


def number_json(kind, n):
    width, signed = NUMBERS[kind]
    n = n if signed else n % (1 << 8 * width)  # as unsigned, a "local" of -1 is 2^64-1
    return str(n) if width == 8 else n


class Load:
    """One load: the position in the stream, the path to it, and what has been counted.

    The path is left as it is by an error: it leads to what was refused.
    """

    def __init__(self, stream):
        self.stream, self.at = stream, 0
        self.path, self.depth, self.elements = [], 0, 0
        self.notes, self.note_paths = [], 0

    def refuse(self, kind, message, offset=None):
        raise Refused(kind, self.at if offset is None else offset, self.path, message)

    def note(self, rule, offset):
        path = path_text(self.path)
        self.note_paths += len(path.encode())
        if self.note_paths <= MAX_NOTE_PATHS:
            self.notes.append({"rule": rule, "offset": offset, "path": path})

    def take(self, size):
        """Take an item of so many bytes, all of which must be there."""
        end = self.at + size
        if end > MAX_BYTES:
            self.refuse("limit", "too many bytes")
        if end > len(self.stream):
            self.refuse("truncated", "the stream ends here", len(self.stream))
        item, self.at = self.stream[self.at:end], end
        return item

    def take_number(self, size, signed=False):
        return int.from_bytes(self.take(size), "big", signed=signed)

    def vmsd(self, schema, memory, version):
        self.depth += 1
        for f in schema.fields:
            if f.version <= version:
                self.path.append(f.name)
                self.field(f, memory)
                self.path.pop()
        self.subsections(schema, memory)
        self.depth -= 1

    def field(self, f, memory):
        n = f.counted(memory, self.refuse)
        if f.type == "unused":
            rest = len(self.take(n).lstrip(b"\0"))
            if rest > 0:
                self.note("vmstate/unused-zero", self.at - rest)
        elif not f.array:
            memory[f.key] = self.one(f, memory[f.key], n)
        else:
            if f.counter:
                memory[f.key] = []  # a new one, where a subsection is loaded again
            self.array(f, memory[f.key], n)

    def array(self, f, items, n):
        for i in range(n):
            self.path.append(i)
            start = self.at
            if f.type == "struct" or f.type in QUEUES:
                self.count_element(start)
            if i == len(items):
                items.append(f.fresh_one())
            items[i] = self.one(f, items[i], 0)
            if self.at == start:
                self.elements += EMPTY_ELEMENT_COST - 1
            self.path.pop()

    def count_element(self, offset):
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            self.refuse("limit", "too many elements", offset)

    def check_depth(self, offset):
        if self.depth == MAX_DEPTH:
            self.refuse("limit", "too many vmsds inside each other", offset)

    def one(self, f, old, size):
        """Load what is no array; old is what is there so far."""
        if f.type in NUMBERS:
            return self.number(f.type, int(old))
        if f.type == "bool":
            n = self.take_number(1)
            if n > 1:
                self.note("vmstate/bool-canonical", self.at - 1)
            return n != 0
        if f.type == "buffer":
            return base64.b64encode(self.take(size)).decode()
        if f.type == "struct":
            self.check_depth(self.at)
            self.vmsd(f.elem, old, f.elem.version)
        else:
            self.queue(f, old)
        return old

    def number(self, kind, local):
        size, signed = NUMBERS[kind]
        n = self.take_number(size, signed)
        if kind.endswith(" equal") and n != local:
            self.refuse("mismatch", f"{n} on the wire, {local} here", self.at - size)
        if kind.endswith(" le") and not 0 <= n <= local:
            self.refuse("out-of-range", f"{n} on the wire, {local} here", self.at - size)
        return number_json(kind, n)

    def queue(self, f, elements):
        f.elem.judge(f.version, self.refuse)
        for i in itertools.count():
            self.path.append(i)
            marker = self.take_number(1)
            if marker == 0 or wrong == "marker" and marker != 1:
                self.path.pop()
                return
            if marker != 1:
                self.note(QUEUES[f.type], self.at - 1)
            self.count_element(self.at - 1)
            self.check_depth(self.at - 1)
            element = f.elem.fresh()
            elements.insert(0 if wrong == "head" else len(elements), element)
            self.vmsd(f.elem, element, f.version)
            self.path.pop()

    def subsections(self, schema, memory):
        seen = []
        while (name := self.peek(schema)) is not None:
            self.path.append(name.decode(errors="replace"))
            self.check_depth(self.at)
            place = next((i for i, s in enumerate(schema.subsections) if s.wire_name == name), None)
            if place is None:
                self.path.pop()
                self.refuse("unknown-subsection", f"{name!r}")
            if place in seen:
                self.note("subsection/repeated", self.at)
            elif seen and place < seen[-1]:
                self.note("subsection/order", self.at)
            seen.append(place)
            self.subsection(schema.subsections[place], memory)
            self.path.pop()

    def peek(self, schema):
        """The name of the subsection that stands here, or None: no byte is taken."""
        header = self.stream[self.at:self.at + 2]
        if len(header) < 2 or header[0] != 5 or header[1] <= len(schema.wire_name):
            return None
        name = self.stream[self.at + 2:self.at + 2 + header[1]]
        ours = name.startswith(schema.wire_name) or wrong == "prefix"
        return name if ours and len(name) == header[1] else None

    def subsection(self, schema, memory):
        self.take(2 + len(schema.wire_name))
        version = self.take_number(4)
        schema.judge(version & 0xff, self.refuse, self.at - 4)
        if version > 0xff:
            self.note("subsection/version-mod-256", self.at - 4)
        present = memory.setdefault("/subsections", {})
        self.vmsd(schema, present.setdefault(schema.name, schema.fresh()), version & 0xff)


class Save:
    def __init__(self):
        self.out, self.path = bytearray(), []

    def refuse(self, kind, message):
        raise Refused(kind, len(self.out), self.path, message)

    def vmsd(self, schema, value, version):
        for f in schema.fields:
            if f.version <= version:
                self.path.append(f.name)
                self.field(f, value)
                self.path.pop()
        present = value.get("/subsections", {})
        for s in schema.subsections:
            if s.name in present:
                self.path.append(s.name)
                self.out += bytes([5, len(s.wire_name)]) + s.wire_name
                self.out += s.version.to_bytes(4, "big")
                self.vmsd(s, present[s.name], s.version)
                self.path.pop()

    def field(self, f, value):
        n = f.counted(value, self.refuse)
        if f.type == "unused":
            self.out += bytes(n)
        elif not f.array:
            self.one(f, value[f.key], n)
        else:
            self.check_length(value[f.key], n)
            for i, item in enumerate(value[f.key]):
                self.path.append(i)
                self.one(f, item, 0)
                self.path.pop()

    def check_length(self, items, n):
        if len(items) != n:
            self.refuse("out-of-range", f"{len(items)} where {n} belong")

    def one(self, f, value, size):
        if f.type in NUMBERS:
            width, signed = NUMBERS[f.type]
            try:
                self.out += int(value).to_bytes(width, "big", signed=signed)
            except OverflowError:
                self.refuse("out-of-range", f"{value} is no {f.type}")
        elif f.type == "bool":
            self.out.append(value)
        elif f.type == "buffer":
            data = base64.b64decode(value)
            self.check_length(data, size)
            self.out += data
        elif f.type == "struct":
            self.vmsd(f.elem, value, f.elem.version)
        else:
            for i, element in enumerate(value):
                self.path.append(i)
                self.out.append(1)
                self.vmsd(f.elem, element, f.elem.version)
                self.path.pop()
            self.out.append(0)


HELLO = {
    "protocol": 1, "name": "example-python", "language": "Python " + sys.version.split()[0],
    "version": "1", "ops": ["load", "save"], "types": TYPES, "features": FEATURES,
    "offsets": True, "paths": True, "notes": True,
}


def perform(request):
    if request["op"] == "hello":
        return HELLO
    schema, version = read_schema(request["schema"]), request["version"]
    if request["op"] == "load":
        l, value = Load(base64.b64decode(request["stream"])), schema.fresh()
        schema.judge(version, l.refuse)
        l.vmsd(schema, value, version)
        return {"value": value, "consumed": l.at, "notes": l.notes}
    s = Save()
    schema.judge(version, s.refuse)
    s.vmsd(schema, request["value"], version)
    return {"stream": base64.b64encode(s.out).decode()}


def answer(request):
    try:
        return {"id": request["id"], "ok": perform(request)}
    except Refused as e:
        return {"id": request["id"], "error": e.reply}
    except (Skipped, MemoryError) as e:
        return {"id": request["id"], "skipped": str(e) or "out of memory"}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--wrong", choices=DEFECTS)
    wrong = parser.parse_args().wrong
    sys.setrecursionlimit(20000)  # MAX_DEPTH vmsds, and the JSON of as many
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
