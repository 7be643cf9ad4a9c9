import { plural } from './plural.ts';

/** Texts of Rejected records. */
export const rejected = {
  title: 'Rejected records',
  answer: {
    none: 'Every batch of records was accepted.',
    waiting: (n: number) =>
      plural(n, {
        one: '# batch of records was refused. It is kept and not counted in any report.',
        other: '# batches of records were refused. They are kept and not counted in any report.',
      }),
    replayed: (n: number) =>
      plural(n, { one: '# was replayed and is counted.', other: '# were replayed and are counted.' }),
    dropped: (n: number) =>
      plural(n, {
        one: '# older one was removed, because there were too many.',
        other: '# older ones were removed, because there were too many.',
      }),
  },
  groups: 'By reason and agent',
  columns: {
    reason: 'Reason',
    agent: 'From',
    count: 'Batches',
    first: 'First',
    last: 'Last',
    size: 'Size',
    action: 'Action',
  },
  unknownAgent: 'unknown sender',
  sample: 'Sample',
  replay: 'Replay',
  replayLabel: (code: string, from: string) => `Replay ${code} of ${from}`,
  empty: 'No batch waits.',
  emptyDetail:
    'A batch that is forged, damaged, or names an application or agent that is not known would be listed here.',
  shown: (shown: number, all: number) => `${shown.toLocaleString('en-GB')} of ${all.toLocaleString('en-GB')}`,
  most: 'Most batches first',
  done: {
    replayed: (batches: number, records: number) =>
      plural(batches, {
        one: `# batch was replayed: ${records.toLocaleString('en-GB')} records are counted now.`,
        other: `# batches were replayed: ${records.toLocaleString('en-GB')} records are counted now.`,
      }),
    duplicates: (n: number) =>
      plural(n, { one: '# record was there already.', other: '# records were there already.' }),
    refused: (n: number, why: string) =>
      plural(n, { one: `# was refused again: ${why}`, other: `# were refused again, the last one: ${why}` }),
    left: (n: number) => plural(n, { one: '# is left; replay again.', other: '# are left; replay again.' }),
    nothing: 'Nothing of that kind waits any more.',
  },
  letter: {
    title: (id: string) => `Batch ${id}`,
    panel: 'What is known of it',
    waits: 'It was refused and is kept. Its records are in no report.',
    replayed: (at: string) => `It was replayed on ${at}; its records are counted.`,
    rows: {
      code: 'Code',
      reason: 'Reason',
      agent: 'From',
      received: 'Received',
      size: 'Size',
      place: 'Place in the outbox',
      tried: 'Replayed without success',
    },
    place: (epoch: number, seq: number) => `record ${seq.toLocaleString('en-GB')} of epoch ${String(epoch)}`,
    unknown: 'not known',
    times: (n: number) => plural(n, { zero: 'never', one: 'once', other: '# times' }),
    sample: 'Sample',
    sampleNote: 'Names of fields, numbers and lengths. No text of the desktop is shown.',
    notOpened: 'It does not come from the agent it names, so it was never opened.',
  },
} as const;
