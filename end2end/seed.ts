// What the server holds before the first test: the same every time.

import { deflateSync } from "node:zlib";
import type { Api, Value } from "./api";
import type { World } from "./place";

export const sweep = "hand-written digits";
export const baseline = "baselines";
export const archived = "early attempts";
export const untouched = "nothing recorded yet";
export const longName =
  "a name that somebody generated from every hyperparameter there is, lr=0.0003 width=512 depth=8 dropout=0.1 warmup=500";

/** The run that has everything: curves, files, a note. */
export const fullRun = "sweep-01";
/** Its loss left the numbers. */
export const divergedRun = "sweep-39";
export const runningRun = "sweep-40";
export const runCount = 40;

const epochs = 60;
const dayMs = 24 * 60 * 60 * 1000;

export async function seed(api: Api): Promise<Pick<World, "experiments" | "runs">> {
  const experiments: Record<string, string> = {};
  const make = async (name: string, description: string, tags: object = {}) => {
    experiments[name] = await api.experiment(name, { description, tags });
  };
  await make(archived, "What came before the sweep.");
  await make(longName, "");
  await make(untouched, "The first run is yet to come.");
  await make(baseline, "One run for each model that everybody compares with.", { baseline: "" });
  await make(sweep, "Which width, depth and learning rate read digits best?", {
    dataset: "digits",
    phase: "search",
  });
  const runs: Record<string, string> = {};
  for (let index = 1; index <= runCount; index += 1) {
    const name = `sweep-${String(index).padStart(2, "0")}`;
    runs[name] = await sweepRun(api, experiments[sweep], name, index);
  }
  await fill(api, runs[fullRun]);
  for (const [index, name] of ["logistic", "forest"].entries()) {
    runs[name] = await baselineRun(api, experiments[baseline], name, index);
  }
  await api.send("PATCH", `/experiments/${experiments[archived]}`, { archived: true });
  return { experiments, runs };
}

/** A curve that falls, with a wobble that looks like noise and is the same every time. */
function curve(index: number, from: number, to: number, speed: number): number[] {
  return Array.from({ length: epochs }, (_, epoch) => {
    const wobble = Math.sin(epoch * 1.7 + index) * Math.sin(epoch * 0.61 + index * 3) * 0.02;
    return to + (from - to) * Math.exp(-epoch / speed) + wobble * from;
  });
}

async function sweepRun(api: Api, experimentId: string, name: string, index: number): Promise<string> {
  const startedAtMs = Date.now() - 2 * dayMs + index * 10 * 60 * 1000;
  const tags = index % 8 === 1 ? { kept: "" } : {};
  const id = await api.run(experimentId, name, { tags, started_at_ms: startedAtMs });
  const lr = [0.001, 0.003, 0.01, 0.03][index % 4];
  const width = [32, 64, 128][index % 3];
  const loss: Value[] = curve(index, 2.3, 0.05 + lr, 6 + width / 16);
  if (name === divergedRun) loss.fill("NaN", 20).splice(18, 2, 1e6, "Infinity");
  const accuracy = curve(index, 0.1, 0.985 - lr * 2, 5 + width / 20);
  await api.log(
    id,
    {
      "train/loss": loss,
      "train/accuracy": accuracy,
      "val/loss": curve(index + 7, 2.3, 0.09 + lr, 7 + width / 16),
      "val/accuracy": curve(index + 7, 0.1, 0.97 - lr * 2, 6 + width / 20),
      "lr": Array.from({ length: epochs }, (_, epoch) => lr * 0.97 ** epoch),
    },
    0,
    { lr, width, depth: 1 + (index % 2), optimizer: index % 5 ? "adam" : "sgd", batch_size: 32, augment: false },
  );
  const ends: Record<number, string> = { 12: "failed", 23: "killed", 39: "failed" };
  if (name !== runningRun) await api.end(id, ends[index] ?? "completed", startedAtMs + 7 * 60 * 1000 + index * 1000);
  return id;
}

async function baselineRun(api: Api, experimentId: string, name: string, index: number): Promise<string> {
  const startedAtMs = Date.now() - 3 * dayMs + index * 60_000;
  const id = await api.run(experimentId, name, { started_at_ms: startedAtMs });
  await api.log(id, { "val/accuracy": [0.9 + index * 0.05] }, 0, { model: name });
  await api.end(id, "completed", startedAtMs + 30_000);
  return id;
}

async function fill(api: Api, runId: string) {
  await api.artifact(runId, "plots/confusion.png", picture());
  await api.artifact(runId, "report.txt", "digits, 10 classes\naccuracy 0.972\nworst pair: 4 and 9\n");
  await api.artifact(runId, "tables/errors.csv", "digit,errors\n4,7\n9,\"5, of which 3 as 4\"\n");
  await api.artifact(runId, "model/settings.json", '{"width":64,"depth":2}');
  await api.artifact(runId, "model/weights.bin", Buffer.from([0x93, 0xff, 0x00, 0xfe, 0x80]));
  await api.note(
    runId,
    "# What came of it\n\nA **wider** net reads `4` and `9` better.\n\n" +
      "| width | errors |\n| --- | --- |\n| 32 | 21 |\n| 64 | 12 |\n\n- [x] try 64\n- [ ] try 128\n",
  );
}

/** A confusion matrix of ten classes as a PNG: dark where right, lighter where wrong. */
function picture(): Buffer {
  const cell = 16;
  return png(10 * cell, (x, y) => {
    const [a, b] = [Math.floor(x / cell), Math.floor(y / cell)];
    return a === b ? 40 : 215 + ((a * 7 + b * 13) % 40);
  });
}

/** A PNG in greys from 0 to 255, square unless a height is given. */
export function png(width: number, grey: (x: number, y: number) => number, height = width): Buffer {
  const rows = Array.from({ length: height }, (_, y) => {
    const row = Buffer.alloc(1 + width);
    for (let x = 0; x < width; x += 1) row[1 + x] = grey(x, y);
    return row;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits of grey.
  header[8] = 8;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

function crc32(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
