// A real training, watched: the curves of examples/digits.py grow on a page that is open.

import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { awake, expect, test } from "../fixture";

const repository = path.resolve(import.meta.dirname, "../..");
const python = process.env.TRACKWAY_PYTHON ?? path.join(repository, "target/venv/bin/python");
const epochs = 60;

test("digits.py is seen learning", async ({ page, world }, info) => {
  test.skip(info.project.name !== "desktop-light", "one training is enough");
  // A training takes its time, more on a loaded machine.
  test.slow();
  const script = path.join(repository, "examples/digits.py");
  const options = ["--configs", "1", "--epochs", String(epochs), "--delay", "0.3", "--experiment", "digits, live"];
  const training = spawn(python, [script, ...options], {
    env: {
      ...process.env,
      PYTHONPATH: path.join(repository, "sdk/python"),
      PYTHONUNBUFFERED: "1",
      TRACKWAY_TOKEN: world.token,
      TRACKWAY_URL: world.url,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(training, "exit");
  try {
    await page.goto(`${await runAddress(training.stdout)}?tab=metrics`);
    await awake(page);
    await page.evaluate(() => document.body.setAttribute("data-loaded-once", ""));
    const plot = page.getByRole("img", { name: /^val\/loss: / });
    // Metrics that come for the first time lay the page out anew.
    await expect(() => plot.scrollIntoViewIfNeeded({ timeout: 2_000 })).toPass();
    const points = async () => Number(/: (\d+) points?/.exec((await plot.getAttribute("aria-label")) ?? "")?.[1] ?? 0);
    const counts = [await points()];
    for (let look = 0; look < 3; look += 1) {
      const before = counts.at(-1)!;
      await expect.poll(points, { message: "the curve grows" }).toBeGreaterThan(before);
      counts.push(await points());
    }
    expect(counts[0], "the page was open early").toBeLessThan(epochs / 2);
    expect(await ended, "the training's exit status").toEqual([0, null]);
    await expect(() => plot.scrollIntoViewIfNeeded({ timeout: 2_000 })).toPass();
    await expect.poll(points, { message: "the whole curve is there" }).toBe(epochs);
    await expect(page.getByText("completed").first()).toBeVisible();
    await expect(page.locator("body[data-loaded-once]"), "the page was loaded again").toHaveCount(1);
  } finally {
    training.kill();
  }
});

/** The address that the script prints once its run has begun. */
async function runAddress(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const found = /^run .*: (http:\S+)$/.exec(line);
    if (found) return found[1];
  }
  throw new Error("the training ended before it printed a run");
}
