// A client in JavaScript behind JSON lines: requests on stdin, {value} or {fault} on stdout. So D1 and its checks are written
// once, in walk.py. Both TypeScript SDKs call these methods alike. `more`: checks that only this client can make.
import { createInterface } from "node:readline";

const texts = (blocks) => blocks.map((block) => block.text ?? "").join("");

export async function serve(connect) {
  const job = JSON.parse(process.argv[2]);
  const { client, protocol, more = () => [] } = await connect(job);
  const verbs = {
    protocol: () => protocol(),
    more,
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async ({ tool, args }) => texts((await client.callTool({ name: tool, arguments: args })).content),
    resources: async () => (await client.listResources()).resources.map((resource) => resource.uri),
    read: async ({ uri }) => texts((await client.readResource({ uri })).contents),
    prompts: async () => (await client.listPrompts()).prompts.map((prompt) => prompt.name),
    prompt: async ({ name, args }) =>
      texts((await client.getPrompt({ name, arguments: args })).messages.map((message) => message.content)),
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const { verb, ...given } = JSON.parse(line);
    try {
      console.log(JSON.stringify({ value: await verbs[verb](given) }));
    } catch (error) {
      console.log(JSON.stringify({ fault: String(error) }));
    }
  }
  await client.close();
}
