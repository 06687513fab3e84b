# SPDX-License-Identifier: Apache-2.0
"""Everything that is refused: with the right exit code, every problem on stderr, nothing on stdout,
and nothing written."""

import os
import resource
import subprocess
import unittest

from command import BROOD, HANG, SWEEP, WINE, CommandTest

GOOD = "a,b,y\n" + "".join(f"{i},{i * i % 17},{'uv'[i % 2]}\n" for i in range(40))


class Refused(CommandTest):
    def refused(self, *arguments, code=2, says=(), begins=None, lines=None):
        before = self.tree()
        done = self.run_brood(*arguments)
        err = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, f"{arguments}\n{err}")
        self.assertEqual(done.stdout, b"", arguments)
        self.assertEqual(self.tree(), before, arguments)
        self.assertNotEqual(err, "")
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, err)
        if begins:
            self.assertTrue(err.startswith(begins), err)
        if lines:
            self.assertEqual(len(err.splitlines()), lines, err)
        return err


class CommandLines(Refused):
    def test_unknown_commands(self):
        self.refused("tunee", says="did you mean tune?", lines=1)
        self.refused("trials", "runs/x", says="trials: brood has no such command")

    def test_unknown_options_with_their_neighbours(self):
        self.refused("tune", WINE, "--treads", "2", says="did you mean --threads?")
        self.refused("tune", WINE, "--targt=cultivar", says="did you mean --target?")
        self.refused("tune", WINE, "-q", says="-q")
        self.refused("tune", WINE, "--resume", says="--resume")
        self.refused("predict", "a", "b", "--trials", "3", says="--trials")
        self.refused("--frob", says="a command is needed")

    def test_wrong_numbers_of_arguments(self):
        self.refused("tune", says="needs a sweep file or a data file")
        self.refused("tune", "", says="empty")
        self.refused("predict", "run", says="needs a run directory and a data file")
        self.refused("predict", "run", "a.csv", "b.csv", says="'b.csv'")
        self.refused("tune", WINE, "other.csv", says="one argument too many")
        self.refused("devices", "cpu", says="'cpu'")
        self.refused("tune", WINE, "--out", says="--out")
        self.refused("tune", WINE, "--seed", "1", "--seed", "2", says="--seed")

    def test_all_bad_values_at_once(self):
        self.refused("tune", WINE, "--target", "cultivar", "--threads", "many", "--seed", "-1",
                     "--trials", "0", "--time-limit", "soon", "--memory-limit", "4 GiB",
                     "--precision", "fp64", "--events", "1.5", "--out", "",
                     says=["--threads: 'many'", "--seed: '-1'", "--trials: '0'",
                           "--time-limit: 'soon'", "--memory-limit: '4 GiB'",
                           "--precision: 'fp64'", "--events: '1.5'", "--out: is empty"], lines=8)

    def test_numbers_are_read_whole(self):
        for option, value in [("--threads", "2x"), ("--threads", ""), ("--threads", "1025"),
                              ("--seed", "18446744073709551616"), ("--trials", "1e3"),
                              ("--time-limit", "0"), ("--time-limit", "-5s"), ("--time-limit", "5y"),
                              ("--time-limit", "inf"), ("--memory-limit", "0"),
                              ("--max-launch-ms", "0"), ("--max-launch-ms", "60001"),
                              ("--memory-limit", "1e30GiB"), ("--memory-limit", "GiB")]:
            self.refused("tune", WINE, "--target", "cultivar", option, value, says=option)

    def test_what_is_said_twice_or_contradicts(self):
        self.refused("tune", WINE, "--target", "cultivar", "--trials", "3", "trials=4",
                     says="say it once")
        self.refused("tune", WINE, "--target", "cultivar", "--overwrite", says="--overwrite")
        self.write("wine.yaml", SWEEP)
        self.refused("tune", "wine.yaml", "validation={folds: 3, holdout: 0.2}",
                     says="contradicts validation.holdout")

    def test_a_data_file_needs_a_target(self):
        self.refused("tune", WINE, says=["--target", "cultivar"])

    def test_devices_that_are_not_there(self):
        self.write("wine.yaml", SWEEP)
        for command in ("tune", "plan", "check"):
            self.refused(command, "wine.yaml", "--device", "cuda:99", code=5, says="device: cuda:99: ")
        self.refused("tune", "wine.yaml", "--device", "cuda:1", code=5, says="cuda:1")
        self.refused("tune", "wine.yaml", "--device", "tpu", says="tpu")
        self.refused("tune", "wine.yaml", "--precision", "bf16", says="not there on the CPU")

    def test_too_little_memory_for_one_network(self):
        self.write("wine.yaml", SWEEP)
        self.refused("tune", "wine.yaml", "--memory-limit", "1KiB", code=2, says="1024 bytes")


class Sweeps(Refused):
    def sweep(self, text, **expected):
        self.write("s.yaml", text)
        return self.refused("tune", "s.yaml", **expected)

    def test_every_problem_with_its_place(self):
        self.sweep(SWEEP + "  learning_rat: 0.1\n  dropout: {min: 0.1, max: 2}\ntrails: 3\n",
                   says=["s.yaml:10:3: ", "s.yaml:11:", "s.yaml:12:1: ", "did you mean trials?"],
                   begins="s.yaml:10:3: ", lines=3)

    def test_values_out_of_range(self):
        self.write("s.yaml", SWEEP)
        for override in ("batch_size=0", "batch_size=5000", "activation=rellu", "lr=-1",
                         "hidden=[0]", "dropout=1", "trials=0", "validation.test=1",
                         "validation.holdout=0", "early_terminate.eta=1", "metric.name=f2",
                         "nonsense=1", "seed=abc", "method=tpee", "loss=mse", "lr=", "=1", "data=3"):
            self.refused("tune", "s.yaml", override, begins=override.split("=")[0])
        self.refused("tune", "s.yaml", "early_terminate.min_iter=100", begins="s.yaml:4:",
                     says="min_iter 100 exceeds max_iter 9")

    def test_files_that_are_no_sweeps(self):
        self.sweep("", says="s.yaml")
        self.sweep("a: b: c\n", begins="s.yaml:1:")
        self.sweep("- 1\n", says="s.yaml:1:1")
        self.sweep("\x00\xff\x00\x01" * 50, says="s.yaml")
        self.sweep("[" * 100000, says="s.yaml")
        self.refused("tune", "missing.yaml", begins="missing.yaml: there is no such file")
        os.mkdir(self.folder / "folder.yaml")
        self.refused("tune", "folder.yaml", says="directory")

    def test_check_says_what_tune_says(self):
        self.write("s.yaml", SWEEP.replace("cultivar", "cultivator"))
        self.assertEqual(self.refused("check", "s.yaml"), self.refused("tune", "s.yaml"))
        self.assertEqual(self.refused("plan", "s.yaml"), self.refused("tune", "s.yaml"))


class Data(Refused):
    def data(self, content, *arguments, **expected):
        self.write("d.csv", content)
        return self.refused("tune", "d.csv", *(arguments or ("--target", "y")), **expected)

    def test_good_data_is_taken(self):
        for text in (GOOD, b"\xff\xfe" + GOOD.encode("utf-16-le"), GOOD.replace("a,b,y", "a,a,y")):
            self.write("d.csv", text)
            self.brood("check", "d.csv", "--target", "y")

    def test_bad_inputs(self):
        self.refused("tune", "missing.csv", "--target", "y", begins="missing.csv: there is no such")
        self.data("", begins="d.csv:1:1: ")
        self.data("a,b,y\n", says="d.csv:")
        self.data(GOOD + "1,2\n", begins="d.csv:42:")
        self.data(GOOD + "1,2,3,4\n", begins="d.csv:42:")
        self.data(GOOD + '1,"2,u\n', begins="d.csv:42:")
        self.data(bytes(range(256)) * 20, begins="d.csv:1:")
        self.data(GOOD.replace("\n7,", "\nseven,"), begins="d.csv:9:1: ", says="'seven'")
        self.data(GOOD.replace("\n7,", "\n1e999,"), begins="d.csv:9:1: ", says="1e999")

    def test_bad_targets(self):
        self.data(GOOD, "--target", "z", says="z")
        self.data(GOOD.replace("v", "u"), says="y")  # one class
        self.data("a,y\n" + "1,\n" * 30, says="target 'y' is empty")
        self.data("y\nu\nv\nu\nv\n", "--target", "y", "data.header=true", says="input")
        self.data(GOOD, "--target", "-4", says="-4")

    def test_identifiers_are_not_inputs(self):
        rows = "".join(f"name{i},{i % 5},{'uv'[i % 2]}\n" for i in range(300))
        self.write("d.csv", "id,b,y\n" + rows)
        _, err = self.brood("check", "d.csv", "--target", "y")
        self.assertIn("d.csv: column 'id' is left out: it has 300 different texts in 300 rows", err)
        self.data("id,y\n" + "".join(f"name{i},{'uv'[i % 2]}\n" for i in range(300)),
                  says=["no input columns are left", "id"])

    def test_names_that_tell_no_format(self):
        self.write("data.bin", GOOD)
        self.refused("tune", "data.bin", "--target", "y", says="data.format")

    def test_files_of_other_programs_are_named(self):
        for name, bytes_, says in (
                ("a.xlsx", b"PK\x03\x04", "a.xlsx: is an Excel workbook, which is not read; save it as csv, say with "
                 "python3 -c \"import pandas; pandas.read_excel('a.xlsx').to_csv('a.csv', index=False)\""),
                ("a.csv", b"PK\x03\x04", "pandas.read_excel('a.csv').to_csv('a_table.csv'"),
                ("a.JSONL", b"{}", "is a file of JSON lines, which is not read"),
                ("a.json", b' [{"a": 1}]', "is a JSON file, which is not read"),
                ("a.rds", b"x", "is an R data file, which is not read; save its table as csv"),
                # Read where there is libarrow, and then found to be damaged.
                ("a.parquet", b"PAR1", "a.parquet: "), ("a.csv", b"PAR1\x00", "a.csv: "),
                ("a.arrow", b"ARROW1", "a.arrow: "), ("a.feather", b"", "a.feather: ")):
            self.write(name, bytes_)
            for command in ("tune", "describe"):
                _, err = self.brood(command, name, "--target", "y", code=2)
                self.assertIn(says, err)
                self.assertEqual(len(err.splitlines()), 1, err)

    def test_gzip_that_ends_early(self):
        import gzip
        self.write("d.csv.gz", gzip.compress(GOOD.encode())[:-12])
        self.refused("tune", "d.csv.gz", "--target", "y", says="d.csv.gz")


class Trials(Refused):
    def test_no_usable_trial(self):
        rows = "".join(f"{i},{1e30 * (-1) ** i}\n" for i in range(40))
        self.write("d.csv", "a,y\n" + rows)
        self.refused("tune", "d.csv", "--target", "y", "task=regression", "lr=1e10",
                     "optimizer=sgd", "activation=identity", "trials=3", "dropout=0", "--quiet",
                     code=3, says="diverged")


class Places(Refused):
    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)

    def test_a_directory_that_is_taken(self):
        self.write("out/mine.txt", "mine")
        self.refused("tune", "wine.yaml", "--out", "out", says="is not empty")
        self.refused("tune", "wine.yaml", "--out", "out", "--overwrite", says="mine.txt")
        self.refused("tune", "wine.yaml", "--out", "wine.yaml", says="is not a directory")
        self.refused("tune", "wine.yaml", "--out", ".", "--overwrite", says="current directory")

    def test_a_place_that_cannot_be_written(self):
        self.refused("tune", "wine.yaml", "--out", "/proc/run", code=4, says="/proc/run")
        self.write("runs", "a file where the directory should be")
        self.refused("tune", "wine.yaml", code=4, says="runs/wine-1")

    def test_a_full_disk_loses_nothing_that_was_there(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        before = self.tree()

        def limit_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))

        done = subprocess.run(
            [BROOD, "tune", "wine.yaml", "--out", "run", "--overwrite", "--seed", "1", "--quiet"],
            cwd=self.folder, capture_output=True, preexec_fn=limit_files, timeout=HANG)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"run/", done.stderr)
        self.assertIn(b"File too large", done.stderr)
        self.assertEqual(self.tree(), before)

    def test_stdout_that_is_full(self):
        for arguments in (["list"], ["--help"], ["plan", "wine.yaml"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([BROOD, *arguments], cwd=self.folder, stdout=full,
                                      stderr=subprocess.PIPE, timeout=HANG)
            self.assertEqual(done.returncode, 4)
            self.assertIn(b"standard output", done.stderr)


class Predictions(Refused):
    def setUp(self):
        super().setUp()
        self.write("d.csv", GOOD)
        self.brood("tune", "d.csv", "--target", "y", "--trials", "3", "--out", "run",
                   "early_terminate.max_iter=3")

    def test_directories_without_a_model(self):
        self.refused("predict", "nowhere", "d.csv", says="nowhere: there is no such directory")
        os.mkdir(self.folder / "empty")
        self.refused("predict", "empty", "d.csv", says="best/model.safetensors")

    def test_damaged_models(self):
        path = self.folder / "run/best/ensemble.safetensors"
        whole = path.read_bytes()
        for damaged in (b"", whole[:100], whole[:-1], whole + b"x", whole.replace(b"F32", b"F16", 1),
                        b"\xff" * len(whole)):
            path.write_bytes(damaged)
            self.refused("predict", "run", "d.csv", code=4,
                         begins="run/best/ensemble.safetensors: byte ", lines=1)
        path.unlink()
        (self.folder / "run/best/ensemble.json").unlink()
        path = self.folder / "run/best/model.safetensors"
        path.write_bytes(path.read_bytes()[:-1])
        self.refused("predict", "run", "d.csv", code=4,
                     begins="run/best/model.safetensors: byte ", lines=1)

    def test_data_that_does_not_fit(self):
        self.write("less.csv", GOOD.replace("a,b,y", "a,bb,y"))
        self.refused("predict", "run", "less.csv", lines=1,
                     says="less.csv: column 'b' is absent; the model needs it as an input")
        self.write("text.csv", "a,b,y\n" + "".join(f"seven,{i},u\n" for i in range(9)))
        self.refused("predict", "run", "text.csv", begins="text.csv:2:1: 'seven' in column 'a' is not a number")
        self.write("other.csv", GOOD.replace("u\n", "w\n"))
        self.refused("predict", "run", "other.csv", says="'w'")
        self.refused("predict", "run", "missing.csv", begins="missing.csv: there is no such file")

    def test_places_that_cannot_be_written(self):
        self.refused("predict", "run", "d.csv", "--quiet", "--out", "no/such/place.csv", code=4,
                     says="no/such/place.csv")
        self.refused("predict", "run", "d.csv", "--quiet", "--out", "/dev/full", code=4,
                     says="/dev/full")
        self.refused("predict", "run", "d.csv", "--quiet", "--out", "run", code=4, says="run")


if __name__ == "__main__":
    unittest.main()
