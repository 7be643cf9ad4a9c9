import { written, type Examples } from './example.ts';

const application = {
  displayName: 'Office Writer',
  rules: [{ executable: 'soffice.bin', path: '/usr/lib/libreoffice/*' }, { executable: 'winword.exe' }],
};
const ofApplication = (spec: unknown) => written('MonitoredApplication', 'office-writer', spec);

export const monitoredApplicationExamples: Examples = {
  kind: 'MonitoredApplication',
  valid: [
    {
      name: 'two rules',
      object: ofApplication(application),
      defaults: {
        inactiveAfter: '1m',
        timeoutAfter: '15m',
        countBusyAsActive: false,
        busyCpuPercent: 40,
        titlePrivacy: 'Keep',
        pathPrivacy: 'BaseName',
      },
    },
    {
      name: 'a simulation whose titles are not stored',
      object: written('MonitoredApplication', 'solver', {
        displayName: 'Solver',
        rules: [{ windowClass: 'Solver', publisher: 'Acme*' }, { package: 'acme-solver' }],
        inactiveAfter: '2m30s',
        timeoutAfter: '24h',
        countBusyAsActive: true,
        busyCpuPercent: 90,
        titlePrivacy: 'Drop',
        pathPrivacy: 'Hash',
      }),
    },
  ],
  invalid: [
    {
      name: 'a rule without a condition',
      object: ofApplication({ ...application, rules: [{}] }),
      field: 'spec.rules[0]',
      message: 'a rule needs at least one of executable, path, windowClass, publisher and package',
    },
    {
      name: 'no rule',
      object: ofApplication({ ...application, rules: [] }),
      field: 'spec.rules',
      message: 'should have at least 1 items',
    },
    {
      name: 'Inactive after too short a time',
      object: ofApplication({ ...application, inactiveAfter: '4s' }),
      field: 'spec.inactiveAfter',
      message: 'inactiveAfter must be between 5s and 60m',
    },
    {
      name: 'Inactive after too long a time',
      object: ofApplication({ ...application, inactiveAfter: '60m1s' }),
      field: 'spec.inactiveAfter',
      message: 'inactiveAfter must be between 5s and 60m',
    },
    {
      name: 'Timeout after too long a time',
      object: ofApplication({ ...application, timeoutAfter: '25h' }),
      field: 'spec.timeoutAfter',
      message: 'timeoutAfter must be between 1m and 24h',
    },
    {
      name: 'a duration without its unit',
      object: ofApplication({ ...application, inactiveAfter: '60' }),
      field: 'spec.inactiveAfter',
      message: 'should match',
    },
    {
      name: 'an unknown privacy rule',
      object: ofApplication({ ...application, titlePrivacy: 'Encrypt' }),
      field: 'spec.titlePrivacy',
      message: 'Unsupported value',
    },
    {
      name: 'a name that ends in a blank',
      object: ofApplication({ ...application, displayName: 'Office ' }),
      field: 'spec.displayName',
      message: 'should match',
    },
  ],
};

const pool = { displayName: 'CAD Pro', metric: 'Concurrent', quantity: 120 };
const ofPool = (spec: unknown) => written('LicensePool', 'cad-pro', spec);

export const licensePoolExamples: Examples = {
  kind: 'LicensePool',
  valid: [
    {
      name: 'a contract, a reservation and two thresholds',
      object: ofPool({
        ...pool,
        vendor: 'Acme',
        product: 'CAD',
        feature: 'pro',
        applications: [{ name: 'cad' }],
        contract: {
          number: 'C-77',
          startDate: '2026-01-01',
          endDate: '2027-12-31',
          renewalNoticeDays: 90,
          cost: { amount: '180000', currency: 'EUR' },
        },
        reservations: [{ name: 'lab', quantity: 10, subjects: [{ kind: 'Department', name: 'R&D' }] }],
        alertThresholds: [{ percent: 90 }, { percent: 100, severity: 'Critical' }],
      }),
    },
    { name: 'the least that is needed', object: ofPool(pool), defaults: { source: 'Declared' } },
    {
      name: 'licences of a licence server',
      object: ofPool({ ...pool, metric: 'Token', source: 'LicenseServer', serverRef: { name: 'flex' } }),
    },
    {
      name: 'everything held back, a contract of one day',
      object: ofPool({
        ...pool,
        contract: { startDate: '2028-02-29', endDate: '2028-02-29' },
        reservations: [{ name: 'all', quantity: 120, subjects: [{ kind: 'Group', name: 'design' }] }],
      }),
    },
  ],
  invalid: [
    {
      name: 'no licences',
      object: ofPool({ ...pool, quantity: 0 }),
      field: 'spec.quantity',
      message: 'should be greater than or equal to 1',
    },
    {
      name: 'an end before the start',
      object: ofPool({ ...pool, contract: { startDate: '2026-06-01', endDate: '2026-05-31' } }),
      field: 'spec.contract',
      message: 'contract.endDate must not be before contract.startDate',
    },
    {
      name: 'a day that is none',
      object: ofPool({ ...pool, contract: { endDate: '2026-02-30' } }),
      field: 'spec.contract.endDate',
      message: 'must be of type date',
    },
    {
      name: 'notice of an end that is not given',
      object: ofPool({ ...pool, contract: { renewalNoticeDays: 30 } }),
      field: 'spec.contract',
      message: 'contract.renewalNoticeDays needs contract.endDate',
    },
    {
      name: 'another metric',
      before: ofPool(pool),
      object: ofPool({ ...pool, metric: 'NamedUser' }),
      field: 'spec.metric',
      message: 'metric cannot change: use and peaks of the past were counted by it; make a new pool',
    },
    {
      name: 'a licence server that is not named',
      object: ofPool({ ...pool, source: 'LicenseServer' }),
      field: 'spec',
      message: 'serverRef is needed with source LicenseServer, and only then',
    },
    {
      name: 'a licence server that is not asked',
      object: ofPool({ ...pool, serverRef: { name: 'flex' } }),
      field: 'spec',
      message: 'serverRef is needed with source LicenseServer, and only then',
    },
    {
      name: 'more held back than there is',
      object: ofPool({
        ...pool,
        reservations: [
          { name: 'a', quantity: 100, subjects: [{ kind: 'User', name: 'ada' }] },
          { name: 'b', quantity: 21, subjects: [{ kind: 'Computer', name: 'ws-1' }] },
        ],
      }),
      field: 'spec',
      message: 'reservations hold back more licences than quantity',
    },
    {
      name: 'a cost that is no number',
      object: ofPool({ ...pool, contract: { cost: { amount: '1,5', currency: 'EUR' } } }),
      field: 'spec.contract.cost.amount',
      message: 'should match',
    },
  ],
};

const policy = { applications: [{ name: 'cad' }], idle: { after: '30m', action: 'Close', warnFor: '5m' } };
const ofPolicy = (spec: unknown) => written('ApplicationPolicy', 'idle-cad', spec);

export const applicationPolicyExamples: Examples = {
  kind: 'ApplicationPolicy',
  valid: [
    {
      name: 'idle CAD is closed after a warning of five minutes',
      object: ofPolicy({
        ...policy,
        priority: 200,
        subjects: [{ kind: 'Department', name: 'Design' }],
        idle: { ...policy.idle, message: 'CAD closes in five minutes: others wait for a licence.' },
      }),
    },
    {
      name: 'only counted',
      object: ofPolicy({ applications: [{ name: 'cad' }], idle: { after: '1h' } }),
      defaults: { priority: 100, 'idle.action': 'Observe' },
    },
    {
      name: 'warned',
      object: ofPolicy({ ...policy, idle: { after: '30m', action: 'Warn', message: 'Still here?' } }),
    },
  ],
  invalid: [
    {
      name: 'for nothing',
      object: ofPolicy({ ...policy, applications: [] }),
      field: 'spec.applications',
      message: 'should have at least 1 items',
    },
    {
      name: 'after too short a time',
      object: ofPolicy({ ...policy, idle: { ...policy.idle, after: '59s' } }),
      field: 'spec.idle.after',
      message: 'idle.after must be between 1m and 24h',
    },
    {
      name: 'after too short a warning',
      object: ofPolicy({ ...policy, idle: { ...policy.idle, warnFor: '29s' } }),
      field: 'spec.idle.warnFor',
      message: 'idle.warnFor must be between 30s and 60m',
    },
    {
      name: 'closed without a warning',
      object: ofPolicy({ ...policy, idle: { after: '30m', action: 'Close' } }),
      field: 'spec.idle',
      message:
        'idle.warnFor is needed with action Suspend or Close, and only then: nobody loses work without a warning',
    },
    {
      name: 'a message that nobody sees',
      object: ofPolicy({ ...policy, idle: { after: '30m', message: 'Still here?' } }),
      field: 'spec.idle',
      message: 'idle.message has nobody to read it with action Observe',
    },
  ],
};

const server = { type: 'FlexNet', endpoints: [{ host: 'flex.corp.local', port: 27_000 }] };
const ofServer = (spec: unknown) => written('LicenseServer', 'flex', spec);

export const licenseServerExamples: Examples = {
  kind: 'LicenseServer',
  valid: [
    {
      name: 'a FlexNet server with one feature',
      object: ofServer({
        ...server,
        vendorDaemon: 'acmed',
        features: [{ feature: 'pro', poolRef: { name: 'cad-pro' } }],
      }),
      defaults: { 'poll.interval': '1m', 'poll.timeout': '10s' },
    },
    {
      name: 'a redundant triad',
      object: ofServer({
        type: 'RLM',
        endpoints: [1, 2, 3].map((n) => ({ host: `lic-${n}`, port: 5053 })),
        poll: { interval: '30s' },
      }),
    },
  ],
  invalid: [
    {
      name: 'two servers',
      object: ofServer({ ...server, endpoints: [1, 2].map((n) => ({ host: `lic-${n}`, port: 5053 })) }),
      field: 'spec',
      message: 'endpoints are one, or the three of a redundant triad',
    },
    {
      name: 'a vendor daemon of another manager',
      object: ofServer({ ...server, type: 'RLM', vendorDaemon: 'acmed' }),
      field: 'spec',
      message: 'vendorDaemon is for type FlexNet only',
    },
    {
      name: 'asked too often',
      object: ofServer({ ...server, poll: { interval: '14s' } }),
      field: 'spec.poll.interval',
      message: 'poll.interval must be between 15s and 1h',
    },
    {
      name: 'waited for too long',
      object: ofServer({ ...server, poll: { timeout: '61s', interval: '1h' } }),
      field: 'spec.poll.timeout',
      message: 'poll.timeout must be between 1s and 1m',
    },
    {
      name: 'an answer waited for longer than until the next question',
      object: ofServer({ ...server, poll: { timeout: '30s', interval: '30s' } }),
      field: 'spec.poll',
      message: 'poll.timeout must be shorter than poll.interval',
    },
    {
      name: 'a port that is none',
      object: ofServer({ ...server, endpoints: [{ host: 'flex', port: 70_000 }] }),
      field: 'spec.endpoints[0].port',
      message: 'should be less than or equal to 65535',
    },
  ],
};

const offer = {
  displayName: 'Solver by the hour',
  applicationRef: { name: 'solver' },
  hourlyRate: { amount: '12.50', currency: 'EUR' },
};
const ofOffer = (spec: unknown) => written('RentalOffer', 'solver-hourly', spec);

export const rentalOfferExamples: Examples = {
  kind: 'RentalOffer',
  valid: [
    {
      name: 'with a trial of two hours, for a year',
      object: ofOffer({
        ...offer,
        publisher: 'Acme',
        poolRef: { name: 'solver' },
        trial: '2h',
        validity: { from: '2026-01-01', until: '2026-12-31' },
      }),
    },
    {
      name: 'the least that is needed',
      object: ofOffer(offer),
      defaults: {
        'billing.increment': '1m',
        'billing.minimum': '1m',
        idleAfter: '30m',
        visibility: 'Listed',
      },
    },
  ],
  invalid: [
    {
      name: 'a least time shorter than a step',
      object: ofOffer({ ...offer, billing: { increment: '15m' } }),
      field: 'spec.billing',
      message: 'billing.minimum must not be shorter than billing.increment',
    },
    {
      name: 'too long a step',
      object: ofOffer({ ...offer, billing: { increment: '2h', minimum: '2h' } }),
      field: 'spec.billing.increment',
      message: 'billing.increment must be between 1s and 1h',
    },
    {
      name: 'too long a least time',
      object: ofOffer({ ...offer, billing: { minimum: '25h' } }),
      field: 'spec.billing.minimum',
      message: 'billing.minimum must be between 1s and 24h',
    },
    {
      name: 'over before it begins',
      object: ofOffer({ ...offer, validity: { from: '2026-06-02', until: '2026-06-01' } }),
      field: 'spec.validity',
      message: 'validity.until must not be before validity.from',
    },
    {
      name: 'a trial without end',
      object: ofOffer({ ...offer, trial: '721h' }),
      field: 'spec.trial',
      message: 'trial must be between 1m and 720h',
    },
    {
      name: 'ended too soon',
      object: ofOffer({ ...offer, idleAfter: '29m' }),
      field: 'spec.idleAfter',
      message: 'idleAfter must be between 30m and 60m',
    },
    {
      name: 'a currency that is none',
      object: ofOffer({ ...offer, hourlyRate: { amount: '1', currency: 'euro' } }),
      field: 'spec.hourlyRate.currency',
      message: 'Too long',
    },
  ],
};
