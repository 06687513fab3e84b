# SPDX-License-Identifier: Apache-2.0
"""brood watch: who is let in, what is served, and a page that follows a study."""

import http.client
import json
import os
import re
import signal
import socket
import time
import unittest

from browser import CHROMIUM, Browser
from command import ENDLESS, HANG, SWEEP, CommandTest


class Watching(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)

    def watch(self, *arguments):
        """The command, and where it serves: (process, port, path)."""
        process = self.start("watch", "run", *arguments)
        line = process.stdout.readline()
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/[0-9a-f]{32}/)\n", line)
        self.assertIsNotNone(found, line)
        return process, int(found[1]), found[2]

    def start_study(self):
        process = self.start("tune", "wine.yaml", "--out", "run", *ENDLESS)
        while not (self.folder / "run/study.db").exists():
            self.assertIsNone(process.poll())
        return process

    def ask(self, port, path, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, response.headers, body

    def data(self, port, path):
        status, _, body = self.ask(port, path + "data.json")
        self.assertEqual(status, 200)
        return json.loads(body)

    def data_once(self, port, path, holds):
        while True:
            data = self.data(port, path)
            if holds(data):
                return data
            time.sleep(0.1)


class Watch(Watching):
    def test_only_who_has_the_token_and_only_to_read(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        _, port, path = self.watch()
        status, headers, page = self.ask(port, path)
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn(b"connect-src 'self'", page)
        status, headers, body = self.ask(port, path + "data.json")
        self.assertEqual(json.loads(body)["state"], "finished")
        version = headers["ETag"]
        self.assertEqual(self.ask(port, path + "data.json", If_None_Match=version)[::2], (304, b""))
        self.assertEqual(self.ask(port, path + "data.json", If_None_Match='"0"')[2], body)
        status, headers, nothing = self.ask(port, path + "data.json", "HEAD")
        self.assertEqual((status, headers["Content-Length"], nothing), (200, str(len(body)), b""))
        other = "/" + "0" * 32 + "/"
        for wrong in ("/", "/data.json", other, other + "data.json", path[:-2] + "/", path[:-1] + "0/", "//", "/.."):
            self.assertEqual(self.ask(port, wrong)[::2], (404, b""), wrong)
            self.assertEqual(self.ask(port, wrong, "POST")[::2], (404, b""), wrong)
        for unknown in ("run.json", "../run.json", "%2e%2e/", "data.json?x"):
            self.assertEqual(self.ask(port, path + unknown)[::2], (404, b""), unknown)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            status, headers, nothing = self.ask(port, path + "data.json", method)
            self.assertEqual((status, headers["Allow"], nothing), (405, "GET, HEAD", b""), method)

    def test_only_by_the_names_of_this_machine(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        _, port, path = self.watch()
        for host in ("127.0.0.1", f"127.0.0.1:{port}", "localhost", f"localhost:{port}", f"[::1]:{port}", "[::1]"):
            self.assertEqual(self.ask(port, path, Host=host)[0], 200, host)
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil", "", "::1",
                     "127.0.0.1:1:2", "[::1", "x[::1]"):
            self.assertEqual(self.ask(port, path, Host=host)[::2], (403, b""), host)

    def test_bytes_that_are_no_request(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        process, port, path = self.watch()
        for text in (b"\0" * 100, b"GET\r\n\r\n", b"GET " + b"/x" * 20000 + b" HTTP/1.1\r\n\r\n",
                     f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n".encode(),
                     f"GET {path} HTTP/1.0\r\n\r\n".encode()):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                try:
                    connection.sendall(text)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
                except OSError:  # it has been shown the door
                    pass
        self.assertEqual(self.ask(port, path)[0], 200)
        self.assertIsNone(process.poll())

    def test_ends_by_a_signal_or_when_the_study_has(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        for sent, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process, port, path = self.watch()
            connection = socket.create_connection(("127.0.0.1", port))  # and says nothing
            self.addCleanup(connection.close)
            self.ask(port, path)
            process.send_signal(sent)
            _, err = process.communicate(timeout=HANG)
            self.assertEqual(process.returncode, code, err)
            self.assertEqual(err, "run: its study has finished; its page is served until Ctrl-C\n")
        out, err = self.brood("watch", "run", "--until-done")
        self.assertEqual(err, "run: its study has finished\n")
        told = self.json_of("watch", "run", "--until-done", "--quiet")
        self.assertIn(f":{told['port']}/", told["address"])

    def test_places_and_ports_that_cannot_be(self):
        os.mkdir(self.folder / "empty")
        for directory, says in (("nowhere", "nowhere: there is no such directory"),
                                ("empty", "empty: has neither study.db nor run.json, so that no study has begun"),
                                ("wine.yaml", "wine.yaml: has neither")):
            self.assertIn(says, self.brood("watch", directory, code=2)[1])
        self.brood("tune", "wine.yaml", "--out", "run")
        for port in ("x", "0", "65536", "-1", "80.5"):
            self.assertIn("is not allowed; allowed: whole numbers 1 .. 65535",
                          self.brood("watch", "run", "--port", port, code=2)[1])
        _, port, _ = self.watch()
        self.assertEqual(self.brood("watch", "run", "--port", port, code=2)[1],
                         f"--port: {port} cannot be had: another program has it; leave --port out for one that is "
                         "free\n")

    def test_follows_from_the_first_moment_to_the_last(self):
        study = self.start_study()
        watching, port, path = self.watch("--until-done")
        first = self.data_once(port, path, lambda data: data["state"] == "live" and "report" in data)
        trained = lambda data: data["report"]["runs"][0]["history"]["epochs"].split()[-1:]
        later = self.data_once(port, path, lambda data: trained(data) != trained(first))
        self.assertEqual([part["id"] for part in later["page"]["main"]][0], "answer")
        self.assertIn("so far; test rows are looked at in the end", later["page"]["main"][0]["html"])
        self.brood("stop", "run")
        study.communicate(timeout=HANG)
        _, err = watching.communicate(timeout=HANG)
        self.assertEqual(watching.returncode, 0)
        self.assertRegex(err, r"run: its study trains; .*\n(.*\n)*run: its study was stopped; to go on: .* resume run\n$")

    def test_what_is_shown_is_what_the_run_then_has(self):
        self.brood("tune", "wine.yaml", "--out", "run", "validation={folds: 3}")
        report = self.json_of("report", "run")["runs"][0]
        os.remove(self.folder / "run/run.json")  # as if it had been killed before its end
        _, port, path = self.watch()
        data = self.data(port, path)
        self.assertEqual(data["state"], "stopped")
        live = data["report"]["runs"][0]
        for key in ("name", "metric", "goal", "best", "parameters", "curves", "importance", "edges"):
            self.assertEqual(live[key], report[key], key)
        for key in ("ids", "states", "epochs", "scores", "errors", "values"):
            self.assertEqual(live["trials"][key], report["trials"][key], key)

    def test_a_directory_that_goes_and_comes(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        _, port, path = self.watch()
        os.rename(self.folder / "run", self.folder / "gone")
        self.data_once(port, path, lambda data: data["state"] == "lost")
        os.rename(self.folder / "gone", self.folder / "run")
        self.data_once(port, path, lambda data: data["state"] == "finished")


@unittest.skipUnless(CHROMIUM, "Chromium is not installed; tools/test.sh --all installs it")
class LivePage(Watching):
    BADGE = "document.getElementById('live').textContent"

    def test_what_lies_on_a_disk_asks_for_nothing(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        page = self.text("run/report.html")
        for word in ("fetch(", "XMLHttpRequest", "connect-src", "data.json", "WebSocket", "EventSource"):
            self.assertNotIn(word, page)
        with Browser(self.folder) as browser:
            browser.call("Network.enable")
            browser.open((self.folder / "run/report.html").as_uri())
            browser.wait_for("document.querySelectorAll('#trials-table tbody tr').length > 0")
            browser.value("new Promise((done) => setTimeout(done, 3000))")
            self.assertEqual(browser.value("performance.getEntriesByType('resource').length"), 0)
            self.assertEqual(browser.complaints, [])

    def test_follows_and_leaves_the_reader_where_he_is(self):
        study = self.start_study()
        watching, port, path = self.watch()
        with Browser(self.folder) as browser:
            browser.open(f"http://127.0.0.1:{port}{path}")
            browser.wait_for(f"{self.BADGE}.startsWith('live, as of ')")
            browser.wait_for("document.querySelectorAll('#trials-table tbody tr').length > 3")
            # Before the first rung is over there is no history to look at.
            browser.wait_for("document.querySelectorAll('#history button').length > 1")
            browser.value("""(() => {
                window.same = true;
                document.querySelector('#reproduce details').open = true;
                document.querySelectorAll('#trials-table th button')[1].click();
                document.querySelectorAll('#trials-table th button')[1].click();
                document.querySelectorAll('#history button')[1].click();
                const filter = document.getElementById('filter');
                filter.value = 'activation=relu';
                filter.dispatchEvent(new Event('input'));
                filter.focus();
                filter.setSelectionRange(3, 7);
                document.getElementById('trials').scrollIntoView({behavior: 'instant'});
            })()""")
            look = """(() => {
                const filter = document.getElementById('filter');
                return {same: window.same, open: document.querySelector('#reproduce details').open,
                        sorted: document.querySelectorAll('#trials-table th')[1].getAttribute('aria-sort'),
                        history: document.querySelectorAll('#history button')[1].getAttribute('aria-pressed'),
                        filter: filter.value, focused: document.activeElement === filter,
                        caret: [filter.selectionStart, filter.selectionEnd],
                        rows: document.querySelectorAll('#trials-table tbody tr').length,
                        top: Math.round(document.getElementById('trials').getBoundingClientRect().top)}; })()"""
            before = browser.value(look)
            answer = browser.value("document.getElementById('answer').textContent")
            for _ in range(3):
                browser.wait_for("document.getElementById('answer').textContent !== " + json.dumps(answer))
                answer = browser.value("document.getElementById('answer').textContent")
                after = browser.value(look)
                self.assertLessEqual(abs(after.pop("top") - before["top"]), 1)
                self.assertEqual(after, {key: value for key, value in before.items() if key != "top"})
            self.assertEqual((before["sorted"], before["focused"], before["history"]), ("descending", True, "true"))
            if "BROOD_TEST_SCREENSHOT" in os.environ:
                browser.value("scrollTo({top: 0, behavior: 'instant'})")
                browser.screenshot(os.environ["BROOD_TEST_SCREENSHOT"])
            self.brood("stop", "run")
            study.communicate(timeout=HANG)
            browser.wait_for(f"{self.BADGE}.startsWith('study stopped, as of ')")
            self.assertEqual(browser.complaints, [])
            watching.send_signal(signal.SIGINT)
            browser.wait_for(f"{self.BADGE} === 'connection lost, trying again'")
            self.assertTrue(browser.value("window.same"))

    def test_a_study_that_ends(self):
        self.brood("tune", "wine.yaml", "--out", "run", "--events", "1")
        _, port, path = self.watch()
        with Browser(self.folder) as browser:
            browser.open(f"http://127.0.0.1:{port}{path}")
            browser.wait_for(f"{self.BADGE}.startsWith('study finished, at ')")
            browser.value("window.same = true")
            before = browser.value("document.querySelector('#answer').textContent")
            self.brood("resume", "run")
            browser.wait_for("document.querySelector('#answer').textContent !== " + json.dumps(before))
            self.assertIn("test accuracy on 36 rows", browser.value("document.querySelector('#answer').textContent"))
            self.assertTrue(browser.value("window.same"))
            self.assertEqual(browser.complaints, [])


if __name__ == "__main__":
    unittest.main()
