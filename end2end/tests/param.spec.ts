// Params of a run: as a list or a tree, beside another run's, as code, with what they were before.

import { awake, expect, picture, test } from "../fixture";

const params = {
  "model.depth": 12,
  "model.head.size": 64,
  "model.head.act": "gelu",
  "optim/lr": 0.001,
  "optim/name": "AdamW",
  seed: 7,
  note: "two\nlines",
};

test("params stand beside another run's, and only the differences if one likes", async ({ page, api }) => {
  const experiment = await api.experiment(`params ${test.info().project.name}`);
  const other = await api.run(experiment, "baseline");
  await api.log(other, {}, 0, { ...params, "optim/lr": 0.01, "only here": true });
  const id = await api.run(experiment, "candidate");
  await api.log(id, {}, 0, params);
  await api.log(id, {}, 0, { seed: 8 });
  await page.goto(`/runs/${id}?tab=params`);
  await awake(page);
  const table = page.getByRole("table", { name: "Params" });
  await expect(table.getByRole("row")).toHaveCount(8);
  const seed = table.getByRole("row", { name: /^seed/ });
  await seed.getByText("1 change").click();
  await expect(seed).toContainText("7 until");
  await page.getByRole("button", { name: "Beside another run…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: /baseline/ }).click();
  await expect(page).toHaveURL(new RegExp(`with=${other}`));
  await expect(table.getByRole("row", { name: /^optim\/lr/ })).toContainText("differs");
  await expect(table.getByRole("row")).toHaveCount(9);
  await picture(page, "run-params-beside");
  await page.getByRole("checkbox", { name: "Only differences" }).check();
  await expect(table.getByRole("row")).toHaveCount(4);
  await page.reload();
  await awake(page);
  await expect(table.getByRole("columnheader", { name: "baseline" })).toBeVisible();
  await expect(table.getByRole("row")).toHaveCount(4);
});

test("params are a tree whose groups close, and code to copy", async ({ page, api }) => {
  const id = await api.run("0", "nested");
  await api.log(id, {}, 0, params);
  await page.goto(`/runs/${id}?tab=params`);
  await awake(page);
  await page.getByRole("navigation", { name: "Show params as" }).getByRole("link", { name: "Tree" }).click();
  await expect(page).toHaveURL(/view=tree/);
  const table = page.getByRole("table", { name: "Params" });
  await expect(table.getByRole("row", { name: /^depth/ })).toContainText("12");
  await picture(page, "run-params-tree");
  await table.getByRole("button", { name: /^model/ }).click();
  await expect(table.getByRole("row", { name: /^depth/ })).toHaveCount(0);
  await page.getByRole("button", { name: "As code…" }).click();
  const dialog = page.getByRole("dialog", { name: "Params as code" });
  const code = dialog.getByRole("region", { name: "Code" });
  await expect(code).toContainText('"model.depth": 12');
  await dialog.getByRole("button", { name: "YAML" }).click();
  await dialog.getByRole("checkbox", { name: "Nested by . and /" }).check();
  await expect(code).toContainText('note: "two\\nlines"');
  await picture(page, "run-params-code");
  await dialog.getByRole("button", { name: "Flags" }).click();
  await expect(code).toContainText("--optim/lr=0.001");
});

test("twenty thousand params are a page at a time, and found at once", async ({ page, api }) => {
  const id = await api.run("0", "very many params");
  const many = Object.fromEntries(Array.from({ length: 19_999 }, (_, index) => [`group${index % 50}.key${index}`, index]));
  await api.log(id, {}, 0, many);
  await page.goto(`/runs/${id}?tab=params`);
  await awake(page);
  const rows = page.getByRole("table", { name: "Params" }).getByRole("row");
  await expect(rows).toHaveCount(101);
  await page.getByRole("link", { name: "Next" }).click();
  await expect(page).toHaveURL(/offset=100/);
  await page.getByRole("searchbox", { name: "Find a param or value" }).fill("key19998");
  await expect(rows).toHaveCount(2);
});
