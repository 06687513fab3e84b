# SPDX-License-Identifier: Apache-2.0
"""What a GPU measured beside what the model of its machine code says.

Modelled: results/machine-<date>.json, whose rows are steps of a workload and optimizer in a precision, at
full population or (`members` is `alone`) of one member. Measured: gpu-<date>.json of tools/gpu_check.sh.
What is compared is the time of the device alone; with the host's around it stands beside it, as `wall`.
"""
import json
import pathlib
import re

ARCHITECTURE = "sm_90"  # of the devices that are measured
RESULTS = pathlib.Path(__file__).resolve().parent / "results"


def newest():
    """The model's newest document with its file's name; None if there is none."""
    files = sorted(RESULTS.glob("machine-[0-9]*.json"))
    return json.loads(files[-1].read_text()) | {"file": files[-1].name} if files else None


def measured_steps(document):
    """(workload, optimizer, precision, "full") -> the entry of the population that trains fastest, and its
    size; with "alone", of a member in as many blocks as train it fastest."""
    best = {}
    for entry in document["benchmarks"] if document else []:
        name = re.sub(r"/(iterations:\d+|manual_time)", "", entry["name"])
        match = re.fullmatch(r"TrainStep/cuda/(\w+)/(\w+)/members:(\d+)(?:/optimizer:(\w+))?"
                             r"|BlocksPerMember/cuda/(\w+)/(\w+)/members:1/blocks:\d+", name)
        if not match or "error_message" in entry:
            continue
        workload, precision, members, optimizer, *alone = match.groups()
        own = "sgd" if workload == "W4" else "adam"  # workloads.hpp
        key = (workload, optimizer or own, precision, "full")
        if alone[0]:
            key, members = (alone[0], "adam", alone[1], "alone"), 1
        if key not in best or best[key][0]["device_steps_per_s"] < entry["device_steps_per_s"]:
            best[key] = (entry, int(members))
    return best


def compare(model, document):
    """A row for each that is modelled; what is not measured is None."""
    measured = measured_steps(document)
    rows = []
    for row in model["rows"] if model else []:
        if row.get("architecture", ARCHITECTURE) != ARCHITECTURE:
            continue
        population = row.get("members", "full")
        key = tuple(row[part] for part in ("workload", "optimizer", "precision"))
        entry, members = measured.get((*key, population), ({}, None))
        steps = entry.get("device_steps_per_s")
        # Of a multiprocessor, of which a member may have several; one that is alone leaves most idle.
        full = population == "full"
        rows.append({"work": " ".join(key) + ("" if full else ", alone"), "members": members,
                     "modelled": row["steps_per_s"], "measured": steps,
                     "ratio": steps / row["steps_per_s"] if steps else None, "wall": entry.get("steps_per_s"),
                     "clocks_modelled": row["clocks"] * row.get("blocks", 1) if full else None,
                     "clocks_measured": entry.get("clocks_per_step") if full else None})
    return rows


HEAD = ["work", "members", "steps/s modelled", "measured", "ratio", "by wall clock", "clocks a step modelled",
        "measured"]


def cells(row):
    def show(value, form):
        return "" if value is None else format(value, form)
    return [row["work"], show(row["members"], ",d"), show(row["modelled"], ",.0f"), show(row["measured"], ",.0f"),
            show(row["ratio"], ".2f"), show(row["wall"], ",.0f"), show(row["clocks_modelled"], ",.0f"),
            show(row["clocks_measured"], ",.0f")]


def other_kernels(model, document):
    """A sentence where the two are not of the same kernels; else nothing."""
    if not model or not document or model["kernel_hash"] == document["kernel_hash"]:
        return ""
    return f"The model is of kernels {model['kernel_hash']}, the measurement of {document['kernel_hash']}."


def lines(model, document):
    """A table in plain text of what is measured so far; nothing if that is nothing."""
    rows = [cells(row) for row in compare(model, document) if row["measured"]]
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(HEAD, *rows)]
    text = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip() for row in [HEAD, *rows]]
    return ["device against model:"] + ["  " + line for line in text] + list(filter(None, [other_kernels(model, document)]))
