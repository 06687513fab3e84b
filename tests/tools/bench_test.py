# SPDX-License-Identifier: Apache-2.0
"""brood bench: what it measures is what was asked for, and its figures hang together."""

import csv
import io
import re
import unittest

from command import CommandTest


class Bench(CommandTest):
    def refused(self, *arguments, says, code=2):
        out, err = self.brood("bench", *arguments, code=code)
        self.assertEqual(out, "")
        for text in says:
            self.assertIn(text, err)
        return err

    def test_without_options_it_is_a_table(self):
        out, err = self.brood("bench", "--device", "cpu")
        self.assertEqual(err, "")
        lines = out.splitlines()
        self.assertTrue(lines[0].startswith("64-64-64-10, batch 64, adam, relu, fp32: 2.867 MFLOP"))
        self.assertIn("peak", lines[1])
        self.assertEqual([line.split()[0] for line in lines[2:]], ["members", "1", "64", "4096"])
        self.assertEqual(self.names(), [])

    def test_figures_hang_together(self):
        rows = self.json_of("bench", "--device", "cpu", "--network", "16-32-2", "--batch", "32",
                            "--members", "2,8", "--optimizer", "sgd", "--activation", "tanh",
                            "--threads", "1")["populations"]
        self.assertEqual([row["members"] for row in rows], [2, 8])
        for row in rows:
            self.assertEqual((row["network"], row["batch_size"]), ("16-32-2", 32))
            self.assertEqual((row["optimizer"], row["activation"]), ("sgd", "tanh"))
            # 4 flops a weight and row in the first layer, 6 in the second.
            self.assertEqual(row["step_flops"], 32 * (4 * 16 * 32 + 6 * 32 * 2))
            self.assertGreater(row["steps_per_s"], 0)
            self.assertAlmostEqual(row["samples_per_s"] / row["steps_per_s"], 32)
            self.assertAlmostEqual(row["flops_per_s"] / row["steps_per_s"] / row["step_flops"], 1)
            self.assertAlmostEqual(
                row["peak_share"] * row["peak_flops_per_s"] / row["flops_per_s"], 1)
            self.assertGreaterEqual(row["bound_share"], row["peak_share"])
            self.assertGreaterEqual(row["spread"], 0)
            # SGD keeps the weights alone: rows of 16 floats, 32 x 16 + 32 and 2 x 32 + 16.
            self.assertGreater(row["bytes_per_member"], 4 * (32 * 16 + 32 + 2 * 32 + 16))

    def test_members_of_one_output_regress(self):
        (row,) = self.json_of("bench", "--device", "cpu", "--network", "8-1", "--members", "4",
                              "--batch", "4096")["populations"]
        self.assertEqual(row["step_flops"], 4096 * 4 * 8)

    def test_csv_and_markdown_have_the_same_figures(self):
        options = ["bench", "--device", "cpu", "--network", "8-8-2", "--members", "1,2"]
        text, _ = self.brood(*options, "--csv")
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual([row["members"] for row in rows], ["1", "2"])
        self.assertIn(",", rows[0]["device"])  # quoted
        document = self.json_of(*options)["populations"][0]
        self.assertEqual(list(rows[0]), list(document))
        text, _ = self.brood(*options, "--md")
        table = [line for line in text.splitlines() if line.startswith("|")]
        self.assertEqual(len(table), 4)
        self.assertEqual(len({line.count("|") for line in table}), 1)
        self.assertTrue(re.fullmatch(r"(\| --- )+\|", table[1]))

    def test_what_is_wrong_is_said_at_once(self):
        err = self.refused(
            "--network", "64", "--batch", "5000", "--members", "4k", "--optimizer", "adamm",
            "--activation", "rely", "--csv", "--md",
            says=["--network: '64' is not allowed", "--batch: '5000'", "--members: '4k'",
                  "--optimizer: adamm is not allowed", "did you mean adam?", "did you mean relu?",
                  "--json, --csv, --md: choose one"])
        self.assertEqual(len(err.splitlines()), 6)
        for network in ("", "64-", "64--10", "64-0-10", "64-99999-2", "-".join(["4"] * 11)):
            self.refused(f"--network={network}", says=["--network: "])
        self.refused("--members", "1000000", "--device", "cpu", "--memory-limit", "1MiB",
                     says=["--members: 1000000 networks", "allowed: up to"])
        self.refused("digits.yaml", says=["brood bench takes no argument"])
        self.refused("--precision", "tf32", "--device", "cpu", says=["--precision"])
        self.refused("--target", "y", says=["--target: brood bench has no such option"])


if __name__ == "__main__":
    unittest.main()
