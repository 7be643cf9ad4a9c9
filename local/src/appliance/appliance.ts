import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDemoDesktop } from '../demo/demo-desktop.ts';
import { startNats } from '../nats.ts';
import { ensureNatsServer } from '../nats-server.ts';
import { startPostgres } from '../postgres.ts';
import { demoApplications, usualApplications } from './applications.ts';
import { displayWorks } from './display.ts';
import { signIn, type ManagerApi } from './manager-api.ts';
import type { Options } from './options.ts';
import { keepRunning, type KeepDeps, type Kept, type Part } from './part.ts';
import { managerUrl, services, trustCommand } from './services.ts';
import { runCommand, startService, type Service } from './service.ts';
import type { Ports, State } from './state.ts';

/** Something of the appliance that runs, as it is told to the reader. */
export interface Line {
  name: string;
  text: string;
  /** Whether it does its work now. */
  ok: () => boolean;
}

export interface Appliance {
  lines: Line[];
  /** What is stopped, in groups: a group stops at once, the next one after it. */
  stop(): Promise<void>;
}

export interface ApplianceDeps extends KeepDeps {
  options: Options;
  state: State;
  ports: Ports;
  /** Aborted when the appliance has to end; a start under way is given up. */
  signal: AbortSignal;
}

const CONNECT_MS = 15_000;
/** As patient as the liveness probe that the operator gives to its NATS servers. */
const NATS_PATIENCE = { periodMs: 10_000, failureThreshold: 60 };
/** Order of the end: what sends goes before what receives. */
const STOP_ORDER = [['agent'], ['desktop', 'portal'], ['ingest', 'manager'], ['nats'], ['postgres']];

/** Starts every part in order. @throws what went wrong, after stopping what ran already */
export async function startAppliance(deps: ApplianceDeps): Promise<Appliance> {
  const kept: Kept[] = [];
  const lines: Line[] = [];
  const stop = async (): Promise<void> => {
    for (const group of STOP_ORDER)
      await Promise.all(kept.filter(({ name }) => group.includes(name)).map((part) => part.stop()));
  };
  try {
    await startParts(deps, kept, lines);
    return { lines, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(deps: ApplianceDeps, kept: Kept[], lines: Line[]): Promise<void> {
  const { options, state, ports } = deps;
  const keep = async (part: Part, text: () => string): Promise<void> => {
    deps.signal.throwIfAborted();
    const begun = deps.now();
    const one = await keepRunning(part, deps);
    kept.push(one);
    lines.push({ name: part.name, text: text(), ok: () => one.runs() });
    deps.say(`${part.name} is ready (${((deps.now() - begun) / 1000).toFixed(1)} s)`);
  };
  const service = (one: Service): Part => ({ name: one.name, start: () => startService(one) });

  const database = await keepDatabase(deps, keep);
  deps.signal.throwIfAborted();
  await runCommand(trustCommand(state));
  await keep(natsPart(deps), () => `messages on port ${ports.nats}`);
  const desktop = chooseDesktop(deps);
  const display = { now: desktop === 'own' ? options.display : undefined };
  const plan = () =>
    services({
      state,
      ports,
      host: options.host,
      databaseUrl: database.url(),
      natsUrl: `nats://127.0.0.1:${ports.nats}`,
      display: display.now,
    });
  await runCommand(plan().migrate);
  await keep(service(plan().manager), () => `HTTP API on port ${ports.manager}`);
  await keep(service(plan().ingest), () => `health and metrics on port ${ports.ingest}`);
  await keep(service(plan().portal), () => `port ${ports.portal}`);
  if (desktop === 'demo')
    await keep(demoPart(deps, display), () => `demonstration desktop on ${display.now}`);
  const api = await administrator(deps);
  await addApplications(api, desktop);
  if (options.agent) {
    await prepareEnrolment(deps, api);
    await keep(service(plan().agent), () =>
      display.now === undefined ? 'no display to meter' : `meters ${display.now}`,
    );
    const reaches = await connected(deps, api);
    const line = lines.at(-1);
    if (line !== undefined && !reaches) line.ok = () => false;
  }
  await api.signOut();
}

async function keepDatabase(
  deps: ApplianceDeps,
  keep: (part: Part, text: () => string) => Promise<void>,
): Promise<{ url: () => string }> {
  let url = '';
  const start: Part['start'] = async () => {
    const server = await startPostgres({
      dataDir: deps.state.postgres,
      port: deps.ports.postgres,
      database: 'processmeter',
    });
    url = server.url;
    return server;
  };
  await keep({ name: 'postgres', start }, () => `database on port ${deps.ports.postgres}`);
  return { url: () => url };
}

function natsPart({ state, ports, say }: ApplianceDeps): Part {
  ensureNatsServer(say);
  return {
    name: 'nats',
    async start() {
      const server = await startNats({
        storeDir: state.nats,
        port: ports.nats,
        // The file names the folder for account JWTs relative to a server that runs beside it.
        trust: (jwtDir) =>
          readFileSync(join(state.secrets, 'nats-trust.conf'), 'utf8').replace(
            /dir: "[^"]*"/,
            () => `dir: ${JSON.stringify(jwtDir)}`,
          ),
      });
      return { ...server, probe: { healthy: server.healthy, ...NATS_PATIENCE } };
    },
  };
}

function chooseDesktop({ options, say }: ApplianceDeps): 'own' | 'demo' | 'none' {
  if (options.demo === 'always') return 'demo';
  if (displayWorks(options.display)) return 'own';
  if (options.demo === 'auto') return 'demo';
  say('no X display answers here: the agent runs, but has no desktop to meter');
  return 'none';
}

function demoPart({ state, say }: ApplianceDeps, display: { now: string | undefined }): Part {
  const file = join(state.dir, 'desktop-display');
  return {
    name: 'desktop',
    async start() {
      // The desktop comes back on the display the agent knows, after a crash and at the next start.
      const known = display.now ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined);
      const taken = known !== undefined && display.now === undefined && displayWorks(known);
      const desktop = await startDemoDesktop({ dir: state.desktop, display: taken ? undefined : known, say });
      display.now = desktop.display;
      writeFileSync(file, `${desktop.display}\n`);
      return desktop;
    },
  };
}

function administrator({ state, ports }: ApplianceDeps): Promise<ManagerApi> {
  const password = readFileSync(state.adminPasswordFile, 'utf8').trim();
  return signIn(managerUrl(ports), { account: 'default', login: 'admin', password });
}

async function addApplications(api: ManagerApi, desktop: 'own' | 'demo' | 'none'): Promise<void> {
  if ((await api.applicationCount()) > 0) return;
  for (const settings of desktop === 'demo' ? demoApplications : usualApplications)
    await api.addApplication(settings);
}

/** An agent that is enrolled keeps its identity; a token lies ready for one that is not. */
async function prepareEnrolment({ state }: ApplianceDeps, api: ManagerApi): Promise<void> {
  if (existsSync(join(state.agent, 'identity.json')) && !existsSync(state.enrolmentTokenFile)) return;
  const token = await api.enrolmentToken('this machine');
  writeFileSync(state.enrolmentTokenFile, `${token}\n`, { mode: 0o600 });
}

async function connected({ say, now, sleep, state }: ApplianceDeps, api: ManagerApi): Promise<boolean> {
  const until = now() + CONNECT_MS;
  while (now() < until) {
    if ((await api.connectedAgents()) > 0) return true;
    await sleep(300);
  }
  say(`the agent has not connected yet; see ${join(state.log, 'agent.log')}`);
  return false;
}
