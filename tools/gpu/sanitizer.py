# SPDX-License-Identifier: Apache-2.0
"""compute-sanitizer over a few tests."""

import re

from gpu.machine import find_tool
from gpu.session import write_log

# Small, and between them every phase of the kernel; of clusters and global memory for the second.
CASES = {
    "steps": ["Shape/OneStep.MatchesOracle/in15_h17_out33_b17", "Feature/OneStep.MatchesOracle/both_dropouts",
              "Feature/OneStep.MatchesOracle/clip_norm", "Feature/ManySteps.MatchOracle/ema",
              "Feature/Evaluates.AsTheOracleDoes/mse", "Feature/Forward.PredictsAsTheOracleDoes/labels",
              "CpuAgreement.AfterOneStep/tf32_digits", "CpuAgreement.AfterOneStep/bf16_digits"],
    "placements": ["Placement.ChangesNoBit/tf32_blocks_2", "Placement.ChangesNoBit/tf32_weights_in_l2_chunks",
                   "Placement.ChangesNoBit/bf16_blocks_4"],
}
RUNS = [("memcheck", "steps"), ("memcheck", "placements"), ("racecheck", "steps"), ("racecheck", "placements")]


def sanitize(session, program, log, seconds):
    tool = find_tool("compute-sanitizer", "/usr/local/cuda*/bin", "/usr/local/cuda*/compute-sanitizer")
    if not tool:
        write_log(log, ["compute-sanitizer is not installed here"])
        return [{"tool": "compute-sanitizer", "summary": "is not installed here"}]
    results, lines = [], []
    deadline = session.clock.now() + seconds
    for i, (check, cases) in enumerate(RUNS):
        share = (deadline - session.clock.now()) / (len(RUNS) - i)
        run = session.run([tool, "--tool", check, "--print-limit", "20", program,
                           "--gtest_filter=" + ":".join(CASES[cases])], share, silence=share)
        summaries = [line.strip("= ") for line in run.lines if "SUMMARY" in line]
        passed = sum(1 for line in run.lines if re.match(r"\[ +OK \]", line))
        # Its words where it found something, or could not start.
        said = [line for line in run.lines if line.startswith("=========") and "SUMMARY" not in line][:5]
        results.append({"tool": check, "cases": cases, "summary": "; ".join(summaries) or "no summary",
                        "passed": passed, "of": len(CASES[cases]), "code": run.code, "ended": run.ended,
                        "seconds": round(run.seconds, 1), "said": said})
        lines += [f"$ compute-sanitizer --tool {check} ({cases}, {run.seconds:.1f} s, exit code {run.code})"]
        lines += run.lines + [""]
        write_log(log, lines)
    return results
