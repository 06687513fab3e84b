# SPDX-License-Identifier: Apache-2.0
"""What machine this is: its device, its clocks, where its tools and cublasLt are."""

import glob
import os
import pathlib
import re
import shutil


def find_tool(name, *folders):
    """In PATH or in folders, which may have asterisks; None if it is not there."""
    for place in [shutil.which(name)] + [os.path.join(found, name) for folder in folders
                                         for found in sorted(glob.glob(folder), reverse=True)]:
        if place and os.access(place, os.X_OK):
            return place
    return None


def device(session):
    run = session.run(["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"], 20)
    if run.code == 0 and run.lines:
        parts = [part.strip() for part in run.lines[0].split(",")] + ["", ""]
        return {"device": parts[0], "driver": parts[1], "memory": parts[2]}
    return {"device": "", "driver": ""}


def clocks(session, log):
    """Clocks, their maxima, and what holds them back, as they are now."""
    run = session.run(["nvidia-smi", "-q", "-d", "CLOCK,PERFORMANCE"], 20)
    log += ["$ nvidia-smi -q -d CLOCK,PERFORMANCE"] + run.lines + [""]
    found, section = {"held_back_by": []}, ""
    for line in run.lines:
        key, colon, value = (part.strip() for part in line.partition(" : "))
        if not colon:
            section = key
        elif (section, key) in (("Clocks", "SM"), ("Clocks", "Memory"), ("Max Clocks", "SM")):
            found[f"{section} {key}".lower().replace(" ", "_")] = value
        elif key == "Performance State":
            found["performance_state"] = value
        elif value == "Active" and key != "Idle":
            found["held_back_by"].append(key)
    return found if run.code == 0 else {}


CUBLAS = ("libcublasLt.so.13", "libcublasLt.so.12")
TOOLKITS = ("/usr/local/cuda*/lib64", "/usr/local/cuda*/targets/*/lib")


def cublas_folder(session, toolkits=TOOLKITS, root="/"):
    """Where cublasLt lies if the loader does not find it: with a toolkit, or a Python package. Empty: it
    finds it, or there is none."""
    known = session.run([find_tool("ldconfig", "/sbin", "/usr/sbin") or "ldconfig", "-p"], 10).lines
    for name in CUBLAS:
        if any(re.match(rf"\s*{re.escape(name)} ", line) for line in known):
            return ""
    for name in CUBLAS:
        for folder in toolkits:
            if places := sorted(glob.glob(os.path.join(folder, name)), reverse=True):
                return os.path.dirname(places[0])
    tests = [part for name in CUBLAS for part in ("-o", "-name", name)][1:]
    found = session.run(["find", root, "-xdev", "(", "-path", "/proc", "-o", "-path", "/sys", ")", "-prune",
                         "-o", "(", *tests, ")", "-print"], 15).lines
    places = [pathlib.Path(line) for line in found if line.endswith(CUBLAS)]
    places.sort(key=lambda place: CUBLAS.index(place.name))
    return str(places[0].parent) if places else ""
