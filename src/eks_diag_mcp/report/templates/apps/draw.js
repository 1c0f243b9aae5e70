"use strict";
// Text only ever becomes text nodes and attributes: what a node's logs say is shown and never run.
const SVG = new Set(["svg", "g", "line", "circle", "text", "title"]);

function el(tag, attributes, ...children) {
  const made = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) if (value !== null && value !== undefined) made.setAttribute(name, value);
  made.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== "").map(asNode));
  return made;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

function stage() {
  return document.getElementById("stage");
}

function note(text) {
  stage().replaceChildren(el("p", { class: "soft" }, text));
}

function chip(text, kind) {
  return el("li", { class: "chip " + (kind || "") }, text);
}

function legend(rows) {
  return el("ul", { class: "legend" }, rows.map(([kind, text]) => el("li", {}, el("i", { class: kind }), text)));
}

function table(caption, heads, rows) {
  return el("div", { class: "scroll" }, el("table", {},
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, k) => (k ? el("td", {}, cell) : el("th", { scope: "row" }, cell))))))));
}

function quoted(line) {
  return [el("code", {}, line.text), el("br"), el("span", { class: "soft small" }, `${line.file}:${line.line}${line.time ? ", " + line.time : ""}`)];
}

function words(name) {
  return String(name).replaceAll("_", " ");
}

function offset(seconds) {
  return Math.abs(seconds) < 0.0005 ? "0" : (seconds > 0 ? "+" : "") + seconds.toFixed(3).replace(/\.?0+$/, "");
}
