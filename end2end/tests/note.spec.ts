// Notes: Markdown, its preview, and two people who write at once.

import { awake, expect, picture, test } from "../fixture";
import { fullRun } from "../seed";

test("a note is shown as what Markdown means", async ({ page, world }) => {
  await page.goto(`/runs/${world.runs[fullRun]}?tab=notes`);
  await awake(page);
  const note = page.getByRole("article");
  await expect(note.getByRole("heading", { name: "What came of it" })).toBeVisible();
  await expect(note.getByRole("cell", { name: "12" })).toBeVisible();
  await expect(note.getByRole("checkbox").first()).toBeChecked();
  await picture(page, "run-note");
});

test("a note is written with a preview, and saved", async ({ page, api }) => {
  const id = await api.run("0", "worth a note");
  await page.goto(`/runs/${id}?tab=notes`);
  await awake(page);
  await expect(page.getByRole("heading", { name: "No note yet" })).toBeVisible();
  await page.getByRole("button", { name: "Write a note" }).click();
  await page.getByRole("textbox", { name: "Markdown" }).fill("## Better\n\n<script>alert(1)</script> by *far*");
  const preview = page.getByRole("region", { name: "Preview" });
  await expect(preview.getByRole("heading", { name: "Better" })).toBeVisible();
  await expect(preview.locator("script")).toHaveCount(0);
  await picture(page, "run-note-editor");
  await page.getByRole("button", { name: "Save note" }).click();
  await expect(page.getByRole("article").getByRole("heading", { name: "Better" })).toBeVisible();
  expect((await api.send("GET", `/runs/${id}/note`)).body).toContain("by *far*");
});

test.describe("two people", () => {
  test.use({ expected: [/status of 409/] });

  test("who saves second sees what the first wrote", async ({ page, api }) => {
    const id = await api.run("0", "written twice");
    await api.note(id, "first");
    await page.goto(`/runs/${id}?tab=notes`);
    await awake(page);
    await page.getByRole("button", { name: "Edit note" }).click();
    await page.getByRole("textbox", { name: "Markdown" }).fill("mine");
    await api.note(id, "theirs");
    await page.getByRole("button", { name: "Save note" }).click();
    await expect(page.getByLabel("The other version")).toHaveText("theirs");
    await expect(page.getByRole("textbox", { name: "Markdown" })).toHaveValue("mine");
    await page.getByRole("button", { name: "Save mine over it" }).click();
    await expect(page.getByRole("article")).toContainText("mine");
    expect((await api.send("GET", `/runs/${id}/note/history`)).length).toBe(3);
  });
});
