// The curves that every tracker draws; `peers.py` has the same.

export const long = { points: 1_000_000, spikes: 1_000, spike: 10 };
export const overlay = { runs: 50, points: 10_000 };

/** A falling loss with a wobble. */
export function value(step: number, points: number, run: number): number {
  const wobble = Math.sin(step * 1.7 + run) * Math.sin(step * 0.61 + run * 3);
  return 0.2 + 2 * Math.exp((-5 * step) / points) + 0.05 * wobble + run * 0.01;
}

/** Where the long curve leaps for one point. */
export function spikes(points: number): Set<number> {
  const steps = Array.from({ length: long.spikes }, (_, index) => {
    return Math.floor((index * points) / long.spikes) + ((index * 7919) % 501);
  });
  return new Set(steps);
}
