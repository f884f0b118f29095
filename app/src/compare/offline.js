/* Draws the curves of a comparison that left as a file, with what a reader expects of them: axes, values under the pointer,
   zoom, names that switch their curves. It reads columns from the element beside it and asks nobody for anything. */
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LEFT = 56, RIGHT = 12, TOP = 10, FOOT = 34, HEIGHT = 240;
  const data = JSON.parse(document.getElementById("data").textContent);
  const hidden = new Set();
  const charts = [];

  const floats = (text) => new Float64Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const shape = (name, attributes, parent) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    parent.append(node);
    return node;
  };
  const element = (name, kind, text, parent) => {
    const node = document.createElement(name);
    if (kind) node.className = kind;
    if (text) node.textContent = text;
    parent.append(node);
    return node;
  };

  /* Four significant digits, as the pages write them. */
  const number = (value) => {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "Inf" : "−Inf";
    const size = Math.abs(value);
    if (size === 0) return "0";
    if (size < 1e-4 || size >= 1e6) return value.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e");
    if (Number.isInteger(value)) return String(value);
    return value.toFixed(Math.min(8, Math.max(0, 3 - Math.floor(Math.log10(size)))));
  };
  const tick = (value, step) => {
    if (Math.abs(value) < step * 1e-9) return "0";
    const size = Math.max(Math.abs(value), step);
    if (size < 1e-4 || size >= 1e7) return value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
    return value.toFixed(Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))));
  };
  const ticks = (low, high, count, least) => {
    const raw = (high - low) / count;
    const unit = 10 ** Math.floor(Math.log10(raw));
    const step = Math.max(least, unit * [1, 2, 5, 10].find((one) => one * unit >= raw * 0.999));
    const places = [];
    for (let place = Math.ceil(low / step); place * step <= high && places.length < 50; place += 1) places.push(place * step);
    return [places, step];
  };

  class Chart {
    constructor(figure, { key, lines }) {
      this.key = key;
      this.lines = lines.map((line) => {
        const from = floats(line.from), last = floats(line.last);
        const column = (name, other) => (line[name] === undefined ? other : floats(line[name]));
        return {
          ...line, from, last, sampled: line.low !== undefined,
          to: column("to", from), first: column("first", last), low: column("low", last), high: column("high", last),
        };
      });
      this.zoom = null;
      this.at = null;
      this.drag = null;
      this.plot = element("div", "plot", "", figure);
      this.svg = shape("svg", { tabindex: "0", role: "img" }, this.plot);
      this.still = shape("g", {}, this.svg);
      this.over = shape("g", {}, this.svg);
      this.names = element("div", "names", "", figure);
      for (const line of this.lines) {
        const button = element("button", "", "", this.names);
        element("span", `swatch run-color-${line.color}`, "", button);
        button.append(line.name);
        button.type = "button";
        button.title = line.name;
        button.addEventListener("click", () => {
          if (!hidden.delete(line.id)) hidden.add(line.id);
          charts.forEach((chart) => chart.draw());
        });
        line.button = button;
      }
      this.listen();
    }

    get shown() {
      return this.lines.filter((line) => !hidden.has(line.id));
    }

    px(x) {
      return LEFT + ((x - this.x[0]) / (this.x[1] - this.x[0])) * (this.width - LEFT - RIGHT);
    }

    py(y) {
      return HEIGHT - FOOT - ((y - this.y[0]) / (this.y[1] - this.y[0])) * (HEIGHT - FOOT - TOP);
    }

    value(px) {
      return this.x[0] + ((px - LEFT) / (this.width - LEFT - RIGHT)) * (this.x[1] - this.x[0]);
    }

    /* From where to where the curves reach, or what was zoomed to; upwards what lies in it. */
    extent() {
      let from = Infinity, to = -Infinity, low = Infinity, high = -Infinity;
      for (const line of this.shown) {
        if (!line.from.length) continue;
        from = Math.min(from, line.from[0]);
        to = Math.max(to, line.to[line.to.length - 1]);
      }
      if (!(from < to)) [from, to] = Number.isFinite(from) ? [from - 0.5, from + 0.5] : [0, 1];
      this.all = [from, to];
      this.x = this.zoom ?? this.all;
      for (const line of this.shown) {
        for (let row = 0; row < line.from.length; row += 1) {
          if (line.to[row] < this.x[0] || line.from[row] > this.x[1]) continue;
          if (Number.isFinite(line.low[row])) low = Math.min(low, line.low[row]);
          if (Number.isFinite(line.high[row])) high = Math.max(high, line.high[row]);
        }
      }
      if (low > high) [low, high] = [0, 1];
      const room = (high - low) * 0.05 || Math.abs(high) * 0.05 || 0.5;
      this.y = [low - room, high + room];
    }

    draw() {
      this.width = Math.max(200, this.plot.clientWidth);
      this.svg.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
      this.svg.setAttribute("aria-label", `${this.key}: ${this.shown.length} of ${this.lines.length} curves over the step`);
      this.extent();
      this.still.replaceChildren();
      const foot = HEIGHT - FOOT;
      const [steps, apart] = ticks(...this.x, Math.max(2, this.width / 90), 1);
      for (const place of steps) {
        const x = this.px(place);
        shape("line", { class: "grid", x1: x, x2: x, y1: TOP, y2: foot }, this.still);
        shape("text", { x, y: foot + 14, "text-anchor": "middle" }, this.still).textContent = tick(place, apart);
      }
      const [values, step] = ticks(...this.y, 5, 0);
      for (const place of values) {
        const y = this.py(place);
        shape("line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y }, this.still);
        shape("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, this.still).textContent = tick(place, step);
      }
      const name = shape("text", { x: (LEFT + this.width - RIGHT) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, this.still);
      name.textContent = "step";
      const clip = `clip-${charts.indexOf(this)}`;
      const frame = shape("clipPath", { id: clip }, this.still);
      shape("rect", { x: LEFT, y: TOP - 2, width: this.width - LEFT - RIGHT, height: foot - TOP + 4 }, frame);
      const curves = shape("g", { "clip-path": `url(#${clip})` }, this.still);
      for (const line of this.lines) {
        line.button.setAttribute("aria-pressed", String(!hidden.has(line.id)));
        if (!hidden.has(line.id)) this.curve(line, curves);
      }
      this.point();
    }

    curve(line, parent) {
      const group = shape("g", { class: `run-color-${line.color}` }, parent);
      let path = "", down = false, band = "", odd = [];
      const to = (x, y) => {
        if (Number.isFinite(y)) path += `${down ? "L" : "M"}${this.px(x).toFixed(1)} ${this.py(y).toFixed(1)}`;
        else odd.push(x);
        down = Number.isFinite(y);
      };
      for (let row = 0; row < line.from.length; row += 1) {
        if (line.sampled) {
          if (Number.isFinite(line.low[row])) {
            const left = this.px(line.from[row]), right = Math.max(this.px(line.to[row]), left + 0.5);
            const high = this.py(line.high[row]).toFixed(1), low = this.py(line.low[row]).toFixed(1);
            band += `M${left.toFixed(1)} ${low}V${high}H${right.toFixed(1)}V${low}Z`;
          }
          to(line.from[row], line.first[row]);
        }
        to(line.to[row], line.last[row]);
      }
      if (band) shape("path", { class: "band", d: band }, group);
      if (path) shape("path", { class: `curve dash-${line.dash}`, d: path }, group);
      if (line.from.length === 1 && Number.isFinite(line.last[0])) {
        shape("circle", { class: "spot", cx: this.px(line.to[0]), cy: this.py(line.last[0]), r: 3 }, group);
      }
      /* What is no number stands at the foot, where it can be seen. */
      for (const x of odd.slice(0, 200)) {
        shape("circle", { class: "odd", cx: this.px(x), cy: HEIGHT - FOOT - 3, r: 2 }, group);
      }
    }

    /* The row of a line that is nearest to a place. */
    row(line, x) {
      let low = 0, high = line.to.length - 1;
      if (high < 0 || x < line.from[0] - (this.x[1] - this.x[0]) * 0.02) return -1;
      if (x > line.to[high] + (this.x[1] - this.x[0]) * 0.02) return -1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (line.to[middle] < x) low = middle + 1;
        else high = middle;
      }
      if (low > 0 && x < line.from[low] && x - line.to[low - 1] < line.from[low] - x) low -= 1;
      return low;
    }

    /* A line through all curves, and beside it what they say there, the highest first. */
    point() {
      this.over.replaceChildren();
      this.tip?.remove();
      this.tip = null;
      if (this.drag) {
        const [one, other] = [this.drag.from, this.drag.to].sort((a, b) => a - b);
        shape("rect", { class: "range", x: one, y: TOP, width: other - one, height: HEIGHT - FOOT - TOP }, this.over);
      }
      if (this.at === null) return;
      const found = [];
      for (const line of this.shown) {
        const row = this.row(line, this.at);
        if (row >= 0) found.push({ line, row, value: line.last[row] });
      }
      if (!found.length) return;
      const nearest = (one) => Math.abs(one.line.to[one.row] - this.at);
      const step = found.reduce((a, b) => (nearest(b) < nearest(a) ? b : a));
      found.sort((a, b) => (b.value > a.value ? 1 : b.value < a.value ? -1 : Number.isNaN(a.value) - Number.isNaN(b.value)));
      const x = this.px(Math.min(this.x[1], Math.max(this.x[0], this.at)));
      shape("line", { class: "cross", x1: x, x2: x, y1: TOP, y2: HEIGHT - FOOT }, this.over);
      this.tip = element("div", "tip", "", this.plot);
      element("div", "muted", `step ${step.line.to[step.row]}`, this.tip);
      for (const { line, row, value } of found.slice(0, 20)) {
        if (Number.isFinite(value)) {
          const spot = shape("g", { class: `run-color-${line.color}` }, this.over);
          shape("circle", { class: "spot", cx: this.px(line.to[row]), cy: this.py(value), r: 3.5 }, spot);
        }
        const entry = element("div", "", "", this.tip);
        const name = element("span", "", "", entry);
        element("span", `swatch run-color-${line.color}`, "", name);
        name.append(line.name);
        const spread = line.sampled && line.low[row] < line.high[row];
        const text = spread ? `${number(value)} (${number(line.low[row])} – ${number(line.high[row])})` : number(value);
        element("span", "num", text, entry);
      }
      if (found.length > 20) element("div", "muted", `and ${found.length - 20} more`, this.tip);
      const wide = this.tip.offsetWidth;
      const left = x > this.width / 2 ? x - 12 - wide : x + 12;
      this.tip.style.left = `${Math.max(0, Math.min(left, this.width - wide))}px`;
    }

    /* Never closer than one step, never farther than all. */
    zoomTo(from, to) {
      const [first, last] = this.all;
      const range = [Math.max(first, from), Math.min(last, to)];
      this.zoom = range[0] <= first && range[1] >= last ? null : range[1] - range[0] >= 1 ? range : this.zoom;
      this.draw();
    }

    walk(forward) {
      const places = this.shown.flatMap((line) => Array.from(line.to)).filter((x) => x >= this.x[0] && x <= this.x[1]);
      const beyond = (x) => this.at === null || (forward ? x > this.at : x < this.at);
      const next = places.filter(beyond).reduce((a, b) => (a === null || (forward ? b < a : b > a) ? b : a), null);
      if (next !== null) this.at = next;
      this.point();
    }

    listen() {
      const spot = (event) => {
        const edge = this.svg.getBoundingClientRect();
        return Math.min(this.width - RIGHT, Math.max(LEFT, ((event.clientX - edge.left) / edge.width) * this.width));
      };
      this.svg.addEventListener("pointermove", (event) => {
        if (this.drag) this.drag.to = spot(event);
        this.at = this.value(spot(event));
        this.point();
      });
      this.svg.addEventListener("pointerleave", () => {
        this.at = null;
        this.point();
      });
      this.svg.addEventListener("pointerdown", (event) => {
        /* A finger scrolls the page; a mouse or a pen chooses a range. */
        if (event.button !== 0 || event.pointerType === "touch") return;
        this.svg.setPointerCapture(event.pointerId);
        this.drag = { from: spot(event), to: spot(event) };
      });
      this.svg.addEventListener("pointerup", () => {
        const drag = this.drag;
        this.drag = null;
        if (drag && Math.abs(drag.to - drag.from) >= 5) {
          this.zoomTo(this.value(Math.min(drag.from, drag.to)), this.value(Math.max(drag.from, drag.to)));
        } else this.point();
      });
      this.svg.addEventListener("pointercancel", () => {
        this.drag = null;
        this.point();
      });
      this.svg.addEventListener("dblclick", () => {
        this.zoom = null;
        this.draw();
      });
      this.svg.addEventListener("blur", () => {
        this.at = null;
        this.point();
      });
      this.svg.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const middle = this.at ?? (this.x[0] + this.x[1]) / 2, half = (this.x[1] - this.x[0]) / 2;
        if (event.key === "ArrowRight") this.walk(true);
        else if (event.key === "ArrowLeft") this.walk(false);
        else if (event.key === "+" || event.key === "=") this.zoomTo(middle - half / 2, middle + half / 2);
        else if (event.key === "-") this.zoomTo(middle - half * 2, middle + half * 2);
        else if (event.key === "Escape") {
          this.zoom = null;
          this.at = null;
          this.draw();
        } else return;
        event.preventDefault();
      });
    }
  }

  document.querySelectorAll("figure").forEach((figure, place) => charts.push(new Chart(figure, data[place])));
  const draw = () => charts.forEach((chart) => chart.draw());
  draw();
  addEventListener("resize", draw);
  addEventListener("beforeprint", draw);
})();
