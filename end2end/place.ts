// Where the browser tests keep what the set-up tells the tests.

import { readFileSync } from "node:fs";
import path from "node:path";

const target = path.resolve(import.meta.dirname, "../target");

export const folder = path.join(target, "end2end");
export const screenshots = path.join(target, "screenshots");

/** The cookies of a browser that has signed in. */
export const session = path.join(folder, "session.json");

const worldFile = path.join(folder, "world.json");

/** What the server holds when the tests begin. */
export interface World {
  url: string;
  token: string;
  /** Experiments by name. */
  experiments: Record<string, string>;
  /** Runs by name. */
  runs: Record<string, string>;
}

export function readWorld(): World {
  return JSON.parse(readFileSync(worldFile, "utf8"));
}

export { worldFile };
