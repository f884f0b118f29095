// Who logs to a run and is alive: many processes, a request to stop, a run that is lost and returns.

import { processId } from "../api";
import { awake, expect, picture, test } from "../fixture";

test("processes are listed when there is more than one, and the run ends as the worst of them", async ({ page, api }) => {
  const parent = await api.run("0", "pipeline");
  const id = await api.run("0", "four ranks", { parent_id: parent });
  await api.run("0", "evaluation of it", { parent_id: id });
  for (const rank of [0, 1, 2, 3]) await api.beat(id, String(rank + 1), rank);
  await api.endProcess(id, "2", "failed");
  await page.goto(`/runs/${id}`);
  await awake(page);
  const processes = page.getByRole("region", { name: /^Processes/ });
  await expect(processes).toContainText("3 running, 1 failed");
  await expect(processes.getByRole("row")).toHaveCount(5);
  await expect(page.getByRole("region", { name: "Run", exact: true }).getByRole("link", { name: "pipeline" })).toBeVisible();
  const children = page.getByRole("region", { name: /^Child runs/ });
  await expect(children.getByRole("link", { name: "evaluation of it" })).toBeVisible();
  await picture(page, "run-processes");
  for (const digit of ["1", "3", "4"]) await api.endProcess(id, digit, "completed");
  await expect(page.getByRole("region", { name: "Run", exact: true })).toContainText("failed");
});

test("a person asks a run to stop, and its client ends it", async ({ page, api }) => {
  const id = await api.run("0", "to be stopped");
  await api.beat(id, "a");
  await page.goto(`/runs/${id}`);
  await awake(page);
  await page.getByRole("button", { name: "Stop" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop this run?" });
  await picture(page, "run-stop");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect((await api.beat(id, "a")).stop).toBe(false);
  await page.getByRole("button", { name: "Stop" }).click();
  await dialog.getByRole("button", { name: "Stop the run" }).click();
  await expect(page.getByRole("button", { name: "Stopping…" })).toBeDisabled();
  expect((await api.beat(id, "a")).stop).toBe(true);
  await api.endProcess(id, "a", "killed");
  await expect(page.getByRole("region", { name: "Run", exact: true })).toContainText("killed");
  await expect(page.getByRole("button", { name: /^Stop/ })).toHaveCount(0);
});

test("a run that no process listens for is marked as killed", async ({ page, api }) => {
  const id = await api.run("0", "made by hand");
  await page.goto(`/runs/${id}`);
  await awake(page);
  await page.getByRole("button", { name: "Stop" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop this run?" });
  await expect(dialog).toContainText("Nothing that logs to this run listens");
  await dialog.getByRole("button", { name: "Mark as killed" }).click();
  await expect(page.getByRole("region", { name: "Run", exact: true })).toContainText("killed");
});

test("a silent run shows as lost, and as running with its next sign of life", async ({ page, api }) => {
  const experiment = await api.experiment(`silence ${test.info().project.name}`);
  const id = await api.run(experiment, "gone quiet");
  await api.beat(id, "a");
  await page.goto(`/runs/${id}`);
  await awake(page);
  const run = page.getByRole("region", { name: "Run", exact: true });
  await expect(run).toContainText("lost", { timeout: 40_000 });
  await expect(run).toContainText("Last seen");
  await picture(page, "run-lost");
  await api.beat(id, "a");
  await expect(run).toContainText("running");
});

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
