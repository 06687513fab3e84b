# SPDX-License-Identifier: Apache-2.0
"""Takes the machine code of kernels out of what nvcc made, and has nvdisasm list it.

    kernel_code.py NVDISASM OUT FILE...   FILE: an object with embedded code, or a cubin NAME.ARCH.cubin

Writes OUT/<name>.<architecture>.cubin and .sass. What has not changed is left as it is.
"""

import pathlib
import re
import struct
import subprocess
import sys

ARCHITECTURES = {80: "sm_80", 90: "sm_90"}  # of those that the tests know
FATBIN, ELF_ENTRY, COMPRESSED = 0xBA55ED50, 2, 0x2000 | 0x8000


def sections(elf):
    """The bytes of the sections of a 64-bit ELF file, by name."""
    table, = struct.unpack_from("<Q", elf, 0x28)
    size, count, names = struct.unpack_from("<HHH", elf, 0x3A)

    def header(i):
        name, _, _, _, offset, length = struct.unpack_from("<IIQQQQ", elf, table + i * size)
        return name, offset, length

    _, strings, _ = header(names)
    found = {}
    for name, offset, length in map(header, range(count)):
        end = elf.index(b"\0", strings + name)
        found[elf[strings + name:end].decode()] = elf[offset:offset + length]
    return found


def cubins(path):
    """Pairs of architecture and cubin that an object embeds."""
    data = sections(path.read_bytes()).get(".nv_fatbin", b"")
    at = 0
    while at + 16 <= len(data):
        magic, _, header, size = struct.unpack_from("<IHHQ", data, at)
        if magic != FATBIN:
            at += 8
            continue
        entry, end = at + header, at + header + size
        while entry < end:
            kind, _, head, length = struct.unpack_from("<HHIQ", data, entry)
            architecture, = struct.unpack_from("<I", data, entry + 0x1C)
            code = data[entry + head:entry + head + length]
            if kind == ELF_ENTRY and architecture in ARCHITECTURES:
                if not code.startswith(b"\x7fELF"):
                    sys.exit(f"{path}: its machine code is compressed: compile with --no-compress")
                yield ARCHITECTURES[architecture], code
            entry += head + length
        at = end


def write(nvdisasm, out, name, architecture, code):
    cubin = out / f"{name}.{architecture}.cubin"
    listing = cubin.with_suffix(".sass")
    if not cubin.exists() or cubin.read_bytes() != code:
        cubin.write_bytes(code)
    if listing.exists() and listing.stat().st_mtime >= cubin.stat().st_mtime:
        return
    text = subprocess.run([nvdisasm, "-c", "-hex", cubin], check=True, capture_output=True, text=True)
    listing.write_text(re.sub(" +", " ", text.stdout))


def main():
    nvdisasm, out, files = sys.argv[1], pathlib.Path(sys.argv[2]), map(pathlib.Path, sys.argv[3:])
    out.mkdir(parents=True, exist_ok=True)
    for file in files:
        name = file.name.split(".")[0]
        if file.suffix == ".cubin":
            write(nvdisasm, out, name, file.name.split(".")[1], file.read_bytes())
            continue
        for architecture, code in cubins(file):
            write(nvdisasm, out, name, architecture, code)


if __name__ == "__main__":
    main()
