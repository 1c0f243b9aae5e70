// The client of @modelcontextprotocol/client; it speaks 2026-07-28 where it is asked to.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { serve } from "./bridge.mjs";

await serve(async ({ url, command, args, env, era }) => {
  const options = era === "modern" ? { versionNegotiation: { mode: "auto" } } : {};
  const client = new Client({ name: "clients-ts-sdk-2", version: "1.0.0" }, options);
  await client.connect(url ? new StreamableHTTPClientTransport(new URL(url)) : new StdioClientTransport({ command, args, env }));
  return { client, protocol: () => client.getNegotiatedProtocolVersion() };
});
