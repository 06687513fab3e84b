# SPDX-License-Identifier: Apache-2.0
"""Makes the tables of bench/README.md and README.md, and the plots, from bench/results/*.json.

    report.py                writes them
    report.py --check        says what is not as it would write it; exit code 1 then
    report.py --take FILE    first keeps FILE (of brood_bench --benchmark_out=FILE) as results/cpu-<date>.json,
                             that of brood_launcher_bench as results/launcher-<date>.json
    report.py --measured GPU [--modelled MACHINE]   prints what a GPU measured (gpu-<date>.json) beside what
                             the model says (the newest machine-<date>.json of results)

No figure is typed by hand: what stands between <!-- report: NAME --> and <!-- end --> is written here, of
the newest file of its kind (by name, which ends with the date).
"""
import argparse
import json
import pathlib
import re
import sys

import modelled
import plot

BENCH = pathlib.Path(__file__).resolve().parent
RESULTS = BENCH / "results"
SECTION = re.compile(r"(<!-- report: (\w[\w-]*) -->\n).*?(<!-- end -->)", re.S)
NONE = "Not measured yet.\n"


def newest(kind):
    files = sorted(RESULTS.glob(f"{kind}-[0-9]*.json"))
    return json.loads(files[-1].read_text()) | {"file": files[-1].name} if files else None


def take(path):
    """Google Benchmark's document, less what says nothing."""
    raw = json.loads(pathlib.Path(path).read_text())
    context = raw["context"]
    dull = {"family_index", "per_family_instance_index", "run_name", "run_type", "repetitions", "repetition_index",
            "threads", "iterations", "real_time", "cpu_time", "time_unit"}
    kind = "launcher" if raw["benchmarks"][0]["name"].startswith("Order/") else "cpu"
    document = {"date": context["date"][:10],
                "machine": f"{context['cpu']}, {context['num_cpus']} cores",
                "compiler": context.get("compiler", "unknown"),
                "command": "build/brood_launcher_bench" if kind == "launcher" else "build/brood_bench",
                "benchmarks": [{key: value for key, value in entry.items() if key not in dull}
                               for entry in raw["benchmarks"] if not entry.get("error_occurred")]}
    out = RESULTS / f"{kind}-{document['date']}.json"
    out.write_text(json.dumps(document, indent=1) + "\n")


def of_machine(document):
    """One line: machine, versions, command, date, file."""
    machine = document.get("machine") or document.get("device")
    if isinstance(machine, dict):
        machine = ", ".join(str(part) for part in (machine.get("gpu"), machine["cpu"], f"{machine['cores']} cores") if part)
    versions = [document["compiler"]] if "compiler" in document else []
    versions += [part for tool in sorted(document.get("versions", {})) for part in document["versions"][tool].split(", ")]
    command = f"`{document['command']}`" if "command" in document else "`tools/gpu_check.sh`"
    parts = dict.fromkeys([*machine.split(", "), *versions, command, document["date"][:10]])  # each once
    return ", ".join(parts) + f" (`results/{document['file']}`)"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in row) + " |\n" for row in lines)


def percent(value):
    return "" if value is None else f"{100 * value:.1f} %"


def benchmarks(document, pattern):
    """(the groups of the name, the entry) of those whose name matches."""
    for entry in document["benchmarks"] if document else []:
        match = re.fullmatch(pattern, re.sub(r"/(iterations:\d+|manual_time|real_time)", "", entry["name"]))
        if match and "error_message" not in entry:
            yield match.groups(), entry


def cpu_table(document):
    if not document:
        return NONE
    steps = [(entry["name"], f"{entry['steps_per_s']:,.0f}", percent(entry["peak_share"]))
             for _, entry in benchmarks(document, r"TrainStep/cpu/\w+/threads:\d+")]
    text = of_machine(document) + ":\n\n" + table(["benchmark", "steps/s", "share of peak"], steps)
    sizes = [(members, f"{entry['ns_per_step']:,.0f}", f"{entry['planned_bytes']:,.0f}",
              f"{entry['bytes_per_member']:,.0f}" if "bytes_per_member" in entry else "")
             for (members,), entry in benchmarks(document, r"Population/cpu/D/members:(\d+)")]
    if sizes:
        text += "\n" + table(["members of D", "ns of a core a step", "bytes a member, planned", "measured"], sizes)
    return text


def cuda_table(document):
    if not document:
        return NONE
    rows = [(entry["name"], f"{entry['steps_per_s']:,.0f}", f"{entry['device_steps_per_s']:,.0f}",
             percent(entry.get("peak_share")), percent(entry.get("shared_share")))
            for _, entry in benchmarks(document, r"TrainStep/cuda/.*")]
    head = ["benchmark", "steps/s", "of the device's own time", "of mma.sync", "of shared memory"]
    return of_machine(document) + ":\n\n" + table(head, rows)


def machine_table(model, document):
    """Modelled beside measured."""
    if not model:
        return "Not modelled yet.\n"
    measured = f", measured in `results/{document['file']}`" if document else ", not measured yet"
    other = modelled.other_kernels(model, document)
    return (f"Modelled in `results/{model['file']}`{measured}:\n\n"
            + table(modelled.HEAD, [modelled.cells(row) for row in modelled.compare(model, document)])
            + (f"\n{other}\n" if other else ""))


def launcher_table(document):
    if not document:
        return NONE
    rows = [(f"{int(members):,} of {workload}", f"{entry['train_ns']:,.0f}", f"{entry['collect_ns']:,.0f}",
             f"{1e3 * entry['host_s']:,.2f} ms", f"{entry['launches']:.0f}", f"{1e3 * entry['device_s']:,.1f} ms")
            for (workload, members), entry in benchmarks(document, r"Order/host/(\w+)/members:(\d+)")]
    return of_machine(document) + ":\n\n" + table(
        ["members", "ns a member: train", "collect", "an epoch on the host", "launches", "on the device, by the clock"], rows)


def goal_rows(document):
    for goal in document["goals"]:
        work = goal["workload"] + (f", {goal['members']:,} members" if "members" in goal else "")
        yield (work, goal["peer"], f"{goal['ratio']:.1f}x", f"{goal['goal']:g}x", "yes" if goal["met"] else "no")


def peers_table(document):
    if not document:
        return NONE
    text = of_machine(document) + ":\n\n"
    text += table(["work", "against", "brood is faster by", "goal", "met"], list(goal_rows(document)))
    rows = []
    for row in document["rows"]:
        precision = f", {row['precision']}" if "precision" in row else ""
        work = row["workload"] + (f", {row['members']:,} members" if "members" in row else "") + precision
        tool = row["tool"] + (f" ({row['setting']})" if row.get("setting") else "")
        if "failed" in row:
            rows.append((work, tool, row["failed"].replace("|", "/"), ""))
        elif "seconds" in row:
            test = f", test {row['test']:.3f}" if "test" in row else ""
            rows.append((work, tool, f"{row['seconds']:.2f} s{test}", percent(row["spread"]) if row["runs"] > 1 else "one run"))
        else:
            rows.append((work, tool, f"{row['steps_per_s']:,.0f} member-steps/s", percent(row["spread"])))
    return text + "\n" + table(["work", "tool (its best setting)", "median", "spread"], rows)


def short_table(documents):
    """What the front page shows: of each device, against whom and by how much."""
    text = ""
    for name in ("peers-cpu", "peers-cuda"):
        if documents[name]:
            rows = [row[:3] for row in goal_rows(documents[name])]
            about = of_machine(documents[name]).replace("`results/", "`bench/results/")
            text += about + ":\n\n" + table(["work", "against", "brood is faster by"], rows) + "\n"
    if text:
        return text
    if not documents["cpu"]:
        return NONE
    rows = [(workload, f"{entry['steps_per_s']:,.0f}", percent(entry["peak_share"]))
            for (workload,), entry in benchmarks(documents["cpu"], r"TrainStep/cpu/(\w+)/threads:1")]
    about = of_machine(documents["cpu"]).replace("`results/", "`bench/results/")
    return about + ", one core:\n\n" + table(["workload", "training steps/s", "share of peak"], rows)


def tables_table(document):
    """Test scores on tables, the best of a row in bold."""
    if not document:
        return NONE
    tools = list(dict.fromkeys(row["tool"] for row in document["rows"]))
    found = {(row["table"], row["tool"]): row for row in document["rows"]}
    rows = []
    for name in dict.fromkeys(row["table"] for row in document["rows"]):
        of_tool = {tool: found[name, tool] for tool in tools if (name, tool) in found}
        first = next(iter(of_tool.values()))
        best = max(f"{row['mean']:.3f}" for row in of_tool.values())
        cells = [f"{name}, {first['rows']:,} rows", {"r2": "R2"}.get(first["metric"], first["metric"])]
        for tool in tools:
            if tool not in of_tool:
                cells.append("not run")
                continue
            mean = f"{of_tool[tool]['mean']:.3f}"
            cells.append((f"**{mean}**" if mean == best else mean) + f" in {of_tool[tool]['seconds']:.0f} s")
        rows.append(cells)
    about = of_machine(document).replace("`results/", "`bench/results/")
    names = {"brood": "brood tune", "boosting": "HistGradientBoosting", "mlp_search": "60 of its MLPs, searched"}
    return about + ":\n\n" + table(["table", "test score", *(names.get(tool, tool) for tool in tools)], rows)


def plots(documents):
    """File name -> SVG."""
    made = {}
    cpu, cuda = documents["cpu"], documents["gpu"]
    populations = [(int(m), e["steps_per_s"]) for (m,), e in benchmarks(cpu, r"Population/cpu/D/members:(\d+)")]
    if len(populations) > 1:
        made["population-cpu.svg"] = plot.lines("Populations of 16-32-2 on the CPU", of_machine(cpu), "members",
                                                "member-steps/s", {"brood": populations})
    shares = {f"{w}, {t} threads" if t != "1" else w: e["peak_share"]
              for (w, t), e in benchmarks(cpu, r"TrainStep/cpu/(\w+)/threads:(\d+)")}
    if shares:
        made["share-cpu.svg"] = plot.bars("Training steps: share of the CPU's multiply-add peak", of_machine(cpu),
                                          shares, percent)
    series = {}
    for (workload, members), entry in benchmarks(cuda, r"TrainStep/cuda/(\w+)/tf32/members:(\d+)"):
        series.setdefault(workload, []).append((int(members), entry["steps_per_s"]))
    if series:
        made["population-cuda.svg"] = plot.lines("Populations on the GPU, tf32", of_machine(cuda), "members",
                                                 "member-steps/s", series)
    for device in ("cpu", "cuda"):
        document = documents[f"peers-{device}"]
        studies = {row["tool"]: row["seconds"] for row in (document or {"rows": []})["rows"]
                   if row["workload"] == "digits study" and "seconds" in row}
        if studies:
            made[f"studies-{device}.svg"] = plot.bars("A study of 1,024 networks: seconds, by powers of ten", of_machine(document), studies,
                                                      lambda s: f"{s:.3g} s", logarithmic=True)
    return made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--take", metavar="FILE")
    parser.add_argument("--measured", metavar="GPU")
    parser.add_argument("--modelled", metavar="MACHINE")
    options = parser.parse_args()
    if options.measured:
        measured, model = (json.loads(pathlib.Path(name).read_text()) | {"file": pathlib.Path(name).name} if name else None
                           for name in (options.measured, options.modelled))
        print(machine_table(model or modelled.newest(), measured), end="")
        return
    if options.take:
        take(options.take)
    documents = {kind: newest(kind) for kind in ("cpu", "gpu", "peers-cpu", "peers-cuda", "tables", "launcher")}
    pictures = plots(documents)
    sections = {
        "cpu": cpu_table(documents["cpu"]), "cuda": cuda_table(documents["gpu"]),
        "machine": machine_table(modelled.newest(), documents["gpu"]),
        "launcher": launcher_table(documents["launcher"]),
        "peers-cpu": peers_table(documents["peers-cpu"]), "peers-cuda": peers_table(documents["peers-cuda"]),
        "short": short_table(documents), "tables": tables_table(documents["tables"]),
        "plots": "".join(f"![{name}](results/{name})\n" for name in sorted(pictures)) or NONE}
    wanted = {RESULTS / name: svg for name, svg in pictures.items()}
    for readme in (BENCH / "README.md", BENCH.parent / "README.md"):
        unknown = [name for _, name, _ in SECTION.findall(readme.read_text()) if name not in sections]
        if unknown:
            sys.exit(f"{readme}: no report is named {unknown[0]}; there are {', '.join(sections)}")
        wanted[readme] = SECTION.sub(lambda m: m[1] + sections[m[2]] + m[3], readme.read_text())
    differing = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    stale = [path for path in RESULTS.glob("*.svg") if path not in wanted]
    if options.check:
        for path in differing + stale:
            print(f"{path}: is not what bench/report.py makes of bench/results: run it")
        sys.exit(1 if differing or stale else 0)
    for path in differing:
        path.write_text(wanted[path])
    for path in stale:
        path.unlink()


if __name__ == "__main__":
    main()
