import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureEnrolled, instanceOf, openOutbox, Uplink, type Outbox } from '@process-meter/agent';
import { freePort } from '@process-meter/local';
import type { Servers } from '../stack/servers.ts';
import type { SimulatedDesk } from './agent-desk.ts';

const quiet = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };
type Identity = Awaited<ReturnType<typeof ensureEnrolled>>;

/** An enrolled agent with its real state folder, outbox and uplink, and whatever desktop its test gives it. */
export class UplinkedAgent {
  readonly folder: string;
  readonly identity: Identity;
  outbox: Outbox;
  readonly #budgetBytes: number;
  readonly #clock: () => number;
  #uplink: Uplink | null = null;

  private constructor(of: { folder: string; identity: Identity; budgetBytes: number; clock: () => number }) {
    this.folder = of.folder;
    this.identity = of.identity;
    this.#budgetBytes = of.budgetBytes;
    this.#clock = of.clock;
    this.outbox = this.#open();
  }

  static async enrol(
    servers: Servers,
    name: string,
    { budgetMb = 64, clock = Date.now }: { budgetMb?: number; clock?: () => number } = {},
  ): Promise<UplinkedAgent> {
    const folder = join(servers.dir, name);
    mkdirSync(folder, { mode: 0o700 });
    const identity = await ensureEnrolled({
      config: {
        managerUrl: servers.managerUrl,
        stateFolder: folder,
        enrolToken: await servers.manager.enrolmentToken(name),
        enrolTokenFile: null,
        outboxBytes: 0,
        logLevel: 'silent',
      },
      platform: { name: 'linux', desktop: ':0' },
      version: '0.0.0-faults',
      log: quiet,
      signal: new AbortController().signal,
    });
    return new UplinkedAgent({ folder, identity, budgetBytes: budgetMb * 1024 * 1024, clock });
  }

  /** Another agent that begins with a copy of this one's state folder: the same key, outbox and all. */
  copy(name: string): UplinkedAgent {
    const folder = join(this.folder, '..', name);
    cpSync(this.folder, folder, { recursive: true });
    return new UplinkedAgent({
      folder,
      identity: this.identity,
      budgetBytes: this.#budgetBytes,
      clock: this.#clock,
    });
  }

  get id(): string {
    return this.identity.enrolled.agent;
  }

  /** Begins to send. `reachable: false`: where nobody listens. */
  async connect(desk: SimulatedDesk | null, reachable = true): Promise<void> {
    const { enrolled } = this.identity;
    const servers = reachable ? enrolled.servers : [`nats://127.0.0.1:${await freePort()}`];
    this.#uplink = new Uplink({
      identity: { ...this.identity, enrolled: { ...enrolled, servers } },
      stateFolder: this.folder,
      version: '0.0.0-faults',
      outbox: this.outbox,
      open: () => desk?.tracker.open() ?? null,
      sessions: () => 0,
      applyConfig: () => {},
      now: Date.now,
      log: quiet,
    });
    this.#uplink.start();
  }

  async disconnect(): Promise<void> {
    await this.#uplink?.stop();
    this.#uplink = null;
  }

  /** Opens the outbox again, as another run of the agent does. */
  restartOutbox(meanwhile: () => void): void {
    this.outbox.close();
    meanwhile();
    this.outbox = this.#open();
  }

  async end(): Promise<void> {
    await this.disconnect();
    this.outbox.close();
  }

  #open(): Outbox {
    const instance = instanceOf(this.folder, 'one start of the computer');
    return openOutbox({
      folder: this.folder,
      instance,
      budgetBytes: this.#budgetBytes,
      now: this.#clock,
      log: quiet,
    });
  }
}
