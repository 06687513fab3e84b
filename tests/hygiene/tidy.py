# SPDX-License-Identifier: Apache-2.0
"""clang-tidy 14 finds nothing in host/, cuda/ and tools/ by the checks of .clang-tidy.

    tidy.py ROOT BUILD        checks what BUILD/compile_commands.json has of ROOT
    tidy.py --self-test ROOT  checks that planted bugs are found

Most of the time goes into the standard library's headers, which clang-tidy 14 cannot leave out. So a
whole floor is read as one source that includes all of its sources. Those that do not compile beside the
others, as where two give a function of their own the same name, are read once more, by themselves.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

FINDING = re.compile(r"^(/\S+?):(\d+):(\d+): (warning|error|fatal error): (.*) \[([\w.,-]+)\]$", re.M)


def find_clang_tidy():
    """clang-tidy of version 14: another version has other checks."""
    for name in ("clang-tidy-14", "clang-tidy"):
        path = shutil.which(name)
        if path:
            version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            if "version 14." in version:
                return path
    return None


def read_commands(root, build):
    """The sources of each floor, and the include folders of all."""
    floors, folders = {}, {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["file"])
        if not source.is_relative_to(root) or source.suffix != ".cpp":
            continue
        floor = source.relative_to(root).parts[:2 if source.is_relative_to(root / "host") else 1]
        # A kernel is compiled for each instruction set, by intrinsics that others do not have.
        if floor[0] not in ("host", "cuda", "tools") or "BROOD_ISA" in source.read_text(encoding="utf-8"):
            continue
        floors.setdefault("/".join(floor), set()).add(source)
        words = shlex.split(entry["command"].replace("-isystem ", "-isystem"))
        folders.update(dict.fromkeys(word for word in words
                                     if word.startswith(("-I", "-isystem")) and "/tests" not in word))
    return {floor: sorted(sources) for floor, sources in floors.items()}, list(folders)


def tidy(program, root, folders, sources):
    """Findings in one source that includes `sources`, and those of them that do not compile in it."""
    with tempfile.TemporaryDirectory() as folder:
        together = pathlib.Path(folder) / "together.cpp"
        together.write_text("".join(f'#define main main_{i}\n#include "{source}"\n#undef main\n'
                                    for i, source in enumerate(sources)))
        command = [program, "--quiet", f"--config-file={root / '.clang-tidy'}",
                   f"--header-filter=^{re.escape(str(root))}/(host|cuda|tools)/", str(together), "--",
                   "-std=c++20", "-w", "-ferror-limit=0", *folders]
        done = subprocess.run(command, capture_output=True, text=True)
    findings = {match.groups() for match in FINDING.finditer(done.stdout)}
    broken = {pathlib.Path(file) for file, _, _, kind, _, _ in findings if kind != "warning"}
    if not findings and done.returncode != 0:
        sys.exit(f"{program} failed:\n{done.stdout}{done.stderr}")
    return findings, broken


def check(program, root, floors, folders):
    """All findings, as lines."""
    found = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        def start(sources):
            return pool.submit(lambda: (sources, *tidy(program, root, folders, sources)))

        running = {start(sources) for sources in sorted(floors.values(), key=len, reverse=True)}
        while running:
            done, running = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED)
            for sources, findings, broken in (future.result() for future in done):
                again = [source for source in sources if source in broken]
                if broken and len(sources) > 1 and len(again) in (0, len(sources)):
                    running |= {start(sources[::2]), start(sources[1::2])}
                    continue
                if len(sources) > 1:
                    findings = {f for f in findings if f[3] == "warning" and pathlib.Path(f[0]) not in broken}
                    if again:
                        running.add(start(again))
                found |= findings
    return sorted(f"{file}:{line}:{column}: {words} [{name}]" for file, line, column, _, words, name in found)


def self_test(program, root):
    """What is not found of the bugs of three sources, two with the same function and one with an error."""
    bug = """#include <string>
        namespace { std::string twice(std::string a) { auto b = std::move(a); return a + b; } }
        std::string NAME() { return twice(""); }"""
    texts = {"one": bug.replace("NAME", "one"), "two": bug.replace("NAME", "two"),
             "three": "int three() { return x; }"}
    with tempfile.TemporaryDirectory() as folder:
        planted = pathlib.Path(folder).resolve()
        (planted / "host" / "data").mkdir(parents=True)
        shutil.copy(root / ".clang-tidy", planted)
        sources = {name: planted / "host" / "data" / f"{name}.cpp" for name in texts}
        for name, text in texts.items():
            sources[name].write_text(text)
        commands = [{"file": str(source), "command": "c++"} for source in sources.values()]
        (planted / "compile_commands.json").write_text(json.dumps(commands))
        found = check(program, planted, *read_commands(planted, planted))
    expected = {"one": "bugprone-use-after-move", "two": "bugprone-use-after-move",
                "three": "clang-diagnostic-error"}
    return [f"not found in {source}: {name}" for source, name in expected.items()
            if not any(line.startswith(f"{sources[source]}:") and f"[{name}]" in line for line in found)]


def main():
    program = find_clang_tidy()
    if program is None:
        print("skipped: clang-tidy 14 is not installed")
        sys.exit(77)
    if sys.argv[1] == "--self-test":
        found = self_test(program, pathlib.Path(sys.argv[2]).resolve())
    else:
        root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
        floors, folders = read_commands(root, build)
        found = check(program, root, floors, folders)
        count = sum(map(len, floors.values()))
        print(f"{count} sources read")
        if count == 0:
            found = [f"no sources of {root} in {build / 'compile_commands.json'}"]
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
