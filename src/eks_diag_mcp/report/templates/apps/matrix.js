"use strict";
// compare_nodes: a row for each difference, a column for each node.
function draw(answer) {
  const nodes = answer.nodes || [];
  const rows = (answer.differences || []).map((trait) => [
    [trait.title || trait.name, trait.title ? el("br") : "", trait.title ? el("code", { class: "soft" }, trait.name) : ""],
    Math.round(100 * trait.separation) + " %",
    ...nodes.map((node) => cell(trait, trait.values[node.instanceId])),
  ]);
  const causes = ["Root cause", "", ...nodes.map((node) => (node.root_cause ? el("strong", { class: "bad" }, node.root_cause) : "none shown"))];
  const caption = `${answer.shown} of ${answer.total} differences, the one that separates bad nodes from healthy ones best first; findings count lines`;
  return [
    el("h2", {}, "The nodes compared"),
    el("p", { class: "lead" }, answer.insight),
    table(caption, ["Difference", "Separates", ...nodes.map((node) => node.instanceId)], [causes, ...rows]),
    (answer.shared_findings || []).length ? el("p", { class: "soft small" }, "All nodes show: " + answer.shared_findings.join(", ") + ".") : null,
  ].filter(Boolean);
}

function cell(trait, value) {
  if (value === undefined || value === null) return el("span", { class: "soft" }, "not known");
  return trait.kind === "finding" && value ? el("strong", { class: "bad" }, String(value)) : el("span", { class: "value" }, String(value));
}
