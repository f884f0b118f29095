// How far a page reaches: a run that has very much of everything beside an empty one, and how soon a point that was
// acknowledged is on the screen while fifty runs log.

import { request, test, type Browser, type BrowserContextOptions, type Page } from "@playwright/test";
import { Api } from "../api";
import { start } from "../server";
import { value } from "./curve";
import { median, open, type Sight, told } from "./probe";

const repeats = Number(process.env.BENCH_REPEATS ?? 5);
const metricCount = 3_000;
const fileCount = 10_000;
const lineCount = Number(process.env.BENCH_LINES ?? 1_000_000);
/** Parts to measure, by name; all when absent. */
const only = process.env.BENCH_ONLY?.split(",");
const part = (name: string) => !only || only.includes(name);
const loggingRuns = 50;
/** Points of the watched run; every run logs one each second meanwhile. */
const watchedPoints = 40;
const printedLines = 100;

const out = (text: string) => process.stdout.write(`${text}\n`);
const live: Sight = () => document.querySelector(".live--open") !== null;

test("how far a page reaches", async ({ browser }) => {
  const server = await start();
  try {
    const api = new Api(server.url, server.token);
    const visitor = await request.newContext();
    await visitor.get(server.signInLink);
    const signedIn = { storageState: await visitor.storageState() };
    await visitor.dispose();
    if (part("full")) await looks(browser, api, server.url, signedIn);
    if (part("delays")) await delays(browser, api, server.url, signedIn);
  } finally {
    await server.stop();
  }
});

/** A run that is full beside an empty one. */
async function looks(browser: Browser, api: Api, url: string, options: BrowserContextOptions) {
  const [full, empty] = [await api.run("0", "full of everything"), await api.run("0", "empty")];
  await fill(api, full);
  await api.end(empty, "completed");
  out("| tab | run | readable ms | interactive ms |\n|-|-|-:|-:|");
  const tabs = [
    ["overview", "Status history"],
    ["metrics", "metric-0002"],
    ["artifacts", "folder-1"],
    ["logs", `line ${lineCount - 3} `],
  ] as const;
  for (const [tab, words] of tabs) {
    for (const [run, id] of [["full", full], ["empty", empty]] as const) {
      const page = `${url}/runs/${id}?tab=${tab}`;
      const seen = run === "full" || tab === "overview" ? words : "Overview";
      const readable = await lookAt(browser, page, told, seen, options);
      const interactive = await lookAt(browser, page, live, "", options);
      out(`| ${tab} | ${run} | ${readable.toFixed(0)} | ${interactive.toFixed(0)} |`);
    }
  }
}

async function lookAt(browser: Browser, url: string, sight: Sight, wanted: string, options: BrowserContextOptions) {
  const seen: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const load = await open(browser, url, sight, wanted, options);
    seen.push(await load.seenMs());
    await load.close();
  }
  process.stderr.write(`${url}: ${seen.map((one) => one.toFixed(0)).join(" ")}\n`);
  return median(seen);
}

/** Metrics of twenty points, small files in folders of a hundred, lines of a console. */
async function fill(api: Api, id: string) {
  const key = (number: number) => `metric-${String(number).padStart(4, "0")}`;
  const points = (number: number) => Array.from({ length: 20 }, (_, step) => value(step, 20, number % 40));
  await api.log(id, Object.fromEntries(Array.from({ length: metricCount }, (_, number) => [key(number), points(number)])));
  let next = 0;
  const upload = async () => {
    while (next < fileCount) {
      const number = next++;
      const name = `file-${String(number).padStart(5, "0")}.txt`;
      await api.artifact(id, `folder-${Math.floor(number / 100)}/${name}`, `${number}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, upload));
  const began = Date.UTC(2026, 0, 15, 9);
  const atOnce = 20_000;
  for (let first = 0; first < lineCount; first += atOnce) {
    const steps = Array.from({ length: Math.min(atOnce, lineCount - first) }, (_, at) => first + at);
    const texts = steps.map((step) => `line ${step} of what a training says`);
    const times_ms = steps.map((step) => began + step * 10);
    await api.send("POST", "/ingest", { series: [{ run_id: id, key: "system/stdout", steps, times_ms, texts }], runs: [] });
  }
  await api.end(id, "completed");
}

/** From the answer to a point until it stands on the screen: in the run table, and on the run's own page. */
async function delays(browser: Browser, api: Api, url: string, options: BrowserContextOptions) {
  const experiment = await api.experiment("fifty at once");
  const runs: string[] = [];
  for (let number = 0; number < loggingRuns; number += 1) {
    const id = await api.run(experiment, `run-${number}`);
    await api.log(id, { loss: [1] });
    runs.push(id);
  }
  const watched = runs.at(-1)!;
  out(`\n| a point of one of ${loggingRuns} runs, each of which logs every second | median ms | longest ms |\n|-|-:|-:|`);
  const places = [
    ["in the run table", `/experiments/${experiment}?cols=metrics.loss`],
    ["on the run's page", `/runs/${watched}`],
  ] as const;
  let step = 1;
  for (const [where, place] of places) {
    const load = await open(browser, `${url}${place}`, live, "", options);
    await load.seenMs();
    let going = true;
    const others = runs.slice(0, -1).map(async (id, number) => {
      await pause((number * 1_000) / loggingRuns);
      for (let own = step; going; own += 1) {
        await api.log(id, { loss: [1 / own] }, own);
        await pause(1_000);
      }
    });
    const took: number[] = [];
    for (let point = 0; point < watchedPoints; point += 1, step += 1) {
      // Four digits that nobody else has.
      const number = 5_000 + step;
      const shown = seenAt(load.page, "td, .num", String(number));
      await api.log(watched, { loss: [number] }, step);
      const acknowledged = Date.now();
      took.push(Math.max(0, (await shown) - acknowledged));
      await pause(1_000);
    }
    going = false;
    await Promise.all(others);
    out(`| ${where} | ${median(took).toFixed(0)} | ${Math.max(...took).toFixed(0)} |`);
    await load.close();
  }
  const load = await open(browser, `${url}/runs/${watched}?tab=logs`, live, "", options);
  await load.seenMs();
  const took: number[] = [];
  for (let line = 0; line < printedLines; line += 1) {
    const text = `epoch ${line} of the last ones`;
    const shown = seenAt(load.page, ".log__text", text);
    const series = [{ run_id: watched, key: "system/stdout", steps: [line], times_ms: [Date.now()], texts: [text] }];
    await api.send("POST", "/ingest", { series, runs: [] });
    const acknowledged = Date.now();
    took.push(Math.max(0, (await shown) - acknowledged));
    await pause(Math.max(0, 100 - (Date.now() - acknowledged)));
  }
  out(`| in the log, ten lines a second | ${median(took).toFixed(0)} | ${Math.max(...took).toFixed(0)} |`);
  await load.close();
}

/** When a text stands in one of these elements first, looked for in each frame. */
function seenAt(page: Page, where: string, text: string): Promise<number> {
  return page.evaluate(
    ([where, text]) =>
      new Promise<number>((resolve) => {
        const look = () => {
          const found = [...document.querySelectorAll(where!)].some((one) => one.textContent?.includes(text!));
          if (found) resolve(Date.now());
          else requestAnimationFrame(look);
        };
        look();
      }),
    [where, text],
  );
}

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
