// What pages say when there is nothing, too much, too long, or nobody there.

import type { Page } from "@playwright/test";
import { awake, expect, picture, test } from "../fixture";

/** As long as a name may be, of one word that nothing breaks. */
const endless = "a-name-without-any-end-".repeat(21);

const runs = (page: Page) => page.getByRole("table", { name: "Runs" });

test("an experiment without runs shows how the first is recorded", async ({ page, api }) => {
  await page.goto(`/experiments/${await api.experiment(`nothing yet ${test.info().project.name}`)}`);
  await awake(page);
  await expect(page.getByRole("heading", { name: "Record a first run" })).toBeVisible();
  await picture(page, "state-no-runs");
});

test("a single run is a table of one row and charts of one curve", async ({ page, api }) => {
  const id = await api.experiment(`only one ${test.info().project.name}`);
  await api.log(await api.run(id, "the only one"), { loss: [0.5] }, 0, { lr: 0.1 });
  await page.goto(`/experiments/${id}`);
  await awake(page);
  await expect(runs(page).getByRole("link", { name: "the only one" })).toBeVisible();
  await picture(page, "state-one-run");
  await page.goto(`/experiments/${id}?view=charts`);
  await awake(page);
  await expect(page.getByRole("article", { name: "loss", exact: true })).toBeVisible();
  await picture(page, "state-one-run-charts");
});

test("names without end are cut and push nothing out of its place", async ({ page, api }) => {
  const id = await api.experiment(`${test.info().project.name} ${endless}`, { description: endless, tags: [endless.slice(0, 200)] });
  const ids: string[] = [];
  for (const digit of ["1", "2"]) {
    const run = await api.run(id, `${digit} ${endless}`);
    await api.log(run, { [`${endless.slice(0, 150)}/loss`]: [2, 1] }, 0, { [endless.slice(0, 150)]: `${digit} ${endless}`, lr: 0.1 });
    await api.artifact(run, `${endless.slice(0, 200)}/${endless.slice(0, 200)}.txt`, endless);
    await api.note(run, `# ${endless}\n\n\`${endless}\``);
    ids.push(run);
  }
  const looks: [string, string][] = [
    ["experiments", `/experiments?search=${encodeURIComponent(test.info().project.name)}`],
    ["experiment", `/experiments/${id}`],
    ["experiment-charts", `/experiments/${id}?view=charts`],
    ["experiment-parallel", `/experiments/${id}?view=parallel`],
    ["run", `/runs/${ids[0]}`],
    ["run-params", `/runs/${ids[0]}?tab=params`],
    ["run-metrics", `/runs/${ids[0]}?tab=metrics`],
    ["run-artifacts", `/runs/${ids[0]}?tab=artifacts`],
    ["run-notes", `/runs/${ids[0]}?tab=notes`],
    ["compare", `/compare?runs=${ids.join(",")}`],
    ["compare-params", `/compare?runs=${ids.join(",")}&view=params`],
    ["compare-curves", `/compare?runs=${ids.join(",")}&view=curves`],
  ];
  for (const [name, address] of looks) {
    await page.goto(address);
    await awake(page);
    await picture(page, `state-long-${name}`);
  }
});

test.describe("without a network", () => {
  test.use({ expected: [/ERR_INTERNET_DISCONNECTED/] });

  test("what is shown stays under a banner, and the page is live again by itself", async ({ page, api, context }) => {
    const id = await api.experiment(`cut off ${test.info().project.name}`);
    await api.run(id, "before");
    await page.goto(`/experiments/${id}`);
    await awake(page);
    await context.setOffline(true);
    const banner = page.getByText("The server cannot be reached");
    await expect(banner).toBeVisible();
    await expect(page.getByText("Offline", { exact: true })).toBeVisible();
    await expect(runs(page).getByRole("link", { name: "before" })).toBeVisible();
    await picture(page, "state-offline");
    await api.run(id, "meanwhile");
    await context.setOffline(false);
    await expect(banner).toBeHidden();
    await awake(page);
    await expect(runs(page).getByRole("link", { name: "meanwhile" })).toBeVisible();
  });
});

test.describe("deleted elsewhere", () => {
  test.use({ expected: [/status of 404/] });

  test("a run that somebody deletes for good says so, and shows what was known", async ({ page, api }) => {
    const id = await api.experiment(`taken away ${test.info().project.name}`);
    const run = await api.run(id, "taken away");
    await page.goto(`/runs/${run}`);
    await awake(page);
    await api.send("PATCH", `/runs/${run}`, { trashed: true });
    await expect(page.getByText("This run lies in the trash")).toBeVisible();
    await api.send("POST", "/trash/delete", { runs: [run] });
    await expect(page.getByText(`no run "${run}"`)).toBeVisible();
    await expect(page.getByRole("heading", { level: 1, name: "taken away" })).toBeVisible();
    await picture(page, "state-deleted-run");
  });

  test("an experiment that somebody deletes for good says so", async ({ page, api }) => {
    const id = await api.experiment(`taken away too ${test.info().project.name}`);
    await api.run(id, "inside");
    await page.goto(`/experiments/${id}`);
    await awake(page);
    await api.send("PATCH", `/experiments/${id}`, { trashed: true });
    await expect(page.getByRole("heading", { name: "Its runs lie in the trash with it" })).toBeVisible();
    await api.send("POST", "/trash/delete", { experiments: [id] });
    await expect(page.getByText(`no experiment "${id}"`)).toBeVisible();
    await picture(page, "state-deleted-experiment");
  });
});
