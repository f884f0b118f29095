// The frame of every page: theme, keys, skip link, modules that do not come, endless names, no network.

import { awake, expect, picture, test } from "../fixture";
import { sweep } from "../seed";

/** The module of an experiment's page, which a list does not load. */
const experimentModule = /\/modules\.pack\?of=.*split_experiment_\d+\.wasm/;
const oldest = "/experiments?sort=created&reverse=true";

test("the theme is chosen and remembered", async ({ page }) => {
  await page.goto("/experiments");
  await awake(page);
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.getByRole("button", { name: "Theme: auto" }).click();
  await expect(page.getByRole("button", { name: "Theme: light" })).toBeVisible();
  const light = await background();
  await page.getByRole("button", { name: "Theme: light" }).click();
  await expect(page.getByRole("button", { name: "Theme: dark" })).toBeVisible();
  await expect.poll(background).not.toBe(light);
  await page.reload();
  await awake(page);
  await expect(page.getByRole("button", { name: "Theme: dark" })).toBeVisible();
});

test("keys move through rows and pages", async ({ page, isMobile }) => {
  test.skip(isMobile, "a phone has no keys");
  await page.goto("/experiments");
  await awake(page);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await picture(page, "keys");
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox", { name: "Search name and description" })).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/experiments\/\d+/);
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await expect(page).toHaveURL(/\/experiments$/);
});

test("the first tab stop skips to the content", async ({ page, isMobile }) => {
  test.skip(isMobile, "a phone has no tab key");
  await page.goto("/experiments");
  await awake(page);
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});

test("a link is followed though the page is not awake yet", async ({ page, world }) => {
  await page.route(/\.pack$/, async (route) => {
    await new Promise((then) => setTimeout(then, 1_000));
    await route.continue();
  });
  await page.goto(`/experiments/${world.experiments[sweep]}?group=params.optimizer`);
  await expect(page.locator("html")).not.toHaveAttribute("data-awake", "");
  await page.getByRole("link", { name: "Ungroup: by params.optimizer" }).click();
  await expect(page.getByRole("table", { name: "Runs", exact: true })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("data-awake", "");
  await page.unrouteAll();
});

test("what a page begins with comes as one file", async ({ page, world }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname.split("/").pop()!));
  const places = [
    ["/experiments", "listing"],
    [`/experiments/${world.experiments[sweep]}`, "experiment"],
    [`/experiments/${world.experiments[sweep]}?view=charts`, "experiment-drawing"],
    [`/experiments/${world.experiments[sweep]}?view=scatter`, "experiment-picture"],
    [`/runs/${Object.values(world.runs)[0]}`, "run"],
    [`/runs/${Object.values(world.runs)[0]}?tab=metrics`, "run-drawing"],
    [`/runs/${Object.values(world.runs)[0]}?tab=logs`, "run-content"],
    [`/compare?runs=${Object.values(world.runs).slice(0, 2).join(",")}&view=curves`, "compare-drawing"],
  ] as const;
  for (const [place, pack] of places) {
    asked.length = 0;
    await page.goto(place);
    await awake(page);
    expect(asked.filter((name) => /\.(wasm|pack)$/.test(name)).sort()).toEqual([`${pack}.pack`, "trackway_bg.wasm"]);
  }
});

test("what a page needs later comes in one pack", async ({ page }) => {
  await page.goto(oldest);
  await awake(page);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname.split("/").pop()!));
  await page.getByRole("link", { name: sweep }).click();
  await expect(page.getByRole("heading", { level: 1, name: sweep })).toBeVisible();
  expect(asked.filter((name) => /\.(wasm|pack)$/.test(name))).toEqual(["modules.pack"]);
});

test("where a browser takes no Brotli, as over plain HTTP, modules are compressed all the same", async ({ page }) => {
  await page.goto(oldest);
  const module = await page.locator("link[rel=preload][href$='_bg.wasm']").getAttribute("href");
  const compressed = async (url: string) => {
    const answer = await page.request.get(url, { headers: { "accept-encoding": "gzip" } });
    return answer.headers()["content-encoding"];
  };
  expect(await compressed(module!)).toBe("gzip");
  const pack = module!.replace(/[^/]*$/, "modules.pack?of=trackway_bg.wasm");
  expect(await compressed(pack)).toBe("gzip");
  const hostile = await page.request.get(pack.replace("trackway_bg.wasm", "../version"));
  expect(hostile.status()).toBe(404);
});

test.describe("with a module that fails", () => {
  test.use({ expected: [/Failed to load resource/] });

  test("a module that does not come is asked for again", async ({ page }) => {
    await page.goto(oldest);
    await awake(page);
    let asked = 0;
    await page.route(experimentModule, async (route) => {
      asked += 1;
      await (asked < 3 ? route.abort() : route.continue());
    });
    await page.getByRole("link", { name: sweep }).click();
    await expect(page.getByRole("heading", { level: 1, name: sweep })).toBeVisible();
    expect(asked).toBe(3);
  });

  test("a page whose modules are no longer served is loaded anew", async ({ page }) => {
    await page.goto(oldest);
    await awake(page);
    await page.route(experimentModule, (route) => route.fulfill({ status: 404 }));
    const anew = page.waitForEvent("load");
    await page.getByRole("link", { name: sweep }).click();
    await anew;
    await page.unroute(experimentModule);
    await awake(page);
    await page.getByRole("link", { name: sweep }).click();
    await expect(page.getByRole("heading", { level: 1, name: sweep })).toBeVisible();
  });
});

/** As long as a name may be, of one word that nothing breaks. */
const endless = "a-name-without-any-end-".repeat(21);

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
    await expect(page.getByRole("table", { name: "Runs" }).getByRole("link", { name: "before" })).toBeVisible();
    await picture(page, "state-offline");
    await api.run(id, "meanwhile");
    await context.setOffline(false);
    await expect(banner).toBeHidden();
    await awake(page);
    await expect(page.getByRole("table", { name: "Runs" }).getByRole("link", { name: "meanwhile" })).toBeVisible();
  });
});
