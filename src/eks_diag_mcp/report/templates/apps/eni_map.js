"use strict";
// network_diagnostics: the ENIs of section eni with their slots, then what the sections conclude.
const CELLS_MAX = 64;

function draw(answer) {
  const eni = (answer.sections || {}).eni;
  const issues = Object.entries(answer.sections || {}).flatMap(([name, section]) => (section.issues || []).map((issue) => [name, issue]));
  return [
    el("h2", {}, `${answer.instanceId}: ENIs and addresses`),
    el("p", { class: "soft small" }, `At the capture ${answer.captured || ""}. ${answer.overallAssessment || ""}`),
    eni ? map(eni, (answer.sections || {}).ipamd) : el("p", {}, "This answer has no section eni: ask with sections=eni."),
    issues.length ? table("What the sections conclude", ["Conclusion", "Severity", "Section"], issues.map(([name, i]) => [[i.title, " ", el("code", { class: "soft" }, i.id)], i.severity, name])) : null,
  ].filter(Boolean);
}

function map(section, pool) {
  const rows = Object.entries(section.parts || {}).filter(([id, part]) => id.startsWith("eni-") && part.ips_assigned !== undefined);
  // What section ipamd told already is not repeated in eni.
  const readings = [...((pool || {}).readings || []), ...(section.readings || [])];
  const sum = Object.fromEntries(readings.map((reading) => [reading.name, reading.value]));
  const known = (name) => (sum[name] === undefined || sum[name] === null ? "unknown" : sum[name]);
  if (!rows.length) return el("p", {}, "The bundle does not tell the ENIs apart.");
  return el("div", {},
    legend([["used", "used by a pod"], ["cooling", "cooling: not given out yet"], ["free", "free"], ["spare", "slot without an address"]]),
    rows.map(([id, part]) => row(id, part)),
    Array.from({ length: Math.max(0, (sum.enis_max || 0) - (sum.enis_used || 0)) }, () => el("div", { class: "eni" }, el("div", { class: "soft" }, "ENI not attached"), el("div", { class: "soft small" }, "the instance could take one more"))),
    el("p", { class: "small" }, `ENIs ${known("enis_used")} of ${known("enis_max")}; addresses ${known("ips_assigned")} used, ${known("ips_cooling")} cooling, ${known("ips_free")} free, at most ${known("ips_capacity")}; kubelet takes ${known("max_pods")} pods.`));
}

function row(id, part) {
  const [used, cooling, free] = [part.ips_assigned || 0, part.ips_cooling || 0, part.ips_free || 0];
  const capacity = part.ips_capacity;
  const spare = capacity === undefined || capacity === null ? 0 : Math.max(0, capacity - used - cooling - free);
  const parts = [["used", used], ["cooling", cooling], ["free", free], ["spare", spare]].filter(([, number]) => number > 0);
  const bar = used + cooling + free + spare > CELLS_MAX;
  const slots = parts.flatMap(([kind, number]) => (bar ? [el("span", { class: "slot " + kind, style: "flex:" + Number(number) })] : Array.from({ length: number }, () => el("span", { class: "slot " + kind }))));
  const told = `${used} used, ${cooling} cooling, ${free} free` + (spare ? `, ${spare} slots without an address` : "");
  return el("div", { class: "eni" },
    el("div", {}, el("code", {}, id), el("br"), el("span", { class: "soft small" }, [part.role, part.device_number === undefined ? "" : `device ${part.device_number}`, part.subnet].filter(Boolean).join(", "))),
    el("div", {}, el("div", { class: bar ? "slots bar" : "slots", role: "img", "aria-label": told }, slots), el("span", { class: "soft small" }, told)));
}
