// The client of @modelcontextprotocol/sdk, the line that most hosts ship.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { serve } from "./bridge.mjs";

await serve(async ({ url, command, args, env }) => {
  const client = new Client({ name: "clients-ts-sdk-1", version: "1.0.0" });
  const transport = url ? new StreamableHTTPClientTransport(new URL(url)) : new StdioClientTransport({ command, args, env });
  let agreed = null;
  const known = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (version) => {
    agreed = version;
    known?.(version);
  };
  await client.connect(transport);
  return { client, protocol: () => agreed };
});
