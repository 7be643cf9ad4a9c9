/**
 * The one table of error codes. `status` is the HTTP status where the code reaches a caller over HTTP.
 * Codes are stable: never renumber, never reuse. Sources: architecture.md "Conventions", portal.md §3 "failed".
 */
export const ERROR_CODES = {
  // HTTP API
  'PM-4000': { name: 'invalidInput', status: 400, text: 'The request is not valid.' },
  'PM-4001': { name: 'badSignIn', status: 401, text: 'Account, login or password is wrong.' },
  'PM-4002': { name: 'notSignedIn', status: 401, text: 'You are not signed in.' },
  'PM-4003': { name: 'notAllowed', status: 403, text: 'You may not do this.' },
  'PM-4004': { name: 'notFound', status: 404, text: 'There is nothing at this address.' },
  'PM-4005': { name: 'csrf', status: 403, text: 'The request lacks its anti-forgery token.' },
  'PM-4009': { name: 'conflict', status: 409, text: 'It changed meanwhile.' },
  'PM-4010': {
    name: 'declaredElsewhere',
    status: 409,
    text: 'It is declared by a resource in Kubernetes: change it there.',
  },
  'PM-4013': { name: 'tooLarge', status: 413, text: 'The request is too large.' },
  'PM-4015': { name: 'unsupportedType', status: 415, text: 'The content type is not supported.' },
  'PM-4022': { name: 'declarationRefused', status: 422, text: 'What is declared cannot be taken.' },
  'PM-4029': { name: 'tooManyRequests', status: 429, text: 'Too many requests. Try again later.' },
  'PM-5000': { name: 'internal', status: 500, text: 'An internal error occurred.' },
  'PM-5003': { name: 'unavailable', status: 503, text: 'A part that is needed does not answer.' },
  // Enrolment and identity
  'PM-4101': {
    name: 'enrolmentTokenInvalid',
    status: 401,
    text: 'The enrolment token is unknown, used or expired.',
  },
  'PM-4102': { name: 'agentRevoked', status: 403, text: 'This agent has been revoked.' },
  'PM-4103': { name: 'badProof', status: 401, text: 'The proof of the agent key does not verify.' },
  // Records (dead letters carry these)
  'PM-6001': {
    name: 'recordForged',
    status: 400,
    text: 'The batch does not verify with the key of the agent.',
  },
  'PM-6002': { name: 'recordMalformed', status: 400, text: 'The batch cannot be parsed.' },
  'PM-6003': { name: 'recordTooLarge', status: 413, text: 'The batch is larger than allowed.' },
  'PM-6004': {
    name: 'recordVersionUnknown',
    status: 400,
    text: 'The schema version of the batch is not known here.',
  },
  'PM-6005': { name: 'recordInvalid', status: 400, text: 'A record breaks a rule of the schema.' },
  'PM-6006': { name: 'recordFuture', status: 400, text: 'A record lies in the future.' },
  'PM-6007': { name: 'recordUnknownAgent', status: 404, text: 'The agent is not enrolled here.' },
  'PM-6008': {
    name: 'recordUnknownApplication',
    status: 404,
    text: 'The application is not of this account.',
  },
  'PM-6009': {
    name: 'recordWrongAddress',
    status: 400,
    text: 'The batch names another agent or account than its subject.',
  },
  'PM-6010': { name: 'recordRevokedAgent', status: 403, text: 'The agent was revoked.' },
  'PM-6011': { name: 'recordPast', status: 400, text: 'A record is older than a year and a month.' },
  // Downward messages (an agent refuses with these)
  'PM-7001': { name: 'downSignature', status: 400, text: 'The message is not signed by a trusted key.' },
  'PM-7002': { name: 'downAddressee', status: 400, text: 'The message is addressed to another agent.' },
  'PM-7003': { name: 'downExpired', status: 400, text: 'The message has expired.' },
  'PM-7004': { name: 'downReplayed', status: 400, text: 'The message is older than one already acted on.' },
  'PM-7005': { name: 'downMalformed', status: 400, text: 'The message cannot be parsed.' },
} as const;
export type ErrorCode = keyof typeof ERROR_CODES;
export type ErrorName = (typeof ERROR_CODES)[ErrorCode]['name'];

const codeByName = new Map<string, ErrorCode>(
  (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => [ERROR_CODES[code].name, code]),
);

/** The code of a name of the table. Throws for a name that is not in it (a programming error). */
export function errorCode(name: ErrorName): ErrorCode {
  const code = codeByName.get(name);
  if (code === undefined) throw new Error(`no error code is named ${name}`);
  return code;
}

/**
 * An error with a stable code of the table. `message` is public: it may reach a user.
 * The internal cause travels in `cause` and is logged once at the edge, never sent.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;

  constructor(name: ErrorName, message?: string, options: { cause?: unknown; details?: unknown } = {}) {
    const code = errorCode(name);
    super(message ?? ERROR_CODES[code].text, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }
}
