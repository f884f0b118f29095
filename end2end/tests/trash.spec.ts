// What is thrown away: weighed, restored, and deleted for good, after which the space is free.

import type { Page } from "@playwright/test";
import { awake, expect, picture, test } from "../fixture";
import type { Api } from "../api";

const table = (page: Page) => page.getByRole("table", { name: "Trash" });

/** Waits until nothing is being removed any more. */
async function settled(api: Api) {
  await expect.poll(async () => (await api.send("GET", "/trash")).leaving).toEqual({ experiments: 0, runs: 0 });
}

test("an experiment is thrown away, weighed, deleted for good, and what others share stays", async ({ page, api }) => {
  const name = `thrown ${test.info().project.name}`;
  const id = await api.experiment(name);
  const [first, second] = [await api.run(id, "first"), await api.run(id, "second")];
  await api.log(first, { loss: Array.from({ length: 500 }, (_, step) => 1 / (step + 1)) });
  await api.log(second, { loss: [0.5] });
  const own = `only here ${test.info().project.name}`;
  await api.artifact(first, "own.txt", own);
  const elsewhere = await api.experiment(`kept beside ${test.info().project.name}`);
  const kept = await api.run(elsewhere, "keeper");
  await api.artifact(first, "shared.txt", "of both");
  await api.artifact(kept, "shared.txt", "of both");

  await page.goto(`/experiments/${id}`);
  await awake(page);
  await page.getByRole("button", { name: "Move to trash" }).click();
  await expect(page.getByText("This experiment lies in the trash")).toBeVisible();
  await page.goto(`/trash?search=${encodeURIComponent(name)}`);
  await awake(page);
  const row = table(page).getByRole("row", { name });
  await expect(row).toContainText("2");
  const { data_bytes, file_bytes } = await api.send("POST", "/trash/size", { experiments: [id] });
  expect(file_bytes).toBe(own.length);
  expect(data_bytes).toBeGreaterThan(0);
  await picture(page, "trash");

  await row.getByRole("button", { name: `Delete ${name} for good` }).click();
  const dialog = page.getByRole("dialog", { name: "Delete for good?" });
  await expect(dialog).toContainText("This deletes 1 experiment");
  await expect(dialog.getByText("501", { exact: true })).toBeVisible();
  await expect(dialog.getByText(`${own.length} B`, { exact: true })).toBeVisible();
  await picture(page, "trash-dialog");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(row).toBeVisible();

  await row.getByRole("button", { name: `Delete ${name} for good` }).click();
  await dialog.getByRole("button", { name: "Delete for good" }).click();
  await expect(dialog).toBeHidden();
  await expect(row).toHaveCount(0);
  await settled(api);
  await expect(api.send("GET", `/runs/${first}`)).rejects.toThrow("404");
  expect(await api.send("GET", `/runs/${kept}/artifacts`)).toHaveLength(1);
  const content = await page.request.get(`/api/v1/runs/${kept}/artifacts/shared.txt`);
  expect(await content.text()).toBe("of both");
  await api.send("PATCH", "/experiments", { ids: [elsewhere], archived: true });
});

test("a run is thrown away on its page, and restored from the trash", async ({ page, api }) => {
  const project = test.info().project.name;
  const id = await api.experiment(`with a thrown run ${project}`);
  const name = `thrown run ${project}`;
  const run = await api.run(id, name);
  await page.goto(`/runs/${run}`);
  await awake(page);
  await page.getByRole("button", { name: "Move to trash" }).click();
  await expect(page.getByText("This run lies in the trash")).toBeVisible();
  await picture(page, "run-in-trash");
  await page.goto(`/trash?search=${encodeURIComponent(name)}`);
  await awake(page);
  await table(page).getByRole("checkbox", { name: `Select ${name}` }).check();
  await page.getByRole("toolbar", { name: "Chosen items" }).getByRole("button", { name: "Restore" }).click();
  await expect(page.getByRole("heading", { name: "Nothing in the trash matches" })).toBeVisible();
  expect((await api.send("GET", `/runs/${run}`)).run.trashed_at_ms).toBeNull();
  await api.send("PATCH", "/experiments", { ids: [id], archived: true });
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
