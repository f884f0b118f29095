// What a person waits for: pages from an empty cache, then scrolling, typing, hovering, zooming, brushing.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { type Browser, type BrowserContextOptions, request, test } from "@playwright/test";
import { Api } from "../api";
import { start } from "../server";
import { long, overlay, spikes, value } from "./curve";
import {
  coloredColumns,
  inked,
  type Load,
  longestTaskMs,
  mainThreadMs,
  median,
  now,
  open,
  pathed,
  type Sight,
  tabMb,
  told,
} from "./probe";

const repeats = Number(process.env.BENCH_REPEATS ?? 5);
/** Parts to measure, by name; all when absent. */
const only = process.env.BENCH_ONLY?.split(",");
const wanted = (part: string) => !only || only.includes(part);

const newest = "newest of all";
const curves = "canvas.plot__canvas";

test("what pages cost", async ({ browser }) => {
  const server = await start();
  const peers: Peer[] = [];
  const out = (text: string) => process.stdout.write(`${text}\n`);
  try {
    const api = new Api(server.url, server.token);
    const visitor = await request.newContext();
    await visitor.get(server.signInLink);
    const signedIn = { storageState: await visitor.storageState() };
    await visitor.dispose();
    const ours = await fill(api);
    out(`Chromium ${browser.version()}, software rendering, 1440 × 900, medians of ${repeats}\n`);
    const at = (place: string) => `${server.url}${place}`;
    const look = (place: string, sight: Sight, what: string) => lookAt(browser, at(place), sight, what, signedIn);

    if (wanted("peers")) {
      const rows: string[][] = [];
      const row = (tool: string, what: string, found: Looked) => {
        rows.push([what, tool, ms(found.seenMs), found.wireKb.toFixed(0), String(found.requests), found.spikes ?? ""]);
      };
      const table = "5 000 runs, the newest is read";
      const one = `${long.points / 1e6} M points, the curve is drawn`;
      const many = `${overlay.runs} runs × ${overlay.points} points, curves are drawn`;
      row("Trackway", table, await look(`/experiments/${ours.table}`, told, newest));
      row("Trackway", one, await lookForSpikes(browser, at(`/runs/${ours.long}?tab=metrics`), inked, curves, curves, signedIn));
      row("Trackway", many, await look(`/experiments/${ours.overlay}?view=charts`, inked, curves));
      for (const name of ["mlflow", "tensorboard"]) {
        const python = process.env[`BENCH_${name.toUpperCase()}`];
        if (!python) continue;
        const peer = await Peer.start(python, name);
        peers.push(peer);
        const [sight, what, box]: [Sight, string, string] =
          name === "mlflow"
            ? [pathed, "path.js-line", "path.js-line"]
            : [inked, "line-chart canvas", "line-chart canvas"];
        if (peer.pages.table) row(name, table, await lookAt(browser, peer.pages.table, told, newest, {}));
        row(name, one, await lookForSpikes(browser, peer.pages.long!, sight, what, box, {}));
        row(name, many, await lookAt(browser, peer.pages.overlay!, sight, what, {}));
        await peer.stop();
      }
      out(markdown(["page", "tool", "seen ms", "wire kB", "requests", "columns that show their spike"], rows));
    }

    if (wanted("own")) {
      const rows: string[][] = [];
      const row = (what: string, found: string, asked: string) => {
        rows.push([what, found, asked]);
        process.stderr.write(`${what}: ${found}\n`);
      };
      const live: Sight = () => document.querySelector(".live--open") !== null;
      const awake = await look(`/experiments/${ours.table}`, live, "");
      row("experiment of 5 000 runs: interactive, ms", ms(awake.seenMs), "1 500");
      for (const [what, id] of [["3 000 metrics", ours.wide], ["3 metrics", ours.narrow]]) {
        row(`run with ${what}: readable, ms`, ms((await look(`/runs/${id}?tab=metrics`, told, "metric-0002")).seenMs), "800");
        row(`run with ${what}: charts drawn, ms`, ms((await look(`/runs/${id}?tab=metrics`, inked, curves)).seenMs), "");
        row(`run with ${what}: interactive, ms`, ms((await look(`/runs/${id}?tab=metrics`, live, "")).seenMs), "1 500");
      }
      await scroll(browser, at(`/experiments/${ours.table}`), signedIn, row);
      await type(browser, at(`/experiments/${ours.table}`), signedIn, row);
      await chart(browser, at(`/experiments/${ours.overlay}?view=charts`), signedIn, row);
      await parallel(browser, at(`/experiments/${ours.many}?view=parallel`), signedIn, row);
      await pageToPage(browser, at(`/experiments/${ours.table}`), signedIn, row);
      out(markdown(["what", "measured", "at most"], rows));
    }
  } finally {
    for (const peer of peers) await peer.stop();
    await server.stop();
  }
});

interface Looked {
  seenMs: number;
  wireKb: number;
  requests: number;
  spikes?: string;
}

/** Opens a page again and again with an empty cache; the wire is read once it has come to rest. */
async function lookAt(
  browser: Browser,
  url: string,
  sight: Sight,
  what: string,
  options: BrowserContextOptions,
  last?: (load: Load) => Promise<string>,
): Promise<Looked> {
  const [seen, wire, requests]: number[][] = [[], [], []];
  let spikes: string | undefined;
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const load = await open(browser, url, sight, what, options);
    seen!.push(await load.seenMs());
    await load.page.waitForTimeout(1500);
    wire!.push(load.wireKb());
    requests!.push(load.requests());
    if (last && repeat === repeats - 1) spikes = await last(load);
    await load.close();
  }
  process.stderr.write(`${url.slice(0, 80)}: ${seen!.map(ms).join(" ")}\n`);
  return { seenMs: median(seen!), wireKb: median(wire!), requests: median(requests!), spikes };
}

/** The same, and counts the pixel columns that show the spike that lies in them. */
function lookForSpikes(
  browser: Browser,
  url: string,
  sight: Sight,
  what: string,
  box: string,
  options: BrowserContextOptions,
): Promise<Looked> {
  return lookAt(browser, url, sight, what, options, async ({ page }) => {
    const plot = page.locator(box).first();
    await plot.scrollIntoViewIfNeeded();
    await page.waitForTimeout(1000);
    // The curve itself begins in the lowest quarter: what is coloured in the uppermost is a spike.
    const { all, high } = await coloredColumns(browser, await plot.screenshot());
    const [first, last] = [all[0] ?? 0, all.at(-1) ?? 0];
    const place = (step: number) => Math.round(first + (step / (long.points - 1)) * (last - first));
    const expected = new Set([...spikes(long.points)].map(place));
    const shown = [...expected].filter((x) => high.some((one) => Math.abs(one - x) <= 1)).length;
    return `${shown} of ${expected.size}`;
  });
}

type Row = (what: string, found: string, asked: string) => void;

async function scroll(browser: Browser, url: string, options: BrowserContextOptions, row: Row) {
  const load = await open(browser, url, told, newest, options);
  const { page } = load;
  await page.locator(".live--open").waitFor();
  await page.waitForTimeout(1000);
  const begun = await now(page);
  await page.evaluate(() => {
    const found = { blankMs: 0, framesMs: [] as number[], blankSince: 0, last: 0 };
    (window as any).scrolled = found;
    const box = document.querySelector(".run-table__scroll")!;
    const look = (at: number) => {
      const { left, top, bottom } = box.getBoundingClientRect();
      const rows = [0.3, 0.5, 0.8].map((share) => {
        const y = Math.max(top, 0) + share * (Math.min(bottom, innerHeight) - Math.max(top, 0));
        return document.elementFromPoint(left + 200, y)?.closest("tr")?.textContent?.trim() ?? "";
      });
      const blank = rows.some((text) => text === "");
      if (blank) {
        found.blankSince ||= at;
        found.blankMs = Math.max(found.blankMs, at - found.blankSince);
      } else found.blankSince = 0;
      if (found.last) found.framesMs.push(at - found.last);
      found.last = at;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  const box = (await page.locator(".run-table__scroll").boundingBox())!;
  await page.mouse.move(box.x + 300, Math.min(box.y + 200, 800));
  for (let turn = 0; turn < 400; turn += 1) {
    await page.mouse.wheel(0, 500);
    await page.waitForTimeout(16);
  }
  await page.waitForTimeout(500);
  const { blankMs, framesMs } = await page.evaluate(() => (window as any).scrolled);
  row("scrolling through 5 000 runs: longest blank stretch, ms", ms(blankMs), "100");
  row("scrolling through 5 000 runs: longest task, ms", ms(await longestTaskMs(page, begun)), "50");
  row("scrolling through 5 000 runs: median frame, ms", ms(median(framesMs)), "");
  // Rows that are gone stay until the browser collects them, which it does when memory is short and not before.
  row("after scrolling through 5 000 runs: memory of the tab, MB", ms(await tabMb(browser)), "");
  await load.session.send("HeapProfiler.collectGarbage");
  await page.waitForTimeout(3000);
  row("the same once it is collected, MB", ms(await tabMb(browser)), "200");
  await load.close();
}

async function type(browser: Browser, url: string, options: BrowserContextOptions, row: Row) {
  const load = await open(browser, url, told, newest, options);
  const { page } = load;
  await page.locator(".live--open").waitFor();
  await page.waitForTimeout(1000);
  const begun = await now(page);
  await page.getByRole("combobox", { name: "Query" }).pressSequentially("metrics.m01 < 0.5 and params.p02 > 40", {
    delay: 40,
  });
  await page.waitForTimeout(500);
  row("typing a filter over 5 000 runs: longest task, ms", ms(await longestTaskMs(page, begun)), "50");
  await load.close();
}

async function chart(browser: Browser, url: string, options: BrowserContextOptions, row: Row) {
  const load = await open(browser, url, inked, curves, options);
  const { page, session } = load;
  await load.seenMs();
  await page.waitForTimeout(1500);
  const plot = page.locator(curves).first();
  await plot.scrollIntoViewIfNeeded();
  const box = (await plot.boundingBox())!;
  const across = async (moves: number) => {
    for (let move = 0; move < moves; move += 1) {
      const x = box.x + box.width * (0.2 + (0.6 * move) / moves);
      await page.mouse.move(x, box.y + box.height * (0.3 + 0.4 * (move % 2)));
      await page.waitForTimeout(20);
    }
  };
  await across(10);
  const [before, moves] = [await mainThreadMs(session), 100];
  await across(moves);
  row(`hovering over ${overlay.runs} curves: main thread a move, ms`, ((await mainThreadMs(session) - before) / moves).toFixed(1), "16");

  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
  await page.mouse.down();
  const dragBefore = await mainThreadMs(session);
  for (let move = 0; move < 40; move += 1) {
    await page.mouse.move(box.x + box.width * (0.4 + move * 0.005), box.y + box.height / 2);
    await page.waitForTimeout(20);
  }
  row(`dragging a range over ${overlay.runs} curves: main thread a move, ms`, ((await mainThreadMs(session) - dragBefore) / 40).toFixed(1), "33");
  const begun = await now(page);
  await page.mouse.up();
  await page.waitForTimeout(1500);
  row(`zooming into ${overlay.runs} curves, with what is fetched: longest task, ms`, ms(await longestTaskMs(page, begun)), "");
  await load.close();
}

async function parallel(browser: Browser, url: string, options: BrowserContextOptions, row: Row) {
  const canvases = "canvas.parallel__canvas";
  const drawn: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const load = await open(browser, url, inked, canvases, options);
    const seen = await load.seenMs();
    const answered = await load.page.evaluate(() => {
      const answers = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
      return Math.max(...answers.filter(({ name }) => name.includes("run-columns")).map(({ responseEnd }) => responseEnd));
    });
    drawn.push(seen - answered);
    await load.close();
  }
  row("parallel coordinates of 10 000 runs: from the answer until drawn, ms", ms(median(drawn)), "300");
  const load = await open(browser, url, inked, canvases, options);
  const { page, session } = load;
  await load.seenMs();
  await page.waitForTimeout(1500);
  const axis = page.locator(".parallel__hit").first();
  await axis.scrollIntoViewIfNeeded();
  const box = (await axis.boundingBox())!;
  const x = box.x + box.width / 2;
  await page.mouse.move(x, box.y + box.height * 0.2);
  await page.mouse.down();
  const [before, moves, begun] = [await mainThreadMs(session), 60, await now(page)];
  for (let move = 0; move < moves; move += 1) {
    await page.mouse.move(x, box.y + box.height * (0.2 + 0.01 * move));
    await page.waitForTimeout(60);
  }
  row("brushing 10 000 runs: main thread a move, ms", ((await mainThreadMs(session) - before) / moves).toFixed(1), "50");
  row("brushing 10 000 runs: longest task, ms", ms(await longestTaskMs(page, begun)), "");
  await page.mouse.up();
  await load.close();
}

async function pageToPage(browser: Browser, url: string, options: BrowserContextOptions, row: Row) {
  const load = await open(browser, url, told, newest, options);
  const { page } = load;
  await page.locator(".live--open").waitFor();
  await page.waitForTimeout(1000);
  const took: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const link = page.getByRole("link", { name: newest, exact: true }).first();
    await link.waitFor();
    took.push(
      await link.evaluate((anchor: HTMLAnchorElement) => {
        return new Promise<number>((resolve) => {
          const begun = performance.now();
          const look = () => {
            const there = document.querySelector("nav.tabs[aria-label='Run']");
            if (there) requestAnimationFrame(() => resolve(performance.now() - begun));
            else requestAnimationFrame(look);
          };
          anchor.click();
          requestAnimationFrame(look);
        });
      }),
    );
    await page.goBack();
  }
  row("from the table to a run's page, ms", ms(median(took)), "150");
  await load.close();
}

interface Filled {
  table: string;
  long: string;
  overlay: string;
  many: string;
  wide: string;
  narrow: string;
}

/** The curves of all trackers, and what only our own pages are asked for. */
async function fill(api: Api): Promise<Filled> {
  const table = await api.experiment("five thousand runs");
  await inTurns(5_000, 8, async (number) => {
    const id = await api.run(table, number === 4_999 ? newest : `run-${number}`);
    const keys = Array.from({ length: 20 }, (_, key) => key);
    const name = (letter: string, key: number) => `${letter}${String(key).padStart(2, "0")}`;
    const metrics = Object.fromEntries(keys.map((key) => [name("m", key), [((number * key) % 89) / 89]]));
    const params = Object.fromEntries(keys.map((key) => [name("p", key), (number * key) % 97]));
    await api.log(id, metrics, 0, params);
  });
  const charts = await api.experiment("curves");
  const longRun = await api.run("0", "long");
  const high = spikes(long.points);
  for (let first = 0; first < long.points; first += 100_000) {
    const values = Array.from({ length: 100_000 }, (_, index) => {
      const step = first + index;
      return high.has(step) ? long.spike : value(step, long.points, 0);
    });
    await api.log(longRun, { loss: values }, first);
  }
  await api.end(longRun, "completed");
  for (let run = 0; run < overlay.runs; run += 1) {
    const id = await api.run(charts, `overlay-${run}`);
    const values = Array.from({ length: overlay.points }, (_, step) => value(step, overlay.points, run));
    await api.log(id, { loss: values });
    await api.end(id, "completed");
  }
  const many = await api.experiment("ten thousand runs");
  await inTurns(10_000, 8, async (number) => {
    const id = await api.run(many, `run-${number}`);
    const dice = (salt: number) => (Math.sin(number * 12.9898 + salt * 78.233) * 43758.5453) % 1;
    const params = { lr: 10 ** (-1 - 3 * Math.abs(dice(1))), width: 2 ** (4 + (number % 5)), dropout: Math.abs(dice(2)), optimizer: ["adam", "sgd", "lion"][number % 3] };
    await api.log(id, { loss: [Math.abs(dice(3))], accuracy: [Math.abs(dice(4))] }, 0, params);
  });
  const [wide, narrow] = [await api.run("0", "wide"), await api.run("0", "narrow")];
  for (const [id, count] of [[wide, 3_000], [narrow, 3]] as const) {
    const keys = Array.from({ length: count }, (_, key) => `metric-${String(key).padStart(4, "0")}`);
    await api.log(id, Object.fromEntries(keys.map((key, run) => [key, Array.from({ length: 20 }, (_, step) => value(step, 20, run % 40))])));
    await api.end(id, "completed");
  }
  return { table, long: longRun, overlay: charts, many, wide, narrow };
}

/** Several at a time; the last one alone and last. */
async function inTurns(count: number, width: number, act: (number: number) => Promise<void>) {
  let next = 0;
  const worker = async () => {
    while (next < count - 1) await act(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
  await act(count - 1);
}

/** Another tracker, served by `peers.py`. */
class Peer {
  private constructor(
    readonly pages: Record<string, string>,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(python: string, name: string): Promise<Peer> {
    const folder = mkdtempSync(path.resolve(import.meta.dirname, "../../target/bench-peer-"));
    const script = path.join(import.meta.dirname, "peers.py");
    const child = spawn(python, [script, name, folder], { stdio: ["pipe", "pipe", "inherit"] });
    const pages = await new Promise<Record<string, string>>((resolve, reject) => {
      child.on("exit", (code) => reject(new Error(`${name} ended with ${code}`)));
      readline.createInterface({ input: child.stdout! }).on("line", (line) => {
        if (line.startsWith("{")) resolve(JSON.parse(line));
      });
    });
    return new Peer(pages, child, folder);
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.on("exit", resolve));
    this.child.stdin!.end();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const ms = (value: number) => value.toFixed(0);

function markdown(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "-")), ...rows.map(line), ""].join("\n");
}
