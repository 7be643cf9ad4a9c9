import { sessionsSchema } from '@process-meter/contract';

export type Call = (method: string, path: string) => Promise<Response>;

const DAY_MS = 86_400_000;

function addresses(): string[] {
  const span = new URLSearchParams({
    from: new Date(Date.now() - DAY_MS).toISOString(),
    to: new Date(Date.now() + DAY_MS).toISOString(),
  }).toString();
  return [
    'me',
    'overview',
    'agents',
    'applications',
    'enrolment-tokens',
    `completeness?${span}`,
    'dead-letters',
    `reports/concurrent-use?${span}`,
    `reports/concurrent-use.csv?${span}`,
    'reports/sessions',
    'reports/sessions.csv',
    'openapi.json',
  ];
}

/** Every list, report, export and page of figures of a Manager, as bytes by address. */
export async function allAnswers(base: string, call: Call): Promise<[address: string, body: Buffer][]> {
  const list: unknown = await (await call('GET', 'reports/sessions?size=200')).json();
  const { sessions } = sessionsSchema.parse(list);
  const details = sessions.map(({ session }) => `reports/sessions/${session}`);
  const all = [...addresses(), ...details, ...details.map((address) => `${address}.csv`)];
  const answers = all.map(async (address): Promise<[string, Buffer]> => {
    const answer = await call('GET', address);
    return [address, Buffer.from(await answer.arrayBuffer())];
  });
  const figures = await fetch(`${base}/metrics`);
  return [...(await Promise.all(answers)), ['metrics', Buffer.from(await figures.arrayBuffer())]];
}

/** Follows the live stream as a portal does. @returns what ends it and gives all that was said */
export async function follow(api: string, cookie: string): Promise<() => Buffer> {
  const leave = new AbortController();
  const stream = await fetch(`${api}live`, { headers: { cookie }, signal: leave.signal });
  const heard: Uint8Array[] = [];
  const body: AsyncIterable<Uint8Array> = stream.body ?? new ReadableStream<Uint8Array>();
  void (async () => {
    for await (const chunk of body) heard.push(chunk);
  })().catch(() => undefined);
  return () => {
    leave.abort();
    return Buffer.concat(heard);
  };
}
