// Operational events of a run.

import { awake, expect, picture, test } from "../fixture";

const startedAtMs = Date.now() - 60 * 60 * 1000;

function event(number: number, name: string, more: object = {}) {
  const id = number.toString(16).padStart(32, "0");
  return { id, name, source: "trainer", time_ms: startedAtMs + number * 61_000, ...more };
}

test("events are listed, the newest first, spans with their duration", async ({ page, api }) => {
  const id = await api.run("0", "eventful");
  const span = "5".repeat(32);
  const events = [
    event(1, "checkpoint written", { metadata: { path: "epoch-1.pt", bytes: 18_200_000 } }),
    event(2, "evaluation", { kind: "start", span, source: "evaluator" }),
    event(4, "evaluation", { kind: "finish", span, source: "evaluator", metadata: { examples: 10_000 } }),
  ];
  await api.send("POST", `/runs/${id}/events`, { events });
  await page.goto(`/runs/${id}?tab=events`);
  await awake(page);
  const rows = page.getByRole("table", { name: "Events" }).getByRole("row");
  await expect(rows).toHaveCount(4);
  await expect(rows.nth(1)).toContainText("evaluationfinished");
  await expect(rows.nth(1)).toContainText("2m 02s");
  await expect(rows.nth(3)).toContainText("bytes=18200000 path=epoch-1.pt");
  await api.send("POST", `/runs/${id}/events`, { events: [event(9, "preempted")] });
  await expect(rows.nth(1)).toContainText("preempted");
  await picture(page, "run-events");
});

test("many events come in pages", async ({ page, api }) => {
  const id = await api.run("0", "very eventful");
  const events = Array.from({ length: 250 }, (_, index) => event(index, `number ${index}`));
  await api.send("POST", `/runs/${id}/events`, { events });
  await page.goto(`/runs/${id}?tab=events`);
  await awake(page);
  const rows = page.getByRole("table", { name: "Events" }).getByRole("row");
  await expect(rows).toHaveCount(201);
  await page.getByRole("link", { name: "Older" }).click();
  await expect(rows).toHaveCount(51);
  await expect(rows.last()).toContainText("number 0");
  await page.getByRole("link", { name: "Newest" }).click();
  await expect(rows.nth(1)).toContainText("number 249");
});

test("a run without events says how to note one", async ({ page, api }) => {
  const id = await api.run("0", "uneventful");
  await page.goto(`/runs/${id}?tab=events`);
  await awake(page);
  await expect(page.getByRole("heading", { name: "No events yet" })).toBeVisible();
});

test("events stand in lanes over time and are filtered by source", async ({ page, api }) => {
  const id = await api.run("0", "in lanes");
  const start = Date.now() - 3_600_000;
  const event = (number: number, name: string, more: object) => ({
    id: number.toString(16).padStart(32, "0"),
    name,
    time_ms: start + number * 60_000,
    ...more,
  });
  const span = (digit: string) => digit.repeat(32);
  await api.send("POST", `/runs/${id}/events`, {
    events: [
      event(1, "evaluate", { kind: "start", span: span("1"), source: "evaluator" }),
      event(6, "evaluate", { kind: "finish", span: span("1"), source: "evaluator" }),
      event(20, "evaluate", { kind: "start", span: span("2"), source: "evaluator" }),
      event(10, "checkpoint", { source: "trainer" }),
      event(30, "checkpoint", { source: "trainer" }),
      event(12, "restart", {}),
    ],
  });
  await page.goto(`/runs/${id}?tab=events`);
  await awake(page);
  const lanes = page.getByRole("figure");
  await expect(lanes.getByRole("listitem")).toHaveCount(3);
  await expect(lanes.getByRole("img", { name: "evaluate 2 times" })).toBeVisible();
  await picture(page, "run-event-lanes");
  await page.getByRole("combobox", { name: "Source" }).selectOption("trainer");
  await expect(page).toHaveURL(/source=trainer/);
  const rows = page.getByRole("table", { name: "Events" }).getByRole("row");
  await expect(rows).toHaveCount(3);
  await page.getByRole("combobox", { name: "Source" }).selectOption("without a source");
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(1)).toContainText("restart");
  await page.reload();
  await awake(page);
  await expect(rows).toHaveCount(2);
});
