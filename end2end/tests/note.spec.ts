// Notes: Markdown, its preview, drafts, what was written before, and two people who write at once.

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

test("formulas, code, the run's pictures and other runs are drawn", async ({ page, api }) => {
  const id = await api.run("0", "formulas");
  const other = await api.run("0", "the <b>best</b> run");
  await api.artifact(id, "plots/a.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="120" height="40" fill="teal"/></svg>');
  const body =
    `Better than ${other}: $\\sqrt{x^2}$\n\n$$\\sum_{i=1}^n \\frac{w_i}{n}$$\n\n` +
    "```python\ndef f(x):\n    return x  # same\n```\n\n![a plot](plots/a.svg)\n\n" +
    "| a | b |\n|---|---|\n| 1 | 2 |\n";
  await api.note(id, body);
  await page.goto(`/runs/${id}?tab=notes`);
  await awake(page);
  const note = page.getByRole("article");
  await expect(note.locator("math msqrt")).toBeVisible();
  await expect(note.locator('math[display="block"] mfrac')).toBeVisible();
  await expect(note.locator(".code-keyword").first()).toHaveText("def");
  const plot = note.getByRole("img", { name: "a plot" });
  await expect.poll(() => plot.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(120);
  await expect(note.getByRole("link", { name: "the <b>best</b> run" })).toHaveAttribute("href", `/runs/${other}`);
  await picture(page, "run-note-formulas");
});

test("a draft saves itself, and what was written before is shown and restored", async ({ page, api }) => {
  const id = await api.run("0", "drafts");
  await api.note(id, "one\ntwo\n");
  await page.goto(`/runs/${id}?tab=notes`);
  await awake(page);
  await page.getByRole("button", { name: "Edit note" }).click();
  const text = page.getByRole("textbox", { name: "Markdown" });
  await text.fill("one\nthree\n");
  await expect.poll(async () => (await api.send("GET", `/runs/${id}/note`)).body, { timeout: 15_000 }).toBe("one\nthree\n");
  await text.fill("one\nthree\nfour\n");
  await expect.poll(async () => (await api.send("GET", `/runs/${id}/note`)).body, { timeout: 15_000 }).toContain("four");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Save note" }).click();
  // One sitting is one revision, however often it saved itself.
  expect(await api.send("GET", `/runs/${id}/note/history`)).toHaveLength(2);
  await page.getByRole("button", { name: "History" }).click();
  const history = page.getByRole("region", { name: "History" });
  await expect(history.getByText("2 lines added, 1 line removed")).toBeVisible();
  await picture(page, "run-note-history");
  await history.getByRole("button", { name: /^Revision 1/ }).click();
  await history.getByRole("button", { name: "Restore revision 1" }).click();
  await expect(page.getByRole("status", { name: "Messages" })).toContainText("Revision 1 is back");
  expect((await api.send("GET", `/runs/${id}/note`)).body).toBe("one\ntwo\n");
  expect(await api.send("GET", `/runs/${id}/note/history`)).toHaveLength(3);
});

test.describe("attacks", () => {
  // A picture whose name is an attack is asked for by that name.
  test.use({ expected: [/status of 404/] });

  test("no attack in a note does anything", async ({ page, api }) => {
    const other = await api.run("0", '"><img src=x onerror="hacked=1">');
    const attacks = [
      "<script>hacked = 1</script>", "<img src=x onerror=hacked=1>", "<svg onload=hacked=1>", "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
      "[a](javascript:hacked=1)", "[b](JaVa&#115;cript:hacked=1)", "[c](java\u0001script:hacked=1)", "[d](data:text/html,<script>1</script>)", "[e](vbscript:x)",
      "![f](javascript:hacked=1)", '![g](x.png"onerror="hacked=1)', "<style>*{display:none}</style>", "<p style='position:fixed;inset:0'>x</p>",
      "<form action=/sign-out method=post><input type=submit></form>", "<base href=//example.com>", "<meta http-equiv=refresh content=0>",
      "$\\text{<script>hacked=1</script>}$", "$$\\href{javascript:hacked=1}{x}$$", "$\\def\\a{\\a\\a}\\a$", "<math><mi xlink:href='javascript:hacked=1'>x</mi></math>",
      "```\"><script>hacked=1</script>\nx\n```", "```html\n</code></pre><script>hacked=1</script>\n```", `${other}`, "[".repeat(5_000), "> ".repeat(300),
      "x[^<script>]\n\n[^<script>]: y", "<details open ontoggle=hacked=1>", "<a href=x onclick=hacked=1>x</a>", "![far](https://example.com/track.png)",
    ];
    const id = await api.run("0", "attacked");
    await api.note(id, attacks.join("\n\n"));
    await page.goto(`/runs/${id}?tab=notes`);
    await awake(page);
    const note = page.getByRole("article").locator(".prose");
    await expect(note.getByRole("link", { name: "onerror" }).first()).toBeVisible();
    const found = await note.evaluate((element) => {
      const all = [...element.querySelectorAll("*")];
      const attributes = all.flatMap((one) => [...one.attributes].map(({ name, value }) => `${one.localName} ${name}=${value}`));
      return {
        tags: [...new Set(all.map((one) => one.localName))].filter((name) => /script|style|iframe|svg|form|base|meta|object|embed|details|button/.test(name)),
        bad: attributes.filter((text) => / (on|style|srcdoc|action|formaction|xlink)/.test(text) || /(href|src)=\s*(javascript|data|vbscript)/i.test(text)),
        far: attributes.filter((text) => /^img .*src=http/.test(text)),
      };
    });
    expect(found).toEqual({ tags: [], bad: [], far: [] });
    for (const link of await note.getByRole("link").all()) await link.dispatchEvent("mouseover");
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
  });
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
    const said = (await api.send("GET", `/runs/${id}/note/history`)).map((note: { body: string }) => note.body);
    expect([said[0], said.at(-1)]).toEqual(["mine", "first"]);
    expect(said).toContain("theirs");
  });
});
