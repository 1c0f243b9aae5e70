// The Inspector's web page in headless Chromium, by what is on the screen: forms filled in, results read, a view looked at.
// Chromium is the machine's own (CHROMIUM says where).
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { serve } from "./bridge.mjs";

const SERVER = "eks-diag";
const SCRIPT = join("node_modules", ".bin", "mcp-inspector");

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return String(port);
}

// Starts the Inspector and gives the address of its page.
async function inspector(job, ended) {
  const { url, command, args, env, era, folder, environment } = job;
  const target = url ? { type: "http", url } : { type: "stdio", command, args, env };
  const config = join(folder, "inspector.json");
  writeFileSync(config, JSON.stringify({ mcpServers: { [SERVER]: { ...target, protocolEra: era } } }));
  const child = spawn(process.execPath, [join(environment, SCRIPT), "--web", "--config", config], {
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      BROWSER: "none",
      MCP_AUTO_OPEN_ENABLED: "false",
      MCP_INSPECTOR_SECRET_STORE: "memory",
      MCP_INSPECTOR_API_TOKEN: randomBytes(16).toString("hex"),
      CLIENT_PORT: await freePort(),
      MCP_SANDBOX_PORT: await freePort(),
      MCP_APP_ORIGIN_PORT: await freePort(),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  ended.push(() => child.kill());
  for await (const line of createInterface({ input: child.stdout })) {
    const address = line.match(/http:\/\/\S+MCP_INSPECTOR_API_TOKEN=\S+/);
    if (address) return address[0];
  }
  throw new Error("the Inspector ended");
}

// What the bridge wants of a client, done on the page.
class Page {
  constructor(page, folder) {
    Object.assign(this, { page, folder });
  }

  async go(tab, screen) {
    await this.page.locator("label", { hasText: new RegExp(`^${tab}$`) }).click();
    await screen.waitFor();
    return screen;
  }

  screen = (tab) => this.go(tab, this.page.getByTestId(`${tab.toLowerCase()}-screen`));
  shot = (name) => this.page.screenshot({ path: join(this.folder, `${name}.png`) });

  // One line of each entry of the list on the left: the first is a title, the last of a tool its name.
  async entries(screen, line) {
    const buttons = await screen.getByRole("button").filter({ has: this.page.locator("p") }).all();
    return Promise.all(buttons.map((button) => button.locator("p").nth(line).innerText()));
  }

  async listTools() {
    return { tools: (await this.entries(await this.screen("Tools"), -1)).map((name) => ({ name })) };
  }

  async callTool({ name, arguments: given }) {
    const screen = await this.screen("Tools");
    await screen.getByRole("button").filter({ has: this.page.getByText(name, { exact: true }) }).click();
    const json = screen.getByRole("switch", { name: "Edit as JSON" });
    if (!(await json.isChecked())) await json.click({ force: true });
    await screen.locator(".ace_editor textarea").first().focus();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.press("Delete");
    await this.page.keyboard.insertText(JSON.stringify(given));
    await screen.getByRole("button", { name: "Execute Tool" }).click();
    const heading = screen.getByText("Results", { exact: true });
    await heading.waitFor();
    if (name === "summarize") await this.shot("results");
    const result = heading.locator("xpath=ancestor::*[.//*[contains(@class,'ace_editor')] or position()=4][1]");
    const editor = result.locator(".ace_editor").first();
    const text = (await editor.count()) ? await editor.evaluate((node) => node.env.editor.getValue()) : await result.innerText();
    await screen.getByRole("button").filter({ has: this.page.locator("svg") }).and(heading.locator("xpath=preceding::button[1]")).click();
    return { content: [{ type: "text", text }] };
  }

  async listResources() {
    const titles = await this.entries(await this.screen("Resources"), 0);
    // The page shows titles where there are some, not addresses.
    return { resources: titles.map((title) => ({ uri: title.startsWith("D1 ") ? `sop:///${title}` : title })) };
  }

  async readResource({ uri }) {
    const screen = await this.screen("Resources");
    await screen.getByText(uri.replace("sop:///", ""), { exact: true }).first().click();
    await screen.getByText("Phase 1").first().waitFor();
    return { contents: [{ text: await screen.innerText() }] };
  }

  async listPrompts() {
    return { prompts: (await this.entries(await this.screen("Prompts"), 0)).map((name) => ({ name })) };
  }

  async getPrompt({ name, arguments: given }) {
    const screen = await this.screen("Prompts");
    await screen.getByText(name, { exact: true }).first().click();
    for (const [key, value] of Object.entries(given)) await screen.getByRole("textbox", { name: key }).fill(value);
    await screen.getByRole("button", { name: "Get Prompt" }).click();
    await screen.getByText("Messages", { exact: true }).waitFor();
    await screen.getByText("Phase 1").first().waitFor();
    return { messages: [{ content: { text: await screen.innerText() } }] };
  }

  // The root cause as a picture: the view's own frame must say it.
  async view({ instance_id: instance, root_cause: cause }) {
    await this.go("Apps", this.page.getByTestId("apps-form"));
    await this.page.getByText("Root cause of an EKS node's trouble", { exact: true }).first().click();
    await this.page.getByRole("textbox", { name: "instanceId" }).fill(instance);
    await this.page.getByTestId("open-app").click();
    const frame = this.page.frameLocator("iframe").frameLocator("iframe");
    await frame.getByText(cause, { exact: true }).first().waitFor();
    // The page gives the view its height a moment later, and paints it after that.
    await this.page.waitForFunction(() => document.querySelector("iframe").getBoundingClientRect().height > 300);
    await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await this.shot("view");
    return (await frame.locator("body").innerText()).includes(cause);
  }

  async listSkills() {
    return (await this.screen("Skills")).getByText("skill://eks-diag/d1-vpc-cni-ip-allocation-failures/SKILL.md").count();
  }
}

await serve(async (job) => {
  const ended = [];
  const address = await inspector(job, ended);
  const executablePath = process.env.CHROMIUM;
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  await page.goto(address);
  await page.getByRole("switch", { name: `Connect or disconnect "${SERVER}"` }).click({ force: true });
  await page.getByLabel("Disconnect from server").waitFor();
  await page.getByLabel("Close monitoring sidebar").click();
  const client = new Page(page, job.folder);
  client.close = async () => {
    await browser.close();
    ended.forEach((end) => end());
  };
  const more = async (known) => {
    const found = [{ name: "view", ok: await client.view(known) }];
    if (job.era === "modern") found.push({ name: "skills", ok: (await client.listSkills()) > 0 });
    return found;
  };
  return { client, protocol: () => null, more };
});
