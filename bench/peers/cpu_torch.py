# SPDX-License-Identifier: Apache-2.0
"""Makes PyPI's torch importable on a machine without CUDA, at 0.5 GB in place of 3.

    cpu_torch.py SITE_PACKAGES

PyPI has no build of torch for CPUs. Its wheel, installed without what it depends on, lacks the CUDA
libraries that it is linked with and never calls where there is no GPU: each gets a stand-in beside it
whose functions abort. The CUDA runtime (2 MB) must be the real one, since torch registers its kernels
there when it is loaded. Needs a C compiler and binutils.
"""
import pathlib
import subprocess
import sys


def lines(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def main():
    folder = pathlib.Path(sys.argv[1]) / "torch/lib"
    libraries = sorted(folder.glob("libtorch*.so")) + sorted(folder.glob("libc*.so"))
    needed, undefined = set(), set()
    for library in libraries:
        needed |= {line.split("[")[1].rstrip("]") for line in lines("readelf", "-dW", library) if "(NEEDED)" in line}
        undefined |= {line.split()[-1].split("@")[0] for line in lines("nm", "-D", "--undefined-only", library)}
    missing = sorted(name for name in needed if name.startswith(("libcu", "libnccl", "libnv"))
                     and not name.startswith("libcudart"))
    functions = sorted(name for name in undefined if name.startswith(("cu", "nccl", "nv"))
                       and not name.startswith("cuda"))
    source = folder / "no_cuda.c"
    source.write_text("#include <stdlib.h>\n" + "".join(f"void {name}(void) {{ abort(); }}\n" for name in functions))
    for name in missing:
        subprocess.run(["cc", "-shared", "-fPIC", "-w", f"-Wl,-soname,{name}", "-o", folder / name, source], check=True)
    print(f"{len(missing)} libraries stand in for CUDA's: {' '.join(missing)}")


main()
