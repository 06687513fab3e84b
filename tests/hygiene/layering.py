# SPDX-License-Identifier: Apache-2.0
"""Includes go down the floors of the house only.

    layering.py ROOT         checks the checkout at ROOT
    layering.py --self-test  checks that planted violations are found

A file belongs to a group, a group lies on a floor, and a file may include its own group and what
lies on a lower floor. Groups on the same floor do not see each other.
"""

import pathlib
import re
import sys

FLOOR = {
    "core": 0,
    "base": 0,  # the public headers that every floor speaks in
    "data": 1,
    "search": 1,
    "backend": 2,
    "cuda": 3,
    "study": 4,
    "files": 5,
    "tools": 6,
}
# The group of each public header; those under brood/files/ belong to files.
PUBLIC = {
    "error": "base",
    "settings": "base",
    "table": "base",
    "value": "base",
    "version": "base",
    "data": "data",
    "scheduler": "search",
    "search": "search",
    "space": "search",
    "backend": "backend",
    "engine": "backend",
    "member": "backend",
    "profile": "backend",
    "calibration": "study",
    "inspection": "study",
    "model": "study",
    "population": "study",
    "study": "study",
    "brood": "study",
}
CORE_MAY_INCLUDE = {"cstdint", "cmath", "type_traits", "limits", "bit"}
# Beside the standard library, what brood::brood may take from the system.
SYSTEM = {"immintrin.h", "xmmintrin.h", "pmmintrin.h", "cpuid.h", "dlfcn.h", "pthread.h", "sched.h",
          "time.h", "unistd.h"}
# Header-only libraries that a .cpp of host/search may include: a consumer needs none of them.
SEARCH_HEADERS = {"boost/random/sobol.hpp", "Eigen/Dense"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
SUFFIXES = {".hpp", ".h", ".cpp", ".inl", ".inc", ".cu", ".cuh", ".in"}


def is_standard(name):
    return re.fullmatch(r"[a-z0-9_]+", name) is not None


def group_of_file(path):
    """The group of a file by its path from the root; None for what has no floor (tests, bench)."""
    if path.startswith("host/include/"):
        return group_of_include(path.removeprefix("host/include/").removesuffix(".in"))
    folder = re.match(r"(?:host/)?(\w+)/", path)
    return folder.group(1) if folder and folder.group(1) in FLOOR else None


def group_of_include(name):
    """The group of an #include "name"; None if it is not written as a path of ours."""
    if name.startswith("brood/files/"):
        return "files"
    if name.startswith("brood/"):
        return PUBLIC.get(name.removeprefix("brood/").removesuffix(".hpp"))
    folder = name.split("/")[0]
    return folder if "/" in name and folder in FLOOR and folder != "base" else None


def problem_with(path, group, kind, name):
    """What is wrong with one include of the file `path` of `group`, or None."""
    public = path.startswith("host/include/")
    if kind == "<":
        if is_standard(name):
            if group == "core" and name not in CORE_MAY_INCLUDE:
                return f"core may include of the standard library only {sorted(CORE_MAY_INCLUDE)}"
            return None
        if public:
            return "a public header may include the standard library and brood/ only"
        if group == "core":
            return "core includes nothing but a few standard headers and core/"
        if group == "search" and path.endswith(".cpp") and name in SEARCH_HEADERS:
            return None
        if group in ("data", "search", "backend", "study"):
            if name not in SYSTEM and not name.startswith("sys/"):
                return "brood::brood stands on the standard library and the system alone"
        if group == "files" and path.endswith(".hpp"):
            return "a library's header belongs in one .cpp, not in a header"
        return None

    target = group_of_include(name)
    if target is None:
        if name.startswith("brood/"):
            return "this public header has no floor yet: add it to PUBLIC in layering.py"
        return "write the path from host/ or from the root, as in \"core/philox.hpp\""
    if public and not name.startswith("brood/"):
        return "a public header may include the standard library and brood/ only"
    if group == "core" and target != "core":
        return "core includes nothing but a few standard headers and core/"
    if path.startswith("tools/examples/") and (target == "files" or not name.startswith("brood/")):
        return "an example uses brood::brood alone"
    if name.startswith("backend/cpu/") and group != "backend":
        return "only host/backend knows the CPU backend's inside"
    if target == "cuda" and group != "cuda" and not path.startswith("host/backend/"):
        return "only the backend floor knows the CUDA backend"
    below = FLOOR[target] < FLOOR[group]
    if target != group and not below and {group, target} != {"backend", "cuda"}:
        return f"{group} (floor {FLOOR[group]}) may not include {target} (floor {FLOOR[target]})"
    return None


def support_problems(files):
    """The oracle is independent: nothing in tests/support reaches into host/."""
    for path in files:
        if path.startswith("tests/support/"):
            for line, kind, name in includes(files[path]):
                if kind == '"' and group_of_include(name) and not name.startswith("brood/"):
                    yield f'{path}:{line}: #include "{name}": the oracle shares nothing with what it checks'


def includes(text):
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def problems(files):
    """All problems of a checkout given as {path from the root: text}."""
    found = []
    for path in sorted(files):
        group = group_of_file(path)
        if path.startswith("host/include/") and group is None:
            found.append(f"{path}:1: this public header has no floor yet: add it to PUBLIC in layering.py")
        if group is None:
            continue
        for line, kind, name in includes(files[path]):
            problem = problem_with(path, group, kind, name)
            if problem:
                closing = ">" if kind == "<" else '"'
                found.append(f"{path}:{line}: #include {kind}{name}{closing}: {problem}")
    return found + sorted(support_problems(files))


def read(root):
    files = {}
    for folder in ("host", "cuda", "tools", "tests"):
        for path in (root / folder).rglob("*"):
            if path.suffix in SUFFIXES and path.is_file():
                files[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8")
    return files


def self_test():
    bad = {
        "host/core/philox.hpp": "#include <vector>",
        "host/core/loss.hpp": '#include "brood/table.hpp"',
        "host/core/init.hpp": "#include <cuda_runtime.h>",
        "host/data/splits.cpp": '#include "search/schedulers/halving.hpp"',
        "host/data/cells.cpp": '#include "brood/backend.hpp"',
        "host/search/samplers/random.cpp": '#include "brood/data.hpp"',
        "host/search/space/space.cpp": "#  include <yaml-cpp/yaml.h>",
        "host/search/samplers/sobol.hpp": "#include <boost/random/sobol.hpp>",
        "host/backend/engine.cpp": '#include "study/state.hpp"',
        "host/study/study.cpp": '#include "backend/cpu/workers.hpp"',
        "host/study/plan.cpp": '#include "files/io/text.hpp"',
        "host/files/io/text.hpp": "#include <nlohmann/json.hpp>",
        "host/files/table/csv.cpp": '#include "text.hpp"',
        "host/include/brood/data.hpp": '#include "core/philox.hpp"',
        "host/include/brood/engine.hpp": "#include <cuda_runtime_api.h>",
        "host/include/brood/table.hpp": '// one\n#include "brood/study.hpp"',
        "host/include/brood/stray.hpp": "",
        "cuda/planning.hpp": '#include "brood/study.hpp"',
        "tools/examples/study.cpp": '#include "brood/files/columns.hpp"',
        "tests/support/oracle.cpp": '#include "core/math.hpp"',
    }
    good = {
        "host/core/activation.hpp": '#include <cmath>\n#include "core/math.hpp"',
        "host/data/dataset.cpp": '#include "core/philox.hpp"\n#include "brood/data.hpp"\n#include <map>',
        "host/backend/cpu/cpu_backend.cpp": '#include "backend/cpu/kernels.hpp"\n#include <sched.h>',
        "host/search/samplers/sobol.cpp": "#include <boost/random/sobol.hpp>",
        "host/study/state.cpp": '#include "brood/backend.hpp"\n#include "search/schedulers/halving.hpp"',
        "host/files/io/yaml.cpp": '#include <yaml-cpp/yaml.h>\n#include "brood/study.hpp"',
        "tools/brood.cpp": '#include <CLI/CLI.hpp>\n#include "tools/output.hpp"',
        "tests/core/philox_test.cpp": '#include "core/philox.hpp"',
        "tests/support/oracle.cpp": '#include "support/oracle.hpp"\n#include "brood/member.hpp"',
    }
    failed = [f"not found: {path}: {text!r}" for path, text in bad.items()
              if not problems_at(path, problems(bad))]
    failed += [f"not right: {problem}" for problem in problems(good)]
    if problems_at("host/include/brood/table.hpp", problems(bad))[:1] != ["2"]:
        failed.append("the line of a problem is not the include's")
    return failed


def problems_at(path, found):
    return [p.removeprefix(path + ":").split(":")[0] for p in found if p.startswith(path + ":")]


def main():
    if sys.argv[1:] == ["--self-test"]:
        found = self_test()
    else:
        files = read(pathlib.Path(sys.argv[1]))
        found = problems(files)
        print(f"{len(files)} files read")
        if not files:
            found = [f"no sources under {sys.argv[1]}"]
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
