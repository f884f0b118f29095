// The page of one run: how its status came about, what it ran on and how to run it again, what is done with it.

import { awake, expect, picture, test } from "../fixture";
import { processId } from "../api";

test("the overview tells how a status came about, and of a clock that is behind", async ({ page, api }) => {
  const id = await api.run("0", "with a story");
  const process = { id: processId("a"), host: "node-3", pid: 77, rank: 0 };
  const beat = () =>
    api.send("POST", "/heartbeats", { runs: [{ run_id: id, process }], sent_at_ms: Date.now() - 180_000 });
  await beat();
  await beat();
  await page.goto(`/runs/${id}`);
  await awake(page);
  const run = page.getByRole("region", { name: "Run", exact: true });
  await expect(run).toContainText(/The clock of node-3 is (3m 0\ds|2m 59s) behind the server's/);
  const history = page.getByRole("region", { name: /^Status history/ });
  await expect(history.getByRole("listitem")).toHaveCount(1);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("dialog", { name: "Stop this run?" }).getByRole("button", { name: "Stop the run" }).click();
  await expect(history).toContainText(/asked to stop by .* on this page/);
  await api.endProcess(id, "a", "killed");
  await expect(history).toContainText("reported by node-3:77, rank 0");
  await api.send("POST", "/runs", { id, experiment_id: "0", resume: "must" });
  await expect(history).toContainText("through the API");
  await expect(history.getByRole("listitem")).toHaveCount(4);
  await picture(page, "run-status-history");
});

test("key metrics have curves, tags are edited in place, and another run is found to compare with", async ({ page, api }) => {
  const experiment = await api.experiment(`compared ${test.info().project.name}`);
  const other = await api.run(experiment, "the other one");
  const id = await api.run(experiment, "this one", { tags: { phase: "test" } });
  const values = Array.from({ length: 200 }, (_, index) => Math.exp(-index / 40) + Math.sin(index) / 20);
  await api.log(id, { loss: values, "val/accuracy": values.map((value) => 1 - value) }, 0, { lr: 0.1 });
  await api.send("PUT", `/runs/${id}/environment`, {
    git: { commit: "3f2a9c1d5b7e8f0a1b2c", branch: "wider-net", dirty: true },
    command: ["python", "train.py"],
    host: { name: "gpu-node-7" },
  });
  await page.goto(`/runs/${id}`);
  await awake(page);
  const run = page.getByRole("region", { name: "Run", exact: true });
  await expect(run).toContainText("3f2a9c1d5b7e");
  await expect(run).toContainText("wider-net");
  await expect(run).toContainText("gpu-node-7");
  const curve = page.getByRole("table", { name: "Key metrics" }).locator("svg path").first();
  await expect(curve).toHaveAttribute("d", /^M1\.0 1\.5h\.01L/);
  await run.getByRole("textbox", { name: "Add tags" }).fill("keep, size: large");
  await run.getByRole("textbox", { name: "Add tags" }).press("Enter");
  await expect(run.getByRole("list", { name: "Tags of this run" })).toContainText("size: large");
  await run.getByRole("button", { name: "Remove tag phase: test" }).click();
  await expect(run.getByRole("list", { name: "Tags of this run" })).not.toContainText("phase");
  await picture(page, "run-overview-whole");
  await page.getByRole("button", { name: "Compare with…" }).click();
  const dialog = page.getByRole("dialog", { name: "Compare with which run?" });
  await dialog.getByRole("searchbox", { name: "Find a run" }).fill("OTHER");
  await picture(page, "run-compare-with");
  await dialog.getByRole("button", { name: /the other one/ }).click();
  await expect(page).toHaveURL(new RegExp(`/compare\\?runs=${id},${other}`));
});

test("uncommitted changes are read line by line, and the run's commands are there to copy", async ({ page, api }) => {
  const id = await api.run("0", "to be run again");
  await api.send("PUT", `/runs/${id}/environment`, {
    git: {
      commit: "3f2a9c1d5b7e8f0a1b2c3d4e5f60718293a4b5c6",
      remote: "git@example.org:team/digits.git",
      dirty: true,
      diff_path: "code/diff.patch",
    },
    command: ["/opt/venv/bin/python", "train.py", "--note", "it's $HOME"],
    cwd: "/home/ada/digits",
    python: { version: "3.12.4" },
    packages: { numpy: "2.1.0", torch: "2.5.1" },
  });
  const patch = "diff --git a/train.py b/train.py\n--- a/train.py\n+++ b/train.py\n@@ -1,2 +1,2 @@\n lr = 1\n-depth = 3\n+depth = 4\n";
  await api.artifact(id, "code/diff.patch", patch);
  await page.goto(`/runs/${id}?tab=environment`);
  await awake(page);
  const commands = page.getByRole("region", { name: "Commands that run it again" });
  await expect(commands).toContainText("git clone -- git@example.org:team/digits.git digits");
  await expect(commands).toContainText("python train.py --note 'it'\\''s $HOME'");
  await expect(page.getByRole("list", { name: "What these lines cannot do" })).toContainText("/home/ada/digits");
  const changes = page.getByRole("region", { name: "Uncommitted changes, line by line" });
  await expect(changes).toContainText("+depth = 4");
  await expect(page.getByText("1 added, 1 removed")).toBeVisible();
  await picture(page, "run-reproduce");
});

test("events stand in lanes over time and are filtered by source", async ({ page, api }) => {
  const id = await api.run("0", "in lanes");
  const start = Date.now() - 3_600_000;
  const event = (number: number, name: string, more: object) => ({
    id: number.toString(16).padStart(32, "0"),
    name,
    time_ms: start + number * 60_000,
    ...more,
  });
  const span = (digit: string) => digit.repeat(32);
  await api.send("POST", `/runs/${id}/events`, {
    events: [
      event(1, "evaluate", { kind: "start", span: span("1"), source: "evaluator" }),
      event(6, "evaluate", { kind: "finish", span: span("1"), source: "evaluator" }),
      event(20, "evaluate", { kind: "start", span: span("2"), source: "evaluator" }),
      event(10, "checkpoint", { source: "trainer" }),
      event(30, "checkpoint", { source: "trainer" }),
      event(12, "restart", {}),
    ],
  });
  await page.goto(`/runs/${id}?tab=events`);
  await awake(page);
  const lanes = page.getByRole("figure");
  await expect(lanes.getByRole("listitem")).toHaveCount(3);
  await expect(lanes.getByRole("img", { name: "evaluate 2 times" })).toBeVisible();
  await picture(page, "run-event-lanes");
  await page.getByRole("combobox", { name: "Source" }).selectOption("trainer");
  await expect(page).toHaveURL(/source=trainer/);
  const rows = page.getByRole("table", { name: "Events" }).getByRole("row");
  await expect(rows).toHaveCount(3);
  await page.getByRole("combobox", { name: "Source" }).selectOption("without a source");
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(1)).toContainText("restart");
  await page.reload();
  await awake(page);
  await expect(rows).toHaveCount(2);
});
