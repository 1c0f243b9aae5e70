"use strict";
// MCP Apps: JSON-RPC with the host over postMessage. Nothing else leaves this frame, and only the host is listened to.
const HOST = window.parent;
const HELLO = 1;

function say(message) {
  HOST.postMessage({ jsonrpc: "2.0", ...message }, "*");
}

function dress(context) {
  if (context && (context.theme === "dark" || context.theme === "light")) document.documentElement.dataset.theme = context.theme;
}

function result(params) {
  const text = (params.content || []).map((block) => block.text || "").join("\n");
  if (params.isError) return note(text || "The tool failed.");
  let data = params.structuredContent;
  if (!data) {
    try { data = JSON.parse(text); } catch (error) { return note("This answer holds no data to draw."); }
  }
  try {
    const drawn = draw(data);
    stage().replaceChildren(...[drawn].flat());
    measure();
  } catch (error) {
    note("This answer cannot be drawn; its text says the same.");
  }
}

function heard(event) {
  const message = event.data;
  if (event.source !== HOST || !message || message.jsonrpc !== "2.0") return;
  if (message.id === HELLO && !message.method) {
    dress(message.result && message.result.hostContext);
    say({ method: "ui/notifications/initialized", params: {} });
    new ResizeObserver(measure).observe(document.body);
  } else if (message.method === "ui/notifications/tool-result") {
    result(message.params || {});
  } else if (message.method === "ui/notifications/tool-cancelled") {
    note("The call was cancelled.");
  } else if (message.method === "ui/notifications/host-context-changed") {
    dress(message.params);
  } else if (message.method && message.id !== undefined) {
    const known = message.method === "ui/resource-teardown" || message.method === "ping";
    say(known ? { id: message.id, result: {} } : { id: message.id, error: { code: -32601, message: "Method not found" } });
  }
}

function measure() {
  say({ method: "ui/notifications/size-changed", params: { width: document.body.scrollWidth, height: document.body.offsetHeight } });
}

if (HOST === window) {
  note("This view is shown by an MCP client that knows MCP Apps.");
} else {
  window.addEventListener("message", heard);
  say({
    id: HELLO,
    method: "ui/initialize",
    params: {
      protocolVersion: "2026-01-26",
      appInfo: { name: document.title, version: document.documentElement.dataset.version },
      appCapabilities: { availableDisplayModes: ["inline"] },
    },
  });
}
