import { plural } from './plural.ts';

const count = (value: number): string => value.toLocaleString('en-GB');

/** Texts of one application and its form. */
export const application = {
  answer: {
    open: (n: number) =>
      plural(n, {
        zero: 'Not open now.',
        one: '# session is open now.',
        other: '# sessions are open now.',
      }),
    today: (n: number) =>
      plural(n, {
        zero: 'No session began in the last 24 hours.',
        one: '# session began in the last 24 hours.',
        other: '# sessions began in the last 24 hours.',
      }),
  },
  form: {
    title: 'Name and rules',
    name: 'Name',
    nameHint: 'As people call it, 1 to 120 characters.',
    rules: 'How it is recognised',
    rulesHint:
      '* stands for any letters, ? for one. Case does not matter. Within a rule every field given must match; one matching rule is enough.',
    rule: (n: number) => `Rule ${String(n)}`,
    addRule: 'Add another rule',
    removeRule: (n: number) => `Remove rule ${String(n)}`,
    fields: {
      executable: 'Program file',
      path: 'Full path',
      windowClass: 'Window class',
      publisher: 'Publisher',
      package: 'Package',
    },
    hints: {
      executable: 'soffice.bin, acad.exe',
      path: '/opt/cad/*',
      windowClass: 'as X11 or Windows names it',
      publisher: 'in its signature or package',
      package: 'deb, rpm, flatpak, snap, MSIX',
    },
    states: 'When it counts as what',
    inactive: 'Inactive after',
    inactiveHint: 'seconds without input, 5 to 3,600. Dated back to the last input.',
    timeout: 'Timeout after',
    timeoutHint: 'minutes Inactive, 1 to 1,440.',
    busy: 'A busy processor counts as Active',
    busyHint: 'For renders and simulations that run without input.',
    busyShare: 'Busy above',
    busyShareHint: 'per cent of one core, 1 to 6,400.',
    privacy: 'What is stored of documents',
    titles: 'Window titles',
    paths: 'Folders',
    privacyHint: 'Applied on the computer, before anything is sent.',
    save: (agents: number) =>
      plural(agents, { zero: 'Save', one: 'Save and send to # agent', other: 'Save and send to # agents' }),
    add: 'Add application',
    discard: 'Discard',
    needName: 'Give it a name.',
    needRule: 'Give at least one condition in one rule.',
    outOfRange: (from: number, to: number) => `Use a number from ${count(from)} to ${count(to)}.`,
    notSaved: 'Not saved.',
    conflict:
      'The application was changed meanwhile by somebody else. Reload to see the change; what you typed is kept below until then.',
    reload: 'See the change',
    saved: 'Saved. Agents get it within seconds.',
    effect: 'What happens when you save',
    effectText:
      'Agents get the new rules at once and report back. Time that has passed is not changed; open sessions go on under the new rules.',
  },
  declared: {
    owner: (origin: { namespace: string; name: string }) =>
      `A resource in Kubernetes declares this application: ${origin.name} in ${origin.namespace}. It is changed there:`,
    command: (origin: { namespace: string; name: string }) =>
      `kubectl edit monitoredapplication ${origin.name} --namespace ${origin.namespace}`,
    busyAbove: (percent: string) => `above ${percent}% of one core`,
    no: 'no',
  },
  who: {
    title: 'Who has it',
    has: 'has it',
    hasNot: 'not yet',
    computer: 'Computer',
    configuration: 'Configuration',
    none: 'No agent is enrolled yet.',
    summary: (have: number, all: number) => `${count(have)} of ${count(all)}`,
    never: 'none yet',
  },
  remove: {
    button: 'Delete',
    title: (name: string) => `Stop metering ${name}?`,
    text: 'Agents stop recording it within seconds. Sessions recorded so far stay in the reports.',
    confirm: (name: string) => `Stop metering ${name}`,
  },
} as const;
