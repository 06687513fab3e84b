# SPDX-License-Identifier: Apache-2.0
"""What the command says about itself: help, version, names, devices."""

import re
import unittest

from command import CommandTest

COMMANDS = ["tune", "plan", "check", "describe", "predict", "show", "stop", "watch", "list", "devices", "bench"]


class Help(CommandTest):
    def test_alone_it_says_how_it_is_used_and_exits_with_2(self):
        out, err = self.brood(code=2)
        self.assertEqual(out, "")
        for command in COMMANDS:
            self.assertRegex(err, rf"(?m)^  {command} ")

    def test_help_begins_with_two_runnable_examples_and_fits_a_screen(self):
        for arguments in [[]] + [[command] for command in COMMANDS]:
            for flag in ("--help", "-h"):
                out, err = self.brood(*arguments, flag)
                lines = out.splitlines()
                self.assertEqual(err, "")
                self.assertEqual(lines[0], "Examples:")
                for line in lines[1:3]:
                    self.assertTrue(line.startswith("  brood " + "".join(arguments)), line)
                self.assertLessEqual(len(lines), 60)
                self.assertLessEqual(max(map(len, lines)), 100)
                self.assertTrue(out.isascii())

    def test_options_of_examples_are_options_of_the_command(self):
        for command in COMMANDS:
            out, _ = self.brood(command, "--help")
            examples, rest = out.split("Options:")
            for option in re.findall(r"--[a-z-]+", examples):
                self.assertIn(f"  {option} ", rest)

    def test_version_is_one_line(self):
        out, err = self.brood("--version")
        self.assertRegex(out, r"\Abrood \d+\.\d+\.\d+\n\Z")
        self.assertEqual(err, "")
        self.assertEqual(self.brood("tune", "--version")[0], out)


class Names(CommandTest):
    def test_list_has_every_hyperparameter_with_its_range(self):
        document = self.json_of("list")
        rows = {row["name"]: row for row in document["hyperparameters"]}
        self.assertEqual(rows["lr"]["group"], "train")
        self.assertIn("lr", rows["lr"]["allowed"])
        self.assertEqual(rows["hidden"]["default"], "[64]")
        text, _ = self.brood("list")
        for name in rows:
            self.assertRegex(text, rf"(?m)^  {name} ")

    def test_topics_hold_the_choices_of_their_hyperparameter(self):
        rows = {row["name"]: row for row in self.json_of("list")["hyperparameters"]}
        topics = {"activations": "activation", "optimizers": "optimizer", "losses": "loss",
                  "schedules": "lr_schedule", "inits": "init"}
        for topic, name in topics.items():
            document = self.json_of("list", topic)
            self.assertEqual(list(document), [topic])
            self.assertEqual([n["name"] for n in document[topic]], rows[name]["choices"])
            for choice in rows[name]["choices"]:
                self.assertRegex(self.brood("list", topic)[0], rf"(?m)^  {choice}\b")

    def test_settings_are_listed_with_default_and_range(self):
        rows = {row["name"]: row for row in self.json_of("list", "settings")["settings"]}
        self.assertEqual(rows["asha.workers"]["default"], "64")
        self.assertEqual(rows["pbt.quantile"]["allowed"], "0 < quantile <= 0.5")
        self.assertEqual(rows["constraints.max_flops"]["default"], "")
        for name in ("tpe.startup", "train.epochs", "validation.folds", "validation.repeats"):
            self.assertTrue(rows[name]["help"], name)
        text, _ = self.brood("list", "settings")
        self.assertRegex(text, r"(?m)^  median\.interval +epochs between two comparisons\n"
                               r" +default 1; a whole number, 1 \.\. max_iter$")

    def test_every_key_that_a_sweep_may_have_is_listed(self):
        listed = self.json_of("list")
        names = {row["name"] for topic in ("keys", "settings", "hyperparameters")
                 for row in listed[topic]}
        self.write("xyzzy.yaml", "xyzzy: 1\ndata: {xyzzy: 1}\n")
        _, err = self.brood("check", "xyzzy.yaml", code=2)
        for section, prefix in (("the sweep", ""), ("data", "data.")):
            allowed = re.search(rf"the keys of {section} are (.*)", err).group(1).split(", ")
            ignored = {"program", "command", "project", "entity", "name", "description",
                       "controller", "settings", "job", "queue", "image_uri"}
            self.assertEqual({prefix + key for key in allowed} - names - ignored, set())
        self.assertIn("hidden_size, ", self.brood("list", "synonyms")[0])

    def test_lists_are_no_wider_than_the_terminal(self):
        for columns in (60, 80, 100, 200):
            done = self.run_brood("list", COLUMNS=str(columns))
            self.assertEqual(done.returncode, 0)
            lines = done.stdout.decode().splitlines()
            self.assertLessEqual(max(map(len, lines)), columns)
            self.assertTrue(any(len(line) > columns - 15 for line in lines))
        for columns in ("0", "-3", "many", ""):  # are no width: 80
            lines = self.run_brood("list", COLUMNS=columns).stdout.decode().splitlines()
            self.assertLessEqual(max(map(len, lines)), 80)

    def test_every_listed_name_is_understood(self):
        self.write("s.csv", "a,b,y\n" + "1,2,u\n2,1,v\n" * 20)
        listed = self.json_of("list")
        for topic, key in {"activations": "activation", "optimizers": "optimizer",
                           "schedules": "lr_schedule", "inits": "init"}.items():
            for name in listed[topic]:
                self.brood("check", "s.csv", "--target", "y", f"{key}={name['name']}")
        for metric in listed["metrics"]:
            out, err = self.brood(
                "check", "s.csv", "--target", "y", f"metric.name={metric['name']}",
                code=0 if "classes" in metric["help"].split("; for ")[1] else 2)
            self.assertNotIn("not known", err)

    def test_an_unknown_topic_is_refused_with_its_neighbour(self):
        out, err = self.brood("list", "optimisers", code=2)
        self.assertEqual(out, "")
        self.assertIn("did you mean optimizers?", err)

    def test_devices_are_listed_with_reasons(self):
        out, _ = self.brood("devices")
        self.assertRegex(out, r"(?m)^cpu +usable")
        devices = {d["name"]: d for d in self.json_of("devices")["devices"]}
        self.assertTrue(devices["cpu"]["usable"])
        self.assertFalse(devices["cuda"]["usable"])
        self.assertIn("CUDA", devices["cuda"]["description"])


if __name__ == "__main__":
    unittest.main()
