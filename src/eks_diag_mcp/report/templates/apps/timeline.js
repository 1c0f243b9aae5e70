"use strict";
// correlate: the events around the pivot, a lane for each source, and the same as a table.
const [WIDTH, LABEL, LANE, EDGE] = [960, 150, 30, 14];

function draw(answer) {
  const events = answer.timeline || [];
  const pivot = (answer.pivots || [])[0] || {};
  return [
    el("h2", {}, `${answer.instanceId}: timeline`),
    el("p", { class: "soft small" }, `Around ${pivot.time || "no time"}: ${pivot.why || ""}. ${answer.shown} of ${answer.total} events. ${answer.first_cause ? "First cause: " + answer.first_cause + "." : "No line here says a cause."}`),
    events.length ? picture(events) : null,
    events.length ? legend([["k-cause", "cause"], ["k-echo", "echo: follows from a cause"], ["k-loud", "warning or error"], ["k-context", "context"]]) : null,
    events.length ? table("The events in order of time", ["Seconds", "Source", "What", "Line"], events.map((e) => [offset(e.offset_seconds), e.source, [e.role || e.level || "", e.count ? " ×" + e.count : "", e.signature ? el("br") : "", e.signature ? el("code", { class: "soft sig" }, e.signature) : ""], quoted(e)])) : el("p", {}, "No events in the window."),
    (answer.gaps || []).length ? el("p", { class: "soft small" }, "Cannot speak of this window: " + answer.gaps.join("; ") + ".") : null,
  ].filter(Boolean);
}

function picture(events) {
  const offsets = events.map((e) => e.offset_seconds);
  let [low, high] = [Math.min(0, ...offsets), Math.max(0, ...offsets)];
  if (high - low < 1) [low, high] = [low - 0.5, high + 0.5];
  const x = (seconds) => LABEL + EDGE + ((seconds - low) * (WIDTH - LABEL - 2 * EDGE)) / (high - low);
  const sources = [...new Set(events.map((e) => e.source))];
  const bottom = sources.length * LANE + 8;
  const step = [0.2, 1, 5, 10, 30, 60, 300, 600, 1800].find((s) => (high - low) / s <= 7) || 3600;
  const ticks = [];
  for (let t = Math.ceil(low / step) * step; t <= high; t += step) ticks.push(t);
  return el("div", { class: "scroll" }, el("svg", { viewBox: `0 0 ${WIDTH} ${bottom + 26}`, width: WIDTH, height: bottom + 26, style: "min-width:40rem", role: "img", "aria-label": `${events.length} events of ${sources.length} sources; the table says the same` },
    ticks.map((t) => [el("line", { x1: x(t), x2: x(t), y1: 0, y2: bottom, stroke: "var(--line)" }), el("text", { x: x(t), y: bottom + 16, "text-anchor": "middle" }, offset(t) + (Math.abs(t) < 0.0005 ? "" : " s"))]),
    el("line", { x1: x(0), x2: x(0), y1: 0, y2: bottom, stroke: "var(--bad)", "stroke-dasharray": "4 3" }),
    sources.map((source, k) => [el("text", { x: 0, y: k * LANE + 19 }, source.length > 22 ? source.slice(0, 21) + "…" : source), el("line", { x1: LABEL, x2: WIDTH, y1: k * LANE + 15, y2: k * LANE + 15, stroke: "var(--line)" })]),
    events.map((e) => el("circle", { cx: x(e.offset_seconds), cy: sources.indexOf(e.source) * LANE + 15, r: e.role === "cause" ? 7 : 5, class: "k-" + kind(e), stroke: "var(--card)" }, el("title", {}, `${offset(e.offset_seconds)} s ${e.signature || e.level || e.source}`)))));
}

function kind(event) {
  if (["cause", "echo", "context"].includes(event.role)) return event.role;
  return ["error", "fatal", "warning"].includes(event.level) ? "loud" : "other";
}
