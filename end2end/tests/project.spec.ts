// Projects: made, switched, filled and removed over the list of experiments.

import { awake, expect, picture, test } from "../fixture";

// A project that is not empty stays, and the answer that says so is a 409.
test.use({ expected: [/409/] });

test("a project is made, filled by moving experiments, and the move is undone", async ({ page, api }) => {
  const mark = test.info().project.name;
  const [first, second] = [`robot arm ${mark}`, `robot leg ${mark}`];
  for (const name of [first, second]) await api.experiment(name);
  await page.goto(`/experiments?search=${encodeURIComponent("robot")}`);
  await awake(page);
  const table = page.getByRole("table", { name: "Experiments" });
  await page.getByText("Project: All projects").click();
  await page.getByRole("button", { name: "New project" }).click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  await dialog.getByRole("textbox", { name: "Name" }).fill(`robots ${mark}`);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(page).toHaveURL(/project=\d+/);
  await expect(page.getByRole("heading", { name: "No experiment matches" })).toBeVisible();
  const project = new URL(page.url()).searchParams.get("project") ?? "";

  await page.goto(`/experiments?search=${encodeURIComponent("robot")}`);
  await awake(page);
  for (const name of [first, second]) await table.getByRole("checkbox", { name: `Select ${name}` }).check();
  const bar = page.getByRole("toolbar", { name: "Chosen experiments" });
  await bar.getByRole("combobox", { name: "Move to project" }).selectOption(`robots ${mark}`);
  await expect(page.getByText("Moved 2 experiments")).toBeVisible();
  const count = async () => (await api.send("GET", `/experiments?project_id=${project}`)).total;
  await expect.poll(count).toBe(2);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(count).toBe(0);

  // One experiment goes by its form; its page then names the project.
  await table.getByRole("button", { name: `Edit ${first}` }).click();
  const edit = page.getByRole("dialog", { name: "Edit experiment" });
  await edit.getByRole("combobox", { name: "Project" }).selectOption(`robots ${mark}`);
  await edit.getByRole("button", { name: "Save" }).click();
  await expect.poll(count).toBe(1);
  await page.goto(`/experiments?project=${project}`);
  await awake(page);
  await expect(table.getByRole("link", { name: first, exact: true })).toBeVisible();
  await expect(table.getByRole("link", { name: second, exact: true })).toHaveCount(0);
  await page.getByText(`Project: robots ${mark}`).click();
  await picture(page, "projects");
  await page.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("experiments are in this project")).toBeVisible();
  await page.keyboard.press("Escape");
  await table.getByRole("link", { name: first, exact: true }).click();
  await page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link", { name: `robots ${mark}` }).click();
  await expect(page).toHaveURL(new RegExp(`project=${project}`));
  const ids = (await api.send("GET", `/experiments?project_id=${project}`)).items.map((one: { id: string }) => one.id);
  await api.send("PATCH", "/experiments", { ids, project_id: "0" });
  await page.getByText(`Project: robots ${mark}`).click();
  await page.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("Removed the project")).toBeVisible();
  await expect(page).not.toHaveURL(/project=/);
});

test("the list shows the best value of an experiment's goal", async ({ page, api }) => {
  const name = `goal ${test.info().project.name}`;
  const id = await api.experiment(name);
  for (const [run, losses] of [["worse", [3, 2.5]], ["better", [2, 0.125, 4]]] as const) {
    await api.log(await api.run(id, run), { "val/loss": [...losses] });
  }
  await page.goto(`/experiments?search=${encodeURIComponent(name)}`);
  await awake(page);
  await page.getByRole("button", { name: `Edit ${name}` }).click();
  const edit = page.getByRole("dialog", { name: "Edit experiment" });
  await edit.getByRole("textbox", { name: "Goal metric" }).fill("val/loss");
  await picture(page, "experiment-goal");
  await edit.getByRole("button", { name: "Save" }).click();
  const best = page.getByRole("row", { name }).getByRole("link", { name: "0.125" });
  await expect(best).toBeVisible();
  await best.click();
  await expect(page.getByRole("heading", { level: 1, name: "better" })).toBeVisible();
});
