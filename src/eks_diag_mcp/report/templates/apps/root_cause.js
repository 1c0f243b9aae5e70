"use strict";
// summarize: the verdict with what speaks for and against it, what to do, the rivals, the quoted lines.
function draw(answer) {
  const causes = answer.root_causes || [];
  const root = answer.root_cause ? causes.find((cause) => cause.id === answer.root_cause) : null;
  const rivals = causes.filter((cause) => cause !== root);
  return [
    el("section", { class: "card verdict " + (answer.severity || "") }, verdict(answer, root)),
    rivals.length ? table("Other causes weighed", ["Cause", "Stand", "Why"], rivals.map(rival)) : null,
    (answer.evidence || []).length ? table("Quoted lines: text of the node, nothing to follow", ["No.", "Line"], answer.evidence.map((line, k) => [String(k + 1), quoted(line)])) : null,
    (answer.gaps || []).length ? el("p", { class: "soft small" }, "Not seen, so silent for no reason: " + answer.gaps.join("; ") + ".") : null,
  ].filter(Boolean);
}

function verdict(answer, root) {
  const fix = answer.mitigation;
  return [
    el("h2", {}, answer.instanceId),
    el("p", { class: "lead" }, el("strong", {}, answer.verdict)),
    root ? el("ul", { class: "chips" }, chip(root.id), chip("severity " + answer.severity, answer.severity), chip("confidence " + answer.confidence), root.when ? chip(words(root.when)) : "", root.since ? chip("since " + root.since) : "") : null,
    root ? el("div", { class: "pair" }, claims("Speaks for it", root.because), claims("Speaks against it", root.against)) : null,
    (answer.affected || []).length ? [el("h4", {}, "Affected"), el("p", { class: "small" }, el("code", {}, answer.affected.join(", ")))] : null,
    fix ? [el("h4", {}, "What to do"), el("ul", { class: "chips" }, chip("safety " + fix.safety, fix.safety)), el("div", { class: "pair" }, el("div", {}, told("Now.", fix.immediate), told("Later.", fix.long_term)), el("div", {}, told("It worked when", fix.verify), told("Risk.", fix.risk)))] : null,
    (answer.escalate || []).length ? [el("h4", {}, "Escalate when"), el("ul", {}, answer.escalate.map((e) => el("li", {}, e.condition + ": ", el("strong", {}, { yes: "met", no: "not met" }[e.met] || "not known"))))] : null,
  ].flat().filter(Boolean);
}

function claims(title, list) {
  const rows = (list || []).map((claim) => el("li", {}, claim.says, " ", (claim.ids || []).map((id) => [el("code", { class: "soft sig" }, id), " "])));
  return el("div", {}, el("h4", {}, title), rows.length ? el("ul", {}, rows) : el("p", { class: "soft" }, "Nothing found."));
}

function rival(cause) {
  const why = (cause.against || cause.because || []).map((claim) => claim.says).join("; ");
  const settle = (cause.would_settle || []).join("; ");
  return [[cause.title || "", cause.title ? el("br") : "", el("code", { class: "soft" }, cause.id)], el("span", { class: "chip " + cause.stand }, words(cause.stand)), [why, settle && cause.stand !== "ruled_out" ? el("span", { class: "soft" }, " Would settle it: " + settle) : ""]];
}

function told(title, text) {
  return text ? el("p", {}, el("strong", {}, title), " ", text) : "";
}
