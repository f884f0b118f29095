// The server's REST API, as far as the tests need it to make what they look at.

export class Api {
  constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  async send(method: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  async experiment(name: string, more: object = {}): Promise<string> {
    return (await this.send("POST", "/experiments", { name, ...more })).id;
  }

  async run(experimentId: string, name: string, more: object = {}): Promise<string> {
    return (await this.send("POST", "/runs", { experiment_id: experimentId, name, ...more })).id;
  }

  /** Logs one value a step from `firstStep` on, for each metric. */
  async log(runId: string, metrics: Record<string, Value[]>, firstStep = 0, params: object = {}) {
    const series = Object.entries(metrics).map(([key, values]) => ({
      run_id: runId,
      key,
      steps: values.map((_, index) => firstStep + index),
      times_ms: values.map((_, index) => Date.UTC(2026, 0, 15, 9) + (firstStep + index) * 1000),
      values,
    }));
    await this.send("POST", "/ingest", { series, runs: [{ run_id: runId, params }] });
  }

  async end(runId: string, status: string, endedAtMs?: number) {
    await this.send("PATCH", `/runs/${runId}`, { status, ended_at_ms: endedAtMs });
  }

  /** A sign of life of the process with this digit in its id; answers how the run stands. */
  async beat(runId: string, digit: string, rank?: number): Promise<{ status: string; stop: boolean }> {
    const process = { id: processId(digit), host: "gpu-node-7", pid: 4000 + (rank ?? 0), rank };
    return (await this.send("POST", "/heartbeats", { runs: [{ run_id: runId, process }] })).runs[0];
  }

  /** A process says that it has ended. */
  async endProcess(runId: string, digit: string, status: string) {
    await this.send("PATCH", `/runs/${runId}`, { process: processId(digit), status });
  }

  async note(runId: string, body: string) {
    await this.send("PUT", `/runs/${runId}/note`, { body });
  }

  async artifact(runId: string, path: string, content: Buffer | string) {
    const escaped = path.split("/").map(encodeURIComponent).join("/");
    const response = await fetch(`${this.url}/api/v1/runs/${runId}/artifacts/${escaped}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${this.token}` },
      body: typeof content === "string" ? content : new Uint8Array(content),
    });
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
  }
}

export function processId(digit: string): string {
  return digit.repeat(32);
}

/** What JSON cannot hold travels as a text. */
export type Value = number | "NaN" | "Infinity" | "-Infinity";
